"""Places for drops, over real SSH and HTTP: an SSH server with faults, OpenSSH's own, and a server that speaks S3."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import boto3
import pytest

from adapters.drops.remote import RemoteDrop
from adapters.drops.s3 import S3Drop
from adapters.drops.sftp import SftpDrop

SSHD = shutil.which("sshd") or (Path("/usr/sbin/sshd").exists() and "/usr/sbin/sshd") or None
HOW = "apt-get install openssh-server"
PASSWORD = "a-password-of-a-test"
ACCESS = {"access_key": "AKIAEXAMPLE", "secret_key": "a-secret-of-a-test"}


def need_sshd() -> None:
    """Leave a test out where there is no OpenSSH; fail where the run demands it."""
    if SSHD is None and os.environ.get("CONNECTOR_TEST_SSH") == "required":
        pytest.fail(f"CONNECTOR_TEST_SSH=required, and there is no sshd of OpenSSH: {HOW}", pytrace=False)
    if SSHD is None:
        pytest.skip(f"needs OpenSSH's sshd: on Debian {HOW}")


class Site(Protocol):
    """A place as its other users see it, and the drop that takes from it."""

    def put(self, name: str, content: bytes, age: int = 0) -> None: ...

    def delete(self, name: str) -> None: ...

    def content(self) -> dict[str, bytes]:
        """Every file by its path in the place."""
        ...

    def drop(self, **options: Any) -> RemoteDrop: ...


@dataclass
class FolderSite:
    """A folder that an SSH server serves; ``reached`` are the settings of the drop that reach it."""

    folder: Path
    spool: Path
    reached: dict[str, Any]

    def put(self, name: str, content: bytes, age: int = 0) -> None:
        path = self.folder / name
        path.write_bytes(content)
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()

    def content(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def drop(self, **options: Any) -> SftpDrop:
        return SftpDrop(**{"spool": self.spool, "sleep": lambda _: None, "timeout": 10, **self.reached, **options})


class Faults(asyncssh.SFTPServer):
    """Serves a folder, with what it is told to do wrong."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], server: SshServer) -> None:
        super().__init__(chan, chroot=os.fsencode(server.folder))
        self.faults, self.files = server.faults, server.files

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self.files.append(super().open(path, pflags, attrs))
        return self.files[-1]

    async def scandir(self, path: bytes) -> Any:
        async for name in super().scandir(path):
            yield name
        for invented in self.faults.get("names", ()):
            attrs = asyncssh.SFTPAttrs(size=1, permissions=0o100644, uid=0, gid=0, atime=1, mtime=1)
            yield asyncssh.SFTPName(invented, attrs=attrs)

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if during := self.faults.get("during_read"):
            during()
        if offset >= self.faults.get("cut_at", 1 << 60):
            self.connection.abort()
        if offset >= self.faults.get("hang_at", 1 << 60):
            await asyncio.sleep(60)
        if offset >= self.faults.get("end_at", 1 << 60):
            return b""
        return super().read(file_obj, offset, size)  # type: ignore[return-value]

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if error := self.faults.get("rename"):
            raise error
        if during := self.faults.get("before_rename"):
            during()
        super().rename(oldpath, newpath)


@dataclass
class SshServer:
    """asyncssh's server in a thread of its own; ``faults`` may be changed while it runs."""

    folder: Path
    faults: dict[str, Any] = field(default_factory=dict)
    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    client_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    files: list[Any] = field(default_factory=list)
    _connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[SshServer]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(self._listen(), loop).result()
        self.port = server.get_port()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        connections = self._connections

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                connections.append(conn)

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("hr", PASSWORD)

        public = self.client_key.export_public_key().decode()
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Login,
            server_host_keys=[self.key],
            authorized_client_keys=asyncssh.import_authorized_keys(public),
            sftp_factory=lambda chan: Faults(chan, self),
        )

    async def _end(self, server: asyncssh.SSHAcceptor) -> None:
        server.close()
        for connection in self._connections:
            connection.abort()
            await connection.wait_closed()
        await server.wait_closed()
        await asyncio.sleep(0.05)  # their sockets are closed one turn of the loop later
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for file in self.files:
            file.close()  # those that a cut connection left open

    def settings(self) -> dict[str, Any]:
        fingerprint = self.key.get_fingerprint()
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "hr",
            "password": PASSWORD,
            "host_keys": (fingerprint,),
            "folder": "/",
        }


@contextmanager
def openssh(work: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Run OpenSSH's sshd with keys of its own; gives the settings that reach ``folder`` as who runs the tests."""
    for name in ("host", "client"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(work / name))
        key.write_public_key(str(work / f"{name}.pub"))
        (work / name).chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (work / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {work}/host\nAuthorizedKeysFile {work}/client.pub\nPidFile none\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd that root starts asks for it
    known = work / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {(work / 'host.pub').read_text()}")
    with (work / "log").open("wb") as log:
        server = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(work / "sshd_config")], stderr=log)
        try:
            _wait_for(port, server, work / "log")
            yield {
                "host": "127.0.0.1",
                "port": port,
                "user": getpass.getuser(),
                "key_file": work / "client",
                "known_hosts": known,
                "folder": str(folder),
            }
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"sshd does not listen: {log.read_text()}")


@dataclass
class BucketSite:
    """A bucket of its own at a server that speaks S3; the drop takes what is under ``hr/``."""

    url: str
    bucket: str
    spool: Path
    prefix: str = "hr/"

    @cached_property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=ACCESS["access_key"],
            aws_secret_access_key=ACCESS["secret_key"],
        )

    def make(self, **options: Any) -> BucketSite:
        self.client.create_bucket(Bucket=self.bucket, **options)
        return self

    def put(self, name: str, content: bytes, age: int = 0) -> None:  # noqa: ARG002  # the server says the time
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def content(self) -> dict[str, bytes]:
        client = self.client
        listed = client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix).get("Contents", [])
        keys = (one["Key"] for one in listed)
        read: Callable[[str], bytes] = lambda key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read()  # noqa: E731
        return {key.removeprefix(self.prefix): read(key) for key in keys}

    def drop(self, **options: Any) -> S3Drop:
        given = {
            "spool": self.spool,
            "sleep": lambda _: None,
            "timeout": 10,
            "bucket": self.bucket,
            "prefix": self.prefix,
            "region": "us-east-1",
            "endpoint_url": self.url,
            **ACCESS,
        }
        return S3Drop(**{**given, **options})
