"""What a learner sees of their own learning, and the port to where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.multilang import Texts


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


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course that the person is in. ``progress`` in percent, None where Moodle tells none."""

    course_id: int
    title: Texts
    fullname: str
    description: Texts
    minutes: int | None
    learners: int
    completed: bool
    completed_at: datetime | None
    progress: float | None


@dataclass(frozen=True, slots=True)
class Earned:
    """A certificate or badge; ``valid`` also where it never ends."""

    name: str
    issued_at: datetime
    expires_at: datetime | None
    valid: bool


@dataclass(frozen=True, slots=True)
class MyLearning:
    """All of it, as of the last reading of Moodle."""

    due: Sequence[Due]
    courses: Sequence[CourseCard]
    earned: Sequence[Earned]
    as_of: datetime | None

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
    """What is known of one person. Empty where nothing is."""

    def of(self, person_id: int) -> MyLearning: ...


_ORDER = {DueState.OVERDUE: 0, DueState.OPEN: 1, DueState.SATISFIED: 2}


def by_urgency(due: Sequence[Due]) -> list[Due]:
    """What is overdue first, then what is due soonest, then what is done."""
    return sorted(due, key=lambda one: (_ORDER[one.state], one.due_on or date.max, one.requirement))


def by_progress(courses: Sequence[CourseCard]) -> list[CourseCard]:
    """What was begun first, then what was not, then what is completed."""
    return sorted(courses, key=lambda one: (one.completed, -(one.progress or 0), one.fullname))
