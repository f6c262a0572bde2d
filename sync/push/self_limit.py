"""Limits that a child adds for itself (child-actions.md, Part 2). Handlers of actions that allow it
declare a rule."""

from sync.push.refused import Refused
from sync.push.registry import ParsedAction
from sync.push.state import Push


def check(push: Push, action: ParsedAction) -> None:
    """Raises Refused unless the action has a rule for children and keeps it."""
    rule = action.definition.self_limit
    if rule is None:
        raise Refused("a child can't do this for itself")
    rule(push, **action.fields)
