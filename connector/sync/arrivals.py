"""What has arrived of a source, wherever it comes from: feeds that are read, and put away afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from connector.domain.errors import ConnectorError
from connector.domain.feeds import Delivery, Drop, Look
from connector.domain.gates import Gates
from connector.domain.ports import Source


@dataclass(frozen=True, slots=True)
class Arrived:
    """A feed that is complete. ``done`` is called once it was believed, ``refused`` with the reason."""

    name: str
    feed: Source
    done: Callable[[], object]
    refused: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Feeds in the order in which they are read, and by name why files are left where they are; see ``Look``."""

    ready: Sequence[Arrived]
    look: Look


_NOTHING = Arrivals((), Look((), {}))


def _only(arrived: Arrived) -> Arrivals:
    return Arrivals((arrived,), Look((), {}))


@contextmanager
def naming(source: str) -> Iterator[None]:
    """What goes wrong in the block is told with the source's name: what is away names at most its host."""
    try:
        yield
    except ConnectorError as error:
        error.args = (f"source {source}: {error}",)
        raise


class Inlet(Protocol):
    """A source of the way in."""

    @property
    def name(self) -> str: ...

    @property
    def gates(self) -> Gates: ...

    def arrivals(self) -> Arrivals:
        """Everything that waits to be read. Raises the error tree where that cannot be told."""
        ...

    def pushed(self) -> Arrivals:
        """What somebody pushed since it was last read, person by person; nothing where nobody can push."""
        ...


@dataclass(frozen=True, slots=True)
class FileInlet:
    """A source of files. ``drop``: where they arrive; None where they are only given by hand."""

    name: str
    gates: Gates
    open_feed: Callable[[Path], Source]
    drop: Drop | None = None

    def arrivals(self) -> Arrivals:
        if self.drop is None:
            return _NOTHING
        with naming(self.name):
            look = self.drop.look()
        return Arrivals([self._arrived(delivery, self.drop) for delivery in look.ready], look)

    def _arrived(self, delivery: Delivery, drop: Drop) -> Arrived:
        put_away = naming(self.name)
        return Arrived(
            delivery.name,
            self.open_feed(delivery.path),
            partial(put_away(drop.mark_done), delivery),
            partial(put_away(drop.mark_refused), delivery),
        )

    def pushed(self) -> Arrivals:
        return _NOTHING


class DirectorySource(Source, Protocol):
    """A directory as a feed; ``change`` is the number of the last change that is in it."""

    @property
    def change(self) -> int: ...


class Directories(Protocol):
    """Directories into which identity systems push."""

    def directory(self, client: str, source: str, since: int | None = None) -> DirectorySource: ...

    def changed(self, client: str, source: str) -> DirectorySource: ...

    def pending(self, client: str) -> int: ...

    def taken(self, client: str, change: int) -> None: ...


@dataclass(frozen=True, slots=True)
class DirectoryInlet:
    """A source whose people are pushed into a directory of ours, by the ``client`` of that name."""

    name: str
    gates: Gates
    directories: Directories
    client: str

    def arrivals(self) -> Arrivals:
        """The whole directory."""
        return _only(self._arrived(self.directories.directory(self.client, self.name)))

    def pushed(self) -> Arrivals:
        if not self.directories.pending(self.client):
            return _NOTHING
        return _only(self._arrived(self.directories.changed(self.client, self.name)))

    def _arrived(self, feed: DirectorySource) -> Arrived:
        return Arrived(
            feed.identity.name, feed, partial(self.directories.taken, self.client, feed.change), lambda _reason: None
        )
