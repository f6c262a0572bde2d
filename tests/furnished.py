"""A family that has something of everything."""

import base64
from typing import Any

from flask.testing import FlaskClient

from tests.wire import SECOND_HASH, Family, post


def b64(byte: int, length: int) -> str:
    return base64.b64encode(bytes([byte]) * length).decode()


def rule(rule_id: str, category: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "CREATE_TIMELIMIT_RULE",
        "rule": {
            "ruleId": rule_id,
            "categoryId": category,
            "time": 3_600_000,
            "days": 127,
            "extraTime": False,
            **more,
        },
    }


class FurnishedFamily(Family):
    """Two parents, a child with two categories, and a device that is used by the child."""

    def __init__(self, client: FlaskClient) -> None:
        super().__init__(client)
        self.child = self.add_child(password=SECOND_HASH)
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
        category = {"categoryId": self.games}
        return [
            {"type": "SET_CATEGORY_EXTRA_TIME", **category, "newExtraTime": 60_000, "day": 20_000},
            {"type": "ADD_CATEGORY_APPS", **category, "packageNames": ["org.b", "org.a:c"]},
            {
                "type": "ADD_CATEGORY_NETWORK_ID",
                **category,
                "itemId": "net001",
                "hashedNetworkId": "0123abcd",
            },
            {"type": "UPDATE_CATEGORY_TIME_WARNINGS", **category, "enable": True, "flags": 3},
            {
                "type": "UPDATE_CATEGORY_TIME_WARNINGS",
                **category,
                "enable": True,
                "flags": 0,
                "minutes": 7,
            },
            rule("rule01", self.games, e=2_000_000_000_000, perDay=True, dur=60_000, pause=60_000),
            rule("rule02", self.games),
            {
                "type": "UPDATE_CHILD_TASK",
                "isNew": True,
                "taskId": "task01",
                **category,
                "taskTitle": "Tidy up",
                "extraTimeDuration": 60_000,
            },
            {
                "type": "SET_CATEGORY_FOR_UNASSIGNED_APPS",
                "childId": self.child,
                "categoryId": self.chess,
            },
            {
                "type": "UPDATE_USER_LIMIT_LOGIN_CATEGORY",
                "userId": self.parent_user,
                "categoryId": self.chess,
            },
            {"type": "ADD_PARENT_U2F", "keyHandle": b64(1, 64), "publicKey": b64(4, 65)},
        ]

    def _reports(self) -> list[dict[str, Any]]:
        return [
            {
                "type": "ADD_USED_TIME_V2",
                "d": 20_000,
                "t": 1_700_000_000_000,
                "i": [
                    {
                        "categoryId": self.games,
                        "tta": 1000,
                        "etts": 0,
                        "as": [[0, 719]],
                        "sdl": [[0, 1439, 60_000, 60_000]],
                    }
                ],
            },
            {"type": "UPDATE_INSTALLED_APPS", "w": False, "b": "AAAA", "d": ""},
            {"type": "UPLOAD_DEVICE_PUBLIC_KEY", "key": b64(5, 32)},
            {"type": "UPDATE_DEVICE_STATUS", "platformType": "android", "platformLevel": 1},
            *(
                {
                    "type": "SEND_KEY_REQUEST",
                    "dsn": number,
                    "dataType": 1,
                    "tempKey": b64(6, 32),
                    "signature": b64(7, 64),
                    **about,
                }
                for number, about in enumerate(
                    ({}, {"deviceId": self.parent.id}, {"categoryId": self.games})
                )
            ),
            {"type": "PING", "deviceId": self.parent.id, "event": "ping", "token": "token1"},
        ]

    def _answers(self) -> list[dict[str, Any]]:
        return [
            {
                "type": "REPLY_TO_KEY_REQUEST",
                "rsn": 1,
                "tempKey": b64(8, 32),
                "encryptedKey": b64(9, 16),
                "signature": b64(10, 64),
            },
            {"type": "PING", "deviceId": self.device.id, "event": "pong", "token": "token2"},
        ]

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
