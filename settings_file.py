"""Where settings come from: the environment, a settings file that the server and all commands read,
and files with one secret each.
"""

import difflib
import os
import re
import shlex
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from problem import Problem

#: Names the settings file.
CONFIG = "TIMELIMIT_SYNC_CONFIG"

SYSTEM_FILE = Path("/etc/timelimit-sync.env")
FILE_BESIDE_DATA = "timelimit-sync.env"

#: The origin of settings that no file gives
ENVIRONMENT = "environment"

#: How alike two names must be for one to be taken for a misspelling of the other.
ALIKE = 0.85


class BadSource(Problem):
    """A source of settings can't be read. The line names it and what is expected."""

    exit_code = os.EX_CONFIG


@dataclass(frozen=True)
class Given:
    """The settings that are given, by name."""

    values: dict[str, str]
    #: ENVIRONMENT, or the path of a file
    origins: dict[str, str]
    #: The settings file, if there is one
    file: Path | None
    #: Lines for the operator about what is probably a mistake
    remarks: list[str] = field(default_factory=list)


def gather(
    environment: Mapping[str, str],
    data_folder: Path,
    names: Collection[str],
    secret_names: Collection[str],
) -> Given:
    """Gathers the settings with these names. An empty value counts as unset; the environment wins
    over the settings file. Instead of a secret, NAME_FILE may name a file with it. Raises
    BadSource."""
    file = _file(environment, data_folder)
    sources = {ENVIRONMENT: environment}
    if file:
        sources[str(file)] = _parsed(file)
    given = Given({}, {}, file)
    known = {*names, *(f"{name}_FILE" for name in secret_names)}
    for origin, source in sources.items():
        values = {name: value.strip() for name, value in source.items() if value.strip()}
        given.remarks.extend(
            _misspelled(values, known, origin, all_are_ours=source is not environment)
        )
        for name in names:
            secret_file = values.get(f"{name}_FILE") if name in secret_names else None
            if secret_file and name in values:
                raise BadSource(f"{name} and {name}_FILE are both set in {origin}; set only one")
            if name in given.values or not (secret_file or name in values):
                continue
            given.values[name] = _secret(name, secret_file) if secret_file else values[name]
            given.origins[name] = secret_file or origin
    if file and set(secret_names) & {
        name for name, origin in given.origins.items() if origin == str(file)
    }:
        given.remarks.extend(_readable_by_all(file))
    return given


def _file(environment: Mapping[str, str], data_folder: Path) -> Path | None:
    if named := environment.get(CONFIG, "").strip():
        return Path(named)
    places = (SYSTEM_FILE, data_folder / FILE_BESIDE_DATA)
    return next((place for place in places if _exists(place)), None)


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError as error:
        raise BadSource(
            f"can't see whether there is a settings file {place} ({error.strerror}): let this user "
            "read its folder, or correct DATABASE_URL"
        ) from None


def _read(file: Path, what: str) -> str:
    try:
        return file.read_text("utf-8-sig")  # editors of Windows put a mark at the beginning
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadSource(f"{what} {file} can't be read: {reason}") from None


def _secret(name: str, file: str) -> str:
    secret = _read(Path(file), f"{name}_FILE:").strip()
    if not secret:
        raise BadSource(f"{name}_FILE: {file} is empty")
    return secret


def _parsed(file: Path) -> dict[str, str]:
    """Reads lines of NAME=VALUE, as systemd does (systemd.exec, EnvironmentFile)."""
    values = {}
    lines = enumerate(_read(file, "the settings file").splitlines(), 1)
    for number, line in lines:
        if re.match(r"\s*([#;]|$)", line):
            continue
        assigned = re.match(r"\s*(?:export\s+)?(\w+)=(.*)", line)
        if not assigned:
            raise BadSource(f"{file}, line {number}: must be NAME=VALUE, or begin with #")
        name, value = assigned[1], assigned[2].strip()
        if value.startswith(("'", '"')):
            while (unquoted := _unquoted(value)) is None:
                if (following := next(lines, None)) is None:
                    raise BadSource(
                        f"{file}, line {number}: the closing quote of {name} is missing"
                    )
                value += f"\n{following[1]}"
            if len(unquoted) != 1:
                raise BadSource(f"{file}, line {number}: {name} goes on after its closing quote")
            value = unquoted[0]
        values[name] = value
    return values


def _unquoted(value: str) -> list[str] | None:
    """The words of a value, or None if a quote is still open."""
    try:
        return shlex.split(value)
    except ValueError:
        return None


def _misspelled(
    values: Collection[str], known: Collection[str], origin: str, *, all_are_ours: bool
) -> list[str]:
    """Remarks on unknown names that look like one of ours, and on all others in a settings file."""
    remarks = []
    for name in sorted({*values} - {*known}):
        meant = difflib.get_close_matches(name, known, n=1, cutoff=ALIKE)
        if meant:
            remarks.append(f"{name} ({origin}) is no setting; is {meant[0]} meant?")
        elif all_are_ours:
            remarks.append(f"{name} ({origin}) is no setting")
    return remarks


def _readable_by_all(file: Path) -> list[str]:
    if file.stat().st_mode & stat.S_IROTH:
        return [f"{file} has secrets, and all users of this machine can read it: chmod o= {file}"]
    return []
