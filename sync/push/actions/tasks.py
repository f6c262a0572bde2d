"""Tasks of children, which earn them extra time (parent-actions.md, "Tasks";
app-logic-actions.md, "MARK_TASK_PENDING")."""

from typing import Any

import mails
from models import Category, Task
from schemas.app_logic_actions import MarkTaskPending
from schemas.parent_actions import DeleteChildTask, ReviewChildTask, UpdateChildTask
from sync.notifications import Level
from sync.push.actions.extra_time import ANY_DAY, store_extra_time
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import TASKS


@handles(MarkTaskPending)
def mark_task_pending(push: Push, action: dict[str, Any]) -> None:
    task = push.get(Task, action["task_id"])
    if task.pending_request:
        return
    child_id = push.get(Category, task.category_id).child_id
    if child_id != push.device.current_user_id:
        raise Refused("the task is for another child than the user of the device")
    task.pending_request = True
    task.save()
    push.changes.renew(TASKS, task.category_id)
    push.changes.notify(Level.UNIMPORTANT)
    push.changes.mails += mails.to_parents(
        push.family_id,
        mails.TASKS,
        "task done",
        child=push.child(child_id).name,
        task=task.title,
    )


@handles(UpdateChildTask)
def update_child_task(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    attributes = {
        "category_id": category.category_id,
        "title": action["title"],
        "extra_time_duration": action["extra_time_duration"],
    }
    if action["is_new"]:
        push.create(Task, task_id=action["task_id"], **attributes)
    else:
        task = push.get(Task, action["task_id"])
        push.changes.renew(TASKS, task.category_id)
        for attribute, value in attributes.items():
            setattr(task, attribute, value)
        task.save()
    push.changes.renew(TASKS, category.category_id)
    push.changes.notify(Level.UNIMPORTANT)


@handles(DeleteChildTask)
def delete_child_task(push: Push, action: dict[str, Any]) -> None:
    task = push.get(Task, action["task_id"])
    task.delete_instance()
    push.forget_rows()
    push.changes.renew(TASKS, task.category_id)
    push.changes.notify(Level.UNIMPORTANT)


@handles(ReviewChildTask)
def review_child_task(push: Push, action: dict[str, Any]) -> None:
    if action["ok"]:
        push.require_full_version()
    task = push.get(Task, action["task_id"])
    if not task.pending_request:
        raise Refused("the task does not wait for a review")
    if action["ok"]:
        _grant_extra_time(push, task, action["day"])
        task.last_grant_timestamp = action["time"]
    task.pending_request = False
    task.save()
    push.changes.renew(TASKS, task.category_id)
    push.changes.notify(Level.IMPORTANT if action["ok"] else Level.UNIMPORTANT)


def _grant_extra_time(push: Push, task: Task, today: int | None) -> None:
    """Adds the extra time of a task; `today` is the day of the epoch, None from older clients."""
    category = push.get(Category, task.category_id)
    time, day = category.extra_time, category.extra_time_day
    if today is not None and day not in (ANY_DAY, today):
        time, day = 0, ANY_DAY
    store_extra_time(push, category, time + task.extra_time_duration, day)
