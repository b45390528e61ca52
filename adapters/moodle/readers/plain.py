"""The plain reader: each course by itself, each managed person by themselves. Works wherever the connector does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.moodle import rows as read
from adapters.moodle.accounts import account, look_up_rows
from adapters.moodle.client import MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.readers import shared
from adapters.moodle.site import MoodleSite
from connector.domain.details import NOTHING_KNOWN, Detail, KnownHistory
from connector.domain.errors import AccessRefused, Missing
from connector.domain.ports import Course, CourseProgress, Participant, SiteInfo
from connector.domain.reading import (
    AccountBook,
    AccountsPage,
    GradeItem,
    Page,
    Precision,
    ReadAccess,
    ReadCompletion,
    ReadEnrolment,
    ReadGrade,
)

PAGE = 1000


class PlainReader:
    """The port ``Reader`` by core's plain functions: no moment of completion, and no increments.

    Completions are asked for managed people only, one call for each of them; grades are those of active people.
    """

    name = "plain"
    incremental = False
    exhaustive = False
    outbox = None
    details: Collection[Detail] = ()

    def __init__(self, site: MoodleSite, info: SiteInfo) -> None:
        self._site = site
        self._client: MoodleClient = site.client
        self._info = info
        self._book: AccountBook | None = None
        self._tracked: frozenset[int] = frozenset()

    async def courses(self) -> list[Course]:
        """See the port."""
        courses = await shared.all_courses(self._client)
        self._tracked = _tracked(courses)
        return courses

    async def accounts(self, book: AccountBook, since: datetime | None = None) -> AsyncIterator[AccountsPage]:
        """The managed accounts; ``since`` is not understood. Who is not in a page is no longer in Moodle."""
        if since is not None:
            raise ValueError("the plain reader cannot tell which accounts changed since a moment")
        for ids in book.bound():
            rows = await look_up_rows(self._client, "id", [str(one) for one in ids])
            with foreseen("core_user_get_users_by_field"):
                found = [account(row, admin=self._info.is_admin) for row in rows]
                accesses = [access for row in rows if (access := _access(row))]
            alive = [one for one in found if not one.deleted]
            yield AccountsPage([one.id for one in alive], alive, {}, accesses)

    async def everything(
        self,
        book: AccountBook,
        courses: Sequence[Course],
        known: KnownHistory = NOTHING_KNOWN,  # noqa: ARG002
    ) -> AsyncIterator[Page]:
        """See the port."""
        self._book, self._tracked = book, _tracked(courses)
        ids = {course.id for course in courses}
        for course in courses:
            async for page in self._course(course.id):
                yield page
        for people in book.bound():
            async for page in self._progress(people, ids):
                yield page
        if shared.BADGES in self._info.functions:
            async for page in shared.badges(self._client, book):
                yield page

    async def members(self, cohort_ids: Sequence[int]) -> Mapping[int, Collection[int]]:
        """See the port."""
        return await self._site.cohort_members(cohort_ids)

    async def group_members(self, group_ids: Sequence[int]) -> Mapping[int, Collection[int] | None]:
        """See the port."""
        return await self._site.group_members(group_ids)

    async def missing_courses(self, course_ids: Sequence[int]) -> list[int]:
        """See the port."""
        return await shared.missing_courses(self._client, course_ids)

    async def again(self, course_ids: Sequence[int]) -> AsyncIterator[Page]:
        """Each course with the progress of its managed people, who are those of the last ``everything``."""
        managed = {one for ids in self._book.bound() for one in ids} if self._book else set()
        for course_id in course_ids:
            people: set[int] = set()
            async for page in self._course(course_id):
                people |= {row.user_id for row in page.enrolments if row.active}
                yield page
            async for page in self._progress(sorted(people & managed), {course_id}):
                yield page

    async def changed(self, since: datetime, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:  # noqa: ARG002
        """Not known to plain functions."""
        raise ValueError(f"the plain reader cannot tell what changed since {since}")
        yield Page()

    async def grade_items(self, samples: Mapping[int, int]) -> list[GradeItem]:
        """See the port."""
        return await shared.grade_items(self._client, samples)

    # ------------------------------------------------------------ one course
    async def _course(self, course_id: int) -> AsyncIterator[Page]:
        """Nothing of a course that was deleted meanwhile; what the token may not see is another error."""
        try:
            async for people in self._site.participants(course_id):
                yield Page(enrolments=[_enrolment(row) for row in people])
            async for grades in self._grades(course_id):
                yield Page(grades=grades)
        except Missing:
            return

    async def _grades(self, course_id: int) -> AsyncIterator[list[ReadGrade]]:
        """Course totals of everybody whose enrolment is active (Moodle's report shows no others); one answer."""
        answer = await self._client.call(shared.GRADES, {"courseid": course_id, "userid": 0})
        with foreseen(shared.GRADES):
            totals = [
                _grade(int(person["userid"]), course_id, item)
                for person in answer["usergrades"]
                for item in person["gradeitems"]
                if item["itemtype"] == "course"
            ]
        for start in range(0, len(totals), PAGE):
            yield totals[start : start + PAGE]

    # ------------------------------------------------------------ each person
    async def _progress(self, user_ids: Sequence[int], courses: Collection[int]) -> AsyncIterator[Page]:
        """What people with an active enrolment have completed; one call for each of them."""
        async for rows in self._site.progress(user_ids):
            found = [row for row in rows if row.course_id in courses]
            self._check_shown(found)
            shown = [row for row in found if row.completed is not None]  # what is not shown is not "not completed"
            yield Page(completions=[_completion(row) for row in shown])

    def _check_shown(self, rows: Sequence[CourseProgress]) -> None:
        """Where completion is on and Moodle does not show it, everybody would look as if nobody had completed."""
        for row in rows:
            if row.completed is None and row.course_id in self._tracked:
                raise AccessRefused(
                    f"Moodle does not show the token who has completed the course {row.course_id}. "
                    "Give the service account's role report/completion:view."
                )


def _tracked(courses: Sequence[Course]) -> frozenset[int]:
    return frozenset(course.id for course in courses if course.completion_enabled)


def _enrolment(row: Participant) -> ReadEnrolment:
    return ReadEnrolment(row.user_id, row.course_id, row.active)


def _completion(row: CourseProgress) -> ReadCompletion:
    return ReadCompletion(row.user_id, row.course_id, bool(row.completed), None, Precision.SEEN, row.progress)


def _grade(user_id: int, course_id: int, item: Mapping[str, Any]) -> ReadGrade:
    """Moodle tells the range of this person's total, and none where the course's report is set not to show ranges."""
    when = item.get("gradedategraded")
    graded = datetime.fromtimestamp(int(when), UTC) if when else None
    value = read.number(item.get("graderaw"))
    if value is None:
        return ReadGrade(user_id, course_id, None, None, graded)
    least, most = read.number(item.get("grademin")), read.number(item.get("grademax"))
    return ReadGrade(user_id, course_id, value, None, graded, least, most)


def _access(row: Mapping[str, Any]) -> ReadAccess | None:
    """Moodle leaves it out where the site hides it, and gives 0 for who was never there."""
    seen = int(row.get("lastaccess") or 0)
    return ReadAccess(int(row["id"]), datetime.fromtimestamp(seen, UTC)) if seen else None
