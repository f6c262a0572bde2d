"""The shape of the answer to a pull: its keys and their types, none missing and none too many
(pull-status.md)."""

from typing import Any

from jsonschema import Draft202012Validator

from tests.furnished import FurnishedFamily
from tests.wire import Device

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
YES_OR_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "pattern": "^[a-zA-Z0-9]{6}$"}
#: Of an entity that may be missing.
NO_ID: Schema = {"type": "string", "pattern": "^([a-zA-Z0-9]{6})?$"}
VERSION: Schema = {"type": "string", "pattern": "^[a-zA-Z0-9]{4}$"}
BASE64: Schema = {
    "type": "string",
    "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==|[A-Za-z0-9+/]=))?$",
}
MINUTE: Schema = {"type": "integer", "minimum": 0, "maximum": 1439}


def one_of(*values: str) -> Schema:
    return {"enum": list(values)}


def many(item: Schema, *, at_least: int = 0) -> Schema:
    return {"type": "array", "items": item, "minItems": at_least}


def record(optional: Schema | None = None, /, **mandatory: Schema) -> Schema:
    return {
        "type": "object",
        "properties": mandatory | (optional or {}),
        "required": list(mandatory),
        "additionalProperties": False,
    }


PROTECTION = one_of("none", "simple device admin", "password device admin", "device owner")
PERMISSION = one_of("not granted", "not required", "granted")
NOTIFICATION_ACCESS = one_of("not granted", "not supported", "granted")

DEVICE = record(
    {"pk": BASE64, "pType": {"type": "string", "minLength": 1, "maxLength": 8}},
    deviceId=ID,
    name=TEXT,
    model=TEXT,
    addedAt=NUMBER,
    currentUserId=NO_ID,
    networkTime=one_of("disabled", "if possible", "enabled"),
    cProtectionLevel=PROTECTION,
    hProtectionLevel=PROTECTION,
    cUsageStats=PERMISSION,
    hUsageStats=PERMISSION,
    cNotificationAccess=NOTIFICATION_ACCESS,
    hNotificationAccess=NOTIFICATION_ACCESS,
    cAppVersion=NUMBER,
    hAppVersion=NUMBER,
    tDisablingAdmin=YES_OR_NO,
    reboot=YES_OR_NO,
    hadManipulation=YES_OR_NO,
    hadManipulationFlags=NUMBER,
    reportUninstall=YES_OR_NO,
    isUserKeptSignedIn=YES_OR_NO,
    showDeviceConnected=YES_OR_NO,
    defUser=NO_ID,
    defUserTimeout=NUMBER,
    rebootIsManipulation=YES_OR_NO,
    cOverlay=PERMISSION,
    hOverlay=PERMISSION,
    asEnabled=YES_OR_NO,
    wasAsEnabled=YES_OR_NO,
    activityLevelBlocking=YES_OR_NO,
    qOrLater=YES_OR_NO,
    mFlags=NUMBER,
    pLevel={"type": "integer", "minimum": 0, "maximum": 128},
)

USER = record(
    {"llc": ID, "pbd": NUMBER},
    id=ID,
    name=TEXT,
    password=TEXT,
    secondPasswordSalt=TEXT,
    type=one_of("parent", "child"),
    timeZone=TEXT,
    disableLimitsUntil=NUMBER,
    mail=TEXT,
    currentDevice=NO_ID,
    categoryForNotAssignedApps=NO_ID,
    relaxPrimaryDevice=YES_OR_NO,
    mailNotificationFlags=NUMBER,
    blockedTimes={"const": ""},
    flags=NUMBER,
) | {"dependentRequired": {"llc": ["pbd"], "pbd": ["llc"]}}

CATEGORY = record(
    categoryId=ID,
    childId=ID,
    title=TEXT,
    blockedTimes=TEXT,
    extraTime=NUMBER,
    extraTimeDay=NUMBER,
    tempBlocked=YES_OR_NO,
    tempBlockTime=NUMBER,
    version=VERSION,
    parentCategoryId=NO_ID,
    blockAllNotifications=YES_OR_NO,
    blockNotificationDelay=NUMBER,
    timeWarnings=NUMBER,
    atw=many(NUMBER),
    mblMobile=NUMBER,
    mblCharging=NUMBER,
    sort=NUMBER,
    networks=many(record(itemId=ID, hashedNetworkId=TEXT)),
    dlu=NUMBER,
    flags=NUMBER,
)

RULE = record(
    {"e": NUMBER},
    id=ID,
    extraTime=YES_OR_NO,
    dayMask={"type": "integer", "minimum": 0, "maximum": 127},
    maxTime=NUMBER,
    start=MINUTE,
    end=MINUTE,
    session=NUMBER,
    pause=NUMBER,
    perDay=YES_OR_NO,
)

USED_TIMES = record(
    categoryId=ID,
    version=VERSION,
    times=many(record(day=NUMBER, time=NUMBER, start=MINUTE, end=MINUTE)),
    sessionDurations=many(record(md=NUMBER, spd=NUMBER, sm=MINUTE, em=MINUTE, l=NUMBER, d=NUMBER)),
)

TASK = record(i=ID, t=TEXT, d=NUMBER, p=YES_OR_NO, l=NUMBER)

APP_LIST = record(version=VERSION, data=BASE64)

KEY_REQUEST = record(
    {"deviceId": ID, "categoryId": ID},
    srvSeq=NUMBER,
    senId=ID,
    senSeq=NUMBER,
    type={"enum": [1, 2]},
    tempKey=BASE64,
    signature=BASE64,
)

KEY_RESPONSE = record(
    srvSeq=NUMBER,
    sender=ID,
    rqSeq=NUMBER,
    tempKey=BASE64,
    cryptKey=BASE64,
    signature=BASE64,
)


def answer_of_level(level: int) -> Schema:
    """The keys of an answer for this client level. Lists that would be empty are left out."""
    optional = {
        "message": {"type": "string", "minLength": 1},
        "devices": record(version=VERSION, data=many(DEVICE, at_least=1)),
        "users": record(version=VERSION, data=many(USER, at_least=1)),
        "rmCategories": many(TEXT, at_least=1),
        "categoryBase": many(CATEGORY, at_least=1),
        "categoryApp": many(record(categoryId=ID, apps=many(TEXT), version=VERSION), at_least=1),
        "rules": many(record(categoryId=ID, version=VERSION, rules=many(RULE)), at_least=1),
        "usedTimes": many(USED_TIMES, at_least=1),
    }
    mandatory = {"fullVersion": NUMBER, "apiLevel": {"const": 9}}
    if level >= 3:
        tasks = record(categoryId=ID, version=VERSION, tasks=many(TASK))
        optional["tasks"] = many(tasks, at_least=1)
    if level >= 4:
        lists = record({"appsBase": APP_LIST, "appsDiff": APP_LIST}, deviceId=ID)
        optional["devices2"] = many(lists | {"minProperties": 2}, at_least=1)
        optional["krq"] = many(KEY_REQUEST, at_least=1)
        optional["kr"] = many(KEY_RESPONSE, at_least=1)
    if level >= 5:
        optional["dh"] = record(v=VERSION, k=BASE64)
    if level >= 6:
        key = record(u=ID, a=NUMBER, h=BASE64, p=BASE64)
        optional["u2f"] = record(v=VERSION, d=many(key))
    if level >= 7:
        ping = record(deviceId=ID, type=one_of("ping", "pong"), token=ID)
        mandatory["pings"] = many(ping)
    return record(optional, **mandatory)


def devices_of(furnished: FurnishedFamily) -> list[Device]:
    return [furnished.parent, furnished.device, furnished.add_device()]


def test_full_answers_have_exactly_the_documented_shape(furnished: FurnishedFamily) -> None:
    for device in devices_of(furnished):
        for level in range(9):
            Draft202012Validator(answer_of_level(level)).validate(device.full_pull(level))


def test_differences_have_the_shape_of_full_answers(furnished: FurnishedFamily) -> None:
    validator = Draft202012Validator(answer_of_level(8))
    for device in devices_of(furnished):
        validator.validate(device.pull())
        validator.validate(device.pull())
        furnished.add_category(furnished.child, "News")
        validator.validate(device.pull())


def test_the_furnished_family_has_something_of_every_part(furnished: FurnishedFamily) -> None:
    """Without such rows the tests above would check less than they seem to."""
    answers = [device.full_pull(8) for device in devices_of(furnished)]
    filled = {key for answer in answers for key, part in answer.items() if part}
    assert set(answer_of_level(8)["properties"]) - filled == {"message", "rmCategories"}
