"""The ports to the reporting facts: what is taken in, from the connector itself and from Moodle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from connector.domain.details import NOTHING_KNOWN, Detail, KnownHistory
from connector.domain.grants import LearningPath, Requirement
from connector.domain.held import HeldRows, HeldStore
from connector.domain.ports import Course
from connector.domain.proving import Difference, Proved
from connector.domain.reading import Gone, GradeItem, Page, ReadAccess


class Extent(StrEnum):
    """How much of Moodle a load reads."""

    EVERYTHING = "everything"
    """Whatever did not come is no more."""
    CHANGES = "changes"
    """What is new since the last time; what does not come stays as it was, but for what was read completely."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What merging one fact came to: rows that now hold, and how many began or ended with this reading."""

    fact: str
    rows: int
    begun: int
    ended: int


NAMED = 1000
"""People of whom a merge says that something is otherwise; more than that are not named."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge came to. ``people``: of whom something is otherwise now, and who leads them; None: too many."""

    loaded: list[Loaded]
    people: Collection[int] | None


@dataclass(frozen=True, slots=True)
class Member:
    """A managed person as the connector knows it now. ``units_above``: the topmost first."""

    person_id: int
    hr_key: str
    moodle_id: int | None
    unit: str
    unit_name: str
    units_above: Sequence[str] | None
    job_role: str
    manager_id: int | None
    status: str
    hired_on: date | None
    left_on: date | None
    timezone: str
    firstname: str
    lastname: str
    email: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """A requirement that the ledger holds or held."""

    grant_id: int
    person_id: int
    requirement: str
    assigned_on: date
    due_on: date | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Away:
    """A leave of a person; ``last`` is None while nobody knows of the return."""

    person_id: int
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A requirement that somebody waived, by which the last plan went. Days are the person's own."""

    decision_id: int
    person_id: int
    requirement: str
    by_hr: bool
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate of the connector's own, of somebody with an account."""

    moodle_id: int
    number: str
    template: str
    issued_at: datetime
    expires_at: datetime | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class BroughtOver:
    """What somebody with an account did in a former system: courses that were completed, a certificate, or both."""

    moodle_id: int
    source: str
    courses: Sequence[str]
    done_at: datetime
    precision: str
    score: float | None
    score_max: float | None
    template: str
    number: str
    expires_at: datetime | None


class Staff(Protocol):
    """What the connector itself knows of people, as the facts take it. Bound to one site."""

    def basis(self, now: datetime) -> str:
        """Differs as soon as anything below may have changed, a new day included."""
        ...

    def fed_at(self) -> datetime | None:
        """When HR's last good feed came."""
        ...

    def people(self, now: datetime) -> Iterator[list[Member]]: ...

    def assignments(self) -> Iterator[list[Assigned]]: ...

    def leaves(self) -> Iterator[list[Away]]: ...

    def waivers(self) -> Iterator[list[Waiver]]: ...

    def certificates(self, since: datetime | None) -> Iterator[list[Certified]]:
        """All, or those that were issued or revoked since."""
        ...

    def imports(self) -> Iterator[list[BroughtOver]]:
        """Records of former systems, all of them."""
        ...

    def courses(self) -> dict[str, int]:
        """Moodle's ids of the courses that mappings name."""
        ...

    def lost_accounts(self) -> Iterator[list[int]]:
        """Accounts that Moodle did not show any more when it was last asked, also those of nobody any more."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What the mapping says must be learned."""

    digest: str
    paths: Sequence[LearningPath]
    requirements: Sequence[Requirement]
    prerequisites: Collection[str] = ()
    """Courses that must be completed before something is granted."""
    certificates: Mapping[str, str] = field(default_factory=dict)
    """Names of the connector's own certificates by their template's code."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a load has read besides its pages. ``courses``: None where they were not read; ``landed``: rows by fact;
    ``exhaustive`` and ``details``: as of the reader; ``asked``: the courses that were asked for, None for all of the
    site. ``compared``: all of Moodle was compared with what is held, and what differed was read. ``listed``: the cause
    with which all rows are written down that are not as they were held. ``known``: what was known of the history of
    grades when it was asked for; ``newest``: the greatest key of it that was told."""

    extent: Extent
    until: datetime
    courses: Sequence[Course] | None = None
    grade_items: Sequence[GradeItem] = ()
    landed: Mapping[str, int] = field(default_factory=dict)
    exhaustive: bool = False
    asked: Collection[int] | None = None
    compared: bool = False
    listed: str = ""
    details: Collection[Detail] = frozenset()
    known: KnownHistory = NOTHING_KNOWN
    newest: int | None = None


class FactStore(Protocol):
    """Takes in what was read. Bound to one site."""

    @property
    def held(self) -> HeldStore:
        """Moodle's rows behind the facts."""
        ...

    def lock(self) -> AbstractContextManager[bool]:
        """One load at a time: gives False where another process is at it."""
        ...

    def start(self, extent: Extent, reader: str, now: datetime) -> int:
        """Begin a load; what an interrupted one had landed is dropped.

        Raises SettingsError where the facts are those of another Moodle.
        """
        ...

    def finish(self, load: int, status: str, detail: str, now: datetime) -> None: ...

    def read_until(self) -> datetime | None:
        """Up to when changes have been read; None where Moodle was never read as a whole."""
        ...

    def land(self, load: int, page: Page) -> None: ...

    def land_gone(self, load: int, gone: HeldRows) -> None:
        """These rows are held no more once the load is merged."""
        ...

    def land_accesses(self, load: int, accesses: Sequence[ReadAccess]) -> None: ...

    def forget(self, load: int, course_ids: Sequence[int]) -> dict[str, int]:
        """Drop what has landed of these courses, because they are read again; gives the dropped rows by fact."""
        ...

    def vanished(self, load: int, course_ids: Sequence[int]) -> list[int]:
        """Of these courses those in which somebody who is enrolled by the facts did not come."""
        ...

    def knows_courses(self, load: int) -> bool:
        """Whether the facts know every course of which something has landed."""
        ...

    def samples(self, load: int, *, unknown: bool = False) -> dict[int, int]:
        """One active participant of each course with a grade in it; ``unknown``: of those whose total is not known."""
        ...

    def unenrolled(self, since: datetime) -> Iterator[list[Gone]]:
        """Enrolments that a reading after ``since`` found ended, and that have not begun again."""
        ...

    def completed(self, course_ids: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
        """Who has ever completed one of these courses: person and course."""
        ...

    def known_history(self) -> KnownHistory:
        """How far the history of grades is known."""
        ...

    def take(self, staff: Staff, basis: str, now: datetime) -> bool:
        """Land the people and assignments of the connector, unless ``basis`` is that of last time."""
        ...

    def merge(self, load: int, read: Read, staff: Staff, terms: Terms, now: datetime) -> Merged:
        """Turn what has landed into facts with history, and move the cursor, all in one transaction.

        Raises StorageError where not all of ``read.landed`` is there.
        """
        ...

    def unlike(self, before: datetime, now: datetime) -> Iterator[Difference]:
        """Facts that do not follow from the rows that are held, reckoned otherwise than by the merge; one by one, as
        they may be all of them.

        ``before`` is when everything was compared the last time.
        """
        ...

    def sizes(self) -> Mapping[str, int]:
        """How many hold of each fact that ``unlike`` looks at."""
        ...

    def note(self, load: int, proved: Sequence[Proved], found: Sequence[Difference], now: datetime) -> None:
        """Write down what a load has compared and found. Merging it puts that right."""
        ...

    def compared_at(self) -> datetime | None:
        """When all of Moodle was read or compared the last time."""
        ...


class Reports(Protocol):
    """The reporting views, for the terminal and for pages. Rows are by the names of the views' columns."""

    def compliance(self) -> list[dict[str, Any]]:
        """By requirement: people, satisfied, open, overdue."""
        ...

    def by_unit(self) -> list[dict[str, Any]]:
        """Each unit with those below it: assignments, satisfied, overdue, and its level."""
        ...

    def overdue_by_manager(self, limit: int) -> list[dict[str, Any]]: ...

    def courses(self) -> list[dict[str, Any]]: ...

    def overview(self) -> dict[str, Any] | None:
        """All in one row; None where nothing was mirrored yet."""
        ...

    def people(self) -> dict[str, int]:
        """People by status."""
        ...

    def trend(self, period: str, limit: int) -> list[dict[str, Any]]:
        """The last periods, the oldest first; ``period`` is day, week or month."""
        ...

    def expiring(self) -> list[dict[str, Any]]:
        """What ends soon, by what it is: how many within 30, 60 and 90 days."""
        ...

    def quality(self) -> list[dict[str, Any]]:
        """What looks wrong in the data, the worst first."""
        ...

    def freshness(self) -> list[dict[str, Any]]: ...
