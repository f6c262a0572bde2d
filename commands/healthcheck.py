"""The command that asks a running server whether it is well."""

import json
import sys
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address

import click

import settings
from problem import told_in_one_line

#: The server answers within 2 s, whatever hangs.
TIMEOUT_S = 5


@click.command("healthcheck")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
def healthcheck_command(as_json: bool) -> None:
    """Ask the server at HOST and PORT whether it is well. Exits with 1 if not.

    It is meant for containers, and needs no database.

    \b
    Example: timelimit-sync healthcheck || echo "look into the log"
    """
    with told_in_one_line():
        chosen = settings.load()
    # A server that listens on all addresses can't be asked by 0.0.0.0 everywhere.
    any_address = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = any_address.get(str(ip_address(chosen.host)), chosen.host)
    connection = HTTPConnection(host, chosen.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        found = json.loads(connection.getresponse().read())
        is_well = found["ok"] is True
        states = ", ".join(f"{name}: {state}" for name, state in found.items() if name != "ok")
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        is_well = False
        states = f"no answer of timelimit-sync from {host} port {chosen.port} ({error!r})"
        found = {"ok": False, "error": states}
    finally:
        connection.close()
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo(f"{'well' if is_well else 'not well'}: {states}")
    sys.exit(0 if is_well else 1)
