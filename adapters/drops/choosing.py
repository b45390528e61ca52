"""Which files of a place are deliveries, wherever the place is: complete, stable, and in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from pathlib import PurePosixPath
from typing import Literal

from connector.domain.errors import SettingsError
from connector.domain.feeds import Delivery, Look

Order = Literal["oldest", "newest"]

UNFINISHED = (".tmp", ".part", ".filepart")
STILL_WRITTEN = "it is still being written"
TAKEN_AWAY = "its sender took it away again"


class UnusableError(Exception):
    """Somebody must do something about this file; others go on."""


class NotYetError(Exception):
    """The file is left for now, and will be ready by itself."""


class NoRoomError(SettingsError):
    """There is no room for the file now; what comes after it has to wait too, or the order would be lost."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a listing shows it; one and the same file, unchanged, is equal in all of it.

    ``size`` in bytes, ``modified`` in epoch seconds, ``tag`` whatever else the place tells it by (inode, ETag).
    """

    size: int
    modified: float
    tag: str = ""
    regular: bool = True

    def is_still(self, delivery: Delivery) -> bool:
        """Is this the file that was taken? Only where deliveries carry the place's tag."""
        return self == Seen(delivery.size, delivery.modified, delivery.tag)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules; see ``FolderDrop`` for what they mean. Raises SettingsError for those that cannot be."""

    pattern: str
    settle: float
    order: Order
    marker: str | None
    sleep: Callable[[float], object] = time.sleep

    def __post_init__(self) -> None:
        if "/" in self.pattern or not self.pattern:
            raise SettingsError(f"pattern: {self.pattern!r} has to be the pattern of a file name, such as *.csv.")
        if self.settle < 0:
            raise SettingsError("settle: give a number of seconds, 0 or more.")

    def look(self, listed: Callable[[], Mapping[str, Seen]], take: Callable[[str, Seen], Delivery]) -> Look:
        """List twice, ``settle`` seconds apart where there is something, and take in order what stayed the same.

        ``listed`` gives all files by name, without folders. ``take`` may raise UnusableError, NotYetError or
        NoRoomError.
        """
        before = self._wanted(listed())
        if before:
            self.sleep(self.settle)
        there = listed()
        ready: list[Delivery] = []
        left: dict[str, str] = {}
        unusable: dict[str, str] = {}
        full = False
        for name, now in self._in_order(self._wanted(there)):
            try:
                if full:
                    raise NotYetError("it waits until those before it are done and leave room")
                self._refuse_unready(name, before.get(name), now, there)
                ready.append(take(name, now))
            except UnusableError as error:
                unusable[name.encode("utf-8", "backslashreplace").decode()] = str(error)
            except NotYetError as error:
                left[name] = str(error)
            except NoRoomError:
                if not ready:
                    raise
                full, left[name] = True, "it waits until those before it are done and leave room"
        return Look(tuple(ready), left, unusable)

    def _wanted(self, listed: Mapping[str, Seen]) -> dict[str, Seen]:
        endings = (*UNFINISHED, self.marker.lower()) if self.marker else UNFINISHED
        return {
            name: seen
            for name, seen in listed.items()
            if fnmatchcase(name, self.pattern) and not name.startswith(".") and not name.lower().endswith(endings)
        }

    def _in_order(self, files: Mapping[str, Seen]) -> list[tuple[str, Seen]]:
        return sorted(files.items(), key=lambda one: (one[1].modified, one[0]), reverse=self.order == "newest")

    def _refuse_unready(self, name: str, before: Seen | None, now: Seen, there: Mapping[str, Seen]) -> None:
        if "/" in name or not name.isprintable():
            raise UnusableError("its name is not that of a plain file; give it another")
        if not now.regular:
            raise UnusableError("it is a link or device; put the file itself here")
        if before != now:
            raise NotYetError(STILL_WRITTEN)
        if self.marker and name + self.marker not in there:
            raise NotYetError(f"it waits for {name}{self.marker}")


def free_names(name: str) -> Iterator[tuple[str, str]]:
    """``name``, then name.1, name.2 … before its ending, each with the name of the note of reason beside it."""
    path = PurePosixPath(name)
    for number in count():
        target = f"{path.stem}.{number}{path.suffix}" if number else name
        yield target, f"{target}.reason.txt"
