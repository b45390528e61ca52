"""What is kept of feeds, and the port to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from connector.domain.erasing import Erased
from connector.domain.gates import Reason
from connector.domain.grants import GrantSet
from connector.domain.people import FeedIdentity, Person, Rejection, Removed, Said


@dataclass(frozen=True, slots=True)
class StagedPerson:
    """One good row. ``wanted`` and ``initial`` are account fields in the shape that the database compares.

    ``digest`` is of the row and the mapping: what has the same need not be mapped again.
    """

    line: int
    digest: bytes
    person: Person
    wanted: Mapping[str, Any]
    initial: Mapping[str, Any]
    grants: GrantSet


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row that says what the person's last row said, by the same mapping: nothing new, but the person is present."""

    line: int
    key: str


@dataclass(frozen=True, slots=True)
class StagedSaying:
    """One good row of one of several sources. ``digest`` as in ``StagedPerson``."""

    line: int
    digest: bytes
    said: Said


@dataclass(frozen=True, slots=True)
class Sayings:
    """All that is said of the person with a key, by source. ``line`` is that of the feed that brought it about."""

    key: str
    line: int
    said: Mapping[str, Said]


class Merging(Protocol):
    """Makes people of what several sources say. Pure."""

    @property
    def sources(self) -> Sequence[str]: ...

    @property
    def authoritative(self) -> Sequence[str]: ...

    def merged(self, sayings: Sayings) -> StagedPerson | SetAsideRow | list[Rejection]:
        """The person, everything that is wrong, or an empty list for somebody out of scope."""
        ...


@dataclass(frozen=True, slots=True)
class SetAsideRow:
    """A row of somebody who was erased: ``key`` counts as present, and the row is neither kept nor a bad one."""

    line: int
    key: str
    rejection: Rejection


StagedRow = StagedPerson | StagedSaying | KnownRow | Removed | SetAsideRow | list[Rejection]
"""A good row, new or known, one of somebody erased, everything that is wrong with a bad one, or an empty list for
somebody out of scope."""


@dataclass(frozen=True, slots=True)
class FeedTotals:
    """What was counted while a feed was read; ``rows`` has the bad ones too.

    ``duplicate_keys`` counts rows beyond the first of their key, ``present`` rows whose person is known to be there.
    """

    rows: int = 0
    rejected: int = 0
    keyless: int = 0
    duplicate_keys: int = 0
    present: int = 0

    def plus(self, rows: Sequence[StagedRow]) -> FeedTotals:
        bad = [row for row in rows if isinstance(row, list) and row]
        return FeedTotals(
            self.rows + len(rows),
            self.rejected + len(bad),
            self.keyless + sum(1 for row in bad if not row[0].key),
            self.duplicate_keys,
            self.present + sum(1 for row in rows if not isinstance(row, list) or (row and row[0].key)),
        )

    def with_unmade(self, people: int) -> FeedTotals:
        """So many more could not be put together from what several sources say."""
        return replace(self, rejected=self.rejected + people)

    def without_earlier(self, rows: int) -> FeedTotals:
        """So many rows of a delta were followed by another one of their person."""
        return replace(self, present=self.present - rows)

    def with_duplicates(self, rows: int, keys: int) -> FeedTotals:
        """``rows`` share their ``keys`` with others: all of them are set aside."""
        return replace(self, duplicate_keys=rows - keys, rejected=self.rejected + rows)


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """The last good feed of a source."""

    feed_id: int
    name: str
    digest: str
    modified: datetime
    mapping_digest: str
    rows: int
    received_at: datetime
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class RefusedFeed:
    """A feed that waits for a person to release it where it is ``releasable``, or else for a better one."""

    source: str
    name: str
    digest: str
    received_at: datetime
    reasons: tuple[str, ...]
    releasable: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file that may be read. It is known by ``name`` and ``digest``, the SHA-256 of its content.

    ``size`` in bytes, ``modified`` in epoch seconds, and ``tag`` where its place has one (S3: the ETag), tell together
    whether the file is still the one taken.
    """

    path: Path
    name: str
    digest: str
    size: int
    modified: float
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look into the folder found: files to read in order, and by name why others are left where they are.

    ``left`` will be ready by themselves; for ``unusable`` ones somebody must do something.
    """

    ready: tuple[Delivery, ...]
    left: Mapping[str, str]
    unusable: Mapping[str, str] = field(default_factory=dict)


class Drop(Protocol):
    """Where files arrive. A file is taken once it is complete, and moved or marked afterwards, never lost."""

    def look(self) -> Look: ...

    def mark_done(self, delivery: Delivery) -> Path | None: ...

    def mark_refused(self, delivery: Delivery, reason: str) -> Path | None: ...


class FeedStore(Protocol):
    """Keeps feeds. Every method is one transaction, or says so."""

    def erased(self) -> Erased:
        """Who was erased, and is to be known again."""
        ...

    def lock(self) -> AbstractContextManager[bool]:
        """One reading at a time, because sources say things of the same people: False where another is at it."""
        ...

    def latest(self, source: str, *, complete: bool = False) -> KnownFeed | None:
        """The last good feed of a source; ``complete``: the last one in which absence means something."""
        ...

    def unheard(self, sources: Sequence[str]) -> list[str]:
        """Sources of which no feed was believed yet; of several, none that was kept as what they say of people."""
        ...

    def known(self, source: str, digests: Sequence[bytes], *, sole: bool) -> Mapping[bytes, str]:
        """The keys of the people whose last row had one of these digests."""
        ...

    def stage(
        self, identity: FeedIdentity, mapping_digest: str, rows: Iterable[StagedRow], now: datetime
    ) -> tuple[int, FeedTotals]: ...

    def refuse(self, feed_id: int, totals: FeedTotals, reasons: Sequence[Reason]) -> None: ...

    def refuse_unread(self, identity: FeedIdentity, mapping_digest: str, reason: Reason, now: datetime) -> None:
        """Keep that a feed could not be read to its end, so that nothing of it is staged."""
        ...

    def accept(
        self, feed_id: int, identity: FeedIdentity, totals: FeedTotals, now: datetime, merging: Merging | None = None
    ) -> FeedTotals:
        """Believe the staged feed, and put people together by ``merging`` where it is one of several sources'.

        Gives the totals with those who could not be put together. Raises StorageError where not all of what was read
        is still staged.
        """
        ...

    def released(self, source: str, digest: str) -> bool: ...

    def release(self, source: str, digest: str, by: str, now: datetime) -> None: ...

    def refused(self) -> list[RefusedFeed]:
        """The last feed of each source, where it was refused."""
        ...

    def rejections(self, feed_id: int, limit: int = 20) -> list[Rejection]: ...
