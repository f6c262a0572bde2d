"""Fixtures of most actions: a child and a category of it."""

import pytest

from tests import actions
from tests.wire import Family, Sender

ALLOW_SELF_LIMIT_ADD = 2


@pytest.fixture
def child(family: Family) -> str:
    return family.add_child()


@pytest.fixture
def category(family: Family, child: str) -> str:
    return family.add_category(child)


@pytest.fixture
def by_child(family: Family, child: str) -> Sender:
    """A child that may add limits for itself, at a device that it uses."""
    device = family.add_device("Child's", user=child)
    flag = ALLOW_SELF_LIMIT_ADD
    family.parent_does(actions.update_user_flags(child, flag, flag))
    return device.as_child_device(child)


@pytest.fixture
def other_family_category(family: Family) -> str:
    """A category of another family, with an id that this one does not use."""
    stranger = Family(family.client)
    stranger.parent_does(actions.create_category("alien0", stranger.add_child()))
    return "alien0"
