"""Intake: a feed is read, checked, mapped and, if its gates open, believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any

from connector.domain.erasing import NOBODY, Erased
from connector.domain.errors import Busy, FeedRefused
from connector.domain.feeds import (
    FeedStore,
    FeedTotals,
    KnownFeed,
    KnownRow,
    Sayings,
    SetAsideRow,
    StagedPerson,
    StagedRow,
    StagedSaying,
)
from connector.domain.gates import FeedCounts, Gates, LastGoodFeed, Reason, verdict
from connector.domain.people import FeedIdentity, Person, Record, Rejection, Removed, Said
from connector.domain.ports import Mapper, Source
from connector.sync.setting_aside import person_set_aside, set_aside

CHUNK = 1000
"""Rows looked up at once."""
SHOWN = 3
"""Bad rows that a refusal names."""
Progress = Callable[[int], None]
"""Called with the number of rows read since the last call."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What came of a feed that was believed."""

    feed_id: int
    name: str
    totals: FeedTotals
    rejections: tuple[Rejection, ...]
    """The first bad rows, in the order of the file."""
    unchanged: bool = False
    """True where the same file with the same mapping had been read before."""


def take_in(
    source: Source,
    mapper: Mapper,
    feeds: FeedStore,
    gates: Gates,
    now: datetime,
    progress: Progress | None = None,
) -> Intake:
    """Read a feed and believe it, or raise FeedRefused with every reason; then nothing has changed."""
    with feeds.lock() as free:
        if not free:
            raise Busy("Another process is reading a feed; try again when it has ended.")
        return _take_in(source, mapper, feeds, gates, now, progress or _silent)


def _take_in(
    source: Source, mapper: Mapper, feeds: FeedStore, gates: Gates, now: datetime, progress: Progress
) -> Intake:
    identity = source.identity
    last = feeds.latest(identity.source)
    if last is not None and _same(last, identity, mapper):
        totals = FeedTotals(rows=last.rows, rejected=last.rejected)
        return Intake(last.feed_id, identity.name, totals, tuple(feeds.rejections(last.feed_id)), unchanged=True)
    known, erased = feeds if last else None, feeds.erased()
    try:
        rows = set_aside(_staged(source, mapper, known, progress), erased)
        feed_id, totals = feeds.stage(identity, mapper.digest, rows, now)
    except FeedRefused as refused:
        feeds.refuse_unread(identity, mapper.digest, Reason(str(refused), releasable=False), now)
        raise
    counts = FeedCounts(totals.rows, totals.rejected, totals.keyless, totals.duplicate_keys)
    whole = feeds.latest(identity.source, complete=True) if identity.complete else None
    before = LastGoodFeed(whole.rows, whole.received_at) if whole else None
    reasons = verdict(
        counts,
        before,
        gates,
        datetime.fromtimestamp(identity.modified, UTC),
        now,
        complete=identity.complete,
        digest=identity.digest[:12],
    )
    if not _passes(reasons, feeds.released(identity.source, identity.digest)):
        feeds.refuse(feed_id, totals, reasons)
        sentences = " ".join(reason.text for reason in reasons)
        bad = "".join(f"\n  {row}" for row in feeds.rejections(feed_id, SHOWN))
        raise FeedRefused(f"{identity.name}: refused, nothing was changed. {sentences}{bad}")
    totals = feeds.accept(feed_id, identity, totals, now, None if _sole(mapper) else Merger(mapper, erased))
    return Intake(feed_id, identity.name, totals, tuple(feeds.rejections(feed_id)))


def _passes(reasons: Sequence[Reason], released: bool) -> bool:
    return not reasons or (released and all(reason.releasable for reason in reasons))


def staged(person: Person, mapper: Mapper, line: int, digest: bytes) -> StagedPerson:
    """A person in the shape that the database compares."""
    wanted: dict[str, Any] = {}
    initial: dict[str, Any] = {}
    for name, value in person.account.items():
        generated = name == "username" and person.unique_username
        (initial if generated or name in mapper.create_only else wanted)[name] = value
    for name, value in person.profile.items():
        side = initial if f"profile:{name}" in mapper.create_only else wanted
        side.setdefault("profile", {})[name] = value
    return StagedPerson(line, digest, person, wanted, initial, mapper.grants(person))


def _staged(source: Source, mapper: Mapper, feeds: FeedStore | None, progress: Progress) -> Iterator[StagedRow]:
    """Every row, mapped if it is new: in most feeds nearly all rows are those of the day before, in ``feeds``."""
    records, digest_of = source.records(), _row_digest(mapper)
    while chunk := list(islice(records, CHUNK)):
        digests = [digest_of(record) if isinstance(record, Record) else b"" for record in chunk]
        known = feeds.known(source.identity.source, digests, sole=_sole(mapper)) if feeds else {}
        for record, digest in zip(chunk, digests, strict=True):
            if isinstance(record, Rejection):
                raw = record.key
                yield [replace(record, key=mapper.key(source.identity.source, raw) if raw else None)]
            elif key := known.get(digest):
                yield KnownRow(record.line, key)
            else:
                yield _row(source.identity.source, record, digest, mapper)
        progress(len(chunk))


def _row(source: str, record: Record, digest: bytes, mapper: Mapper) -> StagedRow:
    said = mapper.said(source, record)
    if isinstance(said, list | Removed):
        return said
    if not _sole(mapper):
        return StagedSaying(record.line, digest, {name: value for name, value in said.items() if value})
    return _person(mapper, {source: said}, record.line, digest)


def _person(mapper: Mapper, said: Mapping[str, Said], line: int, digest: bytes) -> StagedPerson | list[Rejection]:
    person = mapper.person(said, line)
    return person if isinstance(person, list) else staged(person, mapper, line, digest)


def _sole(mapper: Mapper) -> bool:
    """Does one source say everything, so that its rows are the people?"""
    return len(mapper.sources) == 1


@dataclass(frozen=True, slots=True)
class Merger:
    """Puts people together from what several sources say; implements ``connector.domain.feeds.Merging``."""

    mapper: Mapper
    erased: Erased = NOBODY

    @property
    def sources(self) -> Sequence[str]:
        return tuple(self.mapper.sources)

    @property
    def authoritative(self) -> Sequence[str]:
        return tuple(self.mapper.authoritative)

    def merged(self, sayings: Sayings) -> StagedPerson | SetAsideRow | list[Rejection]:
        made = _person(self.mapper, sayings.said, sayings.line, b"")
        return person_set_aside(made, self.erased) if isinstance(made, StagedPerson) else made


def _row_digest(mapper: Mapper) -> Callable[[Record], bytes]:
    """Digests of all that a record and the mapping say. No field has a NUL, so that it can stand between."""
    begun = blake2b(mapper.digest.encode(), digest_size=16)

    def digest_of(record: Record) -> bytes:
        digest = begun.copy()
        digest.update("\0".join([*record.fields, *record.fields.values()]).encode())
        return digest.digest()

    return digest_of


def _same(last: KnownFeed, identity: FeedIdentity, mapper: Mapper) -> bool:
    same_moment = abs(last.modified.timestamp() - identity.modified) < 0.001  # PostgreSQL keeps microseconds
    return same_moment and (last.digest, last.mapping_digest) == (identity.digest, mapper.digest)


def _silent(_rows: int) -> None:
    """No progress is shown."""
