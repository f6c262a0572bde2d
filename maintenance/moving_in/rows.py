"""One row of timelimit-server becomes one of ours."""

from collections.abc import Callable, Iterable
from typing import Any

from peewee import BlobField, BooleanField, CharField, Field, IntegerField

import models
from identifiers import token_hash
from maintenance.moving_in.report import Report
from maintenance.moving_in.sources.sqlite import InvalidText
from maintenance.moving_in.tables import Table
from problem import Problem
from schemas.strict_json import MAX_INT32

Convert = Callable[[Any], Any]

#: Texts without a form, in which nothing is lost by an end. SQLite stores them at any length.
_MAY_BE_CUT = {
    models.User.name,
    models.User.time_zone,
    models.Device.name,
    models.Device.model,
    models.Category.title,
}

#: Texts that would be something else without their end.
_MAY_BE_LONG = {
    models.User.mail,
    models.AssignedApp.package_name,
    models.Purchase.transaction_id,
    models.AddDeviceToken.token_hash,
    models.MailLoginToken.received_code,
    models.MailLoginToken.mail,
    models.MailLoginToken.locale,
    models.MailAuthToken.mail,
    models.MailAuthToken.locale,
    models.ServerSetting.id,
}

#: Whoever has one may act as a device or a parent. With their greatest lengths in the old database.
TOKENS: dict[Field, int] = {
    models.Device.token_hash: 32,
    models.OldDevice.token_hash: 32,
    models.AddDeviceToken.token_hash: models.TEXT_LENGTH,
    models.MailLoginToken.token_hash: 32,
    models.MailAuthToken.token_hash: 32,
}

#: All that is taken of this table.
_SETTINGS = {models.ServerSetting.STATUS_MESSAGE}

#: What the self-test of timelimit-server leaves.
_LEFTOVERS = {"self_test_data", "self_test_data_two"}

#: Their keys are secrets or say what somebody uses.
_UNNAMED = {models.AssignedApp.package_name, models.Purchase.transaction_id, *TOKENS}


class _Unusable(Exception):
    """A value can't be what it should be. Says why."""


class _Drop(Exception):
    """The row can't be kept. Says why."""


class Converter:
    """Makes rows of a model from the rows of a table, and reports what it has to change."""

    def __init__(
        self, table: Table, columns: Iterable[str], report: Report, *, cut_texts: bool
    ) -> None:
        """`columns` are those that the source has; the others get their default."""
        self.columns = list(columns)
        self.fields = [_fields(table)[column] for column in self.columns]
        self.missing = [
            (field.name, None if field.null else field.default)
            for column, field in _fields(table).items()
            if column not in self.columns
        ]
        self._table = table
        self._report = report
        self._cut_texts = cut_texts
        self._converts = [
            self._convert(column, field)
            for column, field in zip(self.columns, self.fields, strict=True)
        ]

    def row(self, values: tuple[Any, ...]) -> dict[str, Any] | None:
        """Our columns by name, or None for a row that is dropped. Raises Problem."""
        self._report.read[self._table.name] += 1
        row: dict[str, Any] = {}
        try:
            for field, convert, value in zip(self.fields, self._converts, values, strict=True):
                row[field.name] = convert(value)
        except _Drop as reason:
            self._report.drop(self._table.name, str(reason), self.name(row))
            return None
        except _Unusable as reason:
            column = self.columns[len(row)]
            where = self.name(row) or f"row {self._report.read[self._table.name]}"
            raise Problem(
                f"{self._table.name}.{column} of {where} {reason}. "
                "Repair or delete this row in the old database."
            ) from None
        row.update(self.missing)
        return row

    def name(self, row: dict[str, Any]) -> str:
        """The ids of a row, for people."""
        model = self._table.model._meta
        family = [model.fields["family_id"]] if "family_id" in model.fields else []
        keys = [key for key in model.get_primary_keys() if isinstance(key, CharField)]
        named = {field.name for field in family + keys if field not in _UNNAMED}
        return ", ".join(
            f"{name.removesuffix('_id')} {_printable(row[name])}" for name in row if name in named
        )

    def _convert(self, column: str, field: Field) -> Convert:
        if isinstance(field, BooleanField):
            convert: Convert = _boolean
        elif isinstance(field, IntegerField):
            convert = self._number(column, field)
        elif isinstance(field, BlobField):
            convert = _blob
        elif field is models.ServerSetting.id:
            convert = self._setting
        else:
            convert = self._text(column, field)
        return _or_null(convert, field)

    def _number(self, column: str, field: Field) -> Convert:
        # Our 32 bit columns are a part of what phones read so.
        is_int = isinstance(field, models.PhoneInteger) or type(field) is IntegerField

        def convert(value: Any) -> int:
            number = _whole_number(value)
            if is_int and not -MAX_INT32 <= number <= MAX_INT32:
                self._report.change(self._table.name, column, f"cut to {MAX_INT32}")
                return max(-MAX_INT32, min(number, MAX_INT32))
            return number

        return convert

    def _text(self, column: str, field: Field) -> Convert:
        max_length: int | None = TOKENS.get(field) or getattr(field, "max_length", None)
        may_be_cut, may_be_long = field in _MAY_BE_CUT, field in _MAY_BE_LONG
        is_free = may_be_cut or field in (models.ServerSetting.value, models.Task.title)

        def convert(value: Any) -> str:
            text = _valid_text(value)
            if type(value) is InvalidText:
                if not is_free:
                    raise _Unusable("is not valid UTF-8")
                self._report.change(self._table.name, column, "invalid UTF-8 replaced")
            if max_length and len(text) > max_length:
                if not (may_be_cut or may_be_long):
                    raise _Unusable(f"has more than {max_length} characters")
                if self._cut_texts:
                    return self._shorten(column, field, text, max_length)
            return text

        if field in TOKENS:
            return lambda value: token_hash(convert(value))
        return convert

    def _shorten(self, column: str, field: Field, text: str, max_length: int) -> str:
        if field in _MAY_BE_CUT:
            self._report.change(self._table.name, column, f"cut to {max_length} characters")
            return text[:max_length]
        if field is models.User.mail:
            self._report.change(self._table.name, column, "left out, since it is too long")
            return ""
        raise _Drop(f"{column} is too long")

    def _setting(self, value: Any) -> str:
        name = _valid_text(value)
        if name in _LEFTOVERS:
            raise _Drop("a leftover of its self-test")
        if name not in _SETTINGS:
            raise _Drop("an unknown setting")
        return name


def _fields(table: Table) -> dict[str, Field]:
    return {column: table.model._meta.fields[name] for column, name in table.columns.items()}


def _printable(an_id: str) -> str:
    return an_id if an_id.isalnum() else ascii(an_id)


def _or_null(convert: Convert, field: Field) -> Convert:
    def nullable(value: Any) -> Any:
        if value is not None:
            return convert(value)
        if field.null:
            return None
        if field is models.User.mail_notification_flags:
            return 0
        if field is models.AppList.data:
            raise _Drop("no data")
        raise _Unusable("is NULL")

    return nullable


def _boolean(value: Any) -> bool:
    if value not in (0, 1):
        raise _Unusable("is neither true nor false")
    return bool(value)


def _whole_number(value: Any) -> int:
    """Some numbers are texts on MariaDB, and some are truth values on PostgreSQL."""
    if isinstance(value, str) and len(value) < 20 and value.removeprefix("-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise _Unusable("is not a whole number")
    return int(value)


def _blob(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _Unusable("is not binary data")
    return value


def _valid_text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unusable("is not a text")
    return str(value)
