"""The mirror: what Moodle knows of managed people, read by plain functions into facts with history.

Pages land as they come; once everything has been read they are merged in one transaction, so that a process that
is killed leaves the facts as they were. ``valid_from`` of a completion is when it was first seen, because plain
functions know no time of completion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from connector.domain.errors import ConnectorError
from connector.domain.facts import FactStore, Loaded
from connector.domain.grants import LearningPath, Requirement
from connector.domain.ports import Course, Moodle

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
    run = facts.start(clock())
    say = progress or _silent
    try:
        courses = await _courses(moodle, facts.course_refs())
        await _people(moodle, facts, run, clock, say)
        for course in courses:
            async for participants in moodle.participants(course.id):
                facts.land_enrolments(run, participants)
                say("enrolments", len(participants))
            async for grades in moodle.grades(course.id):
                facts.land_grades(run, grades)
                say("grades", len(grades))
        loaded = facts.merge(run, courses, paths, requirements, clock())
    except ConnectorError as error:
        facts.finish(run, "stopped", type(error).__name__, clock())
        raise
    facts.finish(run, "done", "", clock())
    return loaded


async def _courses(moodle: Moodle, refs: Sequence[str]) -> list[Course]:
    found = await moodle.courses(refs) if refs else {}
    return list({course.id: course for courses in found.values() for course in courses}.values())


async def _people(moodle: Moodle, facts: FactStore, run: int, clock: Callable[[], datetime], say: Progress) -> None:
    for ids in facts.accounts():
        facts.remember(await moodle.accounts_by("id", [str(account) for account in ids]), clock())
        say("people", len(ids))
        async for page in moodle.progress(ids):
            facts.land_progress(run, page)
            say("completion", len(page))


def _silent(_what: str, _rows: int) -> None:
    """No progress is shown."""
