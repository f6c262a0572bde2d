"""What a server of MySQL or MariaDB has to be able to do, and how its refusals are told."""

import re
import socket
import ssl
from typing import Any

from problem import Problem
from storage.mysql_url import ENCODING

#: The first versions with a binary collation that doesn't pad (decision 3)
_MYSQL = (8, 0, 17)
_MARIADB = (10, 2, 2)

#: The biggest row is an app list, and each byte of it may need two in a statement.
PACKET_BYTES = 2 * 1024 * 1024

#: Asks what `require_fit` takes.
QUESTION = "SELECT VERSION(), @@log_bin, @@binlog_format, @@max_allowed_packet"

# too many connections: of all users, of this one, of this one by its account
FULL = {1040, 1203, 1226}

# server can't be reached, gone, lost, shutting down, connection killed
_AWAY = {2002, 2003, 2006, 2013, 1053, 1927}

_WRONG_USER = {1045, 1698}
_UNKNOWN_DATABASE = 1049
_DENIED = {1044, 1142, 1143}


def require_fit(location: str, version: str, logs: int, log_format: str, packet: int) -> None:
    """Raises Problem if the server can't do what is needed."""
    is_mariadb = "maria" in version.lower()
    needed = _MARIADB if is_mariadb else _MYSQL
    numbers = re.findall(r"\d+", version.removeprefix("5.5.5-") if is_mariadb else version)
    if tuple(map(int, numbers[:3])) < needed:
        raise Problem(
            f"{location} is on version {version}: MySQL {_shown(_MYSQL)} or MariaDB "
            f"{_shown(_MARIADB)} or newer is needed"
        )
    if logs and log_format == "STATEMENT":
        raise Problem(
            f"{location} can't be written with binlog_format=STATEMENT: set binlog_format=ROW in "
            "the configuration of the database server"
        )
    if packet < PACKET_BYTES:
        raise Problem(
            f"{location} takes statements of {packet} bytes only, and app lists need "
            f"{PACKET_BYTES}: set max_allowed_packet=16M in the configuration of the database "
            "server"
        )


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def may_come(error: Any) -> bool:
    """Tells whether the server may be starting, or have a free connection later."""
    original = getattr(getattr(error, "orig", error), "original_exception", None)
    if isinstance(original, ssl.SSLError):
        return False
    if isinstance(original, socket.gaierror) and original.errno == socket.EAI_NONAME:
        return False
    return bool(error.args) and error.args[0] in _AWAY | FULL


def problem(location: str, name: str, error: Exception) -> Problem:
    """Tells a person about trouble that ends a start or a command."""
    code = error.args[0] if error.args else None
    advice = ""
    if code in _WRONG_USER:
        advice = f": see the user and the password in DATABASE_URL, and {ENCODING}"
    elif code in _DENIED:
        advice = f": give this user all privileges with GRANT ALL ON `{name}`.* TO ..."
    elif code == _UNKNOWN_DATABASE:
        advice = f": make it with CREATE DATABASE `{name}`, or correct DATABASE_URL"
    elif code in _AWAY:
        advice = ": see whether it runs, and host, port and options in DATABASE_URL"
    elif code in FULL:
        advice = ": let the database server allow more connections (max_user_connections)"
    text = str(error.args[-1] if error.args else error).split("\n")[0]
    return Problem(f"{location} can't be used ({text}){advice}")
