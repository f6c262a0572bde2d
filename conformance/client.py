"""What a client remembers between two pulls."""

import copy
from typing import Any

#: The lists of categories in an answer, and the names of their versions in a request.
_CATEGORY_PARTS = (
    ("categoryBase", "base"),
    ("categoryApp", "apps"),
    ("rules", "rules"),
    ("usedTimes", "usedTime"),
    ("tasks", "tasks"),
)
_APP_LISTS = (("appsBase", "appsB"), ("appsDiff", "appsD"))


class KnownVersions:
    """The versions that a client got, from which it makes the status of its next pull."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.devices = ""
        self.users = ""
        self.categories: dict[str, dict[str, str]] = {}
        self.app_lists: dict[str, dict[str, str]] = {}
        self.key_request: int | None = None
        self.key_response: int | None = None
        self.dh: str | None = None
        self.dh_key: str | None = None
        self.u2f: str | None = None

    def status(self, level: int | None) -> dict[str, Any]:
        """The status object that a client of this level sends."""
        number = level or 0
        categories = {}
        for category_id, versions in self.categories.items():
            entry = {name: versions.get(name, "") for name in ("base", "apps", "rules", "usedTime")}
            if number >= 3 and "tasks" in versions:
                entry["tasks"] = versions["tasks"]
            categories[category_id] = entry
        status: dict[str, Any] = {
            "devices": self.devices,
            "users": self.users,
            "apps": {},
            "categories": categories,
        }
        if level is not None:
            status["clientLevel"] = level
        if number >= 4:
            status["devicesDetail"] = copy.deepcopy(self.app_lists)
        for name, value, since in (
            ("kri", self.key_request, 4),
            ("kr", self.key_response, 4),
            ("dh", self.dh, 5),
            ("u2f", self.u2f, 6),
        ):
            if number >= since and value is not None:
                status[name] = value
        return status

    def repeated(self, answer: dict[str, Any]) -> list[str]:
        """Places in an answer that have the very version that the client has told."""
        found = []
        for field, known in (("devices", self.devices), ("users", self.users)):
            if field in answer and answer[field]["version"] == known:
                found.append(f"$.{field}.version")
        for field, name in _CATEGORY_PARTS:
            for item in answer.get(field, []):
                if self.categories.get(item["categoryId"], {}).get(name) == item["version"]:
                    found.append(f"$.{field}[categoryId={item['categoryId']}].version")
        for item in answer.get("devices2", []):
            known_lists = self.app_lists.get(item["deviceId"], {})
            for field, name in _APP_LISTS:
                if field in item and known_lists.get(name) == item[field]["version"]:
                    found.append(f"$.devices2[deviceId={item['deviceId']}].{field}.version")
        for field, known_version in (("dh", self.dh), ("u2f", self.u2f)):
            if field in answer and answer[field]["v"] == known_version:
                found.append(f"$.{field}.v")
        return found

    def learn(self, answer: dict[str, Any]) -> None:
        if "devices" in answer:
            self.devices = answer["devices"]["version"]
            alive = {item["deviceId"] for item in answer["devices"]["data"]}
            self.app_lists = {key: value for key, value in self.app_lists.items() if key in alive}
        if "users" in answer:
            self.users = answer["users"]["version"]
        for category_id in answer.get("rmCategories", []):
            self.categories.pop(category_id, None)
        for field, name in _CATEGORY_PARTS:
            for item in answer.get(field, []):
                self.categories.setdefault(item["categoryId"], {})[name] = item["version"]
        for item in answer.get("devices2", []):
            entry = self.app_lists.setdefault(item["deviceId"], {})
            entry.update(
                {name: item[field]["version"] for field, name in _APP_LISTS if field in item}
            )
        for item in answer.get("krq", []):
            self.key_request = max(self.key_request or 0, item["srvSeq"])
        for item in answer.get("kr", []):
            self.key_response = max(self.key_response or 0, item["srvSeq"])
        if "dh" in answer:
            self.dh, self.dh_key = answer["dh"]["v"], answer["dh"]["k"]
        if "u2f" in answer:
            self.u2f = answer["u2f"]["v"]


class Device:
    """A device of the family that a scenario plays with."""

    def __init__(self) -> None:
        self.next_sequence_number = 0
        self.known = KnownVersions()
