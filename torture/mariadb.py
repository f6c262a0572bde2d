"""A private server of MariaDB in a temporary folder."""

import os
import shutil
import signal
import subprocess
import time
from itertools import count
from pathlib import Path

import pymysql

from tests.real_server import free_port, until

_PROGRAMS = ("mariadbd", "mariadb-install-db")
_PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"


def is_mariadb_here() -> bool:
    return all(shutil.which(program, path=_PATH) for program in _PROGRAMS)


class MariaDb:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        # Run as root, it insists on being told so.
        self._user = "--user=root" if os.geteuid() == 0 else f"--user={os.environ['USER']}"
        self._run("mariadb-install-db", "--auth-root-authentication-method=normal").wait()

    def _run(self, program: str, *options: str) -> "subprocess.Popen[bytes]":
        executable = shutil.which(program, path=_PATH)
        assert executable
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    executable,
                    "--no-defaults",
                    f"--datadir={self._folder}/data",
                    self._user,
                    *options,
                ],
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        self._process = self._run(
            "mariadbd",
            f"--port={self._port}",
            "--bind-address=127.0.0.1",
            f"--socket={self._folder}/socket",
            f"--pid-file={self._folder}/pid",
            "--innodb-buffer-pool-size=64M",
        )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except pymysql.OperationalError:
            return False
        return True

    def connect(self, database: str | None = None) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1", port=self._port, user="root", database=database, autocommit=True
        )

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()

    def new_database(self) -> str:
        """Its URL."""
        name = f"torture{next(self._names)}"
        connection = self.connect()
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return f"mysql://root@127.0.0.1:{self._port}/{name}"

    def hang(self, seconds: float) -> None:
        """Stops it for a while, as a lost network would."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)
