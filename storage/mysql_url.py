"""URLs of MySQL and MariaDB, as people write them into settings."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("mysql", "mariadb")

#: What may follow the name of the database, named as in PyMySQL and MySQL's own clients
OPTIONS = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_identity")

ENCODING = (
    "write special letters in the user and the password percent-encoded "
    "(# as %23, % as %25, / as %2F, : as %3A, ? as %3F, @ as %40)"
)


def connection_of(url: str) -> dict[str, Any]:
    """Returns the arguments of PyMySQL's `connect`. Raises ValueError, whose text shows nothing of
    the URL: each part of it may be one of a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"not a URL: {ENCODING}; the port must be a number") from None
    name = parts.path.removeprefix("/")
    if parts.scheme not in SCHEMES or not parts.hostname or not name:
        raise ValueError("must be mysql://USER:PASSWORD@HOST/DATABASE (also for MariaDB)")
    if parts.fragment or "/" in name or "@" in name or "@" in parts.query:
        raise ValueError(f"must end with the name of the database or options: {ENCODING}")
    return {
        "database": unquote(name),
        "host": parts.hostname,
        "port": port or 3306,
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or ""),
        **_options(parts.query),
    }


def _options(query: str) -> dict[str, Any]:
    pairs = parse_qsl(query, keep_blank_values=True)
    given: dict[str, Any] = dict(pairs)
    if (query and not pairs) or not all(given.values()) or not given.keys() <= set(OPTIONS):
        raise ValueError(f"the options after ? may be {', '.join(OPTIONS)}")
    if given.get("ssl_verify_identity", "no") not in ("yes", "no"):
        raise ValueError("ssl_verify_identity must be yes or no")
    given["ssl_verify_identity"] = given.get("ssl_verify_identity") == "yes"
    if "ssl_ca" not in given and (given["ssl_verify_identity"] or "ssl_cert" in given):
        raise ValueError("ssl_cert and ssl_verify_identity need ssl_ca, too")
    if ("ssl_cert" in given) != ("ssl_key" in given):
        raise ValueError("ssl_cert and ssl_key need each other")
    return given
