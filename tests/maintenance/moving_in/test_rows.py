"""What becomes of rows that can't be stored as they are (timelimit-server-database.md, "Orphans",
"Lengths and ranges")."""

import json
from typing import Any

import pytest

from tests.maintenance.moving_in.conftest import imported, stored_rows
from tests.maintenance.moving_in.old_database import (
    CATEGORY,
    CHILD,
    DEVICE,
    FAMILY,
    PARENT,
    OldDatabase,
)

MAX_INT = 2**31 - 1

Case = tuple[str, dict[str, Any]]

#: Rows of all tables that name a category, a device, a user or a family.
OF_CATEGORY: list[Case] = [
    ("UserLimitLoginCategories", {"userId": PARENT}),
    ("CategoryApps", {"packageName": "org.example"}),
    ("CategoryNetworkIds", {"networkItemId": "net001"}),
    ("CategoryTimeWarnings", {"minutes": 5}),
    ("TimelimitRules", {"ruleId": "rule01"}),
    ("ChildTasks", {"taskId": "task01"}),
    ("UsedTimes", {"dayOfEpoch": 20_000}),
    ("SessionDurations", {"maxSessionDuration": 1}),
    ("KeyRequests", {"serverSequenceNumber": 1, "senderDeviceId": DEVICE}),
]
OF_DEVICE: list[Case] = [
    ("EncryptedAppLists", {"type": 1}),
    ("DeviceDhKeys", {"version": "abcd"}),
    ("Pings", {"receiverDeviceId": DEVICE, "senderDeviceId": "gone01"}),
    ("Pings", {"receiverDeviceId": "gone01", "senderDeviceId": DEVICE}),
    ("KeyRequests", {"senderDeviceId": "gone01", "deviceId": None}),
    ("KeyRequests", {"senderDeviceId": DEVICE, "deviceId": "gone01"}),
]
OF_USER: list[Case] = [
    ("U2fKeys", {"keyId": "ab+/cdef"}),
    ("UserLimitLoginCategories", {"categoryId": CATEGORY}),
]
OF_FAMILY: list[Case] = [
    ("Users", {"userId": PARENT}),
    ("Devices", {"deviceId": DEVICE}),
    ("Purchases", {"service": "directpurchase", "transactionId": "1"}),
    ("AddDeviceTokens", {}),
]


def rows_of(target: str, name: str) -> list[dict[str, Any]]:
    return stored_rows(target)[name]


@pytest.mark.parametrize(("table", "row"), OF_CATEGORY, ids=lambda value: str(value)[:20])
def test_rows_of_a_category_that_is_gone_are_dropped(
    old: OldDatabase, target: str, table: str, row: dict[str, Any]
) -> None:
    old.add_family()
    old.add(table, categoryId=CATEGORY, **row)
    old.add_family("fam0000002")
    other = {**row, "familyId": "fam0000002", "categoryId": "gone01"}
    old.add(table, **other)
    report = imported(old.url, target)
    assert (report.read[table], report.stored[table]) == (2, 1)
    ((name, reason), count), *_ = report.dropped.items()
    assert (name, count) == (table, 1) and reason.startswith("without its category")
    # A session of a deleted category is nothing that anybody has to look at.
    is_normal = table == "SessionDurations"
    assert bool(report.names[name, reason]) is not is_normal


@pytest.mark.parametrize(("table", "row"), OF_DEVICE + OF_USER, ids=lambda value: str(value)[:40])
def test_rows_of_a_device_or_user_that_is_gone_are_dropped(
    old: OldDatabase, target: str, table: str, row: dict[str, Any]
) -> None:
    old.add_family()
    own = {"deviceId", "userId"} & columns(old, table)
    old.add(table, **{**dict.fromkeys(own, "gone01"), **row})
    report = imported(old.url, target)
    assert report.stored[table] == 0
    assert [count for (name, _), count in report.dropped.items() if name == table] == [1]


def columns(old: OldDatabase, table: str) -> set[str]:
    return {row[1] for row in old.db.execute(f'PRAGMA table_info("{table}")')}


@pytest.mark.parametrize(("table", "row"), OF_FAMILY, ids=lambda value: str(value)[:20])
def test_rows_of_a_family_that_is_gone_are_dropped(
    old: OldDatabase, target: str, table: str, row: dict[str, Any]
) -> None:
    old.add_family()
    old.add(table, familyId="gone000001", **row)
    report = imported(old.url, target)
    ((name, reason),) = report.dropped
    assert name == table and reason.startswith("without its family")


def test_tokens_of_dropped_devices_wipe_no_phone(old: OldDatabase, target: str) -> None:
    old.add_family()
    old.add("Devices", familyId="gone000001", deviceAuthToken="x" * 32)
    imported(old.url, target)
    assert rows_of(target, "old_device") == []


def test_a_category_without_its_user_goes_with_all_that_names_it(
    old: OldDatabase, target: str
) -> None:
    old.add_family()
    old.add("Categories", categoryId="lost01", childId="gone01")
    for table, row in OF_CATEGORY:
        old.add(table, categoryId="lost01", **row)
    old.add("KeyResponses", receiverDeviceId=DEVICE, requestServerSequenceNumber=1)
    report = imported(old.url, target)
    assert report.names["Categories", "without its user"] == [f"family {FAMILY}, category lost01"]
    for table in (*dict(OF_CATEGORY), "KeyResponses"):
        assert (report.read[table], report.stored[table]) == (1, 0)
    assert report.dropped["KeyResponses", "without its key request"] == 1


def test_the_same_ids_in_another_family_are_others(old: OldDatabase, target: str) -> None:
    old.add("Families", familyId=FAMILY)
    old.add_family("fam0000002")
    old.add("Categories", familyId=FAMILY, categoryId=CATEGORY, childId=CHILD)
    report = imported(old.url, target)
    assert report.dropped == {("Categories", "without its user"): 1}


def test_what_may_name_something_that_is_gone_stays(old: OldDatabase, target: str) -> None:
    old.add("Families", familyId=FAMILY)
    old.add("Users", userId=CHILD, currentDevice="gone01", categoryForNotAssignedApps="gone02")
    old.add("Devices", deviceId=DEVICE, currentUserId="gone03", defaultUserId="gone04")
    old.add("Categories", childId=CHILD, parentCategoryId="gone05")
    old.add("KeyRequests", senderDeviceId=DEVICE)
    old.add("KeyResponses", receiverDeviceId="gone06", senderDeviceId="gone07")
    report = imported(old.url, target)
    assert not report.dropped
    text = json.dumps(stored_rows(target), default=str)
    for number in range(1, 8):
        assert f"gone0{number}" in text


def test_a_family_without_anything_stays(old: OldDatabase, target: str) -> None:
    old.add("Families", familyId=FAMILY, userListVersion="aB0z")
    imported(old.url, target)
    (family,) = rows_of(target, "family")
    assert family["user_list_version"] == "aB0z"


def test_ids_that_differ_in_letter_case_are_others(old: OldDatabase, target: str) -> None:
    for family in ("fam000000a", "fam000000A"):
        old.add_family(family)
        for category in ("CATu01", "CATU01"):
            old.add("Categories", familyId=family, categoryId=category)
            for package in ("com.example.App", "com.example.app", "com.example.app "):
                old.add("CategoryApps", familyId=family, categoryId=category, packageName=package)
    report = imported(old.url, target)
    assert not report.dropped
    assert len(rows_of(target, "assigned_app")) == 12


ODD = "a\0b\t\n\r'\"\\\u200f𝄞👨‍👩‍👧 \ufffd%s?:x é"


def test_odd_texts_stay_as_they_are(old: OldDatabase, target: str) -> None:
    old.add_family()
    old.add("Users", userId="user01", name=ODD, timeZone=ODD)
    old.add("CategoryApps", packageName=ODD)
    old.add("ChildTasks", taskId="task01", taskTitle=ODD)
    old.add("Configs", id="status_message", value=ODD * 1000)
    imported(old.url, target)
    user = next(row for row in rows_of(target, "user") if row["user_id"] == "user01")
    assert (user["name"], user["time_zone"]) == (ODD, ODD)
    assert rows_of(target, "assigned_app")[0]["package_name"] == ODD
    assert rows_of(target, "task")[0]["title"] == ODD
    assert rows_of(target, "server_setting")[0]["value"] == ODD * 1000


def test_long_texts_are_cut_where_the_engine_bounds_them(old: OldDatabase, target: str) -> None:
    long = "👪" * 300
    old.add_family()
    old.add("Users", userId="user01", name=long, timeZone=long, mail=long)
    old.add("Devices", deviceId="devic2", name=long, model=long)
    old.add("Categories", categoryId="chess1", title=long)
    old.add("CategoryApps", packageName=long)
    old.add("CategoryApps", packageName="org.example")
    old.add("Purchases", service="directpurchase", transactionId=long)
    report = imported(old.url, target)
    rows = stored_rows(target)
    cut = long if target.startswith("sqlite") else long[:255]
    user = next(row for row in rows["user"] if row["user_id"] == "user01")
    device = next(row for row in rows["device"] if row["device_id"] == "devic2")
    category = next(row for row in rows["category"] if row["category_id"] == "chess1")
    assert [
        user["name"],
        user["time_zone"],
        device["name"],
        device["model"],
        category["title"],
    ] == [cut] * 5
    if target.startswith("sqlite"):
        assert user["mail"] == long
        assert not report.changed and not report.dropped
    else:
        # The beginning of an address or of a package is another one.
        assert user["mail"] == ""
        assert [row["package_name"] for row in rows["assigned_app"]] == ["org.example"]
        assert rows["purchase"] == []
        assert report.changed.total() == 6
        assert report.dropped == {
            ("CategoryApps", "packageName is too long"): 1,
            ("Purchases", "transactionId is too long"): 1,
        }


def test_numbers_that_phones_read_as_32_bit_are_cut(old: OldDatabase, target: str) -> None:
    big = 2**40
    old.add_family()
    old.add(
        "Devices",
        deviceId="devic2",
        defaultUserTimeout=big,
        currentAppVersion=big,
        highestAppVersion=big,
    )
    old.add("Categories", categoryId="chess1", extraTimeDay=big, sort=big)
    old.add(
        "TimelimitRules",
        ruleId="rule01",
        maximumTimeInMillis=big,
        sessionDurationMilliseconds=big,
        sessionPauseMilliseconds=big,
    )
    old.add("UsedTimes", dayOfEpoch=big)
    old.add("SessionDurations", maxSessionDuration=big, sessionPauseDuration=big)
    old.add("ChildTasks", taskId="task01", extraTimeDuration=big)
    report = imported(old.url, target)
    assert report.changed.total() == 12
    text = json.dumps(stored_rows(target), default=str)
    assert str(big) not in text
    assert text.count(str(MAX_INT)) == 12


def test_other_numbers_stay_as_they_are(old: OldDatabase, target: str) -> None:
    big = 2**53 - 1
    old.add("Families", familyId=FAMILY, createdAt=big, fullVersionUntil=big, fullVersionDebts=big)
    old.add("Users", userId=CHILD, disableTimelimitsUntil=big, flags=big)
    old.add("Devices", deviceId=DEVICE, nextSequenceNumber=big, lastConnectivity=big, addedAt=big)
    old.add("Categories", childId=CHILD, extraTimeInMillis=big, blockNotificationDelay=big)
    old.add("UsedTimes", dayOfEpoch=1, usedTime=big, lastUpdate=big)
    old.add("SessionDurations", lastUsage=big, lastSessionDuration=big, roundedLastUpdate=big)
    report = imported(old.url, target)
    assert not report.changed
    text = json.dumps(stored_rows(target), default=str)
    assert text.count(str(big)) == 15


def test_rows_that_become_one_by_a_cut_are_counted(old: OldDatabase, target: str) -> None:
    old.add_family()
    for day in (2**40, 2**41, MAX_INT, 20_000):
        old.add("UsedTimes", dayOfEpoch=day)
    report = imported(old.url, target)
    days = [row["day_of_epoch"] for row in rows_of(target, "used_time")]
    assert sorted(days) == [20_000, MAX_INT]
    assert report.dropped == {("UsedTimes", "there twice"): 2}
    assert report.stored["UsedTimes"] == 2


def test_null_becomes_zero_or_nothing(old: OldDatabase, target: str) -> None:
    old.add_family()
    old.add("Users", userId="user01", mailNotificationFlags=None)
    old.add("Devices", deviceId="devic2", publicKey=None, platformType=None)
    old.add("TimelimitRules", ruleId="rule01", expiresAt=None)
    old.add("DeviceDhKeys", version="abcd", expireAt=None)
    old.add("KeyRequests", senderDeviceId=DEVICE, deviceId=None, categoryId=None)
    report = imported(old.url, target)
    assert not report.dropped and not report.changed
    rows = stored_rows(target)
    assert {row["mail_notification_flags"] for row in rows["user"]} == {0}
    assert rows["dh_key"][0]["expire_at"] is None
    assert rows["rule"][0]["expires_at"] is None


def test_of_two_devices_with_one_token_the_first_keeps_it(old: OldDatabase, target: str) -> None:
    for family in ("fam000000b", "fam000000B", "fam000000a"):
        old.add("Families", familyId=family)
        old.add("Devices", familyId=family, deviceId="devic2", deviceAuthToken="a" * 32)
    old.add("Devices", familyId="fam0000000", deviceId="devic2", deviceAuthToken="a" * 32)
    report = imported(old.url, target)
    devices = {row["family_id"]: row["token_hash"] for row in rows_of(target, "device")}
    # The very first one has no family, so it is none.
    assert devices.keys() == {"fam000000b", "fam000000B", "fam000000a"}
    assert len(set(devices.values())) == 3
    remarks = [remark for remark in report.remarks if "had the token of device" in remark]
    assert len(remarks) == 2
    assert all("fam000000B, which keeps it" in remark for remark in remarks)
    assert "aaaa" not in "".join(report.remarks)


def test_next_numbers_are_above_those_that_were_given(old: OldDatabase, target: str) -> None:
    for family, number in ((FAMILY, 7), ("fam0000002", 8)):
        old.add("Families", familyId=family, nextServerKeyRequestSeq=number)
        old.add("Devices", familyId=family, deviceId=DEVICE, nextKeyReplySequenceNumber=number)
        row = {"familyId": family, "receiverDeviceId": DEVICE}
        old.add("KeyRequests", familyId=family, serverSequenceNumber=7, senderDeviceId=DEVICE)
        old.add("KeyResponses", **row, requestServerSequenceNumber=7, replyServerSequenceNumber=7)
    report = imported(old.url, target)
    rows = stored_rows(target)
    assert [row["next_server_key_request_seq"] for row in rows["family"]] == [8, 8]
    assert [row["next_key_reply_sequence_number"] for row in rows["device"]] == [8, 8]
    assert sum("is used already" in remark for remark in report.remarks) == 2


def test_invalid_text_is_stored_as_phones_have_seen_it(old: OldDatabase, target: str) -> None:
    old.add_family()
    old.db.execute("UPDATE Users SET name = CAST(x'61ff62c3' AS TEXT) WHERE userId = ?", [CHILD])
    report = imported(old.url, target)
    user = next(row for row in rows_of(target, "user") if row["user_id"] == CHILD)
    assert user["name"] == "a\ufffdb\ufffd"
    assert report.changed == {("Users.name", "invalid UTF-8 replaced"): 1}


def test_only_the_status_message_is_taken_of_the_settings(old: OldDatabase, target: str) -> None:
    for name in ("status_message", "self_test_data", "self_test_data_two", "other"):
        old.add("Configs", id=name, value=f"value of {name}")
    report = imported(old.url, target)
    assert rows_of(target, "server_setting") == [
        {"id": "status_message", "value": "value of status_message"}
    ]
    assert report.dropped == {
        ("Configs", "a leftover of its self-test"): 2,
        ("Configs", "an unknown setting"): 1,
    }


def test_addresses_that_differ_in_letter_case_are_told_by_ids(
    old: OldDatabase, target: str
) -> None:
    for family, mail in (
        (FAMILY, "Änne@example.org"),
        ("fam0000002", "änne@Example.org"),
        ("fam0000003", "same@example.org"),
        ("fam0000004", "same@example.org"),
        ("fam0000005", "other@example.org"),
        ("fam0000006", ""),
        ("fam0000007", ""),
    ):
        old.add("Families", familyId=family)
        old.add("Users", familyId=family, userId=PARENT, mail=mail)
    report = imported(old.url, target)
    remarks = [remark for remark in report.remarks if "ail address" in remark]
    assert sorted(remarks) == [
        "Mail addresses that differ in letter case only; type them exactly: "
        f"family {FAMILY}, user {PARENT}; family fam0000002, user {PARENT}.",
        "The same mail address, with which the first of them signs in: "
        f"family fam0000003, user {PARENT}; family fam0000004, user {PARENT}.",
    ]
    assert "@" not in "".join(report.remarks)
