"""The settings of the environment (http.md, "Environment variables")."""

import json
import tomllib
from dataclasses import asdict, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields

from schemas.mail_server import MailServer, StartTls
from settings import Environment, SettingsError, from_environment

DEFAULTS = {
    "database_url": "sqlite:///data/timelimit.db",
    "host": "127.0.0.1",
    "port": 8080,
    "trusted_proxies": (ip_network("127.0.0.0/8"), ip_network("::1")),
    "always_pro": True,
    "log_level": "info",
    "log_format": "text",
    "disable_signup": False,
    "admin_token": "",
    "sign_secret": "",
    "mail_server": None,
    "mail_sender": "TimeLimit <timelimit@localhost>",
    "mail_imprint": "",
    "mail_whitelist": frozenset(),
    "mail_server_blacklist": frozenset(),
    "ping_interval_sec": 25,
    "redis_url": "",
    "backup_dir": "",
    "backup_every": 24,
}

ROOT = Path(__file__).parents[1]

NAMES = [str(field.data_key) for field in Environment().fields.values()]


def test_no_setting_is_required() -> None:
    assert asdict(from_environment({})) == DEFAULTS


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_empty_is_unset(empty: str) -> None:
    assert asdict(from_environment(dict.fromkeys(NAMES, empty))) == DEFAULTS


def test_every_setting_has_a_line_of_help() -> None:
    for field in Environment().fields.values():
        assert field.metadata["help"]


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("DATABASE_URL", "sqlite:///relative.db", "database_url", "sqlite:///relative.db"),
        ("DATABASE_URL", "sqlite:////absolute.db", "database_url", "sqlite:////absolute.db"),
        ("DATABASE_URL", "mysql://u:p@host/db", "database_url", "mysql://u:p@host/db"),
        ("DATABASE_URL", "mysql://host:3307/db", "database_url", "mysql://host:3307/db"),
        ("PORT", "1", "port", 1),
        ("PORT", " 65535 ", "port", 65535),
        ("ALWAYS_PRO", "yes", "always_pro", True),
        ("ALWAYS_PRO", "no", "always_pro", False),
        ("DISABLE_SIGNUP", "yes", "disable_signup", True),
        ("DISABLE_SIGNUP", "no", "disable_signup", False),
        ("LOG_LEVEL", "debug", "log_level", "debug"),
        ("LOG_LEVEL", "Error", "log_level", "error"),
        ("LOG_LEVEL", "WARN", "log_level", "warning"),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("HOST", "::", "host", "::"),
        ("HOST", "192.0.2.1", "host", "192.0.2.1"),
        ("TRUSTED_PROXIES", "192.0.2.1", "trusted_proxies", (ip_network("192.0.2.1"),)),
        (
            "TRUSTED_PROXIES",
            "172.16.0.0/12 , 2001:db8::/64,",
            "trusted_proxies",
            (ip_network("172.16.0.0/12"), ip_network("2001:db8::/64")),
        ),
        ("ADMIN_TOKEN", 16 * "x", "admin_token", 16 * "x"),
        ("SIGN_SECRET", "secret", "sign_secret", "secret"),
        ("MAIL_SENDER", "Me <me@example.com>", "mail_sender", "Me <me@example.com>"),
        ("MAIL_IMPRINT", "Somebody\nSomewhere", "mail_imprint", "Somebody\nSomewhere"),
        ("MAIL_WHITELIST", " A@x.de ,, X.de", "mail_whitelist", {"a@x.de", "x.de"}),
        ("MAIL_SERVER_BLACKLIST", " X.de , y.de,", "mail_server_blacklist", {"x.de", "y.de"}),
        ("PING_INTERVAL_SEC", "1", "ping_interval_sec", 1),
        ("PING_INTERVAL_SEC", "3600", "ping_interval_sec", 3600),
        ("BACKUP_DIR", "/mnt/backups", "backup_dir", "/mnt/backups"),
        ("BACKUP_EVERY", "6", "backup_every", 6),
        ("SMTP_URL", "smtp://host", "mail_server", MailServer("host", 587, False)),
        ("SMTP_URL", "smtps://host", "mail_server", MailServer("host", 465, True)),
        (
            "SMTP_URL",
            "smtp://me%40x:s%2Fecret@host:25",
            "mail_server",
            MailServer("host", 25, False, "me@x", "s/ecret"),
        ),
        ("MAIL_TRANSPORT", '{"host":"h"}', "mail_server", MailServer("h", 587, False)),
        (
            "MAIL_TRANSPORT",
            '{"host":"h","port":2525,"secure":true,"auth":{"user":"u","pass":"p"}}',
            "mail_server",
            MailServer("h", 2525, True, "u", "p"),
        ),
        ("MAIL_TRANSPORT", '{"host":"h","secure":true}', "mail_server", MailServer("h", 465, True)),
        ("MAIL_TRANSPORT", '{"host":"h","port":465}', "mail_server", MailServer("h", 465, True)),
        ("SMTP_URL", "smtp://h:465", "mail_server", MailServer("h", 465, True)),
        (
            "MAIL_TRANSPORT",
            '{"host":"h","port":"465","secure":false}',
            "mail_server",
            MailServer("h", 465, False),
        ),
        (
            "SMTP_URL",
            "smtp://u:p%C3%A4ss@h",
            "mail_server",
            MailServer("h", 587, False, "u", "päss"),
        ),
    ],
)
def test_settings_are_read(name: str, value: str, field: str, expected: Any) -> None:
    settings = from_environment({name: value, "SOMETHING_ELSE": "x"})
    assert getattr(settings, field) == expected


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DATABASE_URL", "sqlite://", "sqlite:///PATH"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///PATH"),
        ("DATABASE_URL", "sqlite://data.db", "sqlite:///PATH"),
        ("DATABASE_URL", "data.db", "sqlite:///PATH"),
        ("DATABASE_URL", "postgres://host/db", "mysql://"),
        ("DATABASE_URL", "mysql:///db", "mysql://"),
        ("DATABASE_URL", "mysql://host", "mysql://"),
        ("DATABASE_URL", "mysql://host/", "mysql://"),
        ("DATABASE_URL", "mysql://host:port/db", "not a URL"),
        ("DATABASE_URL", "mysql://[host/db", "not a URL"),
        ("PORT", "0", "1 to 65535"),
        ("PORT", "65536", "1 to 65535"),
        ("PORT", "-1", "1 to 65535"),
        ("PORT", "80.5", "1 to 65535"),
        ("PORT", "http", "1 to 65535"),
        ("HOST", "localhost", "IP address"),
        ("HOST", "0.0.0.0:80", "IP address"),
        ("TRUSTED_PROXIES", "proxy", "addresses or networks"),
        ("TRUSTED_PROXIES", "172.17.0.1/12", "addresses or networks"),
        ("ALWAYS_PRO", "false", "yes or no"),
        ("ALWAYS_PRO", "true", "yes or no"),
        ("ALWAYS_PRO", "1", "yes or no"),
        ("ALWAYS_PRO", "No", "yes or no"),
        ("DISABLE_SIGNUP", "false", "yes or no"),
        ("LOG_LEVEL", "verbose", "debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "text, json"),
        ("LOG_LEVEL", "critical", "debug, info, warning, error"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite:///data/timelimit.db?mode=ro", "write ? as %3F"),
        ("DATABASE_URL", "sqlite:///data/a%00b.db", "can't have %00"),
        ("MAIL_SENDER", "nobody", "one address"),
        ("MAIL_SENDER", "a@x.de, b@x.de", "one address"),
        ("MAIL_WHITELIST", "@x.de", "addresses or domains"),
        ("MAIL_SERVER_BLACKLIST", "a@x.de", "domains"),
        ("PING_INTERVAL_SEC", "0", "1 to 3600"),
        ("PING_INTERVAL_SEC", "3601", "1 to 3600"),
        ("PING_INTERVAL_SEC", "soon", "1 to 3600"),
        ("BACKUP_EVERY", "0", "hours from 1 to 744"),
        ("BACKUP_EVERY", "1d", "hours from 1 to 744"),
    ],
)
def test_a_malformed_setting_is_named_with_its_remedy(name: str, value: str, advice: str) -> None:
    with pytest.raises(SettingsError) as error:
        from_environment({name: value})
    assert f"{name}={value}" in str(error.value)
    assert advice in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DATABASE_URL", "postgres://user:sesame@host/db", "mysql://"),
        ("DATABASE_URL", "mysql://user:sesame@host:port/db", "not a URL"),
        ("DATABASE_URL", "mysql://user:sesame@host", "mysql://"),
        ("SMTP_URL", "http://user:sesame@host", "smtp://"),
        ("SMTP_URL", "smtp://user:sesame@", "smtp://"),
        ("SMTP_URL", "smtp://user:sesame@host:0", "smtp://"),
        ("SMTP_URL", "smtp://user:sesame@host:70000", "not a URL"),
        ("MAIL_TRANSPORT", "sesame", "not JSON"),
        ("MAIL_TRANSPORT", '["sesame"]', '"host"'),
        ("MAIL_TRANSPORT", '{"auth":{"user":"u","pass":"sesame"}}', '"host"'),
        ("MAIL_TRANSPORT", '{"host":"","auth":{"user":"u","pass":"sesame"}}', '"host"'),
        ("MAIL_TRANSPORT", '{"host":"h","auth":{"pass":"sesame"}}', "auth.user"),
        ("MAIL_TRANSPORT", '{"host":"h","secure":"sesame"}', "secure"),
        ("MAIL_TRANSPORT", '{"host":"h","port":0,"service":"sesame"}', "port"),
        ("MAIL_TRANSPORT", '{"service":"sesame"}', "service: is not known here"),
        ("MAIL_TRANSPORT", '{"host":"h","auth":{"user":"sesame"}}', "auth.pass: is missing"),
        (
            "MAIL_TRANSPORT",
            '{"host":"h","auth":{"type":"OAuth2","user":"sesame"}}',
            "app passwords",
        ),
        ("MAIL_TRANSPORT", '{"host":"h","name":"sesame open"}', "name: must be the name of a host"),
        ("MAIL_TRANSPORT", '{"host":"h","requireTLS":"sesame"}', "requireTLS"),
        ("SMTP_URL", "smtp://me:ses/ame@host", "%40 for @"),
        ("SMTP_URL", "smtp://me:12/sesame@host", "%40 for @"),
        ("SMTP_URL", "smtp://me:12#sesame@host", "%40 for @"),
        ("SMTP_URL", "smtp://me:12?sesame@host", "%40 for @"),
        ("SMTP_URL", "smtp://me:12?sesame@host=x", "%40 for @"),
        ("SMTP_URL", "smtp://me:[sesame@host", "%40 for @"),
        ("SMTP_URL", "smtp://host?requireTLS=sesame", "requireTLS"),
        ("REDIS_URL", "http://:sesame@host", "redis://"),
        ("ADMIN_TOKEN", "open sesame", "at least 16 characters"),
    ],
)
def test_a_secret_is_not_shown(name: str, value: str, advice: str) -> None:
    with pytest.raises(SettingsError) as error:
        from_environment({name: value})
    assert str(error.value).startswith(f"{name}=***")
    assert advice in str(error.value)
    assert "sesame" not in str(error.value)


def transport(**options: Any) -> MailServer:
    server = from_environment({"MAIL_TRANSPORT": json.dumps(options)}).mail_server
    assert server is not None
    return server


LOGIN = {"user": "me", "pass": "sesame"}


@pytest.mark.parametrize(
    ("service", "host", "port"),
    [
        ("gmail", "smtp.gmail.com", 465),
        ("Outlook365", "smtp.office365.com", 587),
        ("GMX", "mail.gmx.net", 465),
        ("WEB.DE", "smtp.web.de", 465),
        ("T-Online", "securesmtp.t-online.de", 465),
        ("Google Mail", "smtp.gmail.com", 465),
        ("1und1", "smtp.ionos.de", 465),
        ("SES-EU-WEST-1", "email-smtp.eu-west-1.amazonaws.com", 465),
    ],
)
def test_well_known_services_need_no_host(service: str, host: str, port: int) -> None:
    server = transport(service=service, auth=LOGIN)
    expected = MailServer(host, port, port == 465, "me", "sesame", StartTls.REQUIRED)
    assert server == expected


def test_each_name_of_a_service_is_there_once() -> None:
    table = tomllib.loads((ROOT / "schemas" / "mail_services.toml").read_text())
    names = [name for names in table.values() for name in names]
    assert len(names) == len(set(names))
    assert len(table) >= 30
    for name in names:
        assert f"{transport(service=name).host}:{transport(service=name).port}" in table


@pytest.mark.parametrize(
    ("option", "query", "expected"),
    [
        ({"ignoreTLS": True}, "ignoreTLS=true", {"starttls": StartTls.NEVER}),
        ({"requireTLS": True}, "requireTLS=true", {"starttls": StartTls.REQUIRED}),
        (
            {"ignoreTLS": True, "requireTLS": True},
            "requireTLS=true&ignoreTLS=true",
            {"starttls": StartTls.NEVER},
        ),
        (
            {"tls": {"rejectUnauthorized": False}},
            "tls.rejectUnauthorized=false",
            {"checks_certificate": False},
        ),
        (
            {"tls": {"rejectUnauthorized": True}},
            "tls.rejectUnauthorized=true",
            {"checks_certificate": True},
        ),
        ({"tls": {}}, "", {}),
        ({"name": "me.example.com"}, "name=me.example.com", {"name": "me.example.com"}),
        (
            {"pool": True, "maxConnections": 5},
            "pool=true&maxConnections=5",
            {"ignored": ("pool", "maxConnections")},
        ),
        ({"tls": {"ciphers": "SSLv3"}}, "tls.ciphers=SSLv3", {"ignored": ("tls.ciphers",)}),
        ({"service": "nobody"}, "service=nobody", {"ignored": ("service",)}),
    ],
)
def test_options_of_nodemailer_are_read(
    option: dict[str, Any], query: str, expected: dict[str, Any]
) -> None:
    server = replace(MailServer("h", 587, False), **expected)
    assert transport(host="h", **option) == server
    assert from_environment({"SMTP_URL": f"smtp://h?{query}"}).mail_server == server


@pytest.mark.parametrize(
    ("auth", "user"),
    [
        ({}, ""),
        (None, ""),
        ({"type": "login"}, ""),
        ({"user": "", "pass": ""}, ""),
        ({**LOGIN, "type": "LOGIN"}, "me"),
    ],
)
def test_a_mail_server_may_need_no_login(auth: Any, user: str) -> None:
    assert transport(host="h", auth=auth) == MailServer("h", 587, False, user, user and "sesame")


def test_what_a_service_decides_is_ignored() -> None:
    server = transport(service="gmail", host="h", port=25, secure=True, ignoreTLS=True)
    assert (server.host, server.port) == ("smtp.gmail.com", 465)
    assert server.ignored == ("host", "port", "secure", "ignoreTLS")


def test_only_one_mail_server_can_be_set() -> None:
    with pytest.raises(SettingsError, match="MAIL_TRANSPORT is set, too"):
        from_environment({"SMTP_URL": "smtp://host", "MAIL_TRANSPORT": '{"host":"h"}'})


def test_secrets_are_not_part_of_the_text_of_the_settings() -> None:
    settings = from_environment(
        {
            "DATABASE_URL": "mysql://u:sesame@host/db",
            "ADMIN_TOKEN": "open sesame please",
            "SIGN_SECRET": "sesame",
            "SMTP_URL": "smtp://u:sesame@host",
        }
    )
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize("setting", Environment().fields.values())
def test_the_readme_names_each_setting(setting: fields.Field[Any]) -> None:
    readme = (ROOT / "README.md").read_text()
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{setting.data_key}` |"))
    assert row.endswith(f"| {setting.metadata['help']} |")
