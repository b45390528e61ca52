"""What a learner sees of their own learning, and the port to where it is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from connector.domain.multilang import Texts
from connector.domain.zones import good_until, told_on

ONE_DAY = timedelta(days=1)
RECENT = 10
SUGGESTED = 4


class DueState(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    SATISFIED = "satisfied"


@dataclass(frozen=True, slots=True)
class DueCourse:
    """A course of a requirement; ``course_id`` is None where Moodle has no such course."""

    course_id: int | None
    title: Texts
    fullname: str
    completed: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be completed: by when, and how it stands. ``courses`` in their order."""

    requirement: str
    name: Texts
    state: DueState
    due_on: date | None
    satisfied_at: datetime | None
    expires_on: date | None
    courses: Sequence[DueCourse] = ()

    @property
    def done(self) -> int:
        return sum(one.completed for one in self.courses)

    @property
    def next_course(self) -> DueCourse | None:
        """Where the path goes on."""
        if self.state is DueState.SATISFIED:
            return None
        return next((one for one in self.courses if not one.completed and one.course_id), None)


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course that the person is in, with how many ``people``, who teaches among them: Moodle tells no roles with
    enrolments. ``progress`` in percent, None where Moodle tells none; ``last``: when they last
    worked in it, as far as that is known."""

    course_id: int
    title: Texts
    fullname: str
    description: Texts
    minutes: int | None
    people: int
    completed: bool
    completed_at: datetime | None
    progress: float | None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Earned:
    """A certificate or badge; ``valid`` also where it never ends. ``precision``: how exact its times are.
    ``brought_over`` from a former system, whose certificates are told by their last day."""

    name: str
    issued_at: datetime
    expires_at: datetime | None
    valid: bool
    precision: str = ""
    brought_over: bool = False

    @property
    def issued_on(self) -> date:
        """The moment, or the day where no more is known."""
        return told_on(self.issued_at, self.precision)

    @property
    def until(self) -> date | None:
        """The end as whoever issued it tells it: Moodle by the moment, a former system by the last day."""
        if self.expires_at is None or not self.brought_over:
            return self.expires_at
        return good_until(self.expires_at, self.precision)


class Happening(StrEnum):
    """What somebody has done."""

    COURSE = "course"
    """Completed a course."""
    ACTIVITY = "activity"
    """Completed something within one."""
    ASSESSMENT = "assessment"
    """Submitted one that was launched."""
    VIDEO = "video"
    """Completed a video lesson."""
    EARNED = "earned"
    """Got a certificate or badge."""


@dataclass(frozen=True, slots=True)
class Happened:
    """``percent`` and ``passed`` of an assessment that has a result; ``precision``: how exact ``at`` is. ``course_id``
    and ``course``: within which course, None and empty where that is not known, or it is the course itself."""

    what: Happening
    title: Texts
    at: datetime
    percent: float | None = None
    passed: bool | None = None
    precision: str = ""
    course_id: int | None = None
    course: Texts = field(default_factory=dict)

    @property
    def on(self) -> date:
        """The moment, or the day where no more is known."""
        return told_on(self.at, self.precision)


class Basis(StrEnum):
    """By whom a course is recommended."""

    JOB_ROLE = "job_role"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A course that ``completed`` of ``peers`` others have completed; ``basis`` is what they have in common."""

    course_id: int
    title: Texts
    fullname: str
    minutes: int | None
    basis: Basis
    completed: int
    peers: int

    @property
    def share(self) -> float:
        return self.completed / self.peers


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody below a manager; ``distance`` 1 is a direct report."""

    person_id: int
    name: str
    distance: int
    overdue: int
    still_open: int
    next_due: date | None


@dataclass(frozen=True, slots=True)
class Team:
    """Everybody below a manager; ``shown`` are those of them who need an eye first."""

    people: int
    direct: int
    people_overdue: int
    shown: Sequence[Report]


@dataclass(frozen=True, slots=True)
class MyLearning:
    """All of it, as of the last reading of Moodle."""

    due: Sequence[Due]
    courses: Sequence[CourseCard]
    earned: Sequence[Earned]
    as_of: datetime | None
    streak: int = 0
    recent: Sequence[Happened] = ()
    suggested: Sequence[Suggestion] = ()
    team: Team | None = None

    @property
    def overdue(self) -> int:
        return sum(one.state is DueState.OVERDUE for one in self.due)

    @property
    def next_due(self) -> date | None:
        """The nearest day by which something is still to be done."""
        days = [one.due_on for one in self.due if one.state is DueState.OPEN and one.due_on]
        return min(days, default=None)

    @property
    def completed(self) -> int:
        return sum(one.completed for one in self.courses)


class LearningLook(Protocol):
    """What is known of one person, whose days are those of ``zone``. Empty where nothing is."""

    def of(self, person_id: int, zone: ZoneInfo) -> MyLearning: ...


_ORDER = {DueState.OVERDUE: 0, DueState.OPEN: 1, DueState.SATISFIED: 2}


def by_urgency(due: Sequence[Due]) -> list[Due]:
    """What is overdue first, then what is due soonest, then what is done."""
    return sorted(due, key=lambda one: (_ORDER[one.state], one.due_on or date.max, one.requirement))


def by_progress(courses: Sequence[CourseCard]) -> list[CourseCard]:
    """What was begun first, then what was not, then what is completed."""
    return sorted(courses, key=lambda one: (one.completed, -(one.progress or 0), one.fullname))


def by_last(courses: Sequence[CourseCard]) -> list[CourseCard]:
    """Where somebody worked last first; of which that is not known, as ``by_progress``."""
    known = sorted(((one.last, one.course_id, one) for one in courses if one.last is not None), reverse=True)
    return [one for *_, one in known] + by_progress([one for one in courses if one.last is None])


def streak(days: Collection[date], today: date) -> int:
    """Days in a row on which somebody has learned, up to today; while today is not over, yesterday will do."""
    learned, day = set(days), today
    if day not in learned:
        day -= ONE_DAY
    count = 0
    while day in learned:
        count, day = count + 1, day - ONE_DAY
    return count


def newest(*some: Sequence[Happened]) -> list[Happened]:
    """The last few of all, the newest first."""
    return sorted((one for these in some for one in these), key=lambda one: one.at, reverse=True)[:RECENT]


def suggestions(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Each course once, by those of whom most have completed it; the most usual first."""
    best: dict[int, Suggestion] = {}
    for one in sorted(found, key=lambda one: (-one.share, -one.peers, one.course_id, one.basis)):
        best.setdefault(one.course_id, one)
    return list(best.values())[:SUGGESTED]
