"""The port to what the API tells: the reporting views, as one unit sees them, at one moment."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from connector.domain.course_view import Learner

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CourseSearch:
    """``shown``: the language in which titles are put in order. ``sort`` is a key, with a minus from the greatest."""

    category: int | None
    difficulty: str | None
    language: str | None
    search: str | None
    visible: bool | None
    shown: str
    sort: str
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class CertificateSearch:
    """``after``: time of issue, source and number of the last one that was told; the newest come first."""

    status: str | None
    source: str | None
    template: str | None
    person: str | None
    issued_since: date | None
    issued_until: date | None
    expires_since: date | None
    expires_until: date | None
    after: tuple[datetime, str, str] | None
    limit: int


class Look(Protocol):
    """One look: everything in it is of the same moment. Rows are by the names of the views' columns."""

    @property
    def mark(self) -> str:
        """Another one as soon as facts were read anew."""
        ...

    @property
    def as_of(self) -> datetime | None:
        """When facts were last read; None before."""
        ...

    @property
    def now(self) -> datetime:
        """The moment of which all is."""
        ...

    @property
    def unit(self) -> str:
        """The unit that is looked at, "" is everybody."""
        ...

    def narrow(self, unit: str) -> bool:
        """Look at this unit and all below it only. False, and nothing done, where it is not in sight."""
        ...

    def courses(self, search: CourseSearch) -> tuple[int, list[Row]]:
        """How many there are, and those of one page."""
        ...

    def course(self, course_id: int) -> Row | None: ...

    def performance(self, course_id: int) -> Row | None:
        """What came of the enrolments in a course; None where nobody in sight is enrolled."""
        ...

    def overview(self) -> Row | None:
        """All in one row; None where nobody is in sight."""
        ...

    def trend(self, period: str, limit: int) -> list[Row]:
        """The last periods, the oldest first."""
        ...

    def by_requirement(self, requirement: str | None) -> list[Row]: ...

    def by_unit(self, requirement: str | None, limit: int, offset: int) -> tuple[int, list[Row]]: ...

    def by_day(self, requirement: str | None, since: date, until: date) -> list[Row]: ...

    def expiring(self, kind: str | None) -> list[Row]:
        """What ends within 30, 60 and 90 days, by what it is."""
        ...

    def person(self, key: str) -> Row | None:
        """Who has this key at HR, with names, unit and job; None where nobody in sight has."""
        ...

    def person_of(self, person_id: int) -> Row | None: ...

    def enrolments(self, key: str, course_id: int | None = None) -> list[Row]:
        """How somebody stands in each course they are in, or in one of them."""
        ...

    def requirements(self, key: str) -> list[Row]:
        """What somebody has to complete, and how that stands."""
        ...

    def learners(self, course_id: int) -> list[Learner]:
        """Who in sight is in a course, as a course view has them."""
        ...

    def has_job(self, role: str) -> bool:
        """Whether an active person in sight has this job."""
        ...

    def paths(self, role: str) -> list[Row]:
        """The paths that people with this job have, with their courses in order, and how they stand."""
        ...

    def certificates(self, search: CertificateSearch) -> list[Row]: ...

    def certificate(self, source: str, number: str) -> Row | None: ...


class Analytics(Protocol):
    def look(self, unit: str) -> AbstractContextManager[Look]:
        """Look as somebody who sees this unit and all below it, "" is everybody."""
        ...
