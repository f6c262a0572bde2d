"""The state of one pull, as the parts of the answer see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from peewee import JOIN, SQL, Expression, Field, ModelSelect, fn

from models import (
    AppList,
    Category,
    Device,
    DhKey,
    Family,
    FamilyRow,
    KeyRequest,
    KeyResponse,
    Ping,
    ServerSetting,
)
from storage.compiled_query import CompiledQuery, parameter
from sync.caller import first_of_caller

R = TypeVar("R", bound=FamilyRow)


class WriteNeeded(Exception):
    """The pull must store something, but its transaction only reads."""


class CurrentKey(NamedTuple):
    """A Diffie-Hellman key that has no end yet."""

    version: str
    created_at: int
    public_key: bytes


class PullState(NamedTuple):
    """The pulling device, its family, and what there may be to tell. The fields are selected by
    their names, see `_columns`."""

    family_id: str
    device_id: str
    last_connectivity: int
    device_list_version: str
    user_list_version: str
    u2f_keys_version: str
    has_full_version: bool
    full_version_until: int
    message: str | None
    has_key_requests: bool
    has_key_responses: bool
    has_pings: bool
    #: of the Diffie-Hellman key of the device that has no end yet; None if there is no such key
    dh_version: str | None
    dh_created_at: int
    dh_public_key: bytes

    @property
    def dh_key(self) -> CurrentKey | None:
        if self.dh_version is None:
            return None
        return CurrentKey(self.dh_version, self.dh_created_at, self.dh_public_key)


def _columns() -> dict[str, Any]:
    """The expression for each field of `PullState`."""
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
    return {
        "family_id": Device.family_id,
        "device_id": Device.device_id,
        "last_connectivity": Device.last_connectivity,
        "device_list_version": Family.device_list_version,
        "user_list_version": Family.user_list_version,
        "u2f_keys_version": Family.u2f_keys_version,
        "has_full_version": Family.has_full_version,
        "full_version_until": Family.full_version_until,
        "message": message,
        "has_key_requests": fn.EXISTS(key_requests),
        "has_key_responses": fn.EXISTS(key_responses),
        "has_pings": fn.EXISTS(pings),
        "dh_version": DhKey.version,
        "dh_created_at": DhKey.created_at,
        "dh_public_key": DhKey.public_key,
    }


def _state_query() -> Any:
    """One statement, since this is all that most pulls read besides the versions."""
    columns = _columns()
    current_key = (
        (DhKey.family_id == Device.family_id)
        & (DhKey.device_id == Device.device_id)
        & DhKey.expire_at.is_null()
    )
    return (
        Device.select(*(columns[name] for name in PullState._fields))
        .join(Family, on=(Family.family_id == Device.family_id))
        .join_from(Device, DhKey, JOIN.LEFT_OUTER, on=current_key)
        .where(Device.token_hash == parameter("token_hash"))
    )


_state = CompiledQuery(_state_query)


def read_state(token: str) -> PullState:
    """Raises 401."""
    return PullState._make(first_of_caller(_state, token))


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
    state: PullState
    #: what the client knows, as in `schemas.requests.ClientStatus`
    known: dict[str, Any]
    now: int
    may_write: bool
    level: int | float = field(init=False)

    def __post_init__(self) -> None:
        self.level = max(0, self.known["client_level"])

    @property
    def family_id(self) -> str:
        return self.state.family_id

    @property
    def device_id(self) -> str:
        return self.state.device_id

    def require_write(self) -> None:
        """Must be called before anything is stored. Raises WriteNeeded."""
        if not self.may_write:
            raise WriteNeeded

    def rows(self, model: type[R], *conditions: Expression | bool) -> ModelSelect[R]:
        """The rows of the family for which all conditions hold."""
        return model.select().where(model.family_id == self.family_id, *conditions)

    def update_rows(
        self, model: type[R], values: dict[Field, Any], *conditions: Expression | bool
    ) -> None:
        """Changes the rows of the family for which all conditions hold. Raises WriteNeeded."""
        self.require_write()
        model.update(values).where(model.family_id == self.family_id, *conditions).execute()

    def delete_rows(self, model: type[R], *conditions: Expression | bool) -> None:
        """Deletes the rows of the family for which all conditions hold. Raises WriteNeeded."""
        self.require_write()
        model.delete().where(model.family_id == self.family_id, *conditions).execute()

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
