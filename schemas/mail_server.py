"""Mail servers as MAIL_TRANSPORT and SMTP_URL name them (mails.md, 2)."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from schemas.fields import first_problem


class StartTls(Enum):
    """When to encrypt a connection that begins without TLS."""

    IF_OFFERED = "if offered"
    REQUIRED = "required"
    NEVER = "never"


@dataclass(frozen=True)
class MailServer:
    """An SMTP server that accepts our mails, without a login if `user` is empty."""

    host: str
    port: int
    #: TLS from the first byte; otherwise `starttls` says what to do
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: StartTls = StartTls.IF_OFFERED
    #: None means unless the server is on this machine
    checks_certificate: bool | None = None
    #: for EHLO; empty for the name of this machine
    name: str = ""
    #: names of options that were given and mean nothing here
    ignored: tuple[str, ...] = ()

    @property
    def is_named_as_this_machine(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


#: By `MailServer.tls`.
_DEFAULT_PORTS = {True: 465, False: 587}


class _Login(Schema):
    class Meta:
        unknown = EXCLUDE

    user = fields.String(load_default="")
    password = fields.String(data_key="pass")
    type = fields.String(
        validate=validate.Regexp(
            re.compile("login", re.IGNORECASE),
            error="only login is possible; many services have app passwords instead of OAuth2",
        )
    )

    @validates_schema
    def check_both(self, given: dict[str, Any], **kwargs: Any) -> None:
        if given["user"] and "password" not in given:
            raise ValidationError("is missing", "pass")
        if given.get("password") and not given["user"]:
            raise ValidationError("is missing", "user")


class _Tls(Schema):
    class Meta:
        unknown = EXCLUDE

    reject_unauthorized = fields.Boolean(
        data_key="rejectUnauthorized", load_default=None, truthy={True}, falsy={False}
    )


class _Transport(Schema):
    """The options of nodemailer, the mail library of timelimit-server, as far as they mean
    something here. Makes a MailServer."""

    class Meta:
        unknown = EXCLUDE

    service = fields.String()
    host = fields.String(validate=validate.Length(min=1, error="is empty"))
    port = fields.Integer(
        validate=validate.Range(1, 65535, error="must be a number from 1 to 65535")
    )
    secure = fields.Boolean(truthy={True}, falsy={False})
    auth = fields.Nested(_Login, load_default=dict, allow_none=True)
    ignore_tls = fields.Boolean(
        data_key="ignoreTLS", load_default=False, truthy={True}, falsy={False}
    )
    require_tls = fields.Boolean(
        data_key="requireTLS", load_default=False, truthy={True}, falsy={False}
    )
    tls = fields.Nested(_Tls, load_default=dict, allow_none=True)
    name = fields.String(
        load_default="", validate=validate.Regexp("[!-~]*$", error="must be the name of a host")
    )

    @post_load(pass_original=True)
    def make(self, given: dict[str, Any], original: Mapping[str, Any], **_: Any) -> MailServer:
        ignored = list(_unknown(self, original))
        login, tls = given["auth"] or {}, given["tls"] or {}
        return MailServer(
            **self._place(given, ignored),
            user=login.get("user", ""),
            password=login.get("password", ""),
            checks_certificate=tls.get("reject_unauthorized"),
            name=given["name"],
            ignored=tuple(ignored),
        )

    def _place(self, given: dict[str, Any], ignored: list[str]) -> dict[str, Any]:
        """Returns host, port, TLS and STARTTLS. A known service decides them all."""
        service = _services().get(_simple(given.get("service", "")))
        if service:
            decided = ("host", "port", "secure", "ignore_tls", "require_tls")
            ignored += [self.fields[name].data_key or name for name in decided if given.get(name)]
            host, port = service
            return {"host": host, "port": port, "tls": port == 465, "starttls": StartTls.REQUIRED}
        if "host" not in given:
            if "service" in given:
                raise ValidationError("is not known here; give host and port instead", "service")
            raise ValidationError("is missing", "host")
        if "service" in given:
            ignored.append("service")
        tls = given.get("secure", given.get("port") == 465)
        starttls = StartTls.REQUIRED if given["require_tls"] else StartTls.IF_OFFERED
        return {
            "host": given["host"],
            "port": given.get("port", _DEFAULT_PORTS[tls]),
            "tls": tls,
            "starttls": StartTls.NEVER if given["ignore_tls"] else starttls,
        }


def _unknown(schema: Schema, original: Mapping[str, Any]) -> Iterator[str]:
    """Yields the names of options that the schema doesn't have, such as `tls.ciphers`."""
    known = {each.data_key or name: each for name, each in schema.fields.items()}
    for name, value in original.items():
        here = known.get(name)
        if here is None:
            yield repr(name[:60])[1:-1]  # one line, whatever it contains
        elif isinstance(here, fields.Nested) and value:
            for inner in _unknown(here.schema, value):
                yield f"{name}.{inner}"


@cache
def _services() -> dict[str, tuple[str, int]]:
    """Returns host and port of each name of a service."""
    table = tomllib.loads(Path(__file__).with_name("mail_services.toml").read_text())
    places = {}
    for place, names in table.items():
        host, _, port = place.partition(":")
        places.update({_simple(name): (host, int(port)) for name in names})
    return places


def _simple(name: str) -> str:
    return re.sub(r"[^a-z0-9.-]", "", name.lower())


class MailTransport(fields.Field[MailServer]):
    """A mail server as JSON, as timelimit-server passes it to its mail library."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> MailServer:
        try:
            return _load(json.loads(value))
        except (ValueError, ValidationError) as error:
            problem = error.messages if isinstance(error, ValidationError) else ["not JSON"]
            raise ValidationError(
                'must be {"host": "mail.example.com", "port": 465, "secure": true, '
                '"auth": {"user": "NAME", "pass": "PASSWORD"}}, where only host is required, or '
                f'{{"service": "gmail", "auth": ...}} ({first_problem(problem)})'
            ) from None


class SmtpUrl(fields.Field[MailServer]):
    """A mail server as a URL, with the other options of MAIL_TRANSPORT as its query."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> MailServer:
        try:
            parts = urlsplit(value)
            port = parts.port
            options = _from_query(parts.query)
        except ValueError:  # its text may quote the password
            raise ValidationError(
                "not a URL; in user and password write special characters as %XX, "
                "such as %40 for @ and %2F for /"
            ) from None
        if (
            parts.scheme not in ("smtp", "smtps")
            or not parts.hostname
            or port == 0
            or parts.path not in ("", "/")
            or parts.fragment
        ):
            raise ValidationError(
                "must be smtp://USER:PASSWORD@HOST:PORT, or smtps://... for TLS, with special "
                "characters in user and password as %XX, such as %40 for @"
            )
        login = {"user": unquote(parts.username or ""), "pass": unquote(parts.password or "")}
        given = {**options, "host": parts.hostname, "auth": login}
        if port:
            given["port"] = port
        if parts.scheme == "smtps":
            given["secure"] = True
        try:
            return _load(given)
        except ValidationError as error:
            raise ValidationError(first_problem(error.messages)) from None


def _from_query(query: str) -> dict[str, Any]:
    """Returns the options as in JSON. Raises ValueError for what may be a part of a password."""
    given: dict[str, Any] = {}
    tls: dict[str, Any] = {}
    if not query:  # which strict parsing refuses
        return given
    for name, text in parse_qsl(query, keep_blank_values=True, strict_parsing=True):
        if not re.fullmatch(r"\w+(\.\w+)*", name):
            raise ValueError(name)
        value = {"true": True, "false": False}.get(text, text)
        if name.startswith("tls."):
            tls[name.removeprefix("tls.")] = value
        else:
            given[name] = value
    return {**given, "tls": tls}


def _load(given: Any) -> MailServer:
    server: MailServer = _Transport().load(given)
    return server
