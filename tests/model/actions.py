"""The effect of each action (parent-actions.md, app-logic-actions.md). A function of the same name
gets the family, the action, the sending device and the author."""

import hashlib
from typing import Any

from tests.model.family import Category, Entry, FamilyModel, check

MAX_SAFE_INTEGER = 2**53 - 1
DAY = 86_400_000
MINUTE = 60_000

# users and devices


def add_user(family: FamilyModel, action: Entry, *_: Any) -> None:
    user_id, password = action["userId"], action.get("password", {})
    check(user_id not in family.users)
    family.users[user_id] = {
        "id": user_id,
        "name": action["name"],
        "password": password.get("hash", ""),
        "secondPasswordSalt": password.get("secondSalt", ""),
        "type": action["userType"],
        "timeZone": action["timeZone"],
        "disableLimitsUntil": 0,
        "mail": "",
        "currentDevice": "",
        "categoryForNotAssignedApps": "",
        "relaxPrimaryDevice": False,
        "mailNotificationFlags": 0,
        "blockedTimes": "",
        "flags": 0,
    }
    family.second_hashes[user_id] = password.get("secondHash", "")
    family.renew("users")


def rename_child(family: FamilyModel, action: Entry, *_: Any) -> None:
    family.user(action["childId"], "child")["name"] = action["newName"]
    family.renew("users")


def update_user_flags(family: FamilyModel, action: Entry, *_: Any) -> None:
    user = family.user(action["userId"])
    user["flags"] = user["flags"] & ~action["modified"] | action["values"]
    family.renew("users")


def set_category_for_unassigned_apps(family: FamilyModel, action: Entry, *_: Any) -> None:
    child, category_id = family.user(action["childId"], "child"), action["categoryId"]
    if category_id:
        check(family.category(category_id).base["childId"] == action["childId"])
    child["categoryForNotAssignedApps"] = category_id
    family.renew("users")


def update_user_limit_login_category(
    family: FamilyModel, action: Entry, _: Entry, author: str
) -> None:
    parent, category_id = family.user(action["userId"], "parent"), action.get("categoryId")
    parent.pop("llc", None)
    parent.pop("pbd", None)
    if category_id is not None:
        check(action["userId"] == author)
        family.category(category_id)
        parent.update(llc=category_id, pbd=0)
    family.renew("users")


def remove_user(family: FamilyModel, action: Entry, _: Entry, author: str) -> None:
    user_id = action["userId"]
    if family.user(user_id)["type"] == "parent":
        check(user_id != author)
        text = f"{user_id}{family.second_hashes[user_id]}remove"
        check(action.get("authentication") == hashlib.sha512(text.encode()).hexdigest()[:16])
        others = [user for user in family.users.values() if user["type"] == "parent"]
        check(any("llc" not in user for user in others if user["id"] != user_id))
    for category_id, category in list(family.categories.items()):
        if category.base["childId"] == user_id:
            drop_category(family, category_id)
    for device in family.devices.values():
        if device["currentUserId"] == user_id:
            device.update(currentUserId="", isUserKeptSignedIn=False)
            family.renew("devices")
    del family.users[user_id]
    family.renew("users")


def set_device_user(family: FamilyModel, action: Entry, *_: Any) -> None:
    if action["userId"]:
        family.user(action["userId"])
    family.devices[action["deviceId"]].update(
        currentUserId=action["userId"], isUserKeptSignedIn=False
    )
    family.renew("devices")


def set_keep_signed_in(family: FamilyModel, action: Entry, _: Entry, author: str) -> None:
    device = family.devices[action["deviceId"]]
    check(not action["keepSignedIn"] or device["currentUserId"] == author)
    device["isUserKeptSignedIn"] = action["keepSignedIn"]
    family.renew("devices")


# categories


def create_category(family: FamilyModel, action: Entry, *_: Any) -> None:
    category_id, child = action["categoryId"], action["childId"]
    check(category_id not in family.categories)
    family.user(child, "child")
    siblings = [other.base for other in family.categories.values()]
    sort = max((base["sort"] for base in siblings if base["childId"] == child), default=0) + 1
    family.categories[category_id] = Category(
        {
            "categoryId": category_id,
            "childId": child,
            "title": action["title"],
            "sort": sort,
            "parentCategoryId": "",
            "blockedTimes": "",
            "extraTime": 0,
            "extraTimeDay": -1,
            "tempBlocked": False,
            "tempBlockTime": 0,
            "blockAllNotifications": False,
            "blockNotificationDelay": 0,
            "timeWarnings": 0,
            "atw": [],
            "mblMobile": 0,
            "mblCharging": 0,
            "networks": [],
            "dlu": 0,
            "flags": 0,
        }
    )
    # Clients may know versions of a previous category with this id.
    for part in ("categoryBase", "categoryApp", "rules", "usedTimes", "tasks"):
        family.renew(part, category_id)


def update_category_title(family: FamilyModel, action: Entry, *_: Any) -> None:
    family.category(action["categoryId"]).base["title"] = action["newTitle"]
    family.renew("categoryBase", action["categoryId"])


def set_parent_category(family: FamilyModel, action: Entry, *_: Any) -> None:
    base, above = family.category(action["categoryId"]).base, action["parentCategory"]
    if above:
        line = family.line(base["childId"], above)
        check(line and action["categoryId"] not in line)
    base["parentCategoryId"] = above
    family.renew("categoryBase", action["categoryId"])


def update_category_sorting(family: FamilyModel, action: Entry, *_: Any) -> None:
    for index, category_id in enumerate(action["categoryIds"]):
        if category_id in family.categories:
            family.categories[category_id].base["sort"] = index
            family.renew("categoryBase", category_id)


def delete_category(family: FamilyModel, action: Entry, *_: Any) -> None:
    family.category(action["categoryId"])
    drop_category(family, action["categoryId"])


def drop_category(family: FamilyModel, category_id: str) -> None:
    del family.categories[category_id]
    for user in family.users.values():
        if user["categoryForNotAssignedApps"] == category_id:
            user["categoryForNotAssignedApps"] = ""
            family.renew("users")
        if user.get("llc") == category_id:
            del user["llc"], user["pbd"]
            family.renew("users")


def add_category_apps(family: FamilyModel, action: Entry, *_: Any) -> None:
    target, entries = family.category(action["categoryId"]), set(action["packageNames"])
    for category_id, category in family.categories.items():
        if category.base["childId"] == target.base["childId"] and category.apps & entries:
            category.apps -= entries
            family.renew("categoryApp", category_id)
    target.apps |= entries
    family.renew("categoryApp", action["categoryId"])


def remove_category_apps(family: FamilyModel, action: Entry, *_: Any) -> None:
    category, entries = family.category(action["categoryId"]), set(action["packageNames"])
    check(entries <= category.apps)
    category.apps -= entries
    family.renew("categoryApp", action["categoryId"])


# rules


def create_timelimit_rule(family: FamilyModel, action: Entry, *_: Any) -> None:
    rule = action["rule"]
    category = family.category(rule["categoryId"])
    check(not any(rule["ruleId"] in other.rules for other in family.categories.values()))
    category.rules[rule["ruleId"]] = rule_entry(rule)
    family.renew("rules", rule["categoryId"])


def update_timelimit_rule(family: FamilyModel, action: Entry, *_: Any) -> None:
    category = family.category_with("rules", action["ruleId"])
    category.rules[action["ruleId"]] = rule_entry(action)
    family.renew("rules", category.base["categoryId"])


def delete_timelimit_rule(family: FamilyModel, action: Entry, *_: Any) -> None:
    category = family.category_with("rules", action["ruleId"])
    del category.rules[action["ruleId"]]
    family.renew("rules", category.base["categoryId"])


# tasks


def update_child_task(family: FamilyModel, action: Entry, *_: Any) -> None:
    target, task_id = family.category(action["categoryId"]), action["taskId"]
    task = {"i": task_id, "p": False, "l": 0}
    if action["isNew"]:
        check(not any(task_id in other.tasks for other in family.categories.values()))
    else:
        former = family.category_with("tasks", task_id)
        task = former.tasks.pop(task_id)
        family.renew("tasks", former.base["categoryId"])
    task.update(t=action["taskTitle"], d=action["extraTimeDuration"])
    target.tasks[task_id] = task
    family.renew("tasks", action["categoryId"])


def delete_child_task(family: FamilyModel, action: Entry, *_: Any) -> None:
    category = family.category_with("tasks", action["taskId"])
    del category.tasks[action["taskId"]]
    family.renew("tasks", category.base["categoryId"])


def mark_task_pending(family: FamilyModel, action: Entry, device: Entry, _: str) -> None:
    category = family.category_with("tasks", action["taskId"])
    task = category.tasks[action["taskId"]]
    if not task["p"]:
        check(category.base["childId"] == device["currentUserId"])
        task["p"] = True
        family.renew("tasks", category.base["categoryId"])


def review_child_task(family: FamilyModel, action: Entry, *_: Any) -> None:
    category = family.category_with("tasks", action["taskId"])
    task, base = category.tasks[action["taskId"]], category.base
    check(task["p"])
    task["p"] = False
    family.renew("tasks", base["categoryId"])
    if action["ok"]:
        task["l"] = action["time"]
        if "day" in action and base["extraTimeDay"] not in (-1, action["day"]):
            base.update(extraTime=0, extraTimeDay=-1)
        set_extra_time(family, category, base["extraTime"] + task["d"], base["extraTimeDay"])


# used time and extra time


def set_extra_time(family: FamilyModel, category: Category, time: int, day: int) -> None:
    check(time <= MAX_SAFE_INTEGER)
    category.base.update(extraTime=time, extraTimeDay=day)
    family.renew("categoryBase", category.base["categoryId"])


def set_category_extra_time(family: FamilyModel, action: Entry, *_: Any) -> None:
    category = family.category(action["categoryId"])
    set_extra_time(family, category, action["newExtraTime"], action.get("day", -1))


def increment_category_extratime(family: FamilyModel, action: Entry, *_: Any) -> None:
    day = action.get("day", -1)
    for category in family.with_parent(action["categoryId"]):
        is_valid = category.base["extraTimeDay"] in (-1, day)
        known = category.base["extraTime"] if is_valid else 0
        set_extra_time(family, category, known + action["addedExtraTime"], day)


def subtract_extra_time(family: FamilyModel, category: Category, time: int) -> None:
    if time:
        base = category.base
        set_extra_time(family, category, max(0, base["extraTime"] - time), base["extraTimeDay"])


def check_report(family: FamilyModel, device: Entry, category: Category, now: list[Any]) -> None:
    """Days of the actions are over, so only what changes the present is at stake (`now`)."""
    user_id = device["currentUserId"]
    is_own = category.base["childId"] == user_id
    check(is_own or (user_id and family.users[user_id]["type"] == "parent") or not any(now))


def add_used_time(family: FamilyModel, action: Entry, device: Entry, *_: Any) -> None:
    extra_time = action["extraTimeToSubtract"]
    check_report(family, device, family.category(action["categoryId"]), [extra_time])
    for category in family.with_parent(action["categoryId"]):
        if action["timeToAdd"]:
            key = (action["day"], 0, 1439)
            time = category.used_times.get(key, 0) + action["timeToAdd"]
            category.used_times[key] = min(time, DAY)
        subtract_extra_time(family, category, action["extraTimeToSubtract"])
        family.renew("usedTimes", category.base["categoryId"])


def add_used_time_v2(family: FamilyModel, action: Entry, device: Entry, *_: Any) -> bool:
    for item in action["i"]:
        category = family.categories.get(item["categoryId"])
        if category is not None:
            check_report(family, device, category, [item["etts"], item.get("sdl")])
            _add_used_times(category.used_times, action["d"], item)
            _add_sessions(category.sessions, action.get("t", 0), item)
            subtract_extra_time(family, category, item["etts"])
            family.renew("usedTimes", item["categoryId"])
    return any(item["categoryId"] not in family.categories for item in action["i"])


def rule_entry(action: Entry) -> Entry:
    rule = {
        "id": action["ruleId"],
        "extraTime": action["extraTime"],
        "dayMask": action["days"],
        "maxTime": action["time"],
        "start": action.get("start", 0),
        "end": action.get("end", 1439),
        "session": action.get("dur", 0),
        "pause": action.get("pause", 0),
        "perDay": action.get("perDay", False),
    }
    return {**rule, "e": action["e"]} if "e" in action else rule


def _add_used_times(used: dict[tuple[int, int, int], int], day: int, item: Entry) -> None:
    for start, end in [(0, 1439), *item.get("as", [])]:
        inside = [time for (d, s, e), time in used.items() if d == day and s >= start and e <= end]
        known = used.get((day, start, end), max(inside, default=0))
        used[day, start, end] = min(known + item["tta"], (end - start + 1) * MINUTE)


def _add_sessions(
    sessions: dict[tuple[int, int, int, int], tuple[int, int]], timestamp: int, item: Entry
) -> None:
    def goes_on(last: int, pause: int) -> bool:
        return timestamp == 0 or timestamp - item["tta"] <= last + pause - 5000

    for start, end, maximum, pause in item.get("sdl", []):
        key = (maximum, pause, start, end)
        last, duration = sessions.get(key, (0, 0))
        if key not in sessions or not goes_on(last, pause):
            fitting = [
                length
                for (m, p, s, e), (other_last, length) in sessions.items()
                if s >= start and e <= end and m >= maximum and p <= pause
                if goes_on(other_last, p)
            ]
            duration = max(fitting, default=0)
        sessions[key] = (max(last, timestamp), duration + item["tta"])
