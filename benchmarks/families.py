"""Families as big as real ones, made over the wire in this process before a server starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from peewee import chunked

import settings
from app import create_app
from clock import DAY
from schemas.limits import ACTIONS_PER_PUSH
from storage.database import database, migrate
from tests import actions
from tests.wire import Device, Family

APPS = 10
DAYS = 30

#: The last day with used times; pushes add to it, so pulls keep their size.
TODAY = time.time_ns() // 1_000_000 // DAY

#: Start and end minute, longest session and pause in ms: from the second rule of each category;
#: clients send it along with used time.
SESSION_LIMIT = [0, 1439, 1_800_000, 600_000]


@contextmanager
def server_in_process(database_url: str) -> Iterator[FlaskClient]:
    """A client of the application, which runs in this process on a migrated database."""
    app = create_app(replace(settings.load(), database_url=database_url))
    migrate()
    try:
        yield app.test_client()
    finally:
        database.close_all()


class BusyFamily(Family):
    """One parent, two children, and categories with 10 apps, 2 rules and 30 days of used times.

    The categories are those of the first child, who uses all devices but the parent's: devices may
    not add to what another child has used today.
    """

    def __init__(self, client: FlaskClient, *, categories: int = 20, devices: int = 3) -> None:
        super().__init__(client)
        child, _ = self.add_child("Ada"), self.add_child("Ben")
        self.devices = [self.parent]
        for _ in range(devices - 1):
            self.devices.append(self.add_device(user=child))
        self.categories = [self.new_id("k") for _ in range(categories)]
        settings_of_parent = [
            action for category in self.categories for action in self._category(child, category)
        ]
        for some in chunked(settings_of_parent, ACTIONS_PER_PUSH):
            self.parent_does(*some)
        days = range(TODAY - DAYS + 1, TODAY + 1)
        self.parent.applies(*(self.used_time(*self.categories, day=day) for day in days))

    def _category(self, child: str, category: str) -> list[dict[str, Any]]:
        _, _, duration, pause = SESSION_LIMIT
        return [
            actions.create_category(category, child, f"Category {category}"),
            actions.add_category_apps(
                category, *[f"org.example.{category}.app{app}" for app in range(APPS)]
            ),
            actions.create_timelimit_rule(self.new_id(), category),
            actions.create_timelimit_rule(self.new_id(), category, dur=duration, pause=pause),
        ]

    def used_time(self, *categories: str, day: int = TODAY) -> dict[str, Any]:
        """An action that adds a millisecond to each of the categories."""
        return actions.add_used_time_v2(
            *[
                {"categoryId": category, "tta": 1, "etts": 0, "as": [], "sdl": [SESSION_LIMIT]}
                for category in categories
            ],
            d=day,
            t=day * DAY,
        )

    def speak_to(self, client: Any) -> None:
        """Lets all devices of the family talk to this server from now on."""
        self.client = client
        for device in self.devices:
            device.client = client

    def effect(self) -> int:
        """The milliseconds that all pushes together have added, as a pull reports them."""
        answer = self.parent.full_pull()
        return sum(
            time["time"]
            for entry in answer["usedTimes"]
            for time in entry["times"]
            if time["day"] == TODAY
        ) + sum(entry["extraTime"] for entry in answer["categoryBase"])


def known_of(device: Device) -> dict[str, Any]:
    """Pulls until nothing is new, and returns the summary of the device."""
    while device.news():
        pass
    return device.known
