"""What is asked of a server of MySQL or MariaDB, and how its trouble is told or waited for."""

import os
import socket
from typing import Any

import pymysql
import pytest
from peewee import MySQLDatabase, OperationalError

from problem import Problem
from storage import database as db
from storage.engines import MySQL
from storage.mysql_server import PACKET_BYTES, may_come, require_fit
from storage.mysql_url import connection_of


@pytest.fixture
def url() -> str:
    if url := os.environ.get("TEST_MYSQL_URL", ""):
        return url
    pytest.skip("set TEST_MYSQL_URL=mysql://USER:PASSWORD@HOST/DATABASE to run it")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (("8.0.16", 0, "ROW", PACKET_BYTES), "MySQL 8.0.17"),
        (("5.7.44-log", 0, "ROW", PACKET_BYTES), "MySQL 8.0.17"),
        (("5.5.5-10.1.48-MariaDB", 0, "ROW", PACKET_BYTES), "MariaDB 10.2.2"),
        (("10.11.2-MariaDB", 1, "STATEMENT", PACKET_BYTES), "binlog_format=ROW"),
        (("8.4.0", 0, "ROW", PACKET_BYTES - 1), "max_allowed_packet=16M"),
    ],
)
def test_a_server_that_cannot_do_it_is_refused(answer: Any, told: str) -> None:
    with pytest.raises(Problem, match=told):
        require_fit("the database", *answer)


@pytest.mark.parametrize(
    ("version", "logs", "log_format"),
    [
        ("8.0.17", 1, "ROW"),
        ("9.1.0", 1, "MIXED"),
        ("10.2.2-MariaDB-log", 0, "STATEMENT"),
        ("5.5.5-10.11.2-MariaDB", 1, "ROW"),
        ("12.1.1-MariaDB", 0, "MIXED"),
    ],
)
def test_other_servers_are_taken(version: str, logs: int, log_format: str) -> None:
    require_fit("the database", version, logs, log_format, PACKET_BYTES)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"user": "nobody", "password": "sesame"}, "percent-encoded"),
        ({"database": "not_there"}, "CREATE DATABASE `not_there`"),
        ({"host": "unknown.invalid"}, "host, port"),
        ({"ssl_ca": "/not/there.pem"}, "certificates"),
    ],
)
def test_wrong_settings_are_told_at_once(
    url: str, change: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = connection_of(url) | change
    monkeypatch.setattr(db.database, "obj", MySQL(given.pop("database"), **given))
    with pytest.raises(Problem, match=told) as caught:
        db.start(alone=False)
    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)


def refusing(times: int, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the first connections fail."""
    connect: Any = vars(MySQLDatabase)["_connect"]
    errors = [error] * times

    def fail_first(self: Any) -> Any:
        if errors:
            raise errors.pop()
        return connect(self)

    monkeypatch.setattr(MySQLDatabase, "_connect", fail_first)


def test_a_server_that_starts_is_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(2, pymysql.OperationalError(2003, "connection refused"), monkeypatch)
    given = connection_of(url)
    target = MySQL(given.pop("database"), **given)
    target.await_server(pause_s=0)
    target.close_all()
    assert caplog.text.count("waiting for") == 2


def test_a_server_that_does_not_come_is_not_waited_for_forever(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(2, pymysql.OperationalError(2003, "connection refused"), monkeypatch)
    target = MySQL("never_connected")
    with pytest.raises(OperationalError):
        target.await_server(patience_s=-1, pause_s=0)


@pytest.mark.parametrize("code", [1040, 1203, 1226])
def test_requests_wait_for_connections_that_the_server_refuses(
    code: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(1, pymysql.OperationalError(code, "too many connections"), monkeypatch)
    given = connection_of(url)
    target = MySQL(given.pop("database"), **given)
    with target.read_transaction():
        assert target.execute_sql("SELECT 1").fetchone() == (1,)  # type: ignore[no-untyped-call]
    target.close_all()


def test_an_unknown_host_does_not_come() -> None:
    error = pymysql.OperationalError(2003, "unknown")
    error.original_exception = socket.gaierror(socket.EAI_NONAME, "unknown")
    assert not may_come(error)
    error.original_exception = socket.gaierror(socket.EAI_AGAIN, "later")
    assert may_come(error)


def test_options_of_urls_reach_the_driver() -> None:
    given = connection_of("mariadb://u:p%23@h/d?unix_socket=/run/m.sock&ssl_ca=/ca.pem")
    assert given["password"] == "p#"
    assert (given["unix_socket"], given["ssl_ca"]) == ("/run/m.sock", "/ca.pem")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:ses#ame@host/db",
        "mysql://u:ses/ame@host/db",
        "mysql://u:1/ame@host/db",
        "mysql://u:ses?ame@host/db",
        "mysql://u:1?ame@host/db",
        "mysql://u:ses[ame@host/db",
        "mysql://u:p@host/db?ames=1",
        "mysql://u:p@host/db?ssl_ca=",
        "mysql://u:p@host/db?ssl_verify_identity=yes",
        "mysql://u:p@host/db?ssl_cert=/a&ssl_ca=/b",
    ],
)
def test_refused_urls_show_nothing_of_a_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"percent-encoded|must be|options|need") as caught:
        connection_of(url)
    assert "ame@" not in str(caught.value)
    assert "ses" not in str(caught.value)
