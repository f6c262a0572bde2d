"""A family with rows of every kind."""

from typing import Any

from flask.testing import FlaskClient

from tests import actions
from tests.actions import TODAY, T
from tests.passwords import SECOND_HASH
from tests.wire import Family, post


class FurnishedFamily(Family):
    """Two parents, a child with two categories, and a device that is used by the child."""

    def __init__(self, client: FlaskClient, *, mail: str = "") -> None:
        super().__init__(client, mail=mail)
        self.child = self.add_child(second_hash=SECOND_HASH)
        self.games = self.add_category(self.child, "Games")
        self.chess = self.add_category(self.child, "Chess", parent=self.games)
        self.add_parent()
        self.device = self.add_device(user=self.child)
        self.parent_does(*self._settings())
        self.device.applies(*self._reports())
        self.parent.applies(*self._answers())
        self._ask_for_words()
        for device in (self.device, self.parent):
            device.full_pull()

    def _settings(self) -> list[dict[str, Any]]:
        warnings = actions.update_category_time_warnings
        return [
            actions.set_category_extra_time(self.games, 60_000, day=TODAY),
            actions.add_category_apps(self.games, "org.b", "org.a:c"),
            actions.add_category_network_id(self.games),
            warnings(self.games, flags=3),
            warnings(self.games, minutes=7),
            actions.create_timelimit_rule(
                "rule01", self.games, e=2_000_000_000_000, perDay=True, dur=60_000, pause=60_000
            ),
            actions.create_timelimit_rule("rule02", self.games),
            actions.update_child_task("task01", self.games),
            actions.set_category_for_unassigned_apps(self.child, self.chess),
            actions.update_user_limit_login_category(self.parent_user, self.chess),
            actions.add_parent_u2f(),
        ]

    def _reports(self) -> list[dict[str, Any]]:
        slots: dict[str, Any] = {"as": [[0, 719]], "sdl": [[0, 1439, 60_000, 60_000]]}
        return [
            actions.add_used_time_v2(actions.used(self.games, **slots), t=T),
            actions.update_installed_apps(b="AAAA", d=""),
            actions.upload_device_public_key(),
            actions.update_device_status(platformType="android", platformLevel=1),
            actions.send_key_request(0),
            actions.send_key_request(1, deviceId=self.parent.id),
            actions.send_key_request(2, categoryId=self.games),
            actions.ping(self.parent.id),
        ]

    def _answers(self) -> list[dict[str, Any]]:
        return [actions.reply_to_key_request(), actions.ping(self.device.id, "pong", "token2")]

    def _ask_for_words(self) -> None:
        post(
            self.client,
            "/parent/create-add-device-token",
            {
                "deviceAuthToken": self.parent.token,
                "parentId": self.parent_user,
                "parentPasswordSecondHash": SECOND_HASH,
            },
        )
