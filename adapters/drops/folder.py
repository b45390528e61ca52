"""A local folder into which feeds are put. A file is taken once it is complete and stable; it is moved, never lost."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Literal

from connector.domain.errors import SettingsError
from connector.domain.feeds import Delivery, Look

UNFINISHED = (".tmp", ".part", ".filepart")


class _UnusableError(Exception):
    """Somebody must do something about this file; others go on."""


@dataclass(frozen=True)
class FolderDrop:
    """Takes files out of ``folder`` whose name fits the glob ``pattern`` (case counts).

    ``settle``: seconds between the two looks over which size and time have to stay the same. ``order``: which comes
    first, by time of modification and then name. ``marker``: where given, for example ``.done``, a file counts only
    once a file of its name with this ending is there. ``sleep`` is handed in for tests.
    Names that begin with a dot or end as unfinished transfers do are not looked at; nor are folders. A symbolic link
    is never followed, though ``folder`` itself may be one: who may write here may not read the rest of the machine.

    Every method raises SettingsError where the folder cannot be used.
    """

    folder: Path
    pattern: str = "*"
    settle: float = 5.0
    order: Literal["oldest", "newest"] = "oldest"
    marker: str | None = None
    sleep: Callable[[float], object] = time.sleep

    def __post_init__(self) -> None:
        if "/" in self.pattern or not self.pattern:
            raise SettingsError(f"pattern: {self.pattern!r} has to be the pattern of a file name, such as *.csv.")
        if self.settle < 0:
            raise SettingsError("settle: give a number of seconds, 0 or more.")

    def look(self) -> Look:
        """Look twice and give the files that are complete. Takes ``settle`` seconds where there are any."""
        before = self._seen()
        if before:
            self.sleep(self.settle)
        after = self._seen()
        ready: list[Delivery] = []
        left: dict[str, str] = {}
        unusable: dict[str, str] = {}
        for name, now in after.items():
            try:
                result = self._delivery(name, before.get(name), now)
            except _UnusableError as error:
                unusable[name] = str(error)
                continue
            if isinstance(result, Delivery):
                ready.append(result)
            else:
                left[name] = result
        ready.sort(key=lambda one: (one.modified, one.name), reverse=self.order == "newest")
        return Look(tuple(ready), left, unusable)

    def mark_done(self, delivery: Delivery) -> Path | None:
        """Move the file to ``done/`` and give where it is now.

        None where it was replaced since it was taken, or is gone: the new one stays and is taken at the next look.
        """
        return self._move(delivery, "done", None)

    def mark_refused(self, delivery: Delivery, reason: str) -> Path | None:
        """Move the file to ``refused/``, with ``reason`` beside it in ``.reason.txt``; else as ``mark_done``."""
        return self._move(delivery, "refused", reason)

    def _seen(self) -> dict[str, os.stat_result]:
        with _usable(self.folder):
            seen = {path.name: _stat(path) for path in self.folder.iterdir() if self._wanted(path.name)}
        return {name: found for name, found in seen.items() if found is not None and not stat.S_ISDIR(found.st_mode)}

    def _wanted(self, name: str) -> bool:
        endings = (*UNFINISHED, self.marker.lower()) if self.marker else UNFINISHED
        return fnmatchcase(name, self.pattern) and not name.startswith(".") and not name.lower().endswith(endings)

    def _delivery(self, name: str, before: os.stat_result | None, now: os.stat_result) -> Delivery | str:
        """Give the delivery, or why the file is left for now."""
        path = self.folder / name
        if not stat.S_ISREG(now.st_mode):
            raise _UnusableError("it is a link or device; put the file itself here")
        if before is None or _differ(before, now):
            return "it is still being written"
        if self.marker and _stat(path.with_name(name + self.marker)) is None:
            return f"it waits for {name}{self.marker}"
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                read = os.fstat(file.fileno())
        except FileNotFoundError:
            return "its sender took it away again"
        except OSError as error:
            reason = f"it cannot be read ({error.strerror}); give this service the right to read it"
            raise _UnusableError(reason) from error
        if _differ(now, read):
            return "it is still being written"
        return Delivery(path, name, digest, now.st_size, now.st_mtime)

    def _move(self, delivery: Delivery, into: str, reason: str | None) -> Path | None:
        path = self.folder / delivery.name
        with _usable(self.folder):
            now = _stat(path)
            if now is None or (now.st_size, now.st_mtime) != (delivery.size, delivery.modified):
                return None
            if self.marker and _stat(marker := path.with_name(path.name + self.marker)):
                # First: a marker left behind would vouch for the next file of this name.
                move_to(marker, self.folder / into, None)
            return move_to(path, self.folder / into, reason)


def move_to(path: Path, folder: Path, reason: str | None) -> Path:
    """Move the file under the first free of its name, name.1, name.2 …; never over another file."""
    folder.mkdir(exist_ok=True)
    for number in count():
        target = folder / (f"{path.stem}.{number}{path.suffix}" if number else path.name)
        note = target.with_name(f"{target.name}.reason.txt")
        if os.path.lexists(note):
            continue
        try:
            target.touch(exist_ok=False)  # the name is ours from here on, though others may be moving too
        except FileExistsError:
            continue
        break
    try:
        if reason is not None:
            note.write_text(f"{reason}\n", encoding="utf-8")
        path.replace(target)
    except OSError:
        note.unlink(missing_ok=True)
        target.unlink()
        raise
    return target


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _differ(one: os.stat_result, other: os.stat_result) -> bool:
    return any(getattr(one, each) != getattr(other, each) for each in ("st_size", "st_mtime_ns", "st_ino"))


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SettingsError(f"drop folder {folder}: there is none. Create it or correct the setting.") from error
    except OSError as error:
        raise SettingsError(
            f"drop folder {folder}: {error.strerror or error} ({error.filename or folder}). "
            "This service has to list it, read its files and move them into its folders done and refused."
        ) from error
