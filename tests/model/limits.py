"""When a child may send a parent action for itself (child-actions.md, Part 2).
Actions without a function of the same name it never may."""

from tests.model.actions import rule_entry
from tests.model.family import Entry, FamilyModel, check


def create_category(family: FamilyModel, action: Entry, child: str) -> None:
    check(action["childId"] == child)


def set_parent_category(family: FamilyModel, action: Entry, child: str) -> None:
    check_is_own(family, action["categoryId"], child)
    for former in family.with_parent(action["categoryId"])[1:]:
        line = family.line(child, action["parentCategory"])
        check(former.base["categoryId"] in line)


def check_is_own(family: FamilyModel, category_id: str, child: str) -> None:
    check(family.category(category_id).base["childId"] == child)


def add_category_apps(family: FamilyModel, action: Entry, child: str) -> None:
    check_is_own(family, action["categoryId"], child)
    line = family.line(child, action["categoryId"])
    assigned = {
        entry: category_id
        for category_id, category in family.categories.items()
        if category.base["childId"] == child
        for entry in category.apps
    }
    default = family.users[child]["categoryForNotAssignedApps"]
    for entry in action["packageNames"]:
        check("@" not in entry)
        check(assigned.get(entry.partition(":")[0], default) in line)
        if ":" in entry:
            check(entry not in assigned or assigned[entry] in line)


def create_timelimit_rule(family: FamilyModel, action: Entry, child: str) -> None:
    check_is_own(family, action["rule"]["categoryId"], child)


def update_timelimit_rule(family: FamilyModel, action: Entry, child: str) -> None:
    category = family.category_with("rules", action["ruleId"])
    check_is_own(family, category.base["categoryId"], child)
    new, old = rule_entry(action), category.rules[action["ruleId"]]
    check(new["maxTime"] <= old["maxTime"])
    check(new["dayMask"] & old["dayMask"] == old["dayMask"])
    check(new["extraTime"] or not old["extraTime"])
    check(new["start"] <= old["start"] and new["end"] >= old["end"])
    if old["session"] > 0 and old["pause"] > 0:
        check(0 < new["session"] <= old["session"] and new["pause"] >= old["pause"])
    check(not new["perDay"] or old["perDay"] or old["dayMask"].bit_count() <= 1)
    check("e" not in new or ("e" in old and new["e"] >= old["e"]))
