"""Learning paths by cohort: does Moodle enrol whom the connector puts into the cohort?

No web service tells the enrolment methods of a course: ``core_enrol_get_course_enrolment_methods`` lists only those
by which people may enrol themselves. So this is seen by what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from connector.domain.grants import LearningPath
from connector.domain.ports import Moodle


async def not_enrolling(moodle: Moodle, paths: Iterable[LearningPath]) -> list[tuple[str, str]]:
    """Each (cohort, course) where the cohort has members and none of them is in the course, in order.

    Of a cohort without members, and a course that is not there, nothing can be said: they are left out.
    """
    by_cohort = [path for path in paths if path.cohort]
    if not by_cohort:
        return []
    ids = {cohort.idnumber: cohort.id for cohort in await moodle.cohorts()}
    members = await moodle.cohort_members(sorted({ids[path.cohort] for path in by_cohort if path.cohort in ids}))
    courses = await moodle.courses(sorted({course for path in by_cohort for course in path.courses}))
    found: set[tuple[str, str]] = set()
    for path in by_cohort:
        people = members.get(ids.get(path.cohort, 0))
        for ref in path.courses if people else ():
            there = [course.id for course in courses[ref]]
            if len(there) == 1 and people and not await _anybody(moodle, there[0], people):
                found.add((path.cohort, ref))
    return sorted(found)


async def _anybody(moodle: Moodle, course_id: int, people: Collection[int]) -> bool:
    async for page in moodle.participants(course_id):
        if any(row.user_id in people for row in page):
            return True
    return False
