"""What a scenario sends: symbols and computed values become what goes over the wire."""

import hashlib
import json
from typing import Any

from conformance.client import Device
from conformance.crypto import (
    encrypt_for_server,
    hide_hash,
    password_integrity,
    sha512_integrity,
)
from conformance.errors import ScenarioError
from conformance.symbols import Symbols, is_symbol

Json = dict[str, Any]


class Devices:
    """The devices of a scenario by name; each comes into being when it is first named."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}

    def __getitem__(self, name: str) -> Device:
        return self._devices.setdefault(name, Device())


class Values:
    """Turns values of a scenario into values to send."""

    def __init__(self, symbols: Symbols, devices: Devices) -> None:
        self._symbols = symbols
        self._devices = devices

    def of(self, value: Any) -> Any:
        if is_symbol(value):
            return self._symbols.require(value)
        if isinstance(value, str):
            return self._symbols.fill_in(value)
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, dict):
            if len(value) == 1:
                ((name, argument),) = value.items()
                if name in ("$sha512", "$hideHash", "$dhEncrypt", "$upper", "$repeat"):
                    return self._computed(name, argument)
            return {self._symbols.fill_in(key): self.of(item) for key, item in value.items()}
        return value

    def _computed(self, name: str, argument: Any) -> str:
        argument = self.of(argument)
        match name:
            case "$sha512":
                digest = hashlib.sha512("".join(argument["of"]).encode()).hexdigest()
                return digest[: argument.get("first", len(digest))]
            case "$hideHash":
                return hide_hash(**argument)
            case "$dhEncrypt":
                return self._encrypted(**argument)
            case "$upper":
                return str(argument).upper()
            case _:  # $repeat
                return str(argument["text"] * argument["times"])

    def _encrypted(self, device: str, plain: str, aad: str, version: str | None = None) -> str:
        known = self._devices[device].known
        if known.dh_key is None or known.dh is None:
            raise ScenarioError(f"device {device} got no DH key yet")
        return encrypt_for_server(known.dh_key, version or known.dh, plain, aad)

    def pushed_action(self, device_name: str, item: Json) -> Json:
        """An item of a push. Without `seq` it takes the next sequence number of its device."""
        device = self._devices[device_name]
        sequence = item.get("seq", device.next_sequence_number)
        device.next_sequence_number = max(device.next_sequence_number, sequence + 1)
        if "encoded" in item:
            encoded = self._symbols.fill_in(item["encoded"])
        else:
            action = self.of(item["action"])
            encoded = json.dumps(action, separators=(",", ":"), ensure_ascii=False)
        return {
            "encodedAction": encoded,
            "sequenceNumber": sequence,
            "type": item["type"],
            "userId": self.of(item.get("userId", "")),
            "integrity": self._integrity(item.get("auth", "none"), sequence, device_name, encoded),
        }

    def _integrity(self, auth: str | Json, sequence: int, device_name: str, encoded: str) -> str:
        """The integrity value. Scenarios may ask for one that was computed for something else."""
        if isinstance(auth, str):
            return "" if auth == "none" else auth
        if "raw" in auth:
            return str(self.of(auth["raw"]))
        sequence = auth.get("seq", sequence)
        device_id = self.of(auth.get("deviceId", f"$device:{device_name}"))
        encoded = auth.get("encoded", encoded)
        if "sha512" in auth:
            return sha512_integrity(sequence, device_id, self.of(auth["sha512"]), encoded)
        value = password_integrity(sequence, device_id, self.of(auth["password"]), encoded)
        return value[: auth.get("cut", len(value))]
