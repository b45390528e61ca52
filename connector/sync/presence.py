"""Who is where in Moodle already: asked before something is given, because what somebody else gave is never ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping

from connector.domain.errors import Missing
from connector.domain.ports import Moodle, Participant

FEW = 100
"""Up to so many people are asked for their courses; for more, whole courses are read, which is faster a head."""


async def in_courses(
    moodle: Moodle, courses: Mapping[int, bool], people: Collection[int], gone: set[int]
) -> AsyncIterator[list[Participant]]:
    """Which of these people are in these courses, suspended ones too; a person may come twice.

    ``courses`` says of each whether roles are asked for. Courses that Moodle no longer has are added to ``gone``.
    """
    wanted = frozenset(people)
    few = len(wanted) <= FEW
    if few:
        async for page in moodle.progress(sorted(wanted)):
            yield [Participant(row.user_id, row.course_id, ()) for row in page if row.course_id in courses]
    for course, roles in courses.items():
        # the courses of a person show neither roles nor enrolments that are suspended
        try:
            async for rows in moodle.participants(course, suspended_only=few and not roles):
                yield [row for row in rows if row.user_id in wanted]
        except Missing:
            gone.add(course)
