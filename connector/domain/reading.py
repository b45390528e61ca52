"""What is read of Moodle on the way back, and the port to whoever reads it.

Each fact says how exact it is: a plugin and Moodle's tables know seconds, reports know minutes, plain functions do not
know when a course was completed at all. Rows that come by the million are named tuples: these are made in half the
time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from connector.domain.details import (
    NOTHING_KNOWN,
    Detail,
    KnownHistory,
    ReadActivity,
    ReadActivityCompletion,
    ReadEarlierCompletion,
    ReadGradeChange,
    ReadGradeItem,
    ReadItemGrade,
)
from connector.domain.held import HeldRows
from connector.domain.outbox import Entry, Touched
from connector.domain.ports import Account, Course


class Precision(StrEnum):
    """How exact a time is. ``SEEN``: it was not told; it happened before this connector first saw it."""

    SECOND = "second"
    MINUTE = "minute"
    SEEN = "seen by"


class ReadEnrolment(NamedTuple):
    """One person in one course. ``active``: may enter now. ``enrolled_at``: when it was made, None where not told.

    Several enrolments of one person may come one by one: one that is active is enough, and the oldest tells when.
    """

    user_id: int
    course_id: int
    active: bool
    enrolled_at: datetime | None = None
    precision: Precision = Precision.SEEN


class ReadCompletion(NamedTuple):
    """``progress`` in percent, None where the reader is not told."""

    user_id: int
    course_id: int
    completed: bool
    completed_at: datetime | None = None
    precision: Precision = Precision.SEEN
    progress: float | None = None


class ReadGrade(NamedTuple):
    """The course total, in points; None is no grade. ``decimals`` that are told, None for all of them.

    ``minimum`` and ``maximum`` are those of this person's total: where it adds up what was graded, others have others.
    None where they are not told: then those of the course's total hold.
    """

    user_id: int
    course_id: int
    value: float | None
    decimals: int | None = None
    graded_at: datetime | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """When somebody was last in Moodle."""

    user_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReadCertificate:
    """Something issued to a person. ``source``: badge, tool_certificate, customcert; ``code`` tells issues apart."""

    user_id: int
    source: str
    code: str
    template: str
    template_name: str
    issued_at: datetime
    expires_at: datetime | None = None
    revoked: bool = False
    precision: Precision = Precision.SECOND


@dataclass(frozen=True, slots=True)
class GradeItem:
    """The course total of a course; points."""

    item_id: int
    course_id: int
    minimum: float
    maximum: float
    pass_mark: float | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a reading reads completely of one fact, so that whatever of it does not come is no more.

    Of one person, of one course, of one person in one course, or of all where neither is named. Who is enrolled is
    read with whatever else is read of courses. ``source``: certificates are read completely source by source.
    """

    fact: str
    user_id: int | None = None
    course_id: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What one request, or a few at once, brought. ``scopes``: what is complete once the reading has ended; ``held``:
    rows as they came, by which equality can be proved."""

    enrolments: Sequence[ReadEnrolment] = ()
    completions: Sequence[ReadCompletion] = ()
    grades: Sequence[ReadGrade] = ()
    certificates: Sequence[ReadCertificate] = ()
    scopes: Sequence[Scope] = ()
    held: Sequence[HeldRows] = ()
    activities: Sequence[ReadActivity] = ()
    grade_items: Sequence[ReadGradeItem] = ()
    activity_completions: Sequence[ReadActivityCompletion] = ()
    item_grades: Sequence[ReadItemGrade] = ()
    grade_history: Sequence[ReadGradeChange] = ()
    earlier_completions: Sequence[ReadEarlierCompletion] = ()

    @property
    def rows(self) -> int:
        return sum(len(getattr(self, one.name)) for one in fields(self))


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Accounts that Moodle has. ``seen``: all of this page; ``accounts``: those to be remembered anew.

    ``marks``: a digest of each account of ``accounts``, where the reader can tell by it later that nothing changed.
    ``gone``: accounts that were told to be deleted.
    """

    seen: Sequence[int]
    accounts: Sequence[Account] = ()
    marks: Mapping[int, bytes] = field(default_factory=dict)
    accesses: Sequence[ReadAccess] = ()
    gone: Sequence[int] = ()


class AccountBook(Protocol):
    """The managed accounts as they are known. Bound to one site."""

    def bound(self) -> Iterator[list[int]]:
        """Ids of the accounts of managed people, in lists."""
        ...

    def managed(self, account_ids: Collection[int]) -> set[int]:
        """Of these accounts those of managed people."""
        ...

    def unlike(self, marks: Mapping[int, bytes]) -> list[int]:
        """Of these accounts the managed ones that were never remembered, or with another mark."""
        ...

    def remember(self, page: AccountsPage, now: datetime) -> None:
        """Keep what is known anew, and that all of the page were seen."""
        ...

    def unseen(self, since: datetime) -> list[int]:
        """Managed accounts that have not been seen since."""
        ...

    def mark_lost(self, account_ids: Sequence[int], now: datetime) -> None:
        """Moodle no longer has these accounts; the next plan looks at them."""
        ...

    def read_until(self) -> datetime | None:
        """Up to when changes of accounts have been read; None: never."""
        ...

    def set_read_until(self, moment: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Gone:
    """An enrolment that is no more, and when the reading began that noticed it."""

    user_id: int
    course_id: int
    read_at: datetime


class GrantBook(Protocol):
    """What this connector has granted, compared with what was read. Bound to one site.

    What somebody took away in Moodle is noted part by part, and ends all at once, because the guard counts all of it.
    What was granted or altered after a reading began (``read_at``) is not judged by it.
    """

    def begin(self) -> None:
        """Forget what was noted by a reading that did not come to its end."""
        ...

    def cohorts(self) -> Iterator[list[int]]:
        """Moodle's ids of the cohorts with members that were granted, in lists that hold some thousand of these."""
        ...

    def names(self) -> Mapping[str, int]:
        """Names of courses in mappings with Moodle's ids, but for those that a person has decided."""
        ...

    def follow(self, moved: Mapping[str, int], now: datetime) -> None:
        """These names lead to other courses now: the next plan gives there what it takes in the former ones."""
        ...

    def courses(self) -> list[int]:
        """Moodle's ids of the courses in which something was granted."""
        ...

    def note_cohorts(
        self, cohort_ids: Sequence[int], members: Mapping[int, Collection[int]], read_at: datetime
    ) -> None:
        """Note who is no longer in these cohorts: nobody is in one that is gone, which ``members`` lacks."""
        ...

    def groups(self) -> Iterator[list[int]]:
        """As ``cohorts``, of groups within courses."""
        ...

    def note_groups(self, members: Mapping[int, Collection[int] | None], read_at: datetime) -> None:
        """Note who is no longer in these groups: nobody is in one that is gone (None)."""
        ...

    def note_courses(self, course_ids: Sequence[int], read_at: datetime) -> None:
        """Note all that was granted in these courses, which are gone."""
        ...

    def note_enrolments(self, gone: Sequence[Gone]) -> None:
        """Note enrolments that are no more, with the roles that went with them."""
        ...

    def note_completed(self, completed: Iterable[tuple[int, int]]) -> None:
        """Who has completed which course of those before which something else is granted: all of it, anew."""
        ...

    def end_lost(self, now: datetime, *, any_number: bool = False) -> int:
        """End what was noted, so that the next plan gives it again where it is wanted: at the place named so then.

        Gives the number of grants. Raises HoldClass where they are more than the guard lets pass, unless
        ``any_number``: then nothing has ended.
        """
        ...


def moved(names: Mapping[str, int], courses: Sequence[Course]) -> dict[str, int]:
    """Names that another course has as its idnumber now, while the one that they led to is still there."""
    there = {course.id for course in courses}
    led = {course.idnumber: course.id for course in courses if course.idnumber}
    return {name: led[name] for name, before in names.items() if before in there and led.get(name, before) != before}


class Outbox(Protocol):
    """What a Moodle tells of its own accord: entries that stay until they are forgotten. Raises the error tree."""

    def entries(self) -> AsyncIterator[list[Entry]]:
        """All that there are, from the oldest on. One may appear with an id smaller than those read before."""
        ...

    async def forget(self, entry_ids: Sequence[int]) -> None:
        """Entries that have been dealt with; what is gone already is well."""
        ...

    def read(self, touched: Touched, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:
        """All that there is now of what was touched, with its scopes; of the history of grades what is beyond what was
        ``known``."""
        ...

    async def courses(self, course_ids: Collection[int]) -> list[Course]:
        """Of these courses those that are there."""
        ...


class Reader(Protocol):
    """One way of reading one Moodle site. Raises the tree of ``connector.domain.errors`` and nothing else."""

    @property
    def name(self) -> str:
        """``plain``, ``reports`` or ``plugin``."""
        ...

    @property
    def incremental(self) -> bool:
        """Whether ``changed`` and ``accounts`` with a moment can tell what is new without reading everything."""
        ...

    @property
    def exhaustive(self) -> bool:
        """Whether ``everything`` misses nobody who was there all the while, and what it does not tell of who is
        enrolled is not there: nothing completed, where completion is on, and no grade."""
        ...

    @property
    def outbox(self) -> Outbox | None:
        """By which increments go, where Moodle has one that may be read."""
        ...

    @property
    def details(self) -> Collection[Detail]:
        """What ``everything`` and ``changed`` tell beyond courses."""
        ...

    async def courses(self) -> list[Course]:
        """All courses of the site."""
        ...

    def accounts(self, book: AccountBook, since: datetime | None = None) -> AsyncIterator[AccountsPage]:
        """All accounts of the site, or those that changed since; only an incremental reader takes a moment."""
        ...

    def everything(
        self, book: AccountBook, courses: Sequence[Course], known: KnownHistory = NOTHING_KNOWN
    ) -> AsyncIterator[Page]:
        """Enrolments, completions, grades and certificates of everybody in these courses; certificates of all.

        With the details of the reader; of the history of grades from the last key that was ``known`` in such a
        reading, that one included, so that it shows whether Moodle still has it.

        While it reads people come and go: a row may come twice, and one may be missed; see ``again``.
        """
        ...

    def again(self, course_ids: Sequence[int]) -> AsyncIterator[Page]:
        """Enrolments, completions and grades of whole courses, so that nobody is missed: each in one answer, or in
        several through which their number stayed the same. Nothing of a course that is gone.

        Completions of the plain reader are those of the people in the book of the last ``everything``.
        """
        ...

    def changed(self, since: datetime, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:
        """What a reader can tell to be new: enrolments made, courses completed, and what was issued; its details too.

        Only where it is incremental, and asked for only where there is no outbox. ``since`` is included. An enrolment
        made is told where it lets its owner in; an older one of the same person, and what became inactive, is left to
        the next reading of everything. Courses can be new ones.
        """
        ...

    async def members(self, cohort_ids: Sequence[int]) -> Mapping[int, Collection[int]]:
        """Who is in each of these cohorts; one that is gone is left out."""
        ...

    async def group_members(self, group_ids: Sequence[int]) -> Mapping[int, Collection[int] | None]:
        """Who is in each of these groups, None where it is gone; one that cannot be read is left out."""
        ...

    async def missing_courses(self, course_ids: Sequence[int]) -> list[int]:
        """Of these courses those that Moodle no longer has. One that is only closed to the token is there."""
        ...

    async def grade_items(self, samples: Mapping[int, int]) -> list[GradeItem]:
        """The course totals of courses; ``samples`` has an active participant of each, the one with the best grade.

        Plain functions tell the maximum of that person's total, which is less than the course's where it adds up what
        was graded and not all of it was.
        """
        ...
