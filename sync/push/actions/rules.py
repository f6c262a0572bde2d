"""Rules: how long the apps of a category may be used (parent-actions.md, "Rules")."""

from typing import Any

from models import Category, Rule
from schemas.limits import RULES_PER_FAMILY
from schemas.parent_actions import CreateTimelimitRule, DeleteTimelimitRule, UpdateTimelimitRule
from sync.notifications import Level
from sync.push.actions.lookups import own_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import RULES


def _is_for_own_category(push: Push, *, rule: dict[str, Any]) -> None:
    """The rule is for a category of the child."""
    own_category(push, rule["category_id"])


@handles(
    CreateTimelimitRule,
    renews=(RULES,),
    notifies=Level.IMPORTANT,
    self_limit=_is_for_own_category,
)
def create_timelimit_rule(push: Push, *, rule: dict[str, Any]) -> None:
    push.get(Category, rule["category_id"])
    push.require_room(Rule, RULES_PER_FAMILY)
    push.create(Rule, renew=RULES, notify=Level.IMPORTANT, **rule)


def _stays_as_strict(push: Push, *, rule_id: str, **attributes: Any) -> None:
    """The rule, of a category of the child, gets no less strict."""
    rule = push.get(Rule, rule_id)
    own_category(push, rule.category_id)
    if not _is_as_strict(Rule(**attributes), rule):
        raise Refused("the rule would be less strict")


def _is_as_strict(new: Rule, old: Rule) -> bool:
    """Tells whether a rule forbids all that the old one does (child-actions.md, "Rules")."""
    return (
        new.maximum_time <= old.maximum_time
        and not old.day_mask & ~new.day_mask
        and new.apply_to_extra_time_usage >= old.apply_to_extra_time_usage
        and new.start_minute_of_day <= old.start_minute_of_day
        and new.end_minute_of_day >= old.end_minute_of_day
        and _sessions_are_as_strict(new, old)
        # With one day at most, time per day and time of all days together are the same.
        and (new.per_day <= old.per_day or old.day_mask.bit_count() <= 1)
        and _lasts_as_long(new, old)
    )


def _sessions_are_as_strict(new: Rule, old: Rule) -> bool:
    if not _limits_sessions(old):
        return True
    return (
        _limits_sessions(new)
        and new.session_duration <= old.session_duration
        and new.session_pause >= old.session_pause
    )


def _limits_sessions(rule: Rule) -> bool:
    return rule.session_duration > 0 and rule.session_pause > 0


def _lasts_as_long(new: Rule, old: Rule) -> bool:
    if new.expires_at is None:
        return True
    return old.expires_at is not None and new.expires_at >= old.expires_at


@handles(
    UpdateTimelimitRule,
    renews=(RULES,),
    notifies=Level.IMPORTANT,
    self_limit=_stays_as_strict,
)
def update_timelimit_rule(push: Push, *, rule_id: str, **attributes: Any) -> None:
    """The schema names its `attributes` like those of a rule."""
    rule = push.get(Rule, rule_id)
    for name, value in attributes.items():
        setattr(rule, name, value)
    push.save(rule, renew=RULES, notify=Level.IMPORTANT)


@handles(DeleteTimelimitRule, renews=(RULES,), notifies=Level.IMPORTANT)
def delete_timelimit_rule(push: Push, *, rule_id: str) -> None:
    push.delete(push.get(Rule, rule_id), renew=RULES, notify=Level.IMPORTANT)
