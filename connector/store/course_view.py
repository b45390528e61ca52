"""What who teaches in a course sees of it; see ``connector.domain.course_view``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from connector.domain.contents import Content
from connector.domain.course_view import Learner, Tries, Waiting
from connector.domain.review import full_name
from connector.store.contents import content_of
from connector.store.database import Database, Row


class StoredCourseFacts:
    """``database`` is that of the reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learners(self, course_id: int) -> Sequence[Learner]:
        return [_learner(row) for row in self._database.rows("course_view.learners", course_id=course_id)]

    def as_of(self) -> datetime | None:
        row = self._database.row("course_view.as_of")
        return row["as_of"] if row else None


class StoredCourseWork:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def tries(self, platform_id: int, course: str) -> Sequence[Tries]:
        rows = self._database.rows("course_view.tries", platform_id=platform_id, course=course)
        return [Tries(**row) for row in rows]

    def assessments(self, platform_id: int, course: str, taken: Collection[UUID]) -> Sequence[Content]:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        return [content_of(row) for row in self._database.rows("course_view.assessments", taken=list(taken), **there)]

    def waiting(self, platform_id: int, course: str, most: int) -> Sequence[Waiting]:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        return [Waiting(**row) for row in self._database.rows("course_view.waiting", most=most, **there)]


def _learner(row: Row) -> Learner:
    name = full_name(row.pop("firstname"), row.pop("lastname"))
    return Learner(str(row.pop("moodle_id")), name, **row)
