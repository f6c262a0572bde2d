"""Which apps a category consists of (parent-actions.md, "Apps of categories")."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from peewee import chunked

from models import AssignedApp, Category
from schemas.parent_actions import AddCategoryApps, RemoveCategoryApps
from storage.rows import tuples
from sync.notifications import Level
from sync.push.actions.lookups import lineage, own_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import ASSIGNED_APPS

#: Rows per statement: databases limit the size of statements, but an action may list any number.
CHUNK = 200


def _moves_down(push: Push, action: dict[str, Any]) -> None:
    """Apps may only go from a category to those below it, where they get more limits
    (child-actions.md, "Apps")."""
    category = own_category(push, action["category_id"])
    line = lineage(push, category.child_id, category.category_id)
    assigned = _assigned_apps(push, category.child_id)
    default = push.child(category.child_id).category_for_not_assigned_apps
    for entry in action["package_names"]:
        if "@" in entry:
            raise Refused("a child can't assign apps of a single device")
        package, _, _ = entry.partition(":")
        # An activity without an assignment of its own goes with its package.
        if (
            assigned.get(package, default) not in line
            or assigned.get(entry, category.category_id) not in line
        ):
            raise Refused("an app would leave its category")


@handles(AddCategoryApps, self_limit=_moves_down)
def add_category_apps(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    assigned = _assigned_apps(push, category.child_id)
    leaving = defaultdict(list)
    arriving = []
    for entry in action["package_names"]:
        former_id = assigned.get(entry)
        if former_id == category.category_id:
            continue
        if former_id is not None:
            leaving[former_id].append(entry)
        arriving.append((push.family_id, category.category_id, entry))
    for category_id, entries in leaving.items():
        _remove(push, category_id, entries)
    for rows in chunked(arriving, CHUNK):
        AssignedApp.insert_many(rows).execute()
    push.changes.renew(ASSIGNED_APPS, category.category_id, *leaving)
    push.changes.notify(Level.IMPORTANT)


@handles(RemoveCategoryApps)
def remove_category_apps(push: Push, action: dict[str, Any]) -> None:
    category_id = action["category_id"]
    assigned = AssignedApp.select(AssignedApp.package_name).where(
        AssignedApp.family_id == push.family_id, AssignedApp.category_id == category_id
    )
    if not set(action["package_names"]) <= {entry for (entry,) in tuples(assigned)}:
        raise Refused("an app is not assigned to the category")
    _remove(push, category_id, action["package_names"])
    push.changes.renew(ASSIGNED_APPS, category_id)
    push.changes.notify(Level.IMPORTANT)


def _assigned_apps(push: Push, child_id: str) -> dict[str, str]:
    """The ids of the categories of a child by the apps in them. Each app is in one at most."""
    assigned = (
        AssignedApp.select(AssignedApp.package_name, AssignedApp.category_id)
        .join(
            Category,
            on=(
                (Category.family_id == AssignedApp.family_id)
                & (Category.category_id == AssignedApp.category_id)
            ),
        )
        .where(Category.family_id == push.family_id, Category.child_id == child_id)
    )
    return dict(tuples(assigned))


def _remove(push: Push, category_id: str, entries: Iterable[str]) -> None:
    for chunk in chunked(entries, CHUNK):
        AssignedApp.delete().where(
            AssignedApp.family_id == push.family_id,
            AssignedApp.category_id == category_id,
            AssignedApp.package_name.in_(chunk),
        ).execute()
