"""The proof that what is held of Moodle equals Moodle: counts and checksums by bucket of keys, and what differs.

Rows of Moodle's datasets are held as they came, byte for byte as Moodle counts them. A row with key k is in bucket
k / width, rounded down. What differs is a value, found by pure functions; who reads and who keeps are ports.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from connector.domain.details import KnownHistory
    from connector.domain.reading import Page

WIDTH = 1000
"""Keys in a bucket: of a million rows there are a thousand checksums, in ten answers."""
MOST = 10_000
"""Keys that are read at once where buckets differ."""
GREATEST = 2**63 - 1
"""No key is greater."""


class HeldRow(NamedTuple):
    """A row as it came, JSON in the order of its dataset's columns; whose it is, and of which course."""

    key: int
    moodle_id: int | None
    course_id: int | None
    row: bytes


@dataclass(frozen=True, slots=True)
class HeldRows:
    """Rows of one dataset."""

    dataset: str
    columns: tuple[str, ...]
    rows: Sequence[HeldRow]


class Bucket(NamedTuple):
    """How many rows there are in one bucket, and their checksum."""

    number: int
    rows: int
    checksum: str


class Range(NamedTuple):
    """Keys from the first to the last."""

    first: int
    last: int


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


def bucketed(rows: HeldRows, width: int = WIDTH) -> list[Bucket]:
    """Counts and checksums of rows that are in the order of keys, as Moodle reckons them."""
    return [
        Bucket(number, len(some), sha256(b"".join(some)).hexdigest())
        for number, some in (
            (number, [row.row + b"\n" for row in group])
            for number, group in groupby(rows.rows, lambda row: row.key // width)
        )
    ]


def _difference(rows: HeldRows, key: int, before: HeldRow | None, after: HeldRow | None) -> Difference:
    was, now = _told(rows.columns, before), _told(rows.columns, after)
    here = after or before
    what = What.MISSING if before is None else What.GONE if after is None else What.OTHER
    changed = tuple(name for name in rows.columns if was[name] != now[name]) if was and now else ()
    owner, course = (here.moodle_id, here.course_id) if here else (None, None)
    return Difference(rows.dataset, key, owner, course, what, changed, was=was, now=now)


def _told(columns: Sequence[str], row: HeldRow | None) -> dict[str, Any]:
    return dict(zip(columns, json.loads(row.row), strict=True)) if row else {}


# ---------------------------------------------------------------- naming the cause
IDENTITY = frozenset({
    "userid", "courseid", "itemid", "enrolid", "coursemoduleid", "badgeid", "templateid", "customcertid",
})  # fmt: skip
"""Moodle never changes these in a row, nor gives a key twice: only a backup does."""
TIMES: Mapping[str, str] = {
    "enrolments": "timemodified",
    "completions": "timecompleted",
    "grades": "timemodified",
    "activity_completions": "timemodified",
    "badge_issues": "dateissued",
    "certificate_issues": "timecreated",
    "customcert_issues": "timecreated",
}
"""The column by which increments find what is new."""
FORWARD = frozenset(TIMES) - {"completions", "grades"}
"""These times never go back; an assignment that falls back on an earlier attempt takes its grade's time along."""
ENROLMENTS, COMPLETIONS, DELETED_PEOPLE = "enrolments", "completions", "people"
ISSUES = frozenset({"badge_issues", "certificate_issues", "customcert_issues"})
NOT_LEARNED = frozenset({
    "enrolment_methods", "activities", "grade_items", "badges", "certificate_templates", "customcerts",
})  # fmt: skip
PLACES: Mapping[str, str] = {"activities": "coursemoduleid", "grade_items": "itemid"}
"""Where what is learned says in which activity or item that was."""
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known beside a row: courses that are there, people who are deleted, when it began (epoch seconds)."""

    courses: Collection[int]
    deleted: Collection[int]
    began: int
    restored: bool = False


def is_news(one: Difference, began: int) -> bool:
    """Whether it came of a change since the increments were read, by Moodle's own clock."""
    time = one.now.get(TIMES.get(one.dataset, ""))
    return isinstance(time, int) and time >= began


@dataclass
class Signs:
    """What tells of a Moodle that came back from an older backup. Differences are noted, and none of them is kept.

    ``behind`` are the datasets of which the newest row that was held is gone.
    """

    behind: set[str] = field(default_factory=set)
    _went_back: bool = False
    ended_in: dict[str, set[int | None]] = field(default_factory=lambda: defaultdict(set))

    def note(self, found: Iterable[Difference]) -> None:
        for one in found:
            self._went_back = self._went_back or _went_back(one)
            if one.what is What.GONE:
                self.ended_in[one.dataset].add(one.course_id)

    @property
    def restored(self) -> bool:
        """A key is another row's now, a time went back, somebody is deleted no more; or the newest rows are gone of
        enrolments and of completions too, in several courses."""
        courses = set[int | None]().union(*(self.ended_in[dataset] for dataset in self.behind))
        return self._went_back or ({ENROLMENTS, COMPLETIONS} <= self.behind and len(courses) > 1)


def _went_back(one: Difference) -> bool:
    if one.what is What.GONE:
        return one.dataset == DELETED_PEOPLE
    before, after = (told.get(TIMES.get(one.dataset, "")) for told in (one.was, one.now))
    earlier = one.dataset in FORWARD and isinstance(before, int) and isinstance(after, int) and after < before
    return one.what is What.OTHER and (earlier or bool(IDENTITY & set(one.changed)))


def named(found: Sequence[Difference], setting: Setting) -> list[Difference]:
    """The same, each with its cause where it can be named, by which what it was and is has served."""
    ends = _Ends(
        {(one.moodle_id, one.course_id) for one in found if one.dataset == ENROLMENTS and one.what is What.GONE},
        {(PLACES[one.dataset], one.key) for one in found if one.dataset in PLACES and one.what is What.GONE},
    )
    return [replace(one, cause=_cause(one, setting, ends), was={}, now={}) for one in found]


class _Ends(NamedTuple):
    """What ended with all that was in it: enrolments by person and course, activities and items by key."""

    enrolments: Collection[tuple[int | None, int | None]]
    places: Collection[tuple[str, int | None]]


def _cause(one: Difference, setting: Setting, ends: _Ends) -> str:
    if setting.restored:
        return RESTORED
    if one.dataset in NOT_LEARNED:
        return "settings"
    if one.dataset == DELETED_PEOPLE:
        return "deletion"
    if one.what is What.GONE:
        return _ended(one, setting, ends)
    if one.what is What.OTHER and (cause := _altered(one)):
        return cause
    time = one.now.get(TIMES.get(one.dataset, ""))
    if isinstance(time, int) and time > setting.began:
        return "clock"
    return "late"


def _ended(one: Difference, setting: Setting, ends: _Ends) -> str:
    if one.moodle_id in setting.deleted or (one.course_id and one.course_id not in setting.courses):
        return "deletion"
    if any((column, one.was.get(column)) in ends.places for column in PLACES.values()):
        return "deletion"
    if one.dataset in ISSUES:
        return "revocation"
    return "unenrolment" if (one.moodle_id, one.course_id) in ends.enrolments else "reset"


def _altered(one: Difference) -> str:
    changed = set(one.changed)
    if one.dataset == ENROLMENTS and "status" in changed:
        return "suspension" if one.now["status"] else "reactivation"
    by = {"grades": "overridden", "activity_completions": "overrideby"}.get(one.dataset, "")
    if by in changed and one.now[by]:
        return "override"
    if one.dataset == "grades" and "finalgrade" in changed:
        return "regrade" if one.now["finalgrade"] is not None else "reset"
    if one.dataset == "completions":
        return "recompletion"
    return "change"


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


class HeldStore(Protocol):
    """The rows that are held. What a load brings lands with its pages, and is held once the load is merged."""

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The datasets that are held, with their columns; nothing where they were lost in a crash."""
        ...

    def buckets(self, dataset: str, within: Range | None = None) -> Iterator[list[Bucket]]:
        """Of ``WIDTH`` keys, as Moodle counts them: all or those within a range of whole buckets."""
        ...

    def rows(self, dataset: str, within: Range) -> Sequence[HeldRow]: ...

    def newest(self, dataset: str) -> int | None:
        """The greatest key."""
        ...

    def there(self, dataset: str, keys: Sequence[int]) -> set[int]:
        """Those of these keys that are held."""
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
