"""Tasks of children, which earn them extra time (parent-actions.md, "Tasks";
app-logic-actions.md, "MARK_TASK_PENDING")."""

import mails
from models import Category, Task
from schemas.app_logic_actions import MarkTaskPending
from schemas.limits import TASKS_PER_FAMILY
from schemas.parent_actions import DeleteChildTask, ReviewChildTask, UpdateChildTask
from sync.notifications import Level
from sync.push.actions.extra_time import ANY_DAY, store_extra_time
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import BASE, TASKS


@handles(MarkTaskPending, renews=(TASKS,), notifies=Level.UNIMPORTANT, mails=("task done",))
def mark_task_pending(push: Push, *, task_id: str) -> None:
    task = push.get(Task, task_id)
    if task.pending_request:
        return
    child_id = push.get(Category, task.category_id).child_id
    if child_id != push.device.current_user_id:
        raise Refused("the task is for another child than the user of the device")
    task.pending_request = True
    push.save(task, renew=TASKS, notify=Level.UNIMPORTANT)
    child = push.child(child_id)
    push.mail_parents(mails.TASKS, "task done", child=child.name, task=task.title)


@handles(UpdateChildTask, renews=(TASKS,), notifies=Level.UNIMPORTANT)
def update_child_task(
    push: Push,
    *,
    is_new: bool,
    task_id: str,
    category_id: str,
    title: str,
    extra_time_duration: int,
) -> None:
    push.get(Category, category_id)
    if is_new:
        push.require_room(Task, TASKS_PER_FAMILY)
        push.create(
            Task,
            renew=TASKS,
            notify=Level.UNIMPORTANT,
            task_id=task_id,
            category_id=category_id,
            title=title,
            extra_time_duration=extra_time_duration,
        )
        return
    task = push.get(Task, task_id)
    # It may leave another category.
    push.renew(TASKS, task.category_id)
    task.category_id = category_id
    task.title = title
    task.extra_time_duration = extra_time_duration
    push.save(task, renew=TASKS, notify=Level.UNIMPORTANT)


@handles(DeleteChildTask, renews=(TASKS,), notifies=Level.UNIMPORTANT)
def delete_child_task(push: Push, *, task_id: str) -> None:
    push.delete(push.get(Task, task_id), renew=TASKS, notify=Level.UNIMPORTANT)


@handles(ReviewChildTask, renews=(TASKS, BASE), notifies=Level.IMPORTANT)
def review_child_task(push: Push, *, task_id: str, ok: bool, time: int, day: int | None) -> None:
    if ok:
        push.require_full_version()
    task = push.get(Task, task_id)
    if not task.pending_request:
        raise Refused("the task does not wait for a review")
    if ok:
        _grant_extra_time(push, task, day)
        task.last_grant_timestamp = time
    task.pending_request = False
    push.save(task, renew=TASKS, notify=Level.IMPORTANT if ok else Level.UNIMPORTANT)


def _grant_extra_time(push: Push, task: Task, today: int | None) -> None:
    """Adds the extra time of a task; `today` is the day of the epoch, None from older clients."""
    category = push.get(Category, task.category_id)
    time, day = category.extra_time, category.extra_time_day
    if today is not None and day not in (ANY_DAY, today):
        time, day = 0, ANY_DAY
    store_extra_time(push, category, time + task.extra_time_duration, day)
