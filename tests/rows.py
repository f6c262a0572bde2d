"""Rows of all kinds, for tests of cascades."""

from itertools import count
from typing import Any

import peewee

import models
from storage import database as db
from tests.wire import Device, Family

#: Every model whose rows belong to a family.
OF_FAMILIES: list[Any] = [model for model in models.ALL if "family_id" in model._meta.fields]

#: The keys by which the rows belong together.
KEYS = {
    "user_id": "user01",
    "child_id": "user01",
    "device_id": "device",
    "receiver_device_id": "device",
    "sender_device_id": "device",
    "category_id": "games1",
    "server_sequence_number": 1,
    "request_server_sequence_number": 1,
}

#: Fields with the next number of a device.
_NUMBERS = {"next_sequence_number"}

_unique = count(1)


@db.writing
def store_row_of_each_kind(family: Family) -> None:
    """Stores a user, a device and a category of a family, and a row of every kind that refers to
    them."""
    for model in OF_FAMILIES:
        if model is not models.Family:
            needed = (
                field
                for field in model._meta.sorted_fields
                if field.default is None and not field.null
            )
            keys = {**KEYS, "family_id": family.id}
            model.create(**{field.name: keys.get(field.name, _value(field)) for field in needed})


def _value(field: peewee.Field) -> Any:
    if isinstance(field, peewee.CharField):
        return f"{next(_unique):0{min(field.max_length, 32)}}"
    return b"x" if isinstance(field, peewee.BlobField) else 1


@db.reading
def models_with_rows(family: Family) -> set[type[models.Row]]:
    """The models that have rows of a family."""
    return {
        model
        for model in OF_FAMILIES
        if model.select().where(model.family_id == family.id).exists()
    }


@db.reading
def retired_hashes() -> set[str]:
    """The hashes of the tokens of removed devices."""
    return {row.token_hash for row in models.OldDevice.select()}


@db.reading
def stored_token_hash(device: Device) -> str:
    """The hash that a device has in the database, maybe of a token that no client knows."""
    row = models.Device.get_by_id((device.family.id, device.id))
    return str(row.token_hash)


@db.reading
def stored_rows(family: Family) -> dict[str, list[Any]]:
    """All rows of a family by table, without the next sequence numbers, which refused actions
    change, too."""
    return {
        model._meta.table_name: list(
            model.select(
                *(field for field in model._meta.sorted_fields if field.name not in _NUMBERS)
            )
            .where(model.family_id == family.id)
            .order_by(*model._meta.get_primary_keys())
            .tuples()
        )
        for model in OF_FAMILIES
    }
