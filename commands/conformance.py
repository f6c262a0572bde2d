"""The command that plays the conformance scenarios, against this server or any other."""

import sys

import click

from conformance.__main__ import main


@click.command(
    "conformance", add_help_option=False, context_settings={"ignore_unknown_options": True}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def conformance_command(arguments: tuple[str, ...]) -> None:
    """Test whether a server follows the protocol."""
    sys.exit(main(arguments, program="timelimit-sync conformance"))
