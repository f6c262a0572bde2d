"""Encrypted app lists, and the actions for plain ones that are checked and then ignored
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


@handles(UpdateInstalledApps)
def update_installed_apps(push: Push, action: dict[str, Any]) -> None:
    for name, kind in (("base", AppList.BASE), ("diff", AppList.DIFF)):
        if name in action:
            _store(push, kind, action[name])
    push.changes.notify(Level.UNIMPORTANT)


def _store(push: Push, kind: int, data: bytes) -> None:
    key = {"family_id": push.family_id, "device_id": push.device_id, "type": kind}
    former = AppList.select(AppList.version).where(
        AppList.family_id == push.family_id,
        AppList.device_id == push.device_id,
        AppList.type == kind,
    )
    # No version of the family covers these lists: pulls compare their own ones.
    version = new_version(unlike=former.scalar() or "")
    AppList.replace(**key, version=version, data=data).execute()


@handles(AddInstalledApps)
@handles(RemoveInstalledApps)
@handles(UpdateAppActivities)
def ignore(push: Push, action: dict[str, Any]) -> None:
    """Clients from before the encrypted lists send these; nothing is kept of them."""
