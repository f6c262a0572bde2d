"""Deletes and expires outdated data (data-model.md, "Retention").

`start` starts a thread in each worker; the table of job runs decides which worker runs a job. A job
uses one short transaction per family, so that it hardly delays requests. A job that fails is logged
and runs again after its interval.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import clock
import settings
from accounts import mail_tokens
from accounts.families import delete_family
from clock import DAY, HOUR, MINUTE
from identifiers import new_version
from mails import waiting
from models import (
    AddDeviceToken,
    Category,
    Device,
    DhKey,
    Family,
    JobRun,
    MailAuthToken,
    MailLoginToken,
    RateLimit,
    SessionDuration,
    UsedTime,
    WaitingMail,
)
from problem import Problem
from storage.database import for_update, reading, writing
from storage.engines import DATABASE_TROUBLE
from sync.notifications import Level, notify_family

log = logging.getLogger("timelimit.retention")

MAX_EXPIRED_FAMILIES = 100
MAX_OLD_FAMILIES = 256
MAX_OLD_TIMES = 1000

USED_TIME_LIFETIME = 10 * DAY
SESSION_DURATION_LIFETIME = 3 * DAY
FAMILY_LIFETIME = 90 * DAY


def expire_full_versions() -> int:
    """Locks families whose full version has ended, and notifies their devices. Returns the number
    of families."""
    if settings.current().always_pro:
        return 0
    ended = Family.select().where(
        Family.has_full_version, Family.full_version_until < clock.now_ms()
    )
    return _for_each_family(
        ended.order_by(Family.full_version_until).limit(MAX_EXPIRED_FAMILIES), ended, _expire
    )


def _expire(family: Family) -> None:
    family.has_full_version = False
    family.save()
    notify_family(family.family_id, Level.IMPORTANT)


def delete_old_families() -> int:
    """Deletes families that neither have the full version nor contact for 90 days, unless
    everything is unlocked for everybody. Returns the number of families."""
    if settings.current().always_pro:
        return 0
    oldest = clock.now_ms() - FAMILY_LIFETIME
    in_use = Device.select(Device.family_id).where(Device.last_connectivity >= oldest)
    unused = Family.select().where(
        Family.full_version_until < oldest, Family.family_id.not_in(in_use)
    )
    return _for_each_family(
        unused.order_by(Family.full_version_until).limit(MAX_OLD_FAMILIES), unused, delete_family
    )


def _for_each_family(batch: Any, condition: Any, effect: Callable[[Family], object]) -> int:
    """Applies the effect to each family of the query `batch`, if it is still found by the query
    `condition` once its row is locked. Returns the number of families."""

    @writing
    def apply(family_id: str) -> bool:
        family = for_update(condition.where(Family.family_id == family_id)).get_or_none()
        if family is not None:
            effect(family)
        return family is not None

    family_ids = reading(lambda: [family.family_id for family in batch])()
    return sum(apply(family_id) for family_id in family_ids)


def delete_old_tokens() -> int:
    """Deletes outdated tokens, replaced keys that clients no longer encrypt for, rate limits whose
    window has ended, and mails that could not be sent for a day. Returns the number of rows."""
    now = clock.now_ms()
    oldest = now - mail_tokens.LIFETIME
    outdated = (
        (MailAuthToken, MailAuthToken.created_at < oldest),
        (MailLoginToken, MailLoginToken.created_at < oldest),
        (AddDeviceToken, AddDeviceToken.created_at < oldest),
        (DhKey, DhKey.expire_at < now),
        (RateLimit, RateLimit.ends_at < now),
        (WaitingMail, WaitingMail.created_at < now - waiting.LIFETIME),
    )
    return sum(writing(model.delete().where(old).execute)() for model, old in outdated)


def delete_old_used_times() -> int:
    """Deletes used times and session durations that no limit considers any more. Returns the number
    of rows."""
    now = clock.now_ms()
    old_times = UsedTime.last_update < now - USED_TIME_LIFETIME
    old_sessions = SessionDuration.rounded_last_update < now - SESSION_DURATION_LIFETIME

    @reading
    def affected() -> dict[str, set[str]]:
        categories = defaultdict(set)
        for model, old, age in (
            (UsedTime, old_times, UsedTime.last_update),
            (SessionDuration, old_sessions, SessionDuration.rounded_last_update),
        ):
            for row in model.select().where(old).order_by(age).limit(MAX_OLD_TIMES):
                categories[row.family_id].add(row.category_id)
        return categories

    @writing
    def delete(family_id: str, category_ids: set[str]) -> int:
        for_update(Family.select().where(Family.family_id == family_id)).get_or_none()
        deleted = 0
        for model, old in ((UsedTime, old_times), (SessionDuration, old_sessions)):
            here = (model.family_id == family_id) & model.category_id.in_(category_ids)
            deleted += model.delete().where(here, old).execute()
        categories = Category.select().where(
            Category.family_id == family_id, Category.category_id.in_(category_ids)
        )
        for category in categories:
            category.used_times_version = new_version(unlike=category.used_times_version)
            category.save()
        return deleted

    return sum(delete(*family) for family in affected().items())


class Job(NamedTuple):
    name: str
    run: Callable[[], int]
    first_after: int  # ms after the start of the server
    interval: int  # ms


JOBS = (
    Job("expire full versions", expire_full_versions, 5 * MINUTE, HOUR),
    Job("delete old tokens", delete_old_tokens, 7 * MINUTE, HOUR),
    Job("delete old used times", delete_old_used_times, 13 * MINUTE, 30 * MINUTE),
    Job("delete old families", delete_old_families, 23 * MINUTE, HOUR),
)


def start(*others: Job) -> None:
    """Starts the thread that runs the jobs, and others, in this process."""
    jobs = (*JOBS, *others)
    threading.Thread(target=_run_forever, args=(jobs,), name="retention", daemon=True).start()


def _run_forever(jobs: tuple[Job, ...]) -> None:
    started = time.monotonic()
    due = {job: started + job.first_after / 1000 for job in jobs}
    while True:
        job = min(due, key=due.__getitem__)
        time.sleep(max(0, due[job] - time.monotonic()))
        due[job] = time.monotonic() + job.interval / 1000
        run_if_due(job)


def run_if_due(job: Job) -> None:
    """Runs a job, unless a process of the server has run it within its interval. Logs failures."""
    try:
        if _take(job):
            done = job.run()
            log.log(logging.INFO if done else logging.DEBUG, "%s: %s", job.name, done)
    except (*DATABASE_TROUBLE, Problem) as error:
        log.error("%s failed: %s", job.name, error)
    except Exception:
        log.exception("%s failed", job.name)


@writing
def _take(job: Job) -> bool:
    """Records a run of the job and returns True, if the job is due."""
    now = clock.now_ms()
    # The minute tolerates timers that are slightly early.
    is_due = JobRun.last_run <= now - job.interval + MINUTE
    was_clock_set_back = JobRun.last_run > now
    JobRun.insert(job=job.name, last_run=0).on_conflict_ignore().execute()
    taken = JobRun.update(last_run=now).where(JobRun.job == job.name, is_due | was_clock_set_back)
    return bool(taken.execute())
