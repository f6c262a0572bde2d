"""The address that the server listens on, looked at before anything is made."""

import errno
import socket
import time

from problem import Problem

#: A server that is being stopped frees its port within this time.
WAIT_S = 5


def require_address(host: str, port: int, wait_s: float = WAIT_S) -> None:
    """Raises Problem if the server can't listen there, in use for this time or at all."""
    deadline = time.monotonic() + wait_s
    while error := _refusal(host, port):
        if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
            raise _problem(host, port, error)
        time.sleep(0.1)


def _refusal(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
            probe.bind((host, port))
    except OSError as error:
        return error
    return None


def _problem(host: str, port: int, error: OSError) -> Problem:
    if error.errno == errno.EADDRINUSE:
        return Problem(
            f"port {port} of {host} is used by another program: end it (to see it: "
            f"ss -ltnp sport = :{port}), or set another PORT"
        )
    if error.errno == errno.EACCES:
        return Problem(f"this user may not listen on port {port}: set PORT to 1024 or more")
    return Problem(
        f"can't listen on {host} ({error.strerror}): set HOST to an address of this machine (to "
        "see them: ip address), to 0.0.0.0 for all of IPv4, or to :: for all"
    )
