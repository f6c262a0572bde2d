"""Nobody else on the machine can read the database."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.private_files import make_private
from tests.real_server import ROOT, Server
from tests.wire import post


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_new_database_is_private(tmp_path: Path) -> None:
    make_private(tmp_path / "data" / "timelimit.db")
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "timelimit.db") == 0o600


def test_existing_database_is_corrected_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    files = [folder / f"timelimit.db{suffix}" for suffix in ("", "-wal", "-shm")]
    for file in files:
        file.write_text("content")
        file.chmod(0o644)
    make_private(files[0])
    assert {mode(file) for file in files} == {0o600}
    assert mode(folder) == 0o700
    assert {file.read_text() for file in files} == {"content"}
    (record,) = caplog.records
    assert "could read" in record.message
    make_private(files[0])
    assert caplog.records == [record]


def test_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / "photos").mkdir()
    make_private(folder / "timelimit.db")
    assert mode(folder) == 0o755
    assert mode(folder / "timelimit.db") == 0o600


def test_running_server_has_private_files(tmp_path: Path) -> None:
    server = Server(tmp_path).started()
    try:
        post(server, "/sync/is-device-removed", {"deviceAuthToken": ""})
        files = [path for path in tmp_path.rglob("*.db*") if path.is_file()]
        assert any(path.name.endswith("-wal") for path in files)
        assert {mode(path) for path in files} == {0o600}
    finally:
        server.stop()


def test_commands_create_private_files(tmp_path: Path) -> None:
    subprocess.run(  # noqa: S603
        [ROOT / "commands/timelimit-sync", "migrate"],
        env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/data/commands.db"},
        check=True,
    )
    assert mode(tmp_path / "data" / "commands.db") == 0o600
