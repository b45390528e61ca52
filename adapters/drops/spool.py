"""The spool: where a file from elsewhere becomes a local one, wholly or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapters.drops.choosing import STILL_WRITTEN, NoRoomError, NotYetError, Seen, UnusableError
from connector.domain.errors import SettingsError

Write = Callable[[bytes], object]

_LOOK = "look-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass
class Spool:
    """A private folder (mode 0700, files 0600) in which each look has one of its own.

    A look's folder is locked as long as its process lives or until the next look of this object, so that several
    processes may share ``folder``; what is not locked was left by a process that is gone, and is removed.
    ``max_bytes``: the largest file that is fetched.
    """

    folder: Path
    max_bytes: int
    _now: Path | None = field(default=None, init=False, repr=False)
    _held: weakref.finalize[..., Spool] | None = field(default=None, init=False, repr=False)

    def begin(self) -> None:
        """Remove what earlier looks left and make the folder of this one. Raises SettingsError, NoRoomError."""
        with _usable(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_open_folder()
            if self._held:
                self._held()
            with _alone(self.folder):
                for left in self.folder.glob(f"{_LOOK}*"):
                    _remove_unlocked(left)
                self._now = Path(tempfile.mkdtemp(prefix=_LOOK, dir=self.folder))
                self._held = weakref.finalize(self, os.close, _locked(self._now))

    def fetch(self, name: str, seen: Seen, read: Callable[[Write], object]) -> tuple[Path, str]:
        """Let ``read`` write the file, and give where it is and its SHA-256; the time is that of ``seen``.

        Raises UnusableError where it is too large, NotYetError where it is longer or shorter than ``seen`` says,
        NoRoomError, and what ``read`` raises; the file is not there then.
        """
        if self._now is None:
            raise RuntimeError("begin a look first")
        self._refuse_large(seen.size)
        part, path = self._now / ".part", self._now / name
        try:
            digest = self._written(part, seen, read)
            with _usable(self.folder):
                os.utime(part, (seen.modified, seen.modified))
                with _named():
                    part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        return path, digest

    def discard(self, path: Path) -> None:
        """Remove a copy that is no longer needed; the look's folder too when it was the last."""
        with suppress(OSError):  # the next look sees to it
            path.unlink(missing_ok=True)
            path.parent.rmdir()

    def _written(self, part: Path, seen: Seen, read: Callable[[Write], object]) -> str:
        digest, size = hashlib.sha256(), 0
        with _usable(self.folder):
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

        def write(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if size > seen.size:
                raise NotYetError(STILL_WRITTEN)
            digest.update(piece)
            with _usable(self.folder):  # here, as who reads takes every OSError for one of the connection
                _write(file, piece)

        try:
            read(write)
        finally:
            os.close(file)
        if size < seen.size:
            raise NotYetError(f"only {size} of {seen.size} bytes came")
        return digest.hexdigest()

    def _refuse_large(self, size: int) -> None:
        if size > self.max_bytes:
            raise UnusableError(f"it has {size} bytes, and more than {self.max_bytes} are not fetched (max_bytes)")
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise _full(self.folder, f"{size} bytes are needed, {free} are free")

    def _refuse_open_folder(self) -> None:
        found = self.folder.stat()
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise SettingsError(
                f"spool {self.folder}: people's data pass through, so it has to be this service's alone. "
                "Name a folder of its own, or change owner and mode (chmod 700)."
            )


def _write(file: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(file, rest) :]


def _locked(folder: Path) -> int:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise
    return held


def _remove_unlocked(folder: Path) -> None:
    try:
        held = _locked(folder)
    except OSError:  # another process is reading there, or has just removed it
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(held)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process removes a folder between its being made and its being locked."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ):
            raise UnusableError("its name is too long or cannot be a name here; give it another") from error
        raise


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Translate what the operating system says of the spool."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _full(folder, error.strerror or "full") from error
        raise SettingsError(
            f"spool {folder}: {error.strerror or error}. This service has to make it and write files there."
        ) from error


def _full(folder: Path, why: str) -> NoRoomError:
    return NoRoomError(f"spool {folder}: there is no room for the file ({why}). Make room, or name another folder.")
