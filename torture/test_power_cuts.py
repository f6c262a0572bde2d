"""Power cuts: each moment of a run is rebuilt from what was written and synced until then."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import settings
from app import create_app
from storage import database as db
from tests import actions
from tests.wire import Family
from torture.power import Answered, Disk, Event, RecordedSqlite, Recorder, Sync, Write

NAME = "torture.db"

ACTIONS = 3


def _record(folder: Path, pushes: int, synchronous: str) -> tuple[str, list[Event]]:
    """Records the operations of the disk during a run of pushes. Each action adds a ms of used
    time. Returns the id of the device, too."""
    url = f"sqlite:///{folder}/{NAME}"
    client = create_app(replace(settings.from_environment({}), database_url=url)).test_client()
    db.migrate()
    db.database.close_all()
    recorder = Recorder()
    recorder.events += [Write(NAME, 0, (folder / NAME).read_bytes()), Sync(NAME)]
    db.database.initialize(RecordedSqlite(f"{folder}/{NAME}", synchronous=synchronous))
    family = Family(client)
    category = family.add_category(family.add_child())
    phone = family.add_device()
    action = actions.add_used_time(category, 1)
    recorder.events.append(Answered(0))
    for push in range(1, pushes + 1):
        phone.applies(*[action] * ACTIONS)
        recorder.events.append(Answered(push))
    events = list(recorder.events)
    db.database.close_all()
    recorder.unregister()
    return phone.id, events


def _stored_pushes(folder: Path, files: dict[str, bytearray], device_id: str) -> int:
    """Opens a database as a power cut left it, and counts the pushes in it."""
    for file in folder.iterdir():
        file.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    database = sqlite3.connect(folder / NAME)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    (number,) = database.execute(
        "SELECT coalesce(sum(next_sequence_number), 0) FROM device WHERE device_id = ?",
        (device_id,),
    ).fetchone()
    (used,) = database.execute("SELECT coalesce(sum(used_time), 0) FROM used_time").fetchone()
    database.close()
    assert number == used
    return int(used) // ACTIONS


def _after_power_cuts(
    folder: Path, device_id: str, events: list[Event]
) -> Iterator[tuple[int, int]]:
    """Yields the numbers of answered and of found pushes for each moment since the first push."""
    disk = Disk()
    begin = events.index(Answered(0))
    for place, event in enumerate(events):
        disk.take(event)
        if place >= begin:
            for files in disk.after_power_cut():
                yield disk.answered, _stored_pushes(folder, files, device_id)


def test_answered_pushes_survive_a_power_cut_at_any_moment(
    short: bool, tmp_path: Path, memory: Path, report: list[str]
) -> None:
    pushes = 200 if short else 1_000
    device_id, events = _record(tmp_path, pushes, "full")
    cuts = 0
    for answered, stored in _after_power_cuts(memory, device_id, events):
        assert stored in (answered, answered + 1)
        cuts += 1
    checkpoints = sum(isinstance(event, Sync) and event.name == NAME for event in events)
    report.append(
        f"{pushes} pushes, {len(events)} events of the disk with {checkpoints} checkpoints, "
        f"{cuts} disks rebuilt, no answered push missing"
    )


def test_weaker_settings_lose_answered_pushes(tmp_path: Path, memory: Path) -> None:
    device_id, events = _record(tmp_path, 10, "normal")
    assert any(
        stored < answered for answered, stored in _after_power_cuts(memory, device_id, events)
    )
