"""The embedded PostgreSQL: a server from PyPI for demo, tests and trying out.

``initdb`` and ``pg_ctl`` are driven from here and from its folder, not by the package that brings them: that keeps the
holders of a server as process ids, which outlive the processes. Here a holder is a shared ``flock``, which the kernel
drops with the process, and the last holder that lets go stops the server.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from connector.domain.errors import StorageError
from connector.store.embedded_folder import Folder, default_data_dir

__all__ = [
    "EmbeddedServer",
    "create_database",
    "default_data_dir",
    "drop_database",
    "install_term_handler",
    "server",
]


class EmbeddedServer:
    """A hold on the server of one data folder; the last hold that is let go stops the server."""

    def __init__(
        self, data_dir: Path, *, tcp_port: int | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        """``tcp_port``: listen on loopback too. ``options``: PostgreSQL settings, if this hold starts the server."""
        self._folder = Folder(data_dir)
        self._tcp_port = tcp_port
        self._options = {"timezone": "UTC", "log_timezone": "UTC", **(options or {})}
        self._holder: int | None = None
        self._holder_pid = 0

    def start(self) -> None:
        """Make sure that the server runs and hold it. Call it again at any time: a server that died is restarted."""
        with self._folder.advising():
            self._folder.prepare()
            with self._alone():
                already_held = self._holder is not None
                self._hold()
                try:
                    self._ensure_running()
                except BaseException:
                    if not already_held:
                        self._let_go()
                    raise

    def stop(self) -> None:
        """Let go; if nobody else holds the server, stop it."""
        if self._holder is not None and self._holder_pid == os.getpid():  # not in a fork of the holder
            with suppress(FileNotFoundError), self._alone():
                self._let_go()

    def url(self, database: str = "postgres") -> str:
        """The address of a database on this server, for this user of the machine and no other."""
        if self._holder is None:
            raise StorageError(f"The PostgreSQL of {self.data_dir} has not been started: call start() first")
        name, folder = quote(database, safe=""), quote(self._socket, safe="")
        return f"postgresql://postgres@/{name}?host={folder}&port={self._port}"

    @property
    def data_dir(self) -> Path:
        """The folder that the server serves."""
        return self._folder.path

    @property
    def postmaster_pid(self) -> int | None:
        """The process id of the running server."""
        process = self._postmaster()
        return process.pid if process else None

    # ------------------------------------------------------------ who holds it
    @contextmanager
    def _alone(self) -> Iterator[None]:
        file = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _hold(self) -> None:
        if self._holder is None:
            self._holder = os.open(self.data_dir / "holders", os.O_RDWR | os.O_CREAT, 0o600)
            self._holder_pid = os.getpid()
            fcntl.flock(self._holder, fcntl.LOCK_SH)
            atexit.register(self.stop)

    def _let_go(self) -> None:
        if self._holder is not None:
            atexit.unregister(self.stop)
            try:
                if self._is_last():
                    self._stop_server()
            finally:
                os.close(self._holder)
                self._holder = None

    def _is_last(self) -> bool:
        """True if our hold is the only one; the kernel has dropped those of processes that died."""
        assert self._holder is not None  # noqa: S101
        try:
            fcntl.flock(self._holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._holder, fcntl.LOCK_SH)
        return True

    # ------------------------------------------------------------ the server's process
    @property
    def _name(self) -> str:
        """Names the cluster in the command lines of all its processes: the same after a move, another for a copy."""
        stat = self._folder.cluster.stat()
        return f"moodle-connector-{stat.st_dev:x}-{stat.st_ino:016x}"

    def _pid_file(self) -> list[str]:
        """The lines of postmaster.pid: pid, folder, start, port, socket folder, address, shared memory, status."""
        try:
            return [line.strip() for line in (self._folder.cluster / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            command = " ".join(process.cmdline())
            program = command.startswith("postgres: ") or "/postgres " in command
            return program and self._name in command and process.uids().real == self._folder.account.pw_uid
        except (psutil.Error, OSError):  # gone, a zombie, or of somebody else
            return False

    def _postmaster(self) -> psutil.Process | None:
        """The running server; None if the number in its file is nobody's or another program's."""
        with suppress(psutil.Error, IndexError, ValueError):
            process = psutil.Process(int(self._pid_file()[0]))
            return process if self._is_ours(process) else None
        return None

    def _ensure_running(self) -> None:
        if not self._wait_ready():
            self._launch()
        elif self._tcp_port and self._pid_file()[3:6:2] != [str(self._tcp_port), "127.0.0.1"]:
            if not self._is_last():
                raise StorageError(
                    f"The PostgreSQL of {self.data_dir} already runs without port {self._tcp_port}:"
                    " stop the other programs that use it, then start this one first"
                )
            self._stop_server()
            self._launch()
        self._port, self._socket = self._pid_file()[3:5]

    def _wait_ready(self, seconds: float = 60) -> bool:
        """True once the server is ready, False if none runs."""
        deadline = time.monotonic() + seconds
        while self._postmaster():
            if self._pid_file()[7:8] == ["ready"]:
                return True
            if time.monotonic() > deadline:
                log = self._folder.cluster / "log"
                raise StorageError(f"The PostgreSQL of {self.data_dir} is not ready: see {log}")
            time.sleep(0.02)
        return False

    def _launch(self) -> None:
        binaries = self._folder.binaries()
        self._folder.prepare_cluster(binaries)
        self._sweep()
        socket_folder = self._folder.socket_folder()
        options = {
            **self._options,
            "cluster_name": self._name,
            "unix_socket_directories": str(socket_folder),
            "listen_addresses": "127.0.0.1" if self._tcp_port else "",
            "port": str(self._tcp_port or 5432),
            **self._folder.access(),
        }
        cluster = self._folder.cluster
        log = cluster / "log"
        size = log.stat().st_size if log.exists() else 0
        if size > 10_000_000:
            log.unlink()
            size = 0
        arguments = shlex.join(f"--{name}={value}" for name, value in options.items())
        start: list[str | Path] = [binaries / "pg_ctl", "start", "-w", "-t", "60", "-D", cluster, "-l", log]
        self._folder.run(
            [*start, "-o", arguments],
            lambda: log.read_bytes()[size:].decode(errors="replace") if log.exists() else "",
        )

    def _sweep(self) -> None:
        """Clear what a server that was killed left: its orphaned processes and the files that name its process id."""
        orphans = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in orphans:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in orphans:
            _ended(process, 10)
        lines = self._pid_file()
        if len(lines) > 4 and _answers(Path(lines[4]) / f".s.PGSQL.{lines[3]}"):
            raise StorageError(
                f"The data folder {self.data_dir} is served by a PostgreSQL that cannot be seen from here,"
                " probably in another container: stop that one or choose another folder"
            )
        (self._folder.cluster / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self._folder.socket_folder().iterdir():
            leftover.unlink()

    def _stop_server(self) -> None:
        for number, patience in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            process = self._postmaster()
            if process is None:
                return
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
            if _ended(process, patience):
                return


@contextmanager
def server(
    data_dir: Path, *, tcp_port: int | None = None, options: Mapping[str, str] | None = None
) -> Iterator[EmbeddedServer]:
    """Hold the server of a data folder while the block runs; many blocks and processes may, the last one stops it."""
    embedded = EmbeddedServer(data_dir, tcp_port=tcp_port, options=options)
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.stop()


def install_term_handler() -> None:
    """Let SIGTERM and SIGHUP end this program like ``sys.exit``, so that servers stop; handlers set before stay."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def create_database(server_url: str, name: str, template: str | None = None) -> None:
    """Make an empty database, or a copy of ``template``, to which nobody may be connected."""
    copy = sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template)) if template else sql.SQL("")
    _execute(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + copy)


def ensure_database(server_url: str, name: str) -> None:
    """Make an empty database where there is none of this name."""
    try:
        with psycopg.connect(server_url, autocommit=True) as connection:
            there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
    except psycopg.Error as error:
        raise StorageError(f"The database server could not be asked for its databases: {error}") from error
    if there is None:
        create_database(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Remove a database if it is there, and cut off whoever is connected to it."""
    _execute(server_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(server_url: str, statement: sql.Composed) -> None:
    try:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        raise StorageError(f"The database server refused {statement.as_string()}: {error}") from error


def _leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  # the signature is given
    signal.signal(number, signal.SIG_IGN)  # a second one must not interrupt the stopping
    sys.exit(128 + number)


def _ended(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    return True


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
