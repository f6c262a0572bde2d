"""Apps of categories: sync/push/actions/category_apps.py."""

from typing import Any

import pytest

from schemas.limits import APPS_PER_ACTION
from sync.notifications import Level
from sync.push.state import ROWS_PER_STATEMENT
from tests import actions
from tests.actions import add_category_apps, remove_category_apps
from tests.observer import Observer
from tests.wire import Family, Sender


def apps_of(family: Family, category: str) -> list[str]:
    apps: list[str] = family.category(category, "categoryApp")["apps"]
    return apps


def renewed(news: dict[str, Any]) -> set[str]:
    """The categories whose apps are renewed, which must be the only news."""
    assert news.keys() == {"categoryApp"}
    return {entry["categoryId"] for entry in news["categoryApp"]}


def test_added_apps_are_told_to_all_devices(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.add_category(child)
    news, level = observer.sees(
        add_category_apps(category, "b", "a", "a:Main", "a@dEv1cE", "A", "a ")
    )
    assert (renewed(news), level) == ({category}, Level.IMPORTANT)
    assert set(apps_of(family, category)) == {"a", "b", "a:Main", "a@dEv1cE", "A", "a "}


def test_an_app_leaves_the_other_categories_of_the_child(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    one, two = family.add_category(child), family.add_category(child)
    of_sibling = family.add_category(family.add_child())
    family.parent_does(
        add_category_apps(one, "a", "b", "A", "a:Main"),
        add_category_apps(two, "c"),
        add_category_apps(of_sibling, "a"),
    )
    news, level = observer.sees(add_category_apps(category, "a", "d"))
    assert (renewed(news), level) == ({category, one}, Level.IMPORTANT)
    assert set(apps_of(family, one)) == {"b", "A", "a:Main"}
    assert set(apps_of(family, of_sibling)) == {"a"}
    assert renewed(observer.sees(add_category_apps(category, "b", "c"))[0]) == {category, one, two}
    assert set(apps_of(family, category)) == {"a", "b", "c", "d"}
    assert apps_of(family, two) == []


@pytest.mark.parametrize("apps", [[], ["a"]])
def test_adding_known_apps_is_applied_and_told(
    family: Family, category: str, observer: Observer, apps: list[str]
) -> None:
    family.parent_does(add_category_apps(category, "a"))
    news, level = observer.sees(add_category_apps(category, *apps))
    assert (renewed(news), level) == ({category}, Level.IMPORTANT)
    assert apps_of(family, category) == ["a"]


def test_apps_of_an_action_are_bounded(family: Family, category: str) -> None:
    apps = [f"app{number}" for number in range(APPS_PER_ACTION + 1)]
    family.parent.as_parent().refuses(add_category_apps(category, *apps))
    family.parent_does(add_category_apps(category, *apps[1:]))
    assert set(apps_of(family, category)) == set(apps[1:])


def test_more_apps_than_fit_into_a_statement_are_moved_and_removed(
    family: Family, child: str, category: str
) -> None:
    apps = [f"app{number}" for number in range(2 * ROWS_PER_STATEMENT + 1)]
    other = family.add_category(child)
    family.parent_does(add_category_apps(category, *apps), add_category_apps(other, *apps))
    assert (len(apps_of(family, category)), len(apps_of(family, other))) == (0, len(apps))
    family.parent_does(remove_category_apps(other, *apps[1:]))
    assert apps_of(family, other) == apps[:1]


def test_apps_are_added_to_categories_of_the_family_only(
    observer: Observer, other_family_category: str
) -> None:
    observer.sees_refusal(
        add_category_apps("gone00", "a"),
        add_category_apps(other_family_category, "a"),
        add_category_apps("gone00"),
    )


@pytest.mark.parametrize("act", [add_category_apps, remove_category_apps])
@pytest.mark.parametrize("wrong", [["a", "a"], [""], ["x" * 256], [1], [None]])
def test_malformed_lists_of_apps_are_refused(
    family: Family, category: str, observer: Observer, act: Any, wrong: list[Any]
) -> None:
    family.parent_does(add_category_apps(category, "a"))
    observer.sees_refusal(act(category, *wrong))


def test_the_longest_app_entry_fits(family: Family, category: str) -> None:
    family.parent_does(add_category_apps(category, "x" * 255))
    assert apps_of(family, category) == ["x" * 255]


@pytest.mark.parametrize("missing", ["d", "A", "a ", "a:Main"])
def test_apps_are_removed_all_or_none(
    family: Family, child: str, category: str, observer: Observer, missing: str
) -> None:
    other = family.add_category(child)
    family.parent_does(add_category_apps(category, "a", "b", "c"), add_category_apps(other, "d"))
    observer.sees_refusal(remove_category_apps(category, "a", missing))
    assert set(apps_of(family, category)) == {"a", "b", "c"}
    news, level = observer.sees(remove_category_apps(category, "a", "c"))
    assert (renewed(news), level) == ({category}, Level.IMPORTANT)
    assert apps_of(family, category) == ["b"]


def test_apps_are_removed_from_categories_of_the_family_only(
    family: Family, category: str, observer: Observer, other_family_category: str
) -> None:
    family.parent_does(add_category_apps(category, "a"))
    observer.sees_refusal(
        remove_category_apps("gone00", "a"), remove_category_apps(other_family_category, "a")
    )


def test_removing_no_apps_is_applied_whatever_the_category(
    category: str, observer: Observer
) -> None:
    news, level = observer.sees(remove_category_apps(category))
    assert (renewed(news), level) == ({category}, Level.IMPORTANT)
    assert observer.sees(remove_category_apps("gone00")) == ({}, Level.IMPORTANT)


# Self limits


class Tree:
    """Categories of a child: top, with `middle` below, with `bottom` below, and `aside`; in each
    the app with its name, and in some an activity."""

    def __init__(self, family: Family, child: str) -> None:
        self.family = family
        self.child = child
        self.top = family.add_category(child)
        self.middle = family.add_category(child, parent=self.top)
        self.bottom = family.add_category(child, parent=self.middle)
        self.aside = family.add_category(child)
        family.parent_does(
            add_category_apps(self.top, "top", "aside:Above", "free:Above"),
            add_category_apps(self.middle, "middle", "middle:Own", "free:Own"),
            add_category_apps(self.bottom, "bottom"),
            add_category_apps(self.aside, "aside", "middle:Aside", "free:Aside"),
        )

    def put_unassigned_apps_into(self, category: str) -> None:
        self.family.parent_does(actions.set_category_for_unassigned_apps(self.child, category))


@pytest.fixture
def tree(family: Family, child: str) -> Tree:
    return Tree(family, child)


@pytest.mark.parametrize(
    "apps",
    [
        [],
        ["top"],
        ["middle"],
        ["top", "middle"],
        ["middle:Own"],
        ["middle:New"],
        ["top:New:er"],
    ],
)
def test_a_child_moves_apps_down(
    family: Family, tree: Tree, observer: Observer, by_child: Sender, apps: list[str]
) -> None:
    news, level = observer.sees(add_category_apps(tree.middle, *apps), by=by_child)
    assert tree.middle in renewed(news)
    assert level == Level.IMPORTANT
    assert set(apps) <= set(apps_of(family, tree.middle))


@pytest.mark.parametrize(
    "apps",
    [
        ["bottom"],
        ["aside"],
        ["new"],
        ["top", "aside"],
        ["middle:Aside"],
        ["aside:New"],
        ["aside:Above"],
        ["free:Own"],
        ["Top"],
        ["top@dEv1cE"],
        ["middle:Own@dEv1cE"],
    ],
)
def test_a_child_moves_apps_neither_up_nor_aside(
    tree: Tree, observer: Observer, by_child: Sender, apps: list[str]
) -> None:
    observer.sees_refusal(add_category_apps(tree.middle, *apps), by=by_child)


@pytest.mark.parametrize("default", ["top", "middle"])
@pytest.mark.parametrize("entry", ["new", "new:Main", "free:Own", "free:Above", ":Main"])
def test_apps_without_a_category_belong_to_the_default_category(
    tree: Tree, observer: Observer, by_child: Sender, default: str, entry: str
) -> None:
    observer.sees_refusal(add_category_apps(tree.middle, entry), by=by_child)
    tree.put_unassigned_apps_into(getattr(tree, default))
    observer.sees(add_category_apps(tree.middle, entry), by=by_child)


@pytest.mark.parametrize("default", ["bottom", "aside"])
@pytest.mark.parametrize("entry", ["new", "new:Main", "free:Own"])
def test_a_child_cannot_add_unassigned_apps_if_the_default_category_is_elsewhere(
    tree: Tree, observer: Observer, by_child: Sender, default: str, entry: str
) -> None:
    tree.put_unassigned_apps_into(getattr(tree, default))
    observer.sees_refusal(add_category_apps(tree.middle, entry), by=by_child)


@pytest.mark.parametrize("entry", ["aside", "aside:New", "free:Aside"])
def test_the_default_category_does_not_matter_for_assigned_apps(
    tree: Tree, observer: Observer, by_child: Sender, entry: str
) -> None:
    tree.put_unassigned_apps_into(tree.top)
    observer.sees_refusal(add_category_apps(tree.middle, entry), by=by_child)


def test_apps_of_other_children_count_as_unassigned(
    family: Family, tree: Tree, observer: Observer, by_child: Sender
) -> None:
    family.parent_does(add_category_apps(family.add_category(family.add_child()), "new"))
    tree.put_unassigned_apps_into(tree.top)
    observer.sees(add_category_apps(tree.middle, "new"), by=by_child)


def test_all_apps_are_checked_before_any_of_them_moves(
    tree: Tree, observer: Observer, by_child: Sender
) -> None:
    observer.sees_refusal(
        add_category_apps(tree.bottom, "top", "top:Main", "aside:Main"), by=by_child
    )
    observer.sees(add_category_apps(tree.bottom, "top", "top:Main"), by=by_child)


def test_a_parent_category_of_another_child_gives_no_apps(
    family: Family, tree: Tree, observer: Observer, by_child: Sender
) -> None:
    family.parent_does(actions.delete_category(tree.top))
    family.parent_does(
        actions.create_category(tree.top, family.add_child(), "Top"),
        add_category_apps(tree.top, "top"),
    )
    observer.sees_refusal(add_category_apps(tree.middle, "top"), by=by_child)


def test_a_child_adds_apps_to_its_own_categories_only(
    family: Family, tree: Tree, observer: Observer, by_child: Sender
) -> None:
    of_sibling = family.add_category(family.add_child())
    observer.sees_refusal(add_category_apps(of_sibling), by=by_child)
    observer.sees_refusal(add_category_apps("gone00"), by=by_child)
    observer.sees_refusal(remove_category_apps(tree.top, "top"), by=by_child)
