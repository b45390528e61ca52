"""The proof that what is held of Moodle equals Moodle: counts and checksums by bucket of keys, and what differs.

What differs is a value, found by pure functions; who reads and who keeps are ports.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from connector.domain.details import KnownHistory
from connector.domain.held import Bucket, HeldRow, HeldRows, Range
from connector.domain.reading import Page

MOST = 10_000
"""Keys that are read at once where buckets differ."""


class What(StrEnum):
    """How a row differs."""

    MISSING = "missing"
    """Moodle has it, and it was not held."""
    OTHER = "other"
    GONE = "gone"
    """It was held, and Moodle no longer has it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that was not as Moodle has it. ``changed`` are the columns that differ; ``cause`` where it is known."""

    dataset: str
    key: int | None
    moodle_id: int | None
    course_id: int | None
    what: What
    changed: tuple[str, ...] = ()
    cause: str = ""
    was: Mapping[str, Any] = field(default_factory=dict)
    now: Mapping[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- comparing
def unlike(ours: Iterable[Bucket], theirs: Iterable[Bucket]) -> list[int]:
    """The buckets that differ: with other rows, or on one side only."""
    known = {one.number: one for one in ours}
    found = [one.number for one in theirs if known.pop(one.number, None) != one]
    return sorted([*found, *known])


def ranges(buckets: Iterable[int], width: int, most: int = MOST) -> Iterator[Range]:
    """The keys of these buckets, in order; neighbours together, up to so many keys."""
    pending: Range | None = None
    for number in buckets:
        first, last = number * width, (number + 1) * width - 1
        if pending and pending.last + 1 == first and last - pending.first < most:
            pending = Range(pending.first, last)
            continue
        if pending:
            yield pending
        pending = Range(first, last)
    if pending:
        yield pending


def differences(ours: HeldRows, theirs: HeldRows) -> list[Difference]:
    """What differs, row by row, in the order of keys."""
    held = {one.key: one for one in ours.rows}
    found: list[Difference] = []
    for row in theirs.rows:
        before = held.pop(row.key, None)
        if before is None or before.row != row.row:
            found.append(_difference(theirs, row.key, before, row))
    found += [_difference(theirs, row.key, row, None) for row in held.values()]
    return sorted(found, key=lambda one: one.key or 0)


def _difference(rows: HeldRows, key: int, before: HeldRow | None, after: HeldRow | None) -> Difference:
    was, now = _told(rows.columns, before), _told(rows.columns, after)
    here = after or before
    what = What.MISSING if before is None else What.GONE if after is None else What.OTHER
    changed = tuple(name for name in rows.columns if was[name] != now[name]) if was and now else ()
    owner, course = (here.moodle_id, here.course_id) if here else (None, None)
    return Difference(rows.dataset, key, owner, course, what, changed, was=was, now=now)


def _told(columns: Sequence[str], row: HeldRow | None) -> dict[str, Any]:
    return dict(zip(columns, json.loads(row.row), strict=True)) if row else {}


# ---------------------------------------------------------------- ports
class Question(Protocol):
    """How Moodle is asked for what is held of one dataset."""

    @property
    def name(self) -> str:
        """The name of the dataset."""
        ...

    @property
    def columns(self) -> Collection[str]:
        """All columns that are held, in any order."""
        ...


@runtime_checkable
class Counter(Protocol):
    """What a reader that can count does beside reading. Raises the error tree."""

    async def questions(self) -> Sequence[Question]:
        """What is held, dataset by dataset: whatever facts follow from."""
        ...

    def counted(self, question: Question, within: Range | None = None) -> AsyncIterator[list[Bucket]]:
        """Buckets of ``WIDTH`` keys with rows, all or those within a range of whole buckets."""
        ...

    async def rows(self, question: Question, within: Range) -> HeldRows:
        """The rows with these keys."""
        ...

    def whole(self, people: Sequence[int], courses: Sequence[int]) -> AsyncIterator[Page]:
        """Everything of these people and in these courses, completely."""
        ...

    def before(self, known: KnownHistory) -> AsyncIterator[Page]:
        """Attempts that were put away, and the history of grades, as ``Reader.everything`` reads it."""
        ...


@dataclass(frozen=True, slots=True)
class Proved:
    """What comparing one dataset, or one fact, came to. ``equal``: in the end, what came since it began aside."""

    dataset: str
    rows: int
    buckets: int
    differing: int
    missing: int
    other: int
    gone: int
    seconds: float
    equal: bool
    as_of: datetime

    @property
    def differences(self) -> int:
        return self.missing + self.other + self.gone
