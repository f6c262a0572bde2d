"""Encrypted app lists, and the actions for plain ones, which are accepted and have no effect
(app-logic-actions.md, "UPDATE_INSTALLED_APPS" and "Accepted without effect")."""

from typing import Any

from identifiers import new_version
from models import AppList
from schemas.app_logic_actions import (
    AddInstalledApps,
    RemoveInstalledApps,
    UpdateAppActivities,
    UpdateInstalledApps,
)
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push


@handles(UpdateInstalledApps, notifies=Level.UNIMPORTANT)
def update_installed_apps(
    push: Push, *, base: bytes | None = None, diff: bytes | None = None, **_: Any
) -> None:
    for kind, data in ((AppList.BASE, base), (AppList.DIFF, diff)):
        if data is not None:
            _store(push, kind, data)
    push.notify(Level.UNIMPORTANT)


def _store(push: Push, kind: int, data: bytes) -> None:
    previous = push.rows(AppList, AppList.device_id == push.device_id, AppList.type == kind)
    # No version of the family covers these lists: pulls compare their own ones.
    version = new_version(unlike=previous.select(AppList.version).scalar() or "")
    push.replace(
        AppList,
        renew=None,
        notify=Level.UNIMPORTANT,
        device_id=push.device_id,
        type=kind,
        version=version,
        data=data,
    )


@handles(AddInstalledApps)
@handles(RemoveInstalledApps)
@handles(UpdateAppActivities)
def accept_without_effect(push: Push, **_: Any) -> None:
    """Clients from before the encrypted lists send these; nothing is kept of them."""
