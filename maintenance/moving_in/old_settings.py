"""The settings of timelimit-server as ours (http.md, "Environment variables").

Reads whatever its environment is written down in: compose files (both forms of `environment`), env
files, units of systemd, the output of `docker inspect`.
"""

import json
import re
import shlex
from collections.abc import Iterator

from marshmallow import ValidationError

from settings import Environment

#: An assignment on a line of its own, as all of those files have it.
_ASSIGNMENT = re.compile(
    r"""^\s* (?:-\s+)? (?:export\s+)? (?P<open>["']?)
        (?P<name>[A-Z][A-Z0-9_]*) (?P<close>["']?) \s*[:=]\s* (?P<value>.*?) \s* ,? \s*$""",
    re.VERBOSE,
)

#: Same name, same meaning.
_SAME = (
    "PORT",
    "ALWAYS_PRO",
    "DISABLE_SIGNUP",
    "ADMIN_TOKEN",
    "SIGN_SECRET",
    "MAIL_TRANSPORT",
    "MAIL_SENDER",
    "MAIL_IMPRINT",
    "MAIL_WHITELIST",
    "MAIL_SERVER_BLACKLIST",
    "PING_INTERVAL_SEC",
)

_NO_COUNTERPART = {
    "DATABASE_URL": "names the old database; ours gets a DATABASE_URL of its own",
    "GOOGLE_PLAY_PUBLIC_KEY": "purchases with Google Play are not supported",
    "NODE_ENV": "without a mail server, codes are in the log and printed by login-code",
}

#: What counts there and not here if nothing is set.
_THEIR_DEFAULTS = {"ALWAYS_PRO": "no"}


def translate(text: str) -> str:
    """The lines of our settings file, and as comments what has no counterpart."""
    given = {name: value for name, value in _assignments(text) if value}
    return "\n".join(_lines({**_THEIR_DEFAULTS, **given}))


def _lines(given: dict[str, str]) -> Iterator[str]:
    yield "# From the settings of timelimit-server. They have secrets."
    for name in _SAME:
        if name not in given:
            continue
        problem = _problem(name, given[name])
        if problem:
            yield f"# {name} can't be taken: {problem}"
        else:
            yield f"{name}={shlex.quote(given[name])}"
    for name, reason in _NO_COUNTERPART.items():
        if name in given:
            yield f"# {name} has no counterpart: {reason}."


def _problem(name: str, value: str) -> str:
    if "${" in value:
        return "the value is a variable of the compose file; write the value itself"
    if value in ("|", ">", "|-", ">-"):
        return "the value takes several lines; write it by hand"
    try:
        Environment().load({name: value})
    except ValidationError as error:
        return str(error.messages_dict[name][0])
    return ""


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        unit = line.strip().removeprefix("Environment=")
        if unit != line.strip():
            yield from _assignments_of_unit(unit)
            continue
        found = _ASSIGNMENT.match(line)
        if found and found["name"] in (*_SAME, *_NO_COUNTERPART):
            # A quote may stand around the name, the value or both together.
            around_both = found["open"] and not found["close"]
            value = found["open"] + found["value"] if around_both else found["value"]
            yield found["name"], _unquoted(value)


def _assignments_of_unit(text: str) -> Iterator[tuple[str, str]]:
    """systemd takes several on a line, and `%` begins something special."""
    try:
        words = shlex.split(text)
    except ValueError:
        return
    for word in words:
        name, _, value = word.partition("=")
        yield name, value.replace("%%", "%")


def _unquoted(value: str) -> str:
    """Without quotes and what comes after them, or without a comment."""
    quoted = re.match(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', value)
    if quoted is None:
        return re.sub(r"\s+#.*$", "", value)
    if value[0] == "'":
        return quoted[0][1:-1].replace("''", "'")
    try:
        return str(json.loads(quoted[0]))
    except ValueError:
        return quoted[0][1:-1]
