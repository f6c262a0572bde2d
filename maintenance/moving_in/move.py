"""The import as a whole: looks at both databases, moves the rows, and says what became of them."""

from collections.abc import Callable
from contextlib import closing
from urllib.parse import unquote, urlsplit

from peewee import SqliteDatabase, fn

import clock
from maintenance.moving_in.inspection import Inventory, take_inventory
from maintenance.moving_in.report import Report
from maintenance.moving_in.sources import Source
from maintenance.moving_in.sources.mysql import MySQLSource
from maintenance.moving_in.sources.postgresql import PostgresSource
from maintenance.moving_in.sources.sqlite import SqliteSource
from maintenance.moving_in.target import new_database, throwaway_database
from maintenance.moving_in.transfer import Progress, transfer
from models import Family, User
from problem import Problem
from storage.database import database
from storage.mysql_url import SCHEMES
from storage.rows import tuples

#: Called with what was found before anything is moved; what it returns is told each portion.
Begin = Callable[[Inventory], Progress]


def move_in(
    source_url: str, database_url: str, *, newer: bool, dry_run: bool, begin: Begin
) -> Report:
    """Imports a database of timelimit-server into that of DATABASE_URL, or only tries it. Raises
    Problem; then the latter is as before."""
    report = Report()
    with closing(open_source(source_url)) as source:
        inventory = take_inventory(source, newer=newer)
        _look_for_old_server(source, report, dry_run=dry_run)
        if inventory.unknown:
            report.remarks.append(f"Not taken, since unknown: {', '.join(inventory.unknown)}.")
        target = throwaway_database if dry_run else new_database
        with target(database_url):
            transfer(
                source,
                inventory,
                report,
                begin(inventory),
                cut_texts=urlsplit(database_url).scheme in SCHEMES,
            )
            _remark_similar_addresses(report)
            _remark_full_versions(report)
            _look_for_old_server(source, report, dry_run=dry_run)
    return report


def _look_for_old_server(source: Source, report: Report, *, dry_run: bool) -> None:
    for user in source.other_users():
        remark = f"The old server seems to run: {user}."
        if not dry_run:
            raise Problem(f"{remark} Stop it first: what it stores from now on would be lost.")
        if remark not in report.remarks:
            report.remarks.append(remark)


def open_source(url: str) -> Source:
    """Connects to a source. Raises Problem."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Problem("SOURCE is not a URL.") from None
    path = unquote(parts.path.removeprefix("/"))
    if parts.query or parts.fragment:
        raise Problem("SOURCE must end with the name of the database; encode # and ? as %23, %3F.")
    if parts.scheme == "sqlite" and url.startswith("sqlite:///") and path:
        return SqliteSource(path)
    engines = {
        "mysql": (MySQLSource, 3306),
        "mariadb": (MySQLSource, 3306),
        "postgres": (PostgresSource, 5432),
        "postgresql": (PostgresSource, 5432),
    }
    if parts.scheme not in engines or not parts.hostname or not path:
        raise Problem(
            "SOURCE must be sqlite:///FILE (four slashes for an absolute path), or mysql://, "
            "mariadb:// or postgres:// and USER:PASSWORD@HOST/DATABASE."
        )
    engine, default_port = engines[parts.scheme]
    return engine(
        host=parts.hostname,
        port=port or default_port,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=path,
    )


def _remark_similar_addresses(report: Report) -> None:
    if isinstance(database.obj, SqliteDatabase):
        database.obj.register_function(str.casefold, "lower", 1)  # its own knows ASCII only
    folded = fn.LOWER(User.mail)
    shared = (
        User.select(folded, fn.COUNT(fn.DISTINCT(User.mail)))
        .where(User.mail != "")
        .group_by(folded)
        .having(fn.COUNT(User.mail) > 1)
    )
    for mail, spellings in tuples(shared):
        users = (
            User.select(User.family_id, User.user_id)
            .where(folded == mail)
            .order_by(User.family_id, User.user_id)
        )
        names = "; ".join(f"family {user.family_id}, user {user.user_id}" for user in users)
        report.remarks.append(
            f"Mail addresses that differ in letter case only; type them exactly: {names}."
            if spellings > 1
            else f"The same mail address, with which the first of them signs in: {names}."
        )


def _remark_full_versions(report: Report) -> None:
    without = Family.select().where(
        ~Family.has_full_version | (Family.full_version_until < clock.now_ms())
    )
    if count := without.count():
        report.remarks.append(
            f"{count} of {Family.select().count()} families have no full version now. With "
            "ALWAYS_PRO=no their phones lose features, and those unused for 90 days are deleted."
        )
