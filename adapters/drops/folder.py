"""A local folder into which feeds are put. A file is taken once it is complete and stable; it is moved, never lost."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.drops.choosing import (
    STILL_WRITTEN,
    TAKEN_AWAY,
    Choice,
    NotYetError,
    Order,
    Seen,
    UnusableError,
    free_names,
)
from connector.domain.errors import SettingsError
from connector.domain.feeds import Delivery, Look


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
    order: Order = "oldest"
    marker: str | None = None
    sleep: Callable[[float], object] = time.sleep

    def __post_init__(self) -> None:
        self._choice()

    def look(self) -> Look:
        """Look twice and give the files that are complete. Takes ``settle`` seconds where there are any."""
        return self._choice().look(self._listed, self._take)

    def mark_done(self, delivery: Delivery) -> Path | None:
        """Move the file to ``done/`` and give where it is now.

        None where it was replaced since it was taken, or is gone: the new one stays and is taken at the next look.
        """
        return self._move(delivery, "done", None)

    def mark_refused(self, delivery: Delivery, reason: str) -> Path | None:
        """Move the file to ``refused/``, with ``reason`` beside it in ``.reason.txt``; else as ``mark_done``."""
        return self._move(delivery, "refused", reason)

    def _choice(self) -> Choice:
        return Choice(self.pattern, self.settle, self.order, self.marker, self.sleep)

    def _listed(self) -> dict[str, Seen]:
        with _usable(self.folder):
            found = {path.name: _stat(path) for path in self.folder.iterdir()}
        return {name: _seen(one) for name, one in found.items() if one is not None and not stat.S_ISDIR(one.st_mode)}

    def _take(self, name: str, now: Seen) -> Delivery:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                read = _seen(os.fstat(file.fileno()))
        except FileNotFoundError:
            raise NotYetError(TAKEN_AWAY) from None
        except OSError as error:
            reason = f"it cannot be read ({error.strerror}); give this service the right to read it"
            raise UnusableError(reason) from error
        if read != now:
            raise NotYetError(STILL_WRITTEN)
        return Delivery(path, name, digest, now.size, now.modified)

    def _move(self, delivery: Delivery, into: str, reason: str | None) -> Path | None:
        path = self.folder / delivery.name
        with _usable(self.folder):
            now = _stat(path)
            if now is None or (now.st_size, now.st_mtime) != (delivery.size, delivery.modified):
                return None
            if self.marker and _stat(marker := path.with_name(path.name + self.marker)):
                # First: a marker left behind would vouch for the next file of this name.
                _move_to(marker, self.folder / into, None)
            return _move_to(path, self.folder / into, reason)


def _move_to(path: Path, folder: Path, reason: str | None) -> Path:
    """Move the file under the first free of its names; never over another file."""
    folder.mkdir(exist_ok=True)
    for target, note in ((folder / name, folder / beside) for name, beside in free_names(path.name)):
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


def _seen(found: os.stat_result) -> Seen:
    tag = f"{found.st_ino} {found.st_mtime_ns}"
    return Seen(found.st_size, found.st_mtime, tag, stat.S_ISREG(found.st_mode))


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
