"""Tasks of children, which earn them extra time."""

from typing import Any

import mails
from models import Category, Task
from schemas.app_logic_actions import MarkTaskPending
from sync.action import Refused, handles
from sync.changes import TASKS
from sync.context import Push
from sync.notifications import Level


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
