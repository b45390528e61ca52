"""Who is where in Moodle already: asked before something is given, because what somebody else gave is never ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from connector.domain.errors import Missing
from connector.domain.grants import GrantKind, RoleTarget
from connector.domain.journal import Pending
from connector.domain.ports import Moodle, Participant

FEW = 100
"""Up to so many people are asked for their courses; for more, whole courses are read, which is faster a head."""
Seats = Mapping[int, Collection[int]]
"""Who is in a course, cohort or group: by account, with the ids of the roles that are shown there."""


async def in_courses(
    moodle: Moodle, courses: Mapping[int, bool], people: Collection[int] | None, gone: set[int]
) -> AsyncIterator[list[Participant]]:
    """Which of these people (None: of all) are in these courses, suspended ones too; a person may come twice.

    ``courses`` says of each whether roles are asked for. Courses that Moodle no longer has are added to ``gone``.
    """
    few = people is not None and len(people) <= FEW
    wanted = None if people is None else frozenset(people)
    if few and wanted:
        async for page in moodle.progress(sorted(wanted)):
            yield [Participant(row.user_id, row.course_id, ()) for row in page if row.course_id in courses]
    for course, roles in courses.items():
        # the courses of a person show neither roles nor enrolments that are suspended
        try:
            async for rows in moodle.participants(course, suspended_only=few and not roles):
                yield [row for row in rows if wanted is None or row.user_id in wanted]
        except Missing:
            gone.add(course)


class Presence:
    """Looks up whether people have what changes would give them. A course that is read as a whole is read once."""

    def __init__(self, moodle: Moodle, roles: Mapping[str, int]) -> None:
        """``roles``: Moodle's ids of roles by name."""
        self._moodle = moodle
        self._roles = roles
        self._whole: dict[int, Seats] = {}

    async def there(self, grants: Sequence[Pending]) -> list[Pending]:
        """Those that Moodle has: enrolments, memberships, and roles in courses, of who is enrolled there."""
        known = [one for one in grants if one.account_id is not None and one.place_id is not None]
        people = {one.account_id for one in known if one.account_id is not None}
        seats = {
            "cohort": await self._members(known, "cohort"),
            "group": await self._members(known, "group"),
            "course": await self._participants(known, people),
        }
        return [one for one in known if self._has(one, seats.get(one.change.place.level, {}))]

    def _has(self, one: Pending, places: Mapping[int, Seats]) -> bool:
        roles = places.get(one.place_id or 0, {}).get(one.account_id or 0)
        if one.change.kind is not GrantKind.ROLE or roles is None:
            return roles is not None
        return self._roles.get(RoleTarget.parse(one.change.target).role) in roles

    async def _members(self, grants: Sequence[Pending], level: str) -> Mapping[int, Seats]:
        ids = sorted({one.place_id for one in grants if one.change.place.level == level and one.place_id is not None})
        found: Mapping[int, Collection[int] | None] = {}
        if ids:
            found = await (self._moodle.cohort_members(ids) if level == "cohort" else self._moodle.group_members(ids))
        return {place: dict.fromkeys(members or (), ()) for place, members in found.items()}

    async def _participants(self, grants: Sequence[Pending], people: Collection[int]) -> Mapping[int, Seats]:
        courses: dict[int, bool] = {}
        for one in grants:
            if one.change.place.level == "course" and one.place_id is not None:
                courses[one.place_id] = courses.get(one.place_id, False) or one.change.kind is GrantKind.ROLE
        if len(people) <= FEW:
            return await self._read(courses, people)
        kept = {course: seats for course, seats in self._whole.items() if course in courses}
        self._whole = kept | await self._read({one: courses[one] for one in courses if one not in kept}, None)
        return self._whole

    async def _read(self, courses: Mapping[int, bool], people: Collection[int] | None) -> dict[int, Seats]:
        found: dict[int, dict[int, set[int]]] = {course: {} for course in courses}
        if courses:
            async for rows in in_courses(self._moodle, courses, people, set()):
                for row in rows:
                    found[row.course_id].setdefault(row.user_id, set()).update(row.role_ids)
        return dict(found)
