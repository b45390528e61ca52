"""How a course stands, as who teaches in it sees it: people with what they have done, and assessments. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Any, Protocol
from uuid import UUID

from connector.domain.contents import Content
from connector.domain.multilang import Texts

QUIET = timedelta(days=14)
"""Who has begun and for so long done nothing is stuck."""


class State(StrEnum):
    """How somebody stands in a course."""

    NOT_BEGUN = "not_begun"
    UNDER_WAY = "under_way"
    STUCK = "stuck"
    COMPLETED = "completed"


OVERDUE = "overdue"
"""Beside the states, what can be asked for: who should have been done by now, begun or not."""


class Order(StrEnum):
    """By what people are put in order."""

    NAME = "name"
    PROGRESS = "progress"
    GRADE = "grade"
    DUE = "due"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody in a course, as the facts or the platform know them. ``progress`` and ``grade`` in percent.

    ``last`` is the last sign of work in the course, ``seen`` when they were last in Moodle at all; None: not told.
    ``key`` is that at HR, "" where it is not known.
    """

    subject: str
    name: str
    completed: bool = False
    completed_at: datetime | None = None
    progress: float | None = None
    grade: float | None = None
    last: datetime | None = None
    seen: datetime | None = None
    due_on: date | None = None
    overdue: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody has made of the assessments of a course. ``percent``: the mean of what counts of each;
    ``completed``: how many of its video lessons they have."""

    subject: str
    person_id: int | None
    tried: int
    passed: int
    waiting: int
    percent: float | None
    last: datetime
    completed: int = 0


@dataclass(frozen=True, slots=True)
class Viewed:
    """How many video lessons of a course somebody has completed, and when they last watched one."""

    subject: str
    person_id: int | None
    completed: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Person:
    learner: Learner
    work: Work | None
    state: State
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """How an assessment was taken. Who took it in two activities counts once, with the better, as in its own results.
    ``waiting``: attempts that wait to be marked."""

    people: int = 0
    finished: int = 0
    passed: int = 0
    mean: float | None = None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt that waits to be marked."""

    attempt_id: int
    content_id: UUID
    title: Texts
    subject: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Sums:
    """``by_state`` has every state. ``progress``: the mean of those of whom it is told."""

    people: int
    by_state: Mapping[State, int]
    overdue: int
    progress: float | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people, and in which order; ``state`` "" for all, or a state, or ``OVERDUE``."""

    name: str = ""
    state: str = ""
    order: Order = Order.NAME


class CourseFacts(Protocol):
    """Courses of our own Moodle."""

    def learners(self, course_id: int) -> Sequence[Learner]: ...

    def as_of(self) -> datetime | None: ...


class CourseWork(Protocol):
    """What launched content knows of the courses of a site. Trials count nowhere."""

    def assessments(self, platform_id: int, course: str) -> Sequence[Content]:
        """Those that have an activity in a course, and those that were taken there, what was changed last first."""
        ...

    def done(
        self, platform_id: int, course: str, contents: Sequence[UUID], teachers: Collection[str]
    ) -> tuple[Sequence[Work], Mapping[UUID, Taken]]:
        """By person, and by assessment, without what ``teachers`` have tried; of one that nobody took there is
        nothing."""
        ...

    def lessons(self, platform_id: int, course: str) -> int:
        """How many video lessons have an activity in a course, or were watched there."""
        ...

    def viewed(self, platform_id: int, course: str, teachers: Collection[str]) -> Sequence[Viewed]:
        """By person, without what ``teachers`` have watched."""
        ...

    def waiting(self, platform_id: int, course: str, most: int) -> Sequence[Waiting]:
        """Those that wait longest first."""
        ...

    def teachers(self, platform_id: int, course: str) -> Collection[str]:
        """Who teaches in a course, by the role that their last launch there told."""
        ...


def people(learners: Sequence[Learner], works: Sequence[Work], now: datetime) -> list[Person]:
    """Who is in a course, with what they have done."""
    work = {one.subject: one for one in works}
    return [_person(one, work.get(one.subject), now) for one in learners]


def with_lessons(works: Sequence[Work], viewed: Sequence[Viewed]) -> list[Work]:
    """What everybody has made of assessments, and of video lessons, too."""
    found = {one.subject: one for one in works}
    for one in viewed:
        work = found.get(one.subject) or Work(one.subject, one.person_id, 0, 0, 0, None, one.last)
        found[one.subject] = replace(work, last=max(work.last, one.last), completed=one.completed)
    return list(found.values())


def unlisted(learners: Sequence[Learner], works: Sequence[Work], as_of: datetime) -> list[Learner]:
    """Who has done something and is not on the list of that moment: whom HR does not name, and who came after it.
    Who is known, and has done nothing since, has left."""
    listed = {one.subject for one in learners}
    return [
        Learner(one.subject, "")
        for one in works
        if one.subject not in listed and (one.person_id is None or (one.last is not None and one.last > as_of))
    ]


def by_work(learner: Learner, work: Work | None, pieces: int) -> Learner:
    """Of another platform no progress is known: it is how many of the ``pieces`` of the course, assessments and video
    lessons, are passed and completed."""
    if not pieces:
        return learner
    done = work.passed + work.completed if work else 0
    return Learner(learner.subject, learner.name, done >= pieces, progress=100 * done / pieces)


def _person(learner: Learner, work: Work | None, now: datetime) -> Person:
    last = max((at for at in (learner.last, work.last if work else None) if at is not None), default=None)
    return Person(learner, work, _state(learner, last, now), last)


def _state(learner: Learner, last: datetime | None, now: datetime) -> State:
    """Without a sign that has a date, whoever was in Moodle lately may have worked then."""
    if learner.completed:
        return State.COMPLETED
    if last is None and not learner.progress and learner.grade is None:
        return State.NOT_BEGUN
    sign = last or learner.seen
    return State.STUCK if sign is not None and now - sign >= QUIET else State.UNDER_WAY


def sums(found: Sequence[Person]) -> Sums:
    told = [one.learner.progress for one in found if one.learner.progress is not None]
    by_state = {state: sum(one.state is state for one in found) for state in State}
    overdue = sum(one.learner.overdue for one in found)
    return Sums(len(found), by_state, overdue, sum(told) / len(told) if told else None)


def select(found: Sequence[Person], wanted: Wanted) -> list[Person]:
    """Those that are wanted, in order; of whom nothing is told stand last."""
    name = plain(wanted.name)
    named = [(plain(one.learner.name), one.learner.subject, one) for one in found if _suits(one, wanted.state)]
    by_name = [one for typed, _, one in sorted(named, key=itemgetter(0, 1)) if name in typed]
    if wanted.order is Order.NAME:
        return by_name
    key = _KEYS[wanted.order]
    told = [one for one in by_name if key(one) is not None]
    return sorted(told, key=key) + [one for one in by_name if key(one) is None]


def _suits(person: Person, state: str) -> bool:
    return not state or (person.learner.overdue if state == OVERDUE else person.state == state)


def plain(text: str) -> str:
    """As people type it: without marks above and below letters, whatever the case."""
    if text.isascii():  # most of many
        return text.casefold().strip()
    apart = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join([letter for letter in apart if not unicodedata.combining(letter)]).strip()


_KEYS: Mapping[Order, Callable[[Person], Any]] = {
    Order.PROGRESS: lambda one: one.learner.progress,
    Order.GRADE: lambda one: one.learner.grade,
    Order.DUE: lambda one: one.learner.due_on,
    Order.LAST: lambda one: one.last,
}
"""Who needs somebody's eye comes first: the least progress and grade, the nearest day, the longest ago."""
