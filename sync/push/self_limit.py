"""Limits that a child adds for itself (child-actions.md, Part 2).

Which actions are possible, and what each has to keep, is declared by their handlers; what holds
for all of them stands here.
"""

from typing import Any

from sync.push.refused import Refused
from sync.push.registry import Definition
from sync.push.state import Push

#: Bit of a user's flags.
ALLOW_SELF_LIMIT_ADD = 2


def check(push: Push, definition: Definition, action: dict[str, Any]) -> None:
    """Raises Refused unless the author of a `childDevice` action may do it."""
    child_id = push.author.user_id
    if not child_id or push.device.current_user_id != child_id:
        raise Refused("the child is not the user of the device")
    if not push.child(child_id).flags & ALLOW_SELF_LIMIT_ADD:
        raise Refused("the child may not add limits for itself")
    if definition.self_limit is None:
        raise Refused("a child can't do this for itself")
    definition.self_limit(push, action)
