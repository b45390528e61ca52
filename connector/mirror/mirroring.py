"""The mirror: what Moodle knows of managed people, read by plain functions into facts with history.

Pages land as they come; once everything has been read they are merged in one transaction, so that a process that
is killed leaves the facts as they were. ``valid_from`` of a completion is when it was first seen, because plain
functions know no time of completion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.domain.errors import AccessRefused, ConnectorError, Unavailable
from connector.domain.facts import FactStore, Loaded
from connector.domain.grants import LearningPath, Requirement
from connector.domain.ports import Course, CourseProgress, Moodle

Progress = Callable[[str, int], None]
"""Called with what is being read and the number of rows since the last call."""


async def mirror(
    moodle: Moodle,
    facts: FactStore,
    paths: Sequence[LearningPath],
    requirements: Sequence[Requirement],
    clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> list[Loaded]:
    """Read Moodle and bring the facts up to date; gives what changed. Raises the error tree, and then nothing did."""
    with facts.lock() as free:
        if not free:
            raise Unavailable("Another process is mirroring this Moodle; try again when it has ended.")
        run = facts.start(clock())
        try:
            reading = _Reading(moodle, facts, run, clock, progress or _silent)
            courses = await reading.everything()
            loaded = facts.merge(run, courses, paths, requirements, reading.landed, clock())
        except ConnectorError as error:
            facts.finish(run, "stopped", type(error).__name__, clock())
            raise
        facts.finish(run, "done", "", clock())
        return loaded


@dataclass
class _Reading:
    """One reading of Moodle; ``landed`` counts the rows of each fact, so that none can be lost before the merge."""

    moodle: Moodle
    facts: FactStore
    run: int
    clock: Callable[[], datetime]
    say: Progress
    landed: Counter[str] = field(default_factory=Counter)

    async def everything(self) -> list[Course]:
        """People, their progress, and enrolments and grades of each course; gives the courses."""
        refs = self.facts.course_refs()
        found = await self.moodle.courses(refs) if refs else {}
        courses = list({course.id: course for some in found.values() for course in some}.values())
        tracked = {course.id for course in courses if course.completion_enabled}
        for ids in self.facts.accounts():
            accounts = await self.moodle.accounts_by("id", [str(account) for account in ids])
            alive = {account.id for account in accounts if not account.deleted}
            self.facts.remember(accounts, self.clock())
            self.facts.mark_lost([account_id for account_id in ids if account_id not in alive], self.clock())
            self.say("people", len(ids))
            async for page in self.moodle.progress(ids):
                _check_shown(page, tracked)
                shown = [row for row in page if row.completed is not None]  # what is not shown is not "not completed"
                self.facts.land_progress(self.run, shown)
                self._count("completion", len(shown))
        for course in courses:
            async for participants in self.moodle.participants(course.id):
                self.facts.land_enrolments(self.run, participants)
                self._count("enrolment", len(participants))
            async for grades in self.moodle.grades(course.id):
                self.facts.land_grades(self.run, grades)
                self._count("grade", len(grades))
        return courses

    def _count(self, fact: str, rows: int) -> None:
        self.landed[fact] += rows
        self.say(fact, rows)


def _check_shown(page: Sequence[CourseProgress], tracked: Collection[int]) -> None:
    """Where completion is on and Moodle does not show it, everybody would look as if nobody had completed anything."""
    hidden = next((row.course_id for row in page if row.completed is None and row.course_id in tracked), None)
    if hidden is not None:
        raise AccessRefused(
            f"Moodle does not show the token who has completed the course {hidden}. "
            "Give the service account's role report/completion:view."
        )


def _silent(_what: str, _rows: int) -> None:
    """No progress is shown."""
