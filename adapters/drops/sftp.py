"""A folder on an SFTP server into which feeds are put.

Read by paramiko: its interface is synchronous, as the port ``Drop`` is, and works where an event loop is running
already, as it is in a job; asyncssh would need a thread with a loop of its own. It has been kept up since 2003, has
wheels for everything it needs, and its licence (LGPL 2.1) lets a business use it unaltered as a library.
Its prefetching is not used: it waits forever in a thread when a connection is cut.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paramiko import SFTPAttributes, SFTPClient, SSHClient
from paramiko.ssh_exception import AuthenticationException, BadHostKeyException, IncompatiblePeer, SSHException

from adapters.drops.choosing import STILL_WRITTEN, TAKEN_AWAY, NotYetError, Seen, UnusableError, free_names
from adapters.drops.remote import RemoteDrop
from adapters.drops.sftp_keys import OnlyThese, known_hosts_of, private_key
from adapters.drops.spool import Write
from connector.domain.errors import AccessRefused, ConnectorError, ProtocolError, SettingsError, Unavailable

_PIECE = 32_768
"""Bytes a request; every server answers as many."""


@dataclass(frozen=True, kw_only=True)
class SftpDrop(RemoteDrop):
    """Takes files out of ``folder`` on the server ``host``, as ``user``. The rest is as ``RemoteDrop`` says.

    ``password`` or ``key_file``, a private key with its ``passphrase`` where it has one. ``host_keys``: fingerprints
    such as ``SHA256:…`` of the server's key, or ``known_hosts``, a file of OpenSSH's form: one of them has to be
    given, as a server that is not known beforehand is never trusted. ``timeout``: seconds without an answer.

    Files of one name, size and second of modification cannot be told apart by SFTP.
    """

    host: str
    user: str
    port: int = 22
    folder: str = "."
    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    host_keys: tuple[str, ...] = ()
    known_hosts: Path | None = None
    timeout: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.password is None) == (self.key_file is None):
            raise SettingsError("password, key_file: give one of them.")
        if bool(self.host_keys) == bool(self.known_hosts):
            raise SettingsError("host_keys, known_hosts: give one of them; an unknown server is not trusted.")
        if wrong := [one for one in self.host_keys if not one.startswith("SHA256:")]:
            raise SettingsError(f"host_keys: {wrong[0]!r} has to begin with SHA256:, as ssh-keygen -lf shows it.")
        if self.timeout <= 0:
            raise SettingsError("timeout: give a number of seconds above 0.")

    @contextmanager
    def _open(self) -> Iterator[SftpFolder]:
        with closing(SSHClient()) as client, _translated(f"sftp {self.host}"):
            sftp = self._connected(client)
            yield SftpFolder(sftp, self.folder.rstrip("/") or "/", f"sftp {self.host}")

    def _connected(self, client: SSHClient) -> SFTPClient:
        if self.known_hosts:
            client.get_host_keys().update(known_hosts_of(self.known_hosts))
        client.set_missing_host_key_policy(OnlyThese(self.host_keys))
        client.connect(
            self.host,
            self.port,
            self.user,
            self.password,
            pkey=private_key(self.key_file, self.passphrase) if self.key_file else None,
            allow_agent=False,
            look_for_keys=False,
            timeout=self.timeout,
            banner_timeout=self.timeout,
            auth_timeout=self.timeout,
            channel_timeout=self.timeout,
        )
        if transport := client.get_transport():
            transport.set_keepalive(15)  # the wait between two looks may be long
        sftp = client.open_sftp()
        if channel := sftp.get_channel():
            channel.settimeout(self.timeout)
        return sftp


@dataclass(frozen=True)
class SftpFolder:
    """A ``Place``: the folder ``path`` of an open connection; ``where`` names the server in messages."""

    sftp: SFTPClient
    path: str
    where: str

    def listed(self) -> dict[str, Seen]:
        with self._asking("list the folder"):
            found = self.sftp.listdir_attr(self.path)
        return {one.filename: _seen(one) for one in found if not stat.S_ISDIR(one.st_mode or 0)}

    def seen(self, name: str) -> Seen | None:
        with self._asking("look at its files"):
            found = self._stat(name)
        return None if found is None else _seen(found)

    def read(self, name: str, seen: Seen, write: Write) -> None:
        try:
            file = self.sftp.open(f"{self.path}/{name}")
        except FileNotFoundError:
            raise NotYetError(TAKEN_AWAY) from None
        except PermissionError:
            raise UnusableError("it cannot be read; give this login the right to read it") from None
        with file:
            if _seen(file.stat()) != seen:  # also where a link was put in its place, which is followed
                raise NotYetError(STILL_WRITTEN)
            while piece := file.read(_PIECE):
                write(piece)

    def move(self, name: str, seen: Seen, into: str, reason: str | None) -> str | None:
        """As ``Place`` says. A rename of SFTP version 3 fails where the new name is taken."""
        with self._asking(f"make the folder {into} and move files into it"):
            if self._stat(into) is None:
                self.sftp.mkdir(f"{self.path}/{into}")
            for target, note in ((f"{into}/{one}", f"{into}/{beside}") for one, beside in free_names(name)):
                if self._stat(target) is None and self._stat(note) is None:
                    break
            if reason is not None:
                self._write_new(note, reason)
            try:
                self.sftp.rename(f"{self.path}/{name}", f"{self.path}/{target}")
                if (moved := self._stat(target)) and _seen(moved) == seen:
                    return f"{self.path}/{target}"
                self.sftp.rename(f"{self.path}/{target}", f"{self.path}/{name}")  # replaced in that very moment
            except FileNotFoundError:
                pass
            except OSError:
                self._remove(note if reason is not None else None)
                raise
            self._remove(note if reason is not None else None)
            return None

    def _connected(self) -> bool:
        channel = self.sftp.get_channel()
        return channel is not None and not channel.closed

    def _stat(self, name: str) -> SFTPAttributes | None:
        try:
            return self.sftp.lstat(f"{self.path}/{name}")
        except FileNotFoundError:
            return None

    def _write_new(self, name: str, text: str) -> None:
        with self.sftp.open(f"{self.path}/{name}", "wx") as file:
            file.write(f"{text}\n".encode())

    def _remove(self, name: str | None) -> None:
        if name is not None:
            self.sftp.remove(f"{self.path}/{name}")

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Translate what the server says of files; what befalls the connection is translated by who opened it."""
        try:
            yield
        except FileNotFoundError:
            raise SettingsError(
                f"{self.where}: there is no folder {self.path}. Create it there or correct the setting."
            ) from None
        except PermissionError:
            raise AccessRefused(f"{self.where}: this login may not {what} ({self.path}). Give it the right.") from None
        except UnicodeDecodeError:
            raise ProtocolError(
                f"{self.where}: a file in {self.path} has a name that is not UTF-8. Rename it."
            ) from None
        except OSError as error:
            if type(error) is OSError and error.errno is None and self._connected():  # the server's plain "failure"
                raise AccessRefused(
                    f"{self.where}: the server would not {what} ({self.path}): it answered with a failure."
                ) from error
            raise


def _seen(found: SFTPAttributes) -> Seen:
    """Some servers leave attributes out: without a kind it is no regular file, and without a size it is empty."""
    regular = found.st_mode is not None and stat.S_ISREG(found.st_mode)
    return Seen(found.st_size or 0, float(found.st_mtime or 0), regular=regular)


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Translate what paramiko raises. Its own messages can name user and address, so that ours say less."""
    try:
        yield
    except ConnectorError:
        raise
    except BadHostKeyException as error:
        raise AccessRefused(
            f"{where}: the server shows a key ({error.key.get_name()} {error.key.fingerprint}) that is not the one "
            "known. It may be another machine: ask who runs it, and correct known_hosts only then."
        ) from None
    except AuthenticationException:
        raise AccessRefused(
            f"{where}: the login was refused. Check user, password or key, and that it may log in."
        ) from None
    except IncompatiblePeer:
        raise AccessRefused(f"{where}: no common way of encryption; the server offers only old ones.") from None
    except (SSHException, EOFError, OSError) as error:
        raise Unavailable(
            f"{where}: it cannot be reached, or broke off ({type(error).__name__}). Try again later."
        ) from error
