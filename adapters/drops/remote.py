"""What every drop that is elsewhere does alike: look, fetch into the spool, and put away at the other side."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from adapters.drops.choosing import STILL_WRITTEN, Choice, NotYetError, Order, Seen
from adapters.drops.spool import Spool, Write
from connector.domain.errors import SettingsError
from connector.domain.feeds import Delivery, Look


class Place(Protocol):
    """A folder elsewhere, while there is a connection to it. Errors are those of the domain's tree."""

    def listed(self) -> Mapping[str, Seen]:
        """All files by name, without folders."""
        ...

    def seen(self, name: str) -> Seen | None:
        """The file now, or None where it is gone."""
        ...

    def read(self, name: str, seen: Seen, write: Write) -> None:
        """Hand the content over by pieces. Raises NotYetError where it is not the file ``seen``, UnusableError."""
        ...

    def move(self, name: str, seen: Seen, into: str, reason: str | None) -> str | None:
        """Move the file ``seen`` into the folder ``into`` under a free name, with ``reason`` beside it.

        Gives where it is now; None where another file has its name now; that one stays.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class RemoteDrop(ABC):
    """Takes files out of a folder elsewhere: those, and in the order, that ``FolderDrop`` would take.

    ``spool``: a folder of this service's own, for the copies that are read; each is removed once its file is done or
    refused, and what a killed process left at the next look. ``max_bytes``: larger files are not fetched.

    Every method raises SettingsError where a setting is wrong or the spool is full, AccessRefused where the other side
    refuses, and Unavailable where it cannot be reached or breaks off; the same call may be made again then.
    """

    spool: Path
    pattern: str = "*"
    settle: float = 5.0
    order: Order = "oldest"
    marker: str | None = None
    max_bytes: int = 2_000_000_000
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)
    _spool: Spool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._choice()
        if self.max_bytes < 1:
            raise SettingsError("max_bytes: give the size of the largest file, in bytes.")
        object.__setattr__(self, "_spool", Spool(self.spool, self.max_bytes))

    @abstractmethod
    def _open(self) -> AbstractContextManager[Place]:
        """Connect."""

    def look(self) -> Look:
        """Look twice, and fetch the files that are complete. Takes ``settle`` seconds where there are any."""
        self._spool.begin()
        with self._open() as place:
            return self._choice().look(place.listed, partial(self._take, place))

    def mark_done(self, delivery: Delivery) -> Path | None:
        """Move the file to ``done/`` and give where it is now at the other side.

        None where it was replaced since it was taken, or is gone: the new one stays and is taken at the next look.
        """
        return self._put_away(delivery, "done", None)

    def mark_refused(self, delivery: Delivery, reason: str) -> Path | None:
        """Move the file to ``refused/``, with ``reason`` beside it in ``.reason.txt``; else as ``mark_done``."""
        return self._put_away(delivery, "refused", reason)

    def _choice(self) -> Choice:
        return Choice(self.pattern, self.settle, self.order, self.marker, self.sleep)

    def _take(self, place: Place, name: str, now: Seen) -> Delivery:
        path, digest = self._spool.fetch(name, now, partial(place.read, name, now))
        if place.seen(name) != now:
            path.unlink()
            raise NotYetError(STILL_WRITTEN)
        return Delivery(path, name, digest, now.size, now.modified, now.tag)

    def _put_away(self, delivery: Delivery, into: str, reason: str | None) -> Path | None:
        with self._open() as place:
            moved = self._moved(place, delivery, into, reason)
        self._spool.discard(delivery.path)
        return Path(moved) if moved else None

    def _moved(self, place: Place, delivery: Delivery, into: str, reason: str | None) -> str | None:
        now = place.seen(delivery.name)
        if now is None or not now.is_still(delivery):
            return None
        if self.marker and (marker := place.seen(delivery.name + self.marker)):
            # First: a marker left behind would vouch for the next file of this name.
            place.move(delivery.name + self.marker, marker, into, None)
        return place.move(delivery.name, now, into, reason)
