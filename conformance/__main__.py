"""Plays scenarios against a server: `python -m conformance URL`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.player import play
from conformance.scenarios import OPTIONAL_GROUPS, SCENARIOS, NoScenario, load
from conformance.server import Options, Server

ALL_DIFFERENCES = sys.maxsize
FEW_DIFFERENCES = 6


def main(arguments: Sequence[str] | None = None, *, program: str = "python -m conformance") -> int:
    """Prints a line per failed scenario and then the sums. Returns the exit status: 0 if all
    passed, 1 if one failed, 2 if there is nothing to play."""
    options = _parser(program).parse_args(arguments)
    try:
        groups = options.group.split(",") if options.group else ()
        scenarios = load(options.scenarios, groups, options.scenario)
    except NoScenario as error:
        sys.stderr.write(f"{error}\n")
        return 2
    server = Server(
        Options(
            url=options.url,
            provision_command=options.provision_command,
            smtp_port=options.smtp_port,
            mails_per_minute=options.mails_per_minute,
            code_regex=options.code_regex,
            admin_token=options.admin_token,
        )
    )
    failed = 0
    try:
        for scenario in scenarios:
            failure = play(scenario, server)
            if failure:
                failed += 1
                _say(failure.line(ALL_DIFFERENCES if options.verbose else FEW_DIFFERENCES))
            elif options.verbose:
                _say(f"ok   {scenario['group']}/{scenario['name']}")
    finally:
        server.close()
    _say(f"{len(scenarios) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Plays recorded scenarios of the TimeLimit protocol against a running server.",
    )
    parser.add_argument("url", help="of the server, such as http://127.0.0.1:8080")
    parser.add_argument(
        "--group",
        help=f"groups, separated by commas; default: all but {', '.join(OPTIONAL_GROUPS)}",
    )
    parser.add_argument(
        "--scenario", action="append", default=[], help="NAME or GROUP/NAME; can be repeated"
    )
    parser.add_argument(
        "--scenarios", type=Path, default=SCENARIOS, help="folder with GROUP/NAME.json"
    )
    parser.add_argument(
        "--admin-token",
        default=Options.admin_token,
        help="password of the admin API",
    )
    parser.add_argument(
        "--smtp-port",
        type=int,
        default=Options.smtp_port,
        help="port on 127.0.0.1 to take the mails of the server at",
    )
    parser.add_argument(
        "--mails-per-minute",
        type=int,
        default=Options.mails_per_minute,
        help="how many login mails to ask for at most",
    )
    parser.add_argument(
        "--code-regex",
        default=Options.code_regex,
        help="what the line with the login code looks like",
    )
    parser.add_argument(
        "--provision-command",
        help="makes a family and prints it as JSON; families are made by mail login if missing",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="name those that pass, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
