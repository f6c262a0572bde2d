"""The stored data (data-model.md): Peewee models without behaviour.

Keys are natural and start with the family, so that all rows of a family are stored together.
Foreign keys and their cascades are in `storage/migrations/`, since Peewee has no composite ones.
Timestamps are in ms since the epoch, durations in ms, days in days since the epoch, minutes in
minutes since midnight.
"""

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)

from storage.database import database

#: The largest number that can be stored.
MAX_INTEGER = 2**63 - 1

#: The longest name, title, package or other text without a limit of its own, in characters.
TEXT_LENGTH = 255

TASK_TITLE_LENGTH = 50
PLATFORM_TYPE_LENGTH = 8


def _id(length: int) -> CharField:
    return CharField(max_length=length)


def _optional_id() -> CharField:
    """Makes a column for an id that is empty for none, and may refer to a deleted row."""
    return CharField(max_length=6, default="")


class MediumTextField(TextField):
    field_type = "MEDIUMTEXT"


class MediumBlobField(BlobField):
    """Up to 16 MiB, whereas a MySQL BLOB holds 64 KiB."""

    field_type = "MEDIUMBLOB"


class PhoneInteger(BigIntegerField):
    """A number that phones read as 32 bit; they fail at every pull that has a bigger one
    (client-notes.md, "How answers are read")."""


class Row(Model):
    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True


class FamilyRow(Row):
    """A row that belongs to a family and is deleted with it. Its ids are unique in the family."""

    family_id = _id(10)


class Family(Row):
    family_id = CharField(max_length=10, primary_key=True)
    created_at = BigIntegerField()
    user_list_version = _id(4)
    device_list_version = _id(4)
    u2f_keys_version = _id(4)
    has_full_version = BooleanField()
    full_version_until = BigIntegerField()
    full_version_debts = BigIntegerField(default=0)
    next_server_key_request_seq = BigIntegerField(default=1)


class User(FamilyRow):
    PARENT = "parent"
    CHILD = "child"

    # bits of `flags`
    RESTRICT_VIEWING = 1
    ALLOW_SELF_LIMIT_ADD = 2

    user_id = _id(6)
    name = CharField()
    type = CharField(max_length=6)  # PARENT or CHILD
    password_hash = CharField(default="")
    second_password_hash = CharField(default="")
    second_password_salt = CharField(default="")
    mail = CharField(default="")
    time_zone = CharField()
    disable_limits_until = BigIntegerField(default=0)
    current_device = _optional_id()
    category_for_not_assigned_apps = _optional_id()
    relax_primary_device = BooleanField(default=False)
    mail_notification_flags = IntegerField(default=0)
    blocked_times = MediumTextField(default="")
    flags = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("family_id", "user_id")
        indexes = ((("mail",), False),)


class LimitLoginCategory(FamilyRow):
    """Ties the sign-in of a parent to the limits of a category. Deleted with either of them."""

    user_id = _id(6)
    category_id = _id(6)
    pre_block_duration = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("family_id", "user_id")
        indexes = ((("family_id", "category_id"), False),)


class Device(FamilyRow):
    device_id = _id(6)
    name = CharField()
    model = CharField()
    added_at = BigIntegerField()
    token_hash = _id(64)
    current_user_id = _optional_id()
    is_user_kept_signed_in = BooleanField(default=False)
    default_user_id = _optional_id()
    default_user_timeout = PhoneInteger(default=0)
    network_time = CharField(max_length=16, default="disabled")
    next_sequence_number = BigIntegerField(default=0)
    next_key_reply_sequence_number = BigIntegerField(default=1)
    current_protection_level = CharField(max_length=32, default="none")
    highest_protection_level = CharField(max_length=32, default="none")
    current_usage_stats_permission = CharField(max_length=16, default="not granted")
    highest_usage_stats_permission = CharField(max_length=16, default="not granted")
    current_notification_access_permission = CharField(max_length=16, default="not granted")
    highest_notification_access_permission = CharField(max_length=16, default="not granted")
    current_overlay_permission = CharField(max_length=16, default="not granted")
    highest_overlay_permission = CharField(max_length=16, default="not granted")
    current_app_version = PhoneInteger(default=0)
    highest_app_version = PhoneInteger(default=0)
    accessibility_service_enabled = BooleanField(default=False)
    was_accessibility_service_enabled = BooleanField(default=False)
    tried_disabling_device_admin = BooleanField(default=False)
    did_reboot = BooleanField(default=False)
    had_manipulation = BooleanField(default=False)
    had_manipulation_flags = IntegerField(default=0)
    manipulation_flags = IntegerField(default=0)
    consider_reboot_manipulation = BooleanField(default=False)
    activity_level_blocking = BooleanField(default=False)
    is_q_or_later = BooleanField(default=False)
    show_device_connected = BooleanField(default=False)
    did_report_uninstall = BooleanField(default=False)
    last_connectivity = BigIntegerField(default=0)
    public_key = BlobField(null=True)
    platform_type = CharField(max_length=PLATFORM_TYPE_LENGTH, null=True)
    platform_level = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("family_id", "device_id")
        indexes = ((("token_hash",), True),)


class Category(FamilyRow):
    category_id = _id(6)
    child_id = _id(6)
    title = CharField()
    blocked_times = MediumTextField(default="")
    extra_time = BigIntegerField(default=0)
    extra_time_day = PhoneInteger(default=-1)
    temporarily_blocked = BooleanField(default=False)
    temporarily_blocked_end_time = BigIntegerField(default=0)
    disable_limits_until = BigIntegerField(default=0)
    parent_category_id = _optional_id()
    block_all_notifications = BooleanField(default=False)
    block_notification_delay = BigIntegerField(default=0)
    time_warning_flags = IntegerField(default=0)
    min_battery_mobile = IntegerField(default=0)
    min_battery_charging = IntegerField(default=0)
    sort = PhoneInteger(default=0)
    flags = BigIntegerField(default=0)
    base_version = _id(4)
    assigned_apps_version = _id(4)
    rules_version = _id(4)
    used_times_version = _id(4)
    task_list_version = _id(4)

    class Meta:
        primary_key = CompositeKey("family_id", "category_id")
        indexes = ((("family_id", "child_id"), False),)


class AssignedApp(FamilyRow):
    category_id = _id(6)
    package_name = CharField()

    class Meta:
        primary_key = CompositeKey("family_id", "category_id", "package_name")


class CategoryNetwork(FamilyRow):
    category_id = _id(6)
    network_item_id = _id(6)
    hashed_network_id = _id(8)

    class Meta:
        primary_key = CompositeKey("family_id", "category_id", "network_item_id")


class TimeWarning(FamilyRow):
    """A warning so many minutes before the time is up, in addition to those of the flags."""

    category_id = _id(6)
    minutes = IntegerField()

    class Meta:
        primary_key = CompositeKey("family_id", "category_id", "minutes")


class Rule(FamilyRow):
    rule_id = _id(6)
    category_id = _id(6)
    apply_to_extra_time_usage = BooleanField()
    day_mask = IntegerField()
    maximum_time = PhoneInteger()
    start_minute_of_day = IntegerField()
    end_minute_of_day = IntegerField()
    session_duration = PhoneInteger()
    session_pause = PhoneInteger()
    per_day = BooleanField()
    expires_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("family_id", "rule_id")
        indexes = ((("family_id", "category_id"), False),)


class Task(FamilyRow):
    task_id = _id(6)
    category_id = _id(6)
    title = CharField(max_length=TASK_TITLE_LENGTH)
    extra_time_duration = PhoneInteger()
    pending_request = BooleanField(default=False)
    last_grant_timestamp = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("family_id", "task_id")
        indexes = ((("family_id", "category_id"), False),)


class UsedTime(FamilyRow):
    category_id = _id(6)
    day_of_epoch = PhoneInteger()
    start_minute_of_day = IntegerField()
    end_minute_of_day = IntegerField()
    used_time = BigIntegerField()
    last_update = BigIntegerField()

    class Meta:
        primary_key = CompositeKey(
            "family_id", "category_id", "day_of_epoch", "start_minute_of_day", "end_minute_of_day"
        )
        indexes = ((("last_update",), False),)


class SessionDuration(FamilyRow):
    category_id = _id(6)
    max_session_duration = PhoneInteger()
    session_pause_duration = PhoneInteger()
    start_minute_of_day = IntegerField()
    end_minute_of_day = IntegerField()
    last_usage = BigIntegerField()
    last_session_duration = BigIntegerField()
    rounded_last_update = BigIntegerField()

    class Meta:
        primary_key = CompositeKey(
            "family_id",
            "category_id",
            "max_session_duration",
            "session_pause_duration",
            "start_minute_of_day",
            "end_minute_of_day",
        )
        indexes = ((("rounded_last_update",), False),)


class AppList(FamilyRow):
    """The apps of a device, encrypted for the other devices of its family."""

    BASE = 1
    DIFF = 2

    device_id = _id(6)
    type = IntegerField()
    version = _id(4)
    data = MediumBlobField()

    class Meta:
        primary_key = CompositeKey("family_id", "device_id", "type")


class DhKey(FamilyRow):
    """A Diffie-Hellman key pair of the server for one device; the one without `expire_at` is
    current."""

    device_id = _id(6)
    version = _id(4)
    created_at = BigIntegerField()
    created_at_subsequence = BigIntegerField()
    expire_at = BigIntegerField(null=True)
    public_key = BlobField()  # SubjectPublicKeyInfo, DER
    private_key = BlobField()  # PKCS#8, DER

    class Meta:
        primary_key = CompositeKey("family_id", "device_id", "version")
        indexes = ((("expire_at",), False),)


class Ping(FamilyRow):
    PING = 1
    PONG = 2

    receiver_device_id = _id(6)
    sender_device_id = _id(6)
    type = IntegerField()
    token = _id(6)

    class Meta:
        primary_key = CompositeKey("family_id", "receiver_device_id", "sender_device_id", "type")
        indexes = ((("family_id", "sender_device_id"), False),)


class U2fKey(FamilyRow):
    key_id = _id(8)
    user_id = _id(6)
    added_at = BigIntegerField()
    key_handle = BlobField()
    public_key = BlobField()
    next_counter = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("family_id", "key_id")
        indexes = ((("family_id", "user_id"), False),)


class KeyRequest(FamilyRow):
    server_sequence_number = BigIntegerField()
    sender_device_id = _id(6)
    sender_sequence_number = BigIntegerField()
    device_id = CharField(max_length=6, null=True)
    category_id = CharField(max_length=6, null=True)
    type = IntegerField()  # as AppList.type
    temp_key = BlobField()
    signature = BlobField()

    class Meta:
        primary_key = CompositeKey("family_id", "server_sequence_number")
        indexes = (
            (("family_id", "sender_device_id", "sender_sequence_number"), False),
            (("family_id", "device_id"), False),
            (("family_id", "category_id"), False),
        )


class KeyResponse(FamilyRow):
    """Deleted with its request, but not with the device that sent it."""

    receiver_device_id = _id(6)
    request_server_sequence_number = BigIntegerField()
    sender_device_id = _id(6)
    reply_server_sequence_number = BigIntegerField()
    request_client_sequence_number = BigIntegerField()
    temp_key = BlobField()
    encrypted_key = BlobField()
    signature = BlobField()

    class Meta:
        primary_key = CompositeKey(
            "family_id",
            "receiver_device_id",
            "request_server_sequence_number",
            "sender_device_id",
        )
        indexes = (
            (("family_id", "request_server_sequence_number"), False),
            (("family_id", "receiver_device_id", "reply_server_sequence_number"), True),
        )


class Purchase(Row):
    service = CharField(max_length=32)
    transaction_id = CharField()
    family_id = _id(10)
    type = CharField(max_length=16)
    logged_at = BigIntegerField()
    previous_full_version_end_time = BigIntegerField()
    new_full_version_end_time = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("service", "transaction_id")
        indexes = ((("family_id",), False),)


class AddDeviceToken(Row):
    token_hash = CharField(max_length=64, primary_key=True)  # of the words in lower case
    family_id = _id(10)
    device_id = _id(6)  # of the future device
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("family_id",), False), (("created_at",), False))


class MailLoginToken(Row):
    #: of codes that the operator made, something that is no hash (accounts/made_codes.py)
    token_hash = CharField(max_length=64, primary_key=True)
    received_code = CharField()
    mail = CharField()
    created_at = BigIntegerField()
    remaining_attempts = IntegerField(default=3)
    locale = CharField()

    class Meta:
        indexes = ((("created_at",), False),)


class MailAuthToken(Row):
    token_hash = CharField(max_length=64, primary_key=True)
    mail = CharField()
    created_at = BigIntegerField()
    locale = CharField()

    class Meta:
        indexes = ((("mail",), False), (("created_at",), False))


class WaitingMail(Row):
    """A mail until the mail server has it. Mails with login codes are never stored."""

    id = AutoField()
    recipient = CharField()
    kind = CharField(max_length=16)
    template_values = TextField()  # JSON
    locale = CharField(null=True)
    created_at = BigIntegerField()
    due_at = BigIntegerField()  # or, while a process sends it, the end of its claim
    attempts = IntegerField(default=0)

    class Meta:
        indexes = ((("due_at",), False),)


class RateLimit(Row):
    """The used part of a rate limit in its current window, for mails and for
    pushes that are refused as repeated."""

    kind = CharField(max_length=16)  # of mail, or "repeated push"
    #: of a mail: hash of the address, empty for all addresses; of a push: family, device, number
    subject = CharField(max_length=64)
    duration = BigIntegerField()
    ends_at = BigIntegerField()
    count = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("kind", "subject", "duration")
        indexes = ((("ends_at",), False),)


class JobRun(Row):
    """The last run of a job of `maintenance/retention.py`, so that only one process runs it."""

    job = CharField(max_length=32, primary_key=True)
    last_run = BigIntegerField()


class OldDevice(Row):
    """The tokens of removed devices, never pruned: only a device with one of these may be told to
    reset itself (device-lifecycle.md, "Old token list")."""

    token_hash = CharField(max_length=64, primary_key=True)


class ServerSetting(Row):
    """Settings that an administrator changes while the server runs."""

    STATUS_MESSAGE = "status_message"

    id = CharField(primary_key=True)
    value = MediumTextField()


class Notice(Row):
    """What a command has to tell the server, and the server its sockets
    (maintenance/notices.py)."""

    id = CharField(max_length=32, primary_key=True)
    kind = CharField(max_length=32)
    subject = CharField(max_length=64)  # the hash of a token, or a family's id
    is_important = BooleanField()


class UnknownToken(Row):
    """A token that came lately and is no device's, nor that of a removed one
    (maintenance/unknown_tokens.py)."""

    token_hash = CharField(max_length=64, primary_key=True)
    last_seen = BigIntegerField()


#: All models, in an order in which each follows those that it refers to.
ALL = (
    Family,
    User,
    Device,
    Category,
    LimitLoginCategory,
    AssignedApp,
    CategoryNetwork,
    TimeWarning,
    Rule,
    Task,
    UsedTime,
    SessionDuration,
    AppList,
    DhKey,
    Ping,
    U2fKey,
    KeyRequest,
    KeyResponse,
    Purchase,
    AddDeviceToken,
    MailLoginToken,
    MailAuthToken,
    WaitingMail,
    RateLimit,
    JobRun,
    OldDevice,
    ServerSetting,
    Notice,
    UnknownToken,
)
