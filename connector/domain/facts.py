"""The port to the reporting facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connector.domain.grants import LearningPath, Requirement
from connector.domain.ports import Account, Course, CourseGrade, CourseProgress, Participant


@dataclass(frozen=True, slots=True)
class Loaded:
    """What merging one fact came to: rows that now hold, and how many began or ended with this reading."""

    fact: str
    rows: int
    begun: int
    ended: int


class FactStore(Protocol):
    """Takes in what was read of Moodle. Bound to one site."""

    def lock(self) -> AbstractContextManager[bool]:
        """One mirror at a time: gives False where another process is at it."""
        ...

    def start(self, now: datetime) -> int:
        """Begin a run of the mirror; what an interrupted one had landed is dropped.

        Raises SettingsError where the facts are those of another Moodle.
        """
        ...

    def finish(self, run: int, status: str, detail: str, now: datetime) -> None: ...

    def accounts(self) -> Iterator[list[int]]:
        """Account ids of managed people, in lists."""
        ...

    def course_refs(self) -> list[str]:
        """Courses that grants or requirements name."""
        ...

    def remember(self, accounts: Sequence[Account], now: datetime) -> None: ...

    def mark_lost(self, account_ids: Sequence[int], now: datetime) -> None:
        """Moodle no longer has these accounts; the next plan looks at them."""
        ...

    def land_enrolments(self, run: int, rows: Sequence[Participant]) -> None: ...

    def land_progress(self, run: int, rows: Sequence[CourseProgress]) -> None: ...

    def land_grades(self, run: int, rows: Sequence[CourseGrade]) -> None: ...

    def merge(
        self,
        run: int,
        courses: Sequence[Course],
        paths: Sequence[LearningPath],
        requirements: Sequence[Requirement],
        landed: Mapping[str, int],
        now: datetime,
    ) -> list[Loaded]:
        """Turn what has landed into facts with history, all in one transaction.

        ``landed``: rows by fact (completion, enrolment, grade). Raises StorageError where not all of them are there.
        """
        ...


class Reports(Protocol):
    """The reporting views, for the terminal. Rows are by the names of the views' columns."""

    def compliance(self) -> list[dict[str, Any]]:
        """By requirement: people, satisfied, open, overdue."""
        ...

    def by_unit(self) -> list[dict[str, Any]]: ...

    def overdue_by_manager(self, limit: int) -> list[dict[str, Any]]: ...

    def courses(self) -> list[dict[str, Any]]: ...

    def people(self) -> dict[str, int]:
        """People by status."""
        ...

    def freshness(self) -> list[dict[str, Any]]: ...
