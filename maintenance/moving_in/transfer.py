"""Moves all rows of a source into the database of the models."""

from collections.abc import Callable
from typing import Any

from peewee import fn

from identifiers import new_auth_token, token_hash
from maintenance.moving_in.inspection import Inventory
from maintenance.moving_in.report import Report
from maintenance.moving_in.rows import Converter
from maintenance.moving_in.sources import Source
from maintenance.moving_in.tables import TABLES, Table
from maintenance.moving_in.target import insert
from models import Device, Family, KeyRequest, KeyResponse, Row
from storage.rows import tuples

#: Called with the name of a table, and how many more of its rows were read.
Progress = Callable[[str, int], None]


def transfer(
    source: Source, inventory: Inventory, report: Report, progress: Progress, *, cut_texts: bool
) -> None:
    """Reads and stores everything, in the current transaction. `cut_texts` is for engines that
    bound the length of texts. Raises Problem."""
    for table in TABLES:
        found = inventory.tables.get(table.name)
        if found is None:
            continue
        converter = Converter(table, found.columns, report, cut_texts=cut_texts)
        stored = _StoredKeys(table)
        columns = [found.columns[column] for column in converter.columns]
        # Of two devices with one token, the first keeps it.
        order = ["familyId", "deviceId"] if table.model is Device else []
        for portion in source.read(found.name, columns, order):
            rows = [row for values in portion if (row := converter.row(values)) is not None]
            rows = _without_orphans(table, rows, stored, converter, report)
            _store(table, rows, converter, report)
            progress(table.name, len(portion))
    _correct_counters(report)


class _StoredKeys:
    """What the rows of a table can refer to: the keys of rows that were stored before.

    Remembers those of the families of the last portion, since the rows of a family come together.
    """

    def __init__(self, table: Table) -> None:
        self._keys: dict[type[Row], dict[str, set[Any]]] = {
            model: {} for model in table.references.values()
        }

    def load(self, families: set[str]) -> None:
        for model, known in self._keys.items():
            for family_id in known.keys() - families:
                del known[family_id]
            missing = families - known.keys()
            known.update({family_id: set() for family_id in missing})
            family, key = model._meta.fields["family_id"], model._meta.get_primary_keys()[-1]
            for family_id, value in tuples(model.select(family, key).where(family.in_(missing))):
                known[family_id].add(value)

    def has(self, model: type[Row], family_id: str, value: Any) -> bool:
        return value in self._keys[model][family_id]


def _without_orphans(
    table: Table,
    rows: list[dict[str, Any]],
    stored: _StoredKeys,
    converter: Converter,
    report: Report,
) -> list[dict[str, Any]]:
    if not table.references:
        return rows
    stored.load({row["family_id"] for row in rows})
    kept = []
    for row in rows:
        for field, model in table.references.items():
            if row[field] is not None and not stored.has(model, row["family_id"], row[field]):
                what = model._meta.table_name.replace("_", " ")
                normal = ", as usual" if table.orphans_are_normal else ""
                name = "" if normal else converter.name(row)
                report.drop(table.name, f"without its {what}{normal}", name)
                break
        else:
            kept.append(row)
    return kept


def _store(table: Table, rows: list[dict[str, Any]], converter: Converter, report: Report) -> None:
    twice = insert(table.model, rows) if rows else []
    report.stored[table.name] += len(rows) - len(twice)
    for row in twice:
        if table.model is Device and not Device.select().where(*_is(row)).exists():
            _store_with_new_token(row, report)
            report.stored[table.name] += 1
        else:
            report.drop(table.name, "there twice", converter.name(row))


def _is(row: dict[str, Any]) -> tuple[Any, Any]:
    return Device.family_id == row["family_id"], Device.device_id == row["device_id"]


def _store_with_new_token(row: dict[str, Any], report: Report) -> None:
    other = Device.get(Device.token_hash == row["token_hash"])
    insert(Device, [{**row, "token_hash": token_hash(new_auth_token())}])
    report.remarks.append(
        f"Device {row['device_id']} of family {row['family_id']} had the token of device "
        f"{other.device_id} of family {other.family_id}, which keeps it. It got a new one that "
        "nobody knows: remove it in the app and add it again."
    )


#: The next number of each row, the numbers that were given, and what they count.
_COUNTERS = (
    (
        Family.next_server_key_request_seq,
        KeyRequest.server_sequence_number,
        KeyRequest.family_id == Family.family_id,
        "key request",
    ),
    (
        Device.next_key_reply_sequence_number,
        KeyResponse.reply_server_sequence_number,
        (KeyResponse.family_id == Device.family_id)
        & (KeyResponse.receiver_device_id == Device.device_id),
        "key response",
    ),
)


def _correct_counters(report: Report) -> None:
    """Raises next numbers that were given already: they would be given twice."""
    for counter, given, belongs, what in _COUNTERS:
        too_low = (
            counter.model.select(counter.model, fn.MAX(given).alias("highest"))
            .join(given.model, on=belongs)
            .group_by(*counter.model._meta.get_primary_keys())
            .having(fn.MAX(given) >= counter)
        )
        for row in list(too_low):
            setattr(row, counter.name, row.highest + 1)
            row.save()
            device = f", device {row.device_id}" if counter.model is Device else ""
            report.remarks.append(
                f"Family {row.family_id}{device}: the next {what} has the number "
                f"{row.highest + 1} now, since the one that was stored is used already."
            )
