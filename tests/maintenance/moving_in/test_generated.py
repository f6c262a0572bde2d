"""Old databases of any content: what must be there afterwards is worked out here in another way,
with the whole database in memory."""

import sqlite3
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identifiers import token_hash
from maintenance.moving_in.tables import TABLES
from tests.maintenance.moving_in.conftest import imported, stored_rows
from tests.maintenance.moving_in.old_database import OldDatabase

Row = dict[str, Any]
Content = dict[str, list[Row]]

MAX_INT = 2**31 - 1

#: Few of each, so that rows find and miss each other.
FAMILIES = st.sampled_from(["fam000000a", "fam000000A", "fam000000b"])
IDS = st.sampled_from(["aaaaa1", "AAAAA1", "bbbbb2", "ccccc3"])
OPTIONAL_IDS = st.one_of(st.none(), IDS)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ["", "a\0b", "👪" * 256, "'\"\\;--", "\u200f\r\n\t"]
)
NUMBERS = st.sampled_from([0, 1, 59, 1439, MAX_INT, MAX_INT + 1, 2**40, 2**53])
BLOBS = st.binary(max_size=100)

#: What stands in columns of these names.
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "familyId": FAMILIES,
    **dict.fromkeys(
        ["userId", "childId", "deviceId", "categoryId", "receiverDeviceId", "senderDeviceId"], IDS
    ),
    **dict.fromkeys(["ruleId", "taskId", "networkItemId", "token"], IDS),
    **dict.fromkeys(["serverSequenceNumber", "requestServerSequenceNumber"], st.integers(1, 3)),
    "type": st.sampled_from(["parent", "child"]),
    "taskTitle": st.text(st.characters(codec="utf-8"), max_size=50),
}

#: Free texts of any length; all others have a form.
FREE = {"name", "model", "title", "timeZone", "packageName", "value"}


def column_values(table: str, column: str, kind: str, null: bool) -> st.SearchStrategy[Any]:
    if column in BY_NAME and not (column == "type" and table != "Users"):
        values = BY_NAME[column]
    elif kind == "TINYINT(1)" or column in ("perDay", "pendingRequest"):
        values = st.sampled_from([0, 1])
    elif kind == "BLOB":
        values = BLOBS
    elif column in FREE:
        values = TEXTS
    elif kind.startswith(("VARCHAR", "TEXT")):
        values = st.text("abcXYZ019", max_size=4)
    else:
        values = NUMBERS
    return st.none() | values if null else values


def contents() -> st.SearchStrategy[Content]:
    """Rows for all tables, without regard to what they name."""
    with TemporaryDirectory() as folder:
        old = OldDatabase(Path(folder, "old.db"))
        rows = {}
        for table in TABLES:
            columns = old.db.execute(f'PRAGMA table_info("{table.name}")').fetchall()
            row = st.fixed_dictionaries(
                {
                    name: column_values(table.name, name, kind, not not_null)
                    for _, name, kind, not_null, _, _ in columns
                }
            )
            rows[table.name] = st.lists(row, max_size=6)
    return st.fixed_dictionaries(rows)


def filled(path: Path, content: Content) -> tuple[OldDatabase, Content]:
    """A database with these rows but those that it refuses itself. Returns what it took."""
    old = OldDatabase(path)
    taken: Content = defaultdict(list)
    for table, rows in content.items():
        for row in rows:
            try:
                old.add(table, **row)
            except sqlite3.IntegrityError:
                continue
            taken[table].append(row)
    old.db.close()
    return old, taken


def kept(content: Content) -> Content:
    """The rows that find all that they name."""
    here: Content = {table: list(content[table]) for table in content}

    def keys(table: str, *columns: str) -> set[tuple[Any, ...]]:
        return {tuple(row[column] for column in columns) for row in here.get(table, [])}

    def keep(table: str, parent: str, column: str, key: str) -> None:
        """`familyId` and this column name a row of the parent by its `familyId` and key."""
        present = keys(parent, "familyId", key)
        here[table] = [
            row
            for row in here.get(table, [])
            if row[column] is None or (row["familyId"], row[column]) in present
        ]

    families = keys("Families", "familyId")
    for table in ("Users", "Devices", "Purchases", "AddDeviceTokens"):
        here[table] = [row for row in here.get(table, []) if (row["familyId"],) in families]
    keep("Categories", "Users", "childId", "userId")
    for table in ("UserLimitLoginCategories", "U2fKeys"):
        keep(table, "Users", "userId", "userId")
    for table in (
        *("UserLimitLoginCategories", "CategoryApps", "CategoryNetworkIds", "ChildTasks"),
        *("CategoryTimeWarnings", "TimelimitRules", "UsedTimes", "SessionDurations"),
        "KeyRequests",
    ):
        keep(table, "Categories", "categoryId", "categoryId")
    for table, column in (
        ("EncryptedAppLists", "deviceId"),
        ("DeviceDhKeys", "deviceId"),
        ("Pings", "receiverDeviceId"),
        ("Pings", "senderDeviceId"),
        ("KeyRequests", "deviceId"),
        ("KeyRequests", "senderDeviceId"),
    ):
        keep(table, "Devices", column, "deviceId")
    keep("KeyResponses", "KeyRequests", "requestServerSequenceNumber", "serverSequenceNumber")
    here["Configs"] = [row for row in here.get("Configs", []) if row["id"] == "status_message"]
    return here


def key_of(table: Any, row: Row) -> tuple[Any, ...]:
    return tuple(row[field.name] for field in table.model._meta.get_primary_keys())


#: Columns whose numbers phones read as 32 bit.
INT_COLUMNS = {
    *("maximumTimeInMillis", "sessionDurationMilliseconds", "sessionPauseMilliseconds"),
    *("maxSessionDuration", "sessionPauseDuration", "dayOfEpoch", "extraTimeDay", "sort"),
    *("extraTimeDuration", "defaultUserTimeout", "currentAppVersion", "highestAppVersion"),
    *("mailNotificationFlags", "hadManipulationFlags", "manipulationFlags", "platformLevel"),
    *("timeWarningFlags", "minBatteryMobile", "minBatteryCharging", "minutes", "type"),
    *("dayMaskAsBitmask", "startMinuteOfDay", "endMinuteOfDay", "remainingAttempts"),
}

#: Next numbers, which an import may raise, and tokens that two devices have.
CORRECTED = {"next_server_key_request_seq", "next_key_reply_sequence_number"}


def as_ours(table: Any, row: Row) -> Row:
    ours = {}
    for column, field in table.columns.items():
        value = row[column]
        if column in INT_COLUMNS and isinstance(value, int):
            value = min(value, MAX_INT)
        if column == "mailNotificationFlags" and value is None:
            value = 0
        ours[field] = token_hash(value) if field == "token_hash" else value
    return ours


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(content=contents())
def test_all_that_can_be_stored_is_stored(content: Content) -> None:
    with TemporaryDirectory() as folder:
        old, taken = filled(Path(folder, "old.db"), content)
        target = f"sqlite:///{folder}/new.db"
        report = imported(old.url, target)
        stored = stored_rows(target)
    expected = kept(taken)
    for table in TABLES:
        name = table.model._meta.table_name
        wanted = [as_ours(table, row) for row in expected.get(table.name, [])]
        # Some keys become one by a cut, and then the first row stays.
        found = {key_of(table, row): row for row in stored[name]}
        assert found.keys() == {key_of(table, row) for row in wanted}, table.name
        tokens = Counter(row.get("token_hash") for row in wanted)
        ignored = CORRECTED | ({"token_hash"} if tokens.total() > len(tokens) else set())
        for key, row in found.items():
            candidates = [without(each, ignored) for each in wanted if key_of(table, each) == key]
            assert without(row, ignored) in candidates, table.name
        assert report.read[table.name] == len(taken.get(table.name, []))
        dropped = sum(count for (of, _), count in report.dropped.items() if of == table.name)
        assert report.stored[table.name] == len(found) == report.read[table.name] - dropped
    assert_keys_are_unique(stored)


def without(row: Row, fields: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in fields}


def assert_keys_are_unique(stored: dict[str, list[Row]]) -> None:
    tokens = [row["token_hash"] for row in stored["device"]]
    assert len(set(tokens)) == len(tokens)
    for family in stored["family"]:
        given_numbers = [
            row["server_sequence_number"]
            for row in stored["key_request"]
            if row["family_id"] == family["family_id"]
        ]
        assert family["next_server_key_request_seq"] > max(given_numbers, default=-1)
