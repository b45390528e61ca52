"""What is no file anywhere is fetched whole into a spool folder, and is a file from there on.

It gets its name only when the fetch ended well: a fetch that is cut off is no delivery. Nothing is sorted here:
what is equal to the last fetch has the same digest where the source gives its rows in a stable order.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.feeds import Delivery, Look


class Output(Protocol):
    """Where a fetch writes."""

    def write(self, content: bytes, /) -> int: ...


class Fetch(Protocol):
    """A system that is asked for all that it has."""

    def fetch(self, into: Output, since: str, /) -> str:
        """Write everything, or what came after ``since``, and give the mark where the next delta begins ("" for none).

        Raises Unavailable, AccessRefused, SettingsError or FeedRefused wherever not all was written.
        """
        ...


@dataclass(frozen=True)
class FetchedDrop:
    """A ``Drop`` whose every look fetches ``name`` anew, as one delivery, into ``spool`` (a folder of its own).

    ``ending``: of the file's name; ``.jsonl`` for rows. ``most_bytes``: beyond, the fetch is refused.
    The folder is closed to others (0700), and so are its files (0600): they hold everything about everybody.
    A delivery that is done is removed. Of refused ones the last is kept in ``refused/``, with its reason.
    The mark of a delta moves only when its delivery is done, so that none is left out.
    """

    spool: Path
    name: str
    source: Fetch
    ending: str = ".jsonl"
    most_bytes: int = 4 * 1024**3

    def look(self) -> Look:
        """Fetch, and give what came. Raises what the fetch raises, and SettingsError for the folder."""
        with _usable(self.spool):
            _closed(self.spool)
            self._sweep()
            handle, temporary = tempfile.mkstemp(prefix=f".{self.name}.", suffix=".part", dir=self.spool)
        part = Path(temporary)
        try:
            with os.fdopen(handle, "wb") as file:
                hashed = _Hashed(file, self.name, self.most_bytes)
                mark = self.source.fetch(hashed, self._read_mark())
                with _usable(self.spool):
                    file.flush()
                    os.fsync(file.fileno())
            with _usable(self.spool):
                self._pending.unlink(missing_ok=True)
                if mark:
                    _write(self._pending, mark)
                part.replace(self._path)
                stat = self._path.stat()
        finally:
            part.unlink(missing_ok=True)
        delivery = Delivery(self._path, self._path.name, hashed.digest.hexdigest(), stat.st_size, stat.st_mtime)
        return Look((delivery,), {})

    def mark_done(self, delivery: Delivery) -> Path | None:
        """Remove the file; the next delta begins after it. Gives None: it is nowhere."""
        with _usable(self.spool):
            if _same(self._path, delivery):
                if self._pending.exists():
                    self._pending.replace(self._mark)
                self._path.unlink()
        return None

    def mark_refused(self, delivery: Delivery, reason: str) -> Path | None:
        """Keep the file in ``refused/`` with ``reason`` beside it, in place of the one before; gives where it is.

        None where another fetch has taken its place meanwhile.
        """
        with _usable(self.spool):
            self._pending.unlink(missing_ok=True)
            if not _same(self._path, delivery):
                return None
            folder = self.spool / "refused"
            _closed(folder)
            target = folder / delivery.name
            _write(target.with_name(f"{target.name}.reason.txt"), f"{reason}\n")
            return self._path.replace(target)

    def _sweep(self) -> None:
        """Remove what a process left behind that was killed while it fetched."""
        for left in self.spool.glob(f".{self.name}.*.part"):
            left.unlink(missing_ok=True)

    def _read_mark(self) -> str:
        with _usable(self.spool):
            return self._mark.read_text(encoding="utf-8") if self._mark.exists() else ""

    @property
    def _path(self) -> Path:
        return self.spool / f"{self.name}{self.ending}"

    @property
    def _mark(self) -> Path:
        return self.spool / f".{self.name}.since"

    @property
    def _pending(self) -> Path:
        return self.spool / f".{self.name}.since.next"


class _Hashed:
    """A file that counts and hashes what is written."""

    def __init__(self, file: BinaryIO, name: str, most: int) -> None:
        self._file, self._name, self._left = file, name, most
        self.digest = hashlib.sha256()

    def write(self, content: bytes, /) -> int:
        self._left -= len(content)
        if self._left < 0:
            raise FeedRefused(f"{self._name}: more came than may; raise the limit or ask for less.")
        self.digest.update(content)
        try:
            return self._file.write(content)
        except OSError as error:
            raise SettingsError(f"spool of {self._name}: it cannot be written ({error.strerror}).") from error


def _closed(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _same(path: Path, delivery: Delivery) -> bool:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return False
    return (stat.st_size, stat.st_mtime) == (delivery.size, delivery.modified)


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"spool folder {folder}: {error.strerror or error}. This service has to own it and write into it."
        ) from error
