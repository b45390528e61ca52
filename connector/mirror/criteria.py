"""Which courses can be completed at all? Moodle tells it of a course to whom it shows the courses of a person."""

from __future__ import annotations

from collections.abc import Iterable

from connector.domain.ports import Moodle


async def criteria_of(moodle: Moodle, course_ids: Iterable[int]) -> dict[int, bool | None]:
    """Whether each course has completion criteria; None where nobody is active in it, or Moodle does not tell.

    One person of each course is asked for, and all courses of that person are told with it. Raises the error tree.
    """
    told: dict[int, bool | None] = {}
    wanted = list(dict.fromkeys(course_ids))
    for course in wanted:
        if told.get(course) is None and (learner := await _somebody(moodle, course)) is not None:
            async for rows in moodle.progress([learner]):
                told |= {row.course_id: row.has_criteria for row in rows}
    return {course: told.get(course) for course in wanted}


async def _somebody(moodle: Moodle, course: int) -> int | None:
    async for people in moodle.participants(course):
        if (learner := next((one.user_id for one in people if one.active), None)) is not None:
            return learner
    return None
