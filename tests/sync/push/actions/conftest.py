"""Authors and rows that several actions are tested with."""

import pytest

from tests import actions
from tests.actions import ALLOW_SELF_LIMIT_ADD
from tests.wire import Family, Sender


@pytest.fixture
def by_child(family: Family, child: str) -> Sender:
    """A child that may add limits for itself, at a device that it uses."""
    device = family.add_device("Child's", user=child)
    family.parent_does(actions.update_user_flags(child, ALLOW_SELF_LIMIT_ADD, ALLOW_SELF_LIMIT_ADD))
    return device.as_child_device(child)


@pytest.fixture
def other_family_category(family: Family) -> str:
    """A category of another family, with an id that this one does not use."""
    stranger = Family(family.client)
    stranger.parent_does(actions.create_category("alien0", stranger.add_child()))
    return "alien0"
