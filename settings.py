"""Every setting of the environment, typed, with its default and a line of help.

Names are those of timelimit-server where it has the same setting (http.md, "Environment
variables"). Unset and empty are the same for all of them.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate


class SettingsError(SystemExit):
    """A variable has a value that the server can't work with. Ends the process with a line that
    says which, and what would be right."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    port: int
    always_pro: bool
    log_level: str


class YesNo(fields.Field[bool]):
    """`yes` or `no` and nothing else, since `ALWAYS_PRO=false` must not mean yes."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value not in ("yes", "no"):
            raise ValidationError("write yes or no")
        return bool(value == "yes")


def _known_database(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValidationError(f"this is no URL: {error}") from error
    if parts.scheme == "sqlite" and url.startswith("sqlite:///") and len(parts.path) > 1:
        return
    if parts.scheme == "mysql" and parts.hostname and len(parts.path) > 1:
        return
    raise ValidationError(
        "write sqlite:///PATH (four slashes for an absolute path) or "
        "mysql://USER:PASSWORD@HOST/DATABASE (for MariaDB, too)"
    )


class Environment(Schema):
    """The variables; `metadata["help"]` is what the README's table says about them."""

    class Meta:
        unknown = EXCLUDE

    database_url = fields.String(
        data_key="DATABASE_URL",
        load_default="sqlite:///data/timelimit.db",
        validate=_known_database,
        metadata={"help": "where the data is: `sqlite:///PATH` or `mysql://USER:PASSWORD@HOST/DB`"},
    )
    port = fields.Integer(
        data_key="PORT",
        load_default=8080,
        validate=validate.Range(1, 65535, error="write a number from 1 to 65535"),
        error_messages={"invalid": "write a number from 1 to 65535"},
        metadata={"help": "TCP port to listen on, on all interfaces"},
    )
    always_pro = YesNo(
        data_key="ALWAYS_PRO",
        load_default=True,
        metadata={"help": "`yes`: everything is unlocked for all families"},
    )
    log_level = fields.String(
        data_key="LOG_LEVEL",
        load_default="info",
        validate=validate.OneOf(
            ["debug", "info", "warning", "error"], error="write one of {choices}"
        ),
        metadata={"help": "`debug`, `info`, `warning` or `error`"},
    )


_SECRET = {"DATABASE_URL"}


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads the settings. Raises SettingsError, which names the variable, its value and what
    would be right."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    try:
        return Settings(**Environment().load(given))
    except ValidationError as error:
        name, problems = next(iter(error.messages_dict.items()))
        value = "***" if name in _SECRET and "@" in given[name] else given[name]
        raise SettingsError(f"{name}={value} can't be used: {problems[0]}") from None


def log_to_stderr(settings: Settings) -> None:
    """One format for everything that the server says."""
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )


#: What this process runs with; `create_app` replaces it at the start.
current = from_environment({})
