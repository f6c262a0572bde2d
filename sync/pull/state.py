"""What the parts of the answer to a pull are built from."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from peewee import JOIN, SQL, fn
from werkzeug.exceptions import Unauthorized

from identifiers import AUTH_TOKEN
from models import (
    AppList,
    Category,
    Device,
    DhKey,
    Family,
    KeyRequest,
    KeyResponse,
    Ping,
    ServerSetting,
)
from storage.compiled_query import CompiledQuery, parameter


class StoreNeeded(Exception):
    """The pull has to store something, but runs in a transaction that only reads."""


class CurrentKey(NamedTuple):
    """A Diffie-Hellman key that has no end yet."""

    version: str
    created_at: int
    public_key: bytes


class Head(NamedTuple):
    """The pulling device, its family, and what there may be to tell."""

    family_id: str
    device_id: str
    last_connectivity: int
    device_list_version: str
    user_list_version: str
    u2f_keys_version: str
    has_full_version: bool
    full_version_until: int
    message: str | None
    key_requests_of_others: bool
    key_responses: bool
    pings: bool
    #: of the device
    dh_key: CurrentKey | None


def _head_query() -> Any:
    """One statement, since this is all that most pulls read besides the versions."""
    of_family = Device.family_id
    message = ServerSetting.select(ServerSetting.value).where(
        ServerSetting.id == ServerSetting.STATUS_MESSAGE
    )
    key_requests = KeyRequest.select(SQL("1")).where(
        KeyRequest.family_id == of_family, KeyRequest.sender_device_id != Device.device_id
    )
    key_responses = KeyResponse.select(SQL("1")).where(
        KeyResponse.family_id == of_family, KeyResponse.receiver_device_id == Device.device_id
    )
    pings = Ping.select(SQL("1")).where(
        Ping.family_id == of_family, Ping.receiver_device_id == Device.device_id
    )
    current_key = (
        (DhKey.family_id == of_family)
        & (DhKey.device_id == Device.device_id)
        & DhKey.expire_at.is_null()
    )
    return (
        Device.select(
            Device.family_id,
            Device.device_id,
            Device.last_connectivity,
            Family.device_list_version,
            Family.user_list_version,
            Family.u2f_keys_version,
            Family.has_full_version,
            Family.full_version_until,
            message,
            fn.EXISTS(key_requests),
            fn.EXISTS(key_responses),
            fn.EXISTS(pings),
            DhKey.version,
            DhKey.created_at,
            DhKey.public_key,
        )
        .join(Family, on=(Family.family_id == of_family))
        .join_from(Device, DhKey, JOIN.LEFT_OUTER, on=current_key)
        .where(Device.device_auth_token == parameter("token"))
    )


_head = CompiledQuery(_head_query)


def read_head(token: str) -> Head:
    """Raises 401."""
    row = _head.first(token=token) if AUTH_TOKEN.fullmatch(token) else None
    if row is None:
        raise Unauthorized("No device has this token.")
    *head, version, created_at, public_key = row
    key = CurrentKey(version, created_at, public_key) if version else None
    return Head._make((*head, key))


class CategoryVersions(NamedTuple):
    base: str
    apps: str
    rules: str
    used_time: str
    tasks: str


#: Kind of the rows about categories in the query for versions; the others have the type of the
#: app list.
_CATEGORY = 0


def _versions_query() -> Any:
    nothing = SQL("''")
    categories = Category.select(
        SQL(str(_CATEGORY)),
        Category.category_id,
        Category.base_version,
        Category.assigned_apps_version,
        Category.rules_version,
        Category.used_times_version,
        Category.task_list_version,
    ).where(Category.family_id == parameter("family_id"))
    app_lists = AppList.select(
        AppList.type, AppList.device_id, AppList.version, nothing, nothing, nothing, nothing
    ).where(AppList.family_id == parameter("family_id"))
    return categories.union_all(app_lists).order_by(SQL("1"), SQL("2"))


_versions = CompiledQuery(_versions_query)


@dataclass
class Pull:
    head: Head
    #: what the client knows, as in `schemas.requests.ClientStatus`
    known: dict[str, Any]
    now: int
    may_store: bool
    level: int | float = field(init=False)

    def __post_init__(self) -> None:
        self.level = max(0, self.known["client_level"])

    @property
    def family_id(self) -> str:
        return self.head.family_id

    @property
    def device_id(self) -> str:
        return self.head.device_id

    def store(self) -> None:
        """To be called before anything is stored. Raises StoreNeeded."""
        if not self.may_store:
            raise StoreNeeded

    @cached_property
    def _versions(self) -> list[tuple[Any, ...]]:
        return _versions.rows(family_id=self.family_id)

    @cached_property
    def category_versions(self) -> dict[str, CategoryVersions]:
        """The versions of all categories of the family, by their ids in ascending order."""
        return {
            category_id: CategoryVersions(*versions)
            for kind, category_id, *versions in self._versions
            if kind == _CATEGORY
        }

    @cached_property
    def app_list_versions(self) -> list[tuple[int, str, str]]:
        """Type, device id and version of each app list, in ascending order."""
        return [
            (kind, device_id, version)
            for kind, device_id, version, *_ in self._versions
            if kind != _CATEGORY
        ]
