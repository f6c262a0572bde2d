"""Schemas of request bodies (pull-status.md, push-actions.md, device-lifecycle.md, accounts.md,
purchases-and-admin.md). Unknown properties are refused, except in the admin API."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, pre_load

from models import TEXT_LENGTH
from schemas.action import Kind
from schemas.fields import Choice, Flag, Items, Label, Number, Text, Versions
from schemas.limits import ACTIONS_PER_PUSH
from schemas.passwords import Password
from schemas.strict_json import MAX_SAFE_INTEGER


class PushedAction(Schema):
    encoded_action = Text(data_key="encodedAction", required=True)
    sequence_number = Number(data_key="sequenceNumber", required=True)
    integrity = Text(required=True)
    type = Choice(*Kind, required=True)
    user_id = Text(data_key="userId", required=True)


class PushActions(Schema):
    device_auth_token = Text(data_key="deviceAuthToken", required=True)
    actions = Items(fields.Nested(PushedAction), max_length=ACTIONS_PER_PUSH, required=True)


class AppVersions(fields.Field[dict[str, str]]):
    """The known app list version by device id, as old clients send it; checked, but not used."""

    default_error_messages = {"type": "Not an object of strings."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, str]:
        if type(value) is not dict or not all(type(item) is str for item in value.values()):
            raise self.make_error("type")
        return value


class SeenNumber(Number):
    """The highest sequence number that a client has seen, 0 for none. Any number is accepted and
    clamped to the range of sequence numbers."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        number = super()._deserialize(value, attr, data, **kwargs)
        return int(min(max(number, 0), MAX_SAFE_INTEGER))


class ClientStatus(Schema):
    """The versions that a client knows; an empty one is unknown."""

    devices = Text(required=True)
    users = Text(required=True)
    apps = AppVersions(required=True)
    categories = Versions(
        required_names={"base", "apps", "rules", "usedTime"},
        optional_names={"tasks"},
        required=True,
    )
    client_level = Number(data_key="clientLevel", load_default=0)
    devices_detail = Versions(
        data_key="devicesDetail",
        required_names=set(),
        optional_names={"appsB", "appsD"},
        load_default=dict,
    )
    kri = SeenNumber(load_default=0)
    kr = SeenNumber(load_default=0)
    dh = Text(load_default="")
    u2f = Text(load_default="")


class PullStatus(Schema):
    device_auth_token = Text(data_key="deviceAuthToken", required=True)
    status = fields.Nested(ClientStatus, required=True)


class WithAuthToken(Schema):
    device_auth_token = Text(data_key="deviceAuthToken", required=True)


class CreateAddDeviceToken(Schema):
    device_auth_token = Text(data_key="deviceAuthToken", required=True)
    parent_id = Text(data_key="parentId", required=True)
    parent_password_second_hash = Text(data_key="parentPasswordSecondHash", required=True)


def Name(**kwargs: Any) -> Text:
    """A name that people may leave empty; the server then chooses one."""
    return Text(max_length=TEXT_LENGTH, **kwargs)


class NewDevice(Schema):
    model = Label(required=True)


class AddDevice(Schema):
    register_token = Text(data_key="registerToken", required=True)
    child_device = fields.Nested(NewDevice, data_key="childDevice", required=True)
    device_name = Name(data_key="deviceName", required=True)
    client_level = Number(data_key="clientLevel", load_default=0)


class MailAuth(Schema):
    mail_auth_token = Text(data_key="mailAuthToken", required=True)


class CreateFamily(MailAuth):
    parent_password = fields.Nested(Password, data_key="parentPassword", required=True)
    parent_device = fields.Nested(NewDevice, data_key="parentDevice", required=True)
    device_name = Name(data_key="deviceName", required=True)
    time_zone = Label(data_key="timeZone", required=True)
    parent_name = Name(data_key="parentName", required=True)
    client_level = Number(data_key="clientLevel", load_default=0)


class SignIntoFamily(MailAuth):
    parent_device = fields.Nested(NewDevice, data_key="parentDevice", required=True)
    device_name = Name(data_key="deviceName", required=True)
    client_level = Number(data_key="clientLevel", load_default=0)


class CanRecoverPassword(MailAuth):
    parent_user_id = Text(data_key="parentUserId", required=True)


class RecoverParentPassword(MailAuth):
    password = fields.Nested(Password, required=True)


class ParentLogin(Schema):
    """A parent's login at a device; see accounts/parent_login.py."""

    device_auth_token = Text(data_key="deviceAuthToken", required=True)
    parent_user_id = Text(data_key="parentUserId", required=True)
    parent_password_second_hash = Text(data_key="parentPasswordSecondHash", required=True)


class LinkMailAddress(ParentLogin, MailAuth):
    pass


class RemoveDevice(ParentLogin):
    device_id = Text(data_key="deviceId", required=True)


class CreateIdentityToken(ParentLogin):
    purpose = Choice("purchase", required=True)


class DeleteAccount(Schema):
    device_auth_token = Text(data_key="deviceAuthToken", required=True)
    mail_auth_tokens = Items(Text(), data_key="mailAuthTokens", required=True)


class UpdatePrimaryDevice(Schema):
    SET = "set this device"
    UNSET = "unset this device"

    action = Choice(SET, UNSET, required=True)
    current_user_id = Text(data_key="currentUserId", required=True)
    device_auth_token = Text(data_key="authToken", required=True)


class AnyBody(Schema):
    """Accepts any body and ignores it."""

    @pre_load
    def drop(self, body: Any, **_: Any) -> dict[str, Any]:
        return {}


class FinishPurchase(Schema):
    device_auth_token = Text(data_key="deviceAuthToken", required=True)
    receipt = Text(required=True)
    signature = Text(required=True)


class AdminRequest(Schema):
    """Unknown properties are ignored in the admin API."""

    class Meta:
        unknown = EXCLUDE


class SetStatusMessage(AdminRequest):
    message = Text(required=True)


class UnlockPremium(AdminRequest):
    mail = Text(empty=False, required=True)
    duration = Choice("month", "year", required=True)


class UnlockPremiumV2(AdminRequest):
    purchase_token = Text(data_key="purchaseToken", required=True)
    purchase_id = Text(data_key="purchaseId", max_length=TEXT_LENGTH, required=True)
    dry_run = Flag(data_key="dryRun", required=True)
    type = Choice("month", "year", "unpaid14", required=True)


class SendMailLoginCode(Schema):
    mail = Text(required=True)
    locale = Text(max_length=TEXT_LENGTH, required=True)
    device_auth_token = Text(data_key="deviceAuthToken")


class SignInByMailCode(Schema):
    mail_login_token = Text(data_key="mailLoginToken", required=True)
    received_code = Text(data_key="receivedCode", required=True)
