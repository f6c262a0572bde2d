"""The apps that a category consists of (parent-actions.md, "Apps of categories")."""

from collections import defaultdict
from collections.abc import Iterable

from peewee import chunked

from models import AssignedApp, Category
from schemas.limits import ASSIGNED_APPS_PER_FAMILY
from schemas.parent_actions import AddCategoryApps, RemoveCategoryApps
from storage.rows import tuples
from sync.notifications import Level
from sync.push.actions.lookups import lineage, own_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import ROWS_PER_STATEMENT, Push
from sync.versions import ASSIGNED_APPS


def _moves_down(push: Push, *, category_id: str, package_names: list[str]) -> None:
    """Apps move from a category to those below it, where they get more limits."""
    category = own_category(push, category_id)
    line = lineage(push, category.child_id, category.category_id)
    assigned = _assigned_apps(push, category.child_id)
    default = push.child(category.child_id).category_for_not_assigned_apps
    for entry in package_names:
        if "@" in entry:
            raise Refused("a child can't assign apps of a single device")
        package, _, _ = entry.partition(":")
        # An activity without an assignment of its own goes with its package.
        if (
            assigned.get(package, default) not in line
            or assigned.get(entry, category.category_id) not in line
        ):
            raise Refused("an app would leave its category")


@handles(AddCategoryApps, renews=(ASSIGNED_APPS,), notifies=Level.IMPORTANT, self_limit=_moves_down)
def add_category_apps(push: Push, *, category_id: str, package_names: list[str]) -> None:
    category = push.get(Category, category_id)
    assigned = _assigned_apps(push, category.child_id)
    leaving = defaultdict(list)
    arriving = []
    for entry in package_names:
        previous_id = assigned.get(entry)
        if previous_id == category.category_id:
            continue
        if previous_id is not None:
            leaving[previous_id].append(entry)
        arriving.append({"category_id": category.category_id, "package_name": entry})
    for previous_id, entries in leaving.items():
        _remove(push, previous_id, entries)
    push.require_room(AssignedApp, ASSIGNED_APPS_PER_FAMILY, adding=len(arriving))
    push.insert_rows(AssignedApp, arriving)
    push.renew(ASSIGNED_APPS, category.category_id, *leaving)
    push.notify(Level.IMPORTANT)


@handles(RemoveCategoryApps, renews=(ASSIGNED_APPS,), notifies=Level.IMPORTANT)
def remove_category_apps(push: Push, *, category_id: str, package_names: list[str]) -> None:
    apps = push.rows(AssignedApp, AssignedApp.category_id == category_id).select(
        AssignedApp.package_name
    )
    if not set(package_names) <= {name for (name,) in tuples(apps)}:
        raise Refused("an app is not assigned to the category")
    _remove(push, category_id, package_names)
    push.renew(ASSIGNED_APPS, category_id)
    push.notify(Level.IMPORTANT)


def _assigned_apps(push: Push, child_id: str) -> dict[str, str]:
    """The ids of the categories of a child by the apps in them. Each app is in one at most."""
    of_category = (Category.family_id == AssignedApp.family_id) & (
        Category.category_id == AssignedApp.category_id
    )
    apps = (
        push.rows(AssignedApp)
        .select(AssignedApp.package_name, AssignedApp.category_id)
        .join(Category, on=of_category)
        .where(Category.child_id == child_id)
    )
    return dict(tuples(apps))


def _remove(push: Push, category_id: str, entries: Iterable[str]) -> None:
    for some in chunked(entries, ROWS_PER_STATEMENT):
        push.delete_rows(
            AssignedApp,
            AssignedApp.category_id == category_id,
            AssignedApp.package_name.in_(some),
        )
