"""The settings: their names, types, defaults, and a line of help each.

Names are those of timelimit-server where it has the same setting (http.md, "Environment
variables"). settings_file.py says where they come from.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, post_load, validate

import settings_file
from log_format import JSON, TEXT
from problem import Problem
from schemas.addresses import NoAddress, bare_address, canonical, canonical_domain
from schemas.mail_server import MailServer, MailTransport, SmtpUrl
from settings_file import ENVIRONMENT, Given
from storage.mysql_url import SCHEMES, connection_of


class SettingsError(Problem):
    """An environment variable has an invalid value. The line names the variable, its value and what
    is expected."""

    exit_code = os.EX_CONFIG


@dataclass(frozen=True)
class Settings:
    database_url: str = field(repr=False)
    host: str
    port: int
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    always_pro: bool
    log_level: str
    log_format: str
    disable_signup: bool
    admin_token: str = field(repr=False)
    sign_secret: str = field(repr=False)
    mail_server: MailServer | None
    mail_sender: str
    mail_imprint: str
    mail_whitelist: frozenset[str]
    mail_server_blacklist: frozenset[str]
    ping_interval_sec: int
    redis_url: str = field(repr=False)
    backup_dir: str
    backup_every: int  # hours


class LogLevel(fields.String):
    """A level of Python's logging, in any letter case."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        level = super()._deserialize(value, attr, data, **kwargs).lower()
        return "warning" if level == "warn" else level


class YesNo(fields.Field[bool]):
    """`yes` or `no` and nothing else: `ALWAYS_PRO=false` must not mean yes."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value not in ("yes", "no"):
            raise ValidationError("must be yes or no")
        return bool(value == "yes")


def known_database(url: str) -> None:
    if url.startswith("sqlite:///"):
        _known_file(url)
    elif url.partition("://")[0] in SCHEMES:
        try:
            connection_of(url)
        except ValueError as error:
            raise ValidationError(str(error)) from None
    else:
        raise ValidationError(
            "must be sqlite:///PATH (four slashes for an absolute path) or "
            "mysql://USER:PASSWORD@HOST/DATABASE (also for MariaDB)"
        )


def _known_file(url: str) -> None:
    path = url.removeprefix("sqlite:///")
    if not path:
        raise ValidationError("must be sqlite:///PATH (four slashes for an absolute path)")
    if path == ":memory:":
        raise ValidationError(
            "must name a file: each connection to :memory: has another database, and none "
            "survives a restart"
        )
    if "?" in path or "#" in path:
        raise ValidationError("must end with the path of a file; write ? as %3F and # as %23")
    if "\0" in unquote(path):
        raise ValidationError("must be the path of a file, which can't have %00 in it")


def _known_redis(url: str) -> None:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValidationError("must be redis://HOST:PORT/NUMBER, or rediss://... for TLS")
    if find_spec("redis") is None:
        raise ValidationError(
            "needs the package redis; install it with: "
            ".venv/bin/pip install -r requirements-redis.txt"
        )


#: At 20 guesses a minute, nobody finds a random token of this length.
MIN_TOKEN_LENGTH = 16


class MailNames(fields.Field[frozenset[str]]):
    """Addresses and domains in a comma-separated list, in the form in which they are compared.
    Spaces around items and letter case are ignored."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> frozenset[str]:
        items = (item.strip() for item in value.split(","))
        return frozenset(
            canonical(item) if "@" in item else canonical_domain(item) for item in items if item
        )


class Networks(fields.Field[tuple[IPv4Network | IPv6Network, ...]]):
    """IP addresses and networks, separated by commas."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            return tuple(ip_network(item.strip()) for item in value.split(",") if item.strip())
        except ValueError:
            raise ValidationError(
                "must be addresses or networks, such as 127.0.0.1,172.16.0.0/12"
            ) from None


def _ip_address(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise ValidationError(
            "must be an IP address: 127.0.0.1, 0.0.0.0 for all of IPv4, :: for all of IPv4 and IPv6"
        ) from None


def _one_address(sender: str) -> None:
    try:
        bare_address(sender)
    except NoAddress:
        raise ValidationError("must be one address, such as TimeLimit <no@example.com>") from None


def _addresses_or_domains(items: frozenset[str]) -> None:
    if any(item.startswith("@") for item in items):
        raise ValidationError("must be addresses or domains, such as me@example.com,example.org")


def _domains(items: frozenset[str]) -> None:
    if any("@" in item for item in items):
        raise ValidationError("must be domains, such as example.com,example.org")


def _hard_to_guess(token: str) -> None:
    if 0 < len(token) < MIN_TOKEN_LENGTH:
        raise ValidationError(
            f"must have at least {MIN_TOKEN_LENGTH} characters; make one with: openssl rand -hex 16"
        )


class Environment(Schema):
    """The environment variables. The README's table shows each `metadata["help"]`."""

    class Meta:
        unknown = EXCLUDE

    database_url = fields.String(
        data_key="DATABASE_URL",
        load_default="sqlite:///data/timelimit.db",
        validate=known_database,
        metadata={
            "help": "location of the data: `sqlite:///PATH` or `mysql://USER:PASSWORD@HOST/DB`"
        },
    )
    host = fields.String(
        data_key="HOST",
        load_default="127.0.0.1",
        validate=_ip_address,
        metadata={
            "help": "IP address to listen on; `0.0.0.0` is all of IPv4, `::` all of IPv4 and IPv6"
        },
    )
    port = fields.Integer(
        data_key="PORT",
        load_default=8080,
        validate=validate.Range(1, 65535, error="must be a number from 1 to 65535"),
        error_messages={"invalid": "must be a number from 1 to 65535"},
        metadata={"help": "TCP port to listen on"},
    )
    trusted_proxies = Networks(
        data_key="TRUSTED_PROXIES",
        load_default=(ip_network("127.0.0.0/8"), ip_network("::1")),
        metadata={"help": "addresses and networks of proxies whose `X-Forwarded-For` is believed"},
    )
    always_pro = YesNo(
        data_key="ALWAYS_PRO",
        load_default=True,
        metadata={"help": "`yes`: everything is unlocked for all families"},
    )
    log_level = LogLevel(
        data_key="LOG_LEVEL",
        load_default="info",
        validate=validate.OneOf(
            ["debug", "info", "warning", "error"], error="must be one of {choices}"
        ),
        metadata={"help": "`debug`, `info`, `warning` or `error`"},
    )
    log_format = fields.String(
        data_key="LOG_FORMAT",
        load_default=TEXT,
        validate=validate.OneOf([TEXT, JSON], error="must be one of {choices}"),
        metadata={"help": "`text` or `json`; text has no times if it goes to journald"},
    )
    disable_signup = YesNo(
        data_key="DISABLE_SIGNUP",
        load_default=False,
        metadata={
            "help": "`yes`: families can't be created in the app, only by "
            "`timelimit-sync family create`"
        },
    )
    admin_token = fields.String(
        data_key="ADMIN_TOKEN",
        load_default="",
        validate=_hard_to_guess,
        metadata={
            "help": "password of `/admin`, at least 16 characters; without it, nobody has access"
        },
    )
    sign_secret = fields.String(
        data_key="SIGN_SECRET",
        load_default="",
        metadata={"help": "key that signs identity tokens; without it, there are none"},
    )
    mail_transport = MailTransport(
        data_key="MAIL_TRANSPORT",
        metadata={
            "help": "mail server as JSON with `host` or `service`, `port`, `secure`, `auth` and "
            "[more](#with-a-mail-server)"
        },
    )
    smtp_url = SmtpUrl(
        data_key="SMTP_URL",
        metadata={"help": "mail server as `smtp://USER:PASSWORD@HOST:PORT`, `smtps://` for TLS"},
    )
    mail_sender = fields.String(
        data_key="MAIL_SENDER",
        load_default="TimeLimit <timelimit@localhost>",
        validate=_one_address,
        metadata={"help": "sender address of mails"},
    )
    mail_imprint = fields.String(
        data_key="MAIL_IMPRINT",
        load_default="",
        metadata={"help": "text at the end of mails that says who runs this server"},
    )
    mail_whitelist = MailNames(
        data_key="MAIL_WHITELIST",
        load_default=frozenset(),
        validate=_addresses_or_domains,
        metadata={"help": "only these addresses and domains may sign in; empty means all"},
    )
    mail_server_blacklist = MailNames(
        data_key="MAIL_SERVER_BLACKLIST",
        load_default=frozenset(),
        validate=_domains,
        metadata={"help": "these domains may not sign in"},
    )
    ping_interval_sec = fields.Integer(
        data_key="PING_INTERVAL_SEC",
        load_default=25,
        validate=validate.Range(1, 3600, error="must be a number of seconds from 1 to 3600"),
        error_messages={"invalid": "must be a number of seconds from 1 to 3600"},
        metadata={"help": "seconds between heartbeats of the realtime channel"},
    )
    redis_url = fields.String(
        data_key="REDIS_URL",
        load_default="",
        validate=_known_redis,
        metadata={"help": "`redis://HOST:PORT/NUMBER`, required for more than one worker"},
    )

    backup_dir = fields.String(
        data_key="BACKUP_DIR",
        load_default="",
        metadata={
            "help": "folder for backups, which the server then makes itself; it keeps the newest 7"
        },
    )
    backup_every = fields.Integer(
        data_key="BACKUP_EVERY",
        load_default=24,
        validate=validate.Range(1, 744, error="must be a number of hours from 1 to 744"),
        error_messages={"invalid": "must be a number of hours from 1 to 744"},
        metadata={"help": "hours between backups in `BACKUP_DIR`"},
    )

    @post_load
    def merge_mail_server(self, given: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        transport, url = given.pop("mail_transport", None), given.pop("smtp_url", None)
        if transport and url:
            raise ValidationError("MAIL_TRANSPORT is set, too; set only one of them", "SMTP_URL")
        return {**given, "mail_server": transport or url}


#: Settings that are secrets, or have passwords in them.
SECRET = ("ADMIN_TOKEN", "DATABASE_URL", "MAIL_TRANSPORT", "REDIS_URL", "SIGN_SECRET", "SMTP_URL")


def gather() -> Given:
    """The settings that this process is given. Raises BadSource."""
    url = os.environ.get("DATABASE_URL", "").strip() or defaults()["DATABASE_URL"]
    path = unquote(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else "data/"
    return settings_file.gather(
        os.environ, data_folder=Path(path).parent, names=defaults(), secret_names=SECRET
    )


def load() -> Settings:
    """The settings of this process. Raises SettingsError or BadSource."""
    given = gather()
    return from_environment(given.values, given.origins)


def from_environment(
    environment: Mapping[str, str], origins: Mapping[str, str] | None = None
) -> Settings:
    """Validates settings. Raises SettingsError."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    try:
        return Settings(**Environment().load(given))
    except ValidationError as error:
        name, problems = next(iter(error.messages_dict.items()))
        origin = (origins or {}).get(name, ENVIRONMENT)
        source = "" if origin == ENVIRONMENT else f" (set in {origin})"
        raise SettingsError(f"{name}={shown(name, given[name])}: {problems[0]}{source}") from None


def defaults() -> dict[str, str]:
    """The defaults of all settings, as they would be written, by name."""
    return {
        str(each.data_key): _written(each.load_default) for each in Environment().fields.values()
    }


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, frozenset)):
        return ",".join(str(item) for item in value)
    return "" if value in (None, missing) else str(value)


def shown(name: str, value: str) -> str:
    """The value of a setting for people, without secrets."""
    is_secret = name in SECRET and not (name == "DATABASE_URL" and "@" not in value)
    return "***" if is_secret and value else value


_current: Settings | None = None


def use(chosen: Settings) -> None:
    """Makes these the settings of the process, as `create_app` does."""
    global _current
    _current = chosen


def current() -> Settings:
    """Returns the settings of the process. Raises RuntimeError before they are chosen, since a
    default such as ALWAYS_PRO would unlock everything."""
    if _current is None:
        raise RuntimeError("no settings yet: call create_app() or settings.use() first")
    return _current
