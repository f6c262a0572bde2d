"""Random actions about few ids, so that they affect each other. Most are well-formed; whether they
are refused depends on the stored rows."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from clock import DAY
from tests import actions
from tests.actions import T
from tests.passwords import SECOND_HASH

Strategy = st.SearchStrategy[Any]

PARENTS = ["paren1", "paren2"]
CHILDREN = ["child1", "child2"]
CATEGORIES = ["games1", "games2", "chess1", "video1", "other2"]
#: Stand for the ids of the first, second and third device of the family.
DEVICES = ["device 0", "device 1", "device 2"]

HUGE = 2**53 - 1

#: Stands for the user of the device.
WHO_USES_IT = "user of the device"


class Drawn(NamedTuple):
    """An action of a push, before it has a number."""

    kind: str
    action: dict[str, Any]
    #: user and integrity
    author: tuple[str, str] = ("", "")
    #: the fault, if it has one
    fault: str = ""
    #: how far its number is from the next one
    skew: int = 0


def action(build: Callable[..., dict[str, Any]], **content: Any) -> Strategy:
    """An action whose fields are strategies, or values. Those of the dict `optional` may be
    missing."""
    optional = {name: as_strategy(value) for name, value in content.pop("optional", {}).items()}
    required = {name: as_strategy(value) for name, value in content.items()}
    chosen = st.fixed_dictionaries(required, optional=optional)
    return chosen.map(lambda parameters: build(**parameters))


def as_strategy(value: Any) -> Strategy:
    if isinstance(value, list):
        return st.sampled_from(value)
    return value if isinstance(value, st.SearchStrategy) else st.just(value)


@st.composite
def any_of(draw: st.DrawFn, strategies: list[Strategy]) -> Any:
    """Like `one_of`, which would forget that some are in the list more often than others."""
    return draw(draw(st.sampled_from(strategies)))


def some_of(values: list[Any], **limits: Any) -> Strategy:
    return st.lists(st.sampled_from(values), unique_by=repr, **limits)


users = [*CHILDREN, *PARENTS]
rules = ["rule01", "rule02", "rule03"]
tasks = ["task01", "task02", "task03"]
days = [19_700, 19_701]
times = [1000, 0, 40_000, 90_000, DAY, HUGE]
packages = ["org.a", "org.b", "org.a:x", "org.b:y", "org.c", "org.a@device"]

# the initial family


def removal(user_id: str) -> dict[str, Any]:
    proof = hashlib.sha512(f"{user_id}{SECOND_HASH}remove".encode()).hexdigest()[:16]
    return actions.remove_user(user_id, authentication=proof)


def new_user(user_id: str, user_type: str) -> dict[str, Any]:
    return actions.add_user(user_id, user_type, name=user_id)


def new_category(category_id: str, child: str) -> dict[str, Any]:
    return actions.create_category(category_id, child, category_id)


#: Actions of the parent who made the family.
FURNITURE: list[dict[str, Any]] = [
    *[new_user(user_id, "parent") for user_id in PARENTS],
    *[new_user(user_id, "child") for user_id in CHILDREN],
    *[actions.update_user_flags(user_id, 2, 2) for user_id in CHILDREN],
    new_category("games1", "child1"),
    new_category("chess1", "child1"),
    actions.set_parent_category("chess1", "games1"),
    new_category("other2", "child2"),
    actions.add_category_apps("games1", "org.a"),
    *[
        actions.create_timelimit_rule(rule_id, category_id, time=60_000, days=31)
        for rule_id, category_id in (("rule01", "games1"), ("rule02", "other2"))
    ],
    *[
        actions.update_child_task(task_id, category_id)
        for task_id, category_id in (("task01", "games1"), ("task02", "other2"))
    ],
    *[
        actions.set_device_user(device, user_id)
        for device, user_id in (
            (DEVICES[1], "child1"),
            (DEVICES[2], "child2"),
            (DEVICES[0], "paren1"),
        )
    ],
]
#: Actions of the parent `paren1`.
SETTLING_IN: list[dict[str, Any]] = [
    actions.set_keep_signed_in(DEVICES[0]),
    actions.update_user_limit_login_category("paren1", "chess1"),
    actions.set_category_for_unassigned_apps("child1", "games1"),
]

# used time

ends = [0, T, T + 85_000, T + 170_001]
slots = [[0, 719], [100, 200], [0, 1438], [600, 1439]]
session_limits = [
    [start, end, maximum, pause]
    for start, end in ([0, 1439], [0, 719], [100, 200])
    for maximum, pause in ((600_000, 60_000), (900_000, 30_000))
]


def used_time(categories: list[str]) -> Strategy:
    return any_of(
        [
            action(
                actions.add_used_time,
                category_id=categories,
                day=days,
                timeToAdd=times,
                extraTimeToSubtract=[0, 0, 500, HUGE],
            ),
            *[action(actions.add_used_time_v2, d=days, i=usages(categories), optional={"t": ends})]
            * 2,
        ]
    )


def usages(categories: list[str]) -> Strategy:
    usage = st.fixed_dictionaries(
        {
            "categoryId": st.sampled_from(categories),
            "tta": st.sampled_from(times),
            "etts": st.sampled_from([0, 0, 500, HUGE]),
        },
        optional={
            "as": some_of(slots, max_size=3),
            "sdl": some_of(session_limits, max_size=3),
        },
    )
    return st.lists(usage, min_size=1, max_size=3, unique_by=lambda item: item["categoryId"])


mark_task = action(actions.mark_task_pending, task_id=tasks)

# actions of parents

about_users = [
    st.sampled_from([new_user(user_id, "child") for user_id in CHILDREN]),
    st.sampled_from([new_user(user_id, "parent") for user_id in PARENTS]),
    action(actions.rename_child, child_id=users, newName=["Robin", "Kim"]),
    action(actions.remove_user, user_id=PARENTS),
    st.sampled_from([removal(user_id) for user_id in users]),
    action(actions.set_category_for_unassigned_apps, child_id=users, category_id=["", *CATEGORIES]),
    action(
        actions.update_user_limit_login_category,
        user_id=PARENTS,
        optional={"categoryId": CATEGORIES},
    ),
    action(actions.update_user_flags, user_id=users, modified=[2, 3], values=[2, 2, 0]),
    action(actions.set_device_user, device_id=DEVICES, user_id=["", *users]),
    action(actions.set_keep_signed_in, device_id=DEVICES, keepSignedIn=st.booleans()),
]

add_category = st.builds(
    new_category, st.sampled_from(CATEGORIES), st.sampled_from([*CHILDREN, *CHILDREN, "paren1"])
)
set_parent = action(
    actions.set_parent_category, category_id=CATEGORIES, parentCategory=["", *CATEGORIES]
)
add_apps = action(
    actions.add_category_apps, category_id=CATEGORIES, packageNames=some_of(packages, max_size=3)
)
about_categories = [
    *[add_category] * 3,
    action(actions.update_category_title, category_id=CATEGORIES, newTitle=["Games", "Fun 😀"]),
    set_parent,
    action(actions.update_category_sorting, categoryIds=some_of([*CATEGORIES, "nobody"])),
    *[action(actions.delete_category, category_id=CATEGORIES)] * 2,
    *[add_apps] * 2,
    action(
        actions.remove_category_apps,
        category_id=CATEGORIES,
        packageNames=some_of(packages, min_size=1, max_size=2),
    ),
]

rule_content = {
    "time": [0, 60_000, 3_600_000],
    "days": [127, 31, 1, 0],
    "extraTime": st.booleans(),
}
rule_options = {
    "start": [0, 60],
    "end": [1439, 600],
    "dur": [0, 600_000, 60_000],
    "pause": [0, 60_000, 30_000],
    "perDay": st.booleans(),
    "e": [1, T],
}
new_rule = action(
    actions.create_timelimit_rule,
    rule_id=rules,
    category_id=CATEGORIES,
    **rule_content,
    optional=rule_options,
)
change_rule = action(
    actions.update_timelimit_rule, rule_id=rules, **rule_content, optional=rule_options
)
about_rules = [new_rule, change_rule, action(actions.delete_timelimit_rule, rule_id=rules)]

set_task = action(
    actions.update_child_task,
    isNew=st.booleans(),
    task_id=tasks,
    category_id=CATEGORIES,
    taskTitle=["Tidy up", " "],
    extraTimeDuration=[1, 60_000, DAY],
)
review_task = action(
    actions.review_child_task, task_id=tasks, ok=st.booleans(), time=[1, T], optional={"day": days}
)
about_tasks = [
    *[set_task] * 2,
    *[review_task] * 3,
    action(actions.delete_child_task, task_id=tasks),
]


def extra_time(categories: list[str]) -> Strategy:
    day = {"day": [-1, *days]}
    add = action(
        actions.increment_category_extratime,
        category_id=categories,
        addedExtraTime=times,
        optional=day,
    )
    replace = action(
        actions.set_category_extra_time, category_id=categories, newExtraTime=times, optional=day
    )
    return any_of([add, add, replace])


#: Actions that affect used time that was counted just before.
after_usage = any_of(
    [
        extra_time(["games1", "chess1"]),
        action(actions.delete_category, category_id=["games1", "chess1"]),
        st.sampled_from([new_category("games1", "child1"), new_category("games1", "child2")]),
        action(actions.set_parent_category, category_id="chess1", parentCategory=["", "games1"]),
        action(
            actions.review_child_task, task_id="task01", ok=True, time=T, optional={"day": days}
        ),
        st.sampled_from([removal("child1"), new_user("child1", "child")]),
    ]
)

# malformed actions

_used = actions.used("games1")
WRONG_VALUES = [
    ("appLogic", actions.add_used_time_v2(d=19_700)),
    ("appLogic", actions.add_used_time_v2(_used, _used, d=19_700)),
    ("appLogic", actions.add_used_time_v2({**_used, "as": [[0, 1439]]}, d=19_700)),
    ("appLogic", actions.add_used_time_v2({**_used, "tta": -1}, d=19_700)),
    ("parent", actions.delete_category("games1\n")),
    ("parent", actions.update_category_title("games1", " ")),
    ("parent", actions.update_category_sorting("games1", "games1")),
    ("parent", actions.review_child_task("task01", time=0)),
    ("parent", actions.set_category_extra_time("games1", -1)),
    ("child", actions.delete_category("games1")),
]

# items of a push


def items(
    kind: str, contents: Strategy, authors: list[tuple[str, str]], faults: list[str]
) -> Strategy:
    return st.builds(
        Drawn,
        kind=st.just(kind),
        action=contents,
        author=st.sampled_from(authors),
        fault=st.sampled_from([""] * 20 + faults),
        skew=st.sampled_from([0] * 20 + [1, -1, -3]),
    )


by_device = items(
    "appLogic",
    any_of([*[used_time(CATEGORIES)] * 3, mark_task]),
    [("", "")],
    ["unknown field", "cut off"],
)
by_parent = items(
    "parent",
    any_of(
        [
            any_of(about_users),
            any_of(about_categories),
            any_of(about_rules),
            any_of(about_tasks),
            extra_time(CATEGORIES),
        ]
    ),
    [("paren1", "password"), ("paren1", "sha512"), ("paren1", "device"), ("paren2", "password")],
    ["unknown field", "cut off", "wrong signature"],
)
by_child = items(
    "parent",
    any_of(
        [add_category, set_parent, *[add_apps] * 2, new_rule, change_rule, extra_time(CATEGORIES)]
    ),
    [(user, "childDevice") for user in (*[WHO_USES_IT] * 6, *CHILDREN)],
    ["unknown field"],
)
wrong = st.builds(
    lambda drawn: Drawn(drawn[0], drawn[1], ("paren1", "password"), "wrong values"),
    st.sampled_from(WRONG_VALUES),
)
anything = any_of([*[by_device] * 6, *[by_parent] * 9, *[by_child] * 2, wrong])
usage = items("appLogic", used_time(["games1", "chess1"]), [("", "")], ["unknown field"])
usage_and_more = any_of(
    [usage, items("parent", after_usage, [("paren1", "password")], ["cut off"])]
)


@st.composite
def batches(draw: st.DrawFn) -> list[Drawn]:
    """The actions of a push."""
    return draw(st.lists(draw(st.sampled_from([anything, usage_and_more])), min_size=1, max_size=6))
