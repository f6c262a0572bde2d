"""Random actions for pushes, about few things, so that they meet each other. Most have the right
form; whether they are refused depends on what is stored."""

import hashlib
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.wire import PASSWORD_HASH, SECOND_HASH, SECOND_SALT

Strategy = st.SearchStrategy[Any]

PARENTS = ["paren1", "paren2"]
CHILDREN = ["child1", "child2"]
CATEGORIES = ["games1", "games2", "chess1", "video1", "other2"]
#: Places of devices in the family, in actions instead of their ids.
DEVICES = [0, 1, 2]

DAY_MS = 86_400_000
HUGE = 2**53 - 1
T = 1_700_000_000_000

#: Stands for whoever uses the device.
WHO_USES_IT = "user of the device"


class Drawn(NamedTuple):
    """An action of a push that does not know its number yet."""

    kind: str
    action: dict[str, Any]
    #: user and integrity
    author: tuple[str, str] = ("", "")
    #: what to do wrong, if anything
    fault: str = ""
    #: how far its number is from the next one
    skew: int = 0


def action(name: str, **content: Any) -> Strategy:
    """An action whose fields are strategies, or values. Those of the dict `optional` may be
    missing."""
    optional = {name: as_strategy(value) for name, value in content.pop("optional", {}).items()}
    required = {name: as_strategy(value) for name, value in content.items()}
    return st.fixed_dictionaries({"type": st.just(name), **required}, optional=optional)


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
times = [1000, 0, 40_000, 90_000, DAY_MS, HUGE]
packages = ["org.a", "org.b", "org.a:x", "org.b:y", "org.c", "org.a@device"]

# what there is at first


def removal(user_id: str) -> dict[str, str]:
    proof = hashlib.sha512(f"{user_id}{SECOND_HASH}remove".encode()).hexdigest()[:16]
    return {"type": "REMOVE_USER", "userId": user_id, "authentication": proof}


def new_user(user_id: str, user_type: str) -> dict[str, Any]:
    user = {
        "type": "ADD_USER",
        "userId": user_id,
        "name": user_id,
        "userType": user_type,
        "timeZone": "Europe/Berlin",
    }
    if user_type == "child":
        return user
    password = {"hash": PASSWORD_HASH, "secondSalt": SECOND_SALT, "secondHash": SECOND_HASH}
    return {**user, "password": password}


def new_category(category_id: str, child: str) -> dict[str, Any]:
    return {
        "type": "CREATE_CATEGORY",
        "categoryId": category_id,
        "childId": child,
        "title": category_id,
    }


#: Actions of the parent who made the family.
FURNITURE: list[dict[str, Any]] = [
    *[new_user(user_id, "parent") for user_id in PARENTS],
    *[new_user(user_id, "child") for user_id in CHILDREN],
    *[
        {"type": "UPDATE_USER_FLAGS", "userId": user_id, "modified": 2, "values": 2}
        for user_id in CHILDREN
    ],
    new_category("games1", "child1"),
    new_category("chess1", "child1"),
    {"type": "SET_PARENT_CATEGORY", "categoryId": "chess1", "parentCategory": "games1"},
    new_category("other2", "child2"),
    {"type": "ADD_CATEGORY_APPS", "categoryId": "games1", "packageNames": ["org.a"]},
    *[
        {
            "type": "CREATE_TIMELIMIT_RULE",
            "rule": {
                "ruleId": rule_id,
                "categoryId": category_id,
                "time": 60_000,
                "days": 31,
                "extraTime": False,
            },
        }
        for rule_id, category_id in (("rule01", "games1"), ("rule02", "other2"))
    ],
    *[
        {
            "type": "UPDATE_CHILD_TASK",
            "isNew": True,
            "taskId": task_id,
            "categoryId": category_id,
            "taskTitle": "Tidy up",
            "extraTimeDuration": 60_000,
        }
        for task_id, category_id in (("task01", "games1"), ("task02", "other2"))
    ],
    *[
        {"type": "SET_DEVICE_USER", "deviceId": device, "userId": user_id}
        for device, user_id in ((1, "child1"), (2, "child2"), (0, "paren1"))
    ],
]
#: Actions of the parent `paren1`.
SETTLING_IN: list[dict[str, Any]] = [
    {"type": "SET_KEEP_SIGNED_IN", "deviceId": 0, "keepSignedIn": True},
    {"type": "UPDATE_USER_LIMIT_LOGIN_CATEGORY", "userId": "paren1", "categoryId": "chess1"},
    {"type": "SET_CATEGORY_FOR_UNASSIGNED_APPS", "childId": "child1", "categoryId": "games1"},
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
                "ADD_USED_TIME",
                categoryId=categories,
                day=days,
                timeToAdd=times,
                extraTimeToSubtract=[0, 0, 500, HUGE],
            ),
            *[action("ADD_USED_TIME_V2", d=days, i=usages(categories), optional={"t": ends})] * 2,
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


mark_task = action("MARK_TASK_PENDING", taskId=tasks)

# what parents do

about_users = [
    st.sampled_from([new_user(user_id, "child") for user_id in CHILDREN]),
    st.sampled_from([new_user(user_id, "parent") for user_id in PARENTS]),
    action("RENAME_CHILD", childId=users, newName=["Robin", "Kim"]),
    action("REMOVE_USER", userId=PARENTS),
    st.sampled_from([removal(user_id) for user_id in users]),
    action("SET_CATEGORY_FOR_UNASSIGNED_APPS", childId=users, categoryId=["", *CATEGORIES]),
    action("UPDATE_USER_LIMIT_LOGIN_CATEGORY", userId=PARENTS, optional={"categoryId": CATEGORIES}),
    action("UPDATE_USER_FLAGS", userId=users, modified=[2, 3], values=[2, 2, 0]),
    action("SET_DEVICE_USER", deviceId=DEVICES, userId=["", *users]),
    action("SET_KEEP_SIGNED_IN", deviceId=DEVICES, keepSignedIn=st.booleans()),
]

add_category = st.builds(
    new_category, st.sampled_from(CATEGORIES), st.sampled_from([*CHILDREN, *CHILDREN, "paren1"])
)
set_parent = action("SET_PARENT_CATEGORY", categoryId=CATEGORIES, parentCategory=["", *CATEGORIES])
add_apps = action(
    "ADD_CATEGORY_APPS", categoryId=CATEGORIES, packageNames=some_of(packages, max_size=3)
)
about_categories = [
    *[add_category] * 3,
    action("UPDATE_CATEGORY_TITLE", categoryId=CATEGORIES, newTitle=["Games", "Fun 😀"]),
    set_parent,
    action("UPDATE_CATEGORY_SORTING", categoryIds=some_of([*CATEGORIES, "nobody"])),
    *[action("DELETE_CATEGORY", categoryId=CATEGORIES)] * 2,
    *[add_apps] * 2,
    action(
        "REMOVE_CATEGORY_APPS",
        categoryId=CATEGORIES,
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
    "CREATE_TIMELIMIT_RULE",
    rule=st.fixed_dictionaries(
        {
            key: as_strategy(value)
            for key, value in {"ruleId": rules, "categoryId": CATEGORIES, **rule_content}.items()
        },
        optional={key: as_strategy(value) for key, value in rule_options.items()},
    ),
)
change_rule = action("UPDATE_TIMELIMIT_RULE", ruleId=rules, **rule_content, optional=rule_options)
about_rules = [new_rule, change_rule, action("DELETE_TIMELIMIT_RULE", ruleId=rules)]

set_task = action(
    "UPDATE_CHILD_TASK",
    isNew=st.booleans(),
    taskId=tasks,
    categoryId=CATEGORIES,
    taskTitle=["Tidy up", " "],
    extraTimeDuration=[1, 60_000, DAY_MS],
)
review_task = action(
    "REVIEW_CHILD_TASK", taskId=tasks, ok=st.booleans(), time=[1, T], optional={"day": days}
)
about_tasks = [
    *[set_task] * 2,
    *[review_task] * 3,
    action("DELETE_CHILD_TASK", taskId=tasks),
]


def extra_time(categories: list[str]) -> Strategy:
    day = {"day": [-1, *days]}
    add = action(
        "INCREMENT_CATEGORY_EXTRATIME", categoryId=categories, addedExtraTime=times, optional=day
    )
    replace = action(
        "SET_CATEGORY_EXTRA_TIME", categoryId=categories, newExtraTime=times, optional=day
    )
    return any_of([add, add, replace])


#: What matters for used time that was counted just before.
after_usage = any_of(
    [
        extra_time(["games1", "chess1"]),
        action("DELETE_CATEGORY", categoryId=["games1", "chess1"]),
        st.sampled_from([new_category("games1", "child1"), new_category("games1", "child2")]),
        action("SET_PARENT_CATEGORY", categoryId="chess1", parentCategory=["", "games1"]),
        action("REVIEW_CHILD_TASK", taskId="task01", ok=True, time=T, optional={"day": days}),
        st.sampled_from([removal("child1"), new_user("child1", "child")]),
    ]
)

# what is wrong by itself

_used = {"categoryId": "games1", "tta": 1000, "etts": 0}
WRONG_VALUES = [
    ("appLogic", {"type": "ADD_USED_TIME_V2", "d": 19_700, "i": []}),
    ("appLogic", {"type": "ADD_USED_TIME_V2", "d": 19_700, "i": [_used, _used]}),
    ("appLogic", {"type": "ADD_USED_TIME_V2", "d": 19_700, "i": [{**_used, "as": [[0, 1439]]}]}),
    ("appLogic", {"type": "ADD_USED_TIME_V2", "d": 19_700, "i": [{**_used, "tta": -1}]}),
    ("parent", {"type": "DELETE_CATEGORY", "categoryId": "games1\n"}),
    ("parent", {"type": "UPDATE_CATEGORY_TITLE", "categoryId": "games1", "newTitle": " "}),
    ("parent", {"type": "UPDATE_CATEGORY_SORTING", "categoryIds": ["games1", "games1"]}),
    ("parent", {"type": "REVIEW_CHILD_TASK", "taskId": "task01", "ok": True, "time": 0}),
    ("parent", {"type": "SET_CATEGORY_EXTRA_TIME", "categoryId": "games1", "newExtraTime": -1}),
    ("child", {"type": "DELETE_CATEGORY", "categoryId": "games1"}),
]

# items of a push


def items(
    kind: str, actions: Strategy, authors: list[tuple[str, str]], faults: list[str]
) -> Strategy:
    return st.builds(
        Drawn,
        kind=st.just(kind),
        action=actions,
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
