"""What who teaches in a course sees of it; see ``connector.domain.course_view``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from connector.domain.contents import Content
from connector.domain.course_view import Learner, Taken, Waiting, Work
from connector.domain.review import full_name
from connector.store.contents import content_of
from connector.store.database import Database, Row


class StoredCourseFacts:
    """``database`` is that of the reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learners(self, course_id: int) -> Sequence[Learner]:
        return [learner_of(row) for row in self._database.rows("course_view.learners", course_id=course_id)]

    def as_of(self) -> datetime | None:
        row = self._database.row("course_view.as_of")
        return row["as_of"] if row else None


class StoredCourseWork:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def assessments(self, platform_id: int, course: str) -> Sequence[Content]:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        return [content_of(row) for row in self._database.rows("course_view.assessments", **there)]

    def done(
        self, platform_id: int, course: str, contents: Sequence[UUID], teachers: Collection[str]
    ) -> tuple[Sequence[Work], Mapping[UUID, Taken]]:
        rows = self._database.rows(
            "course_view.work",
            platform_id=platform_id,
            course=course,
            teachers=list(teachers),
            contents=list(contents),
        )
        works = [_work(row) for row in rows if row["subject"] is not None]
        return works, {row["content_id"]: _taken(row) for row in rows if row["content_id"] is not None}

    def waiting(self, platform_id: int, course: str, most: int) -> Sequence[Waiting]:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        return [Waiting(**row) for row in self._database.rows("course_view.waiting", most=most, **there)]


def learner_of(row: Row) -> Learner:
    """A row of ``course_view.learners``."""
    name = full_name(row.pop("firstname"), row.pop("lastname"))
    return Learner(str(row.pop("moodle_id")), name, **row)


def _work(row: Row) -> Work:
    told = {name: row[name] for name in ("subject", "person_id", "tried", "waiting", "percent", "last")}
    return Work(passed=row["passed"], **told)


def _taken(row: Row) -> Taken:
    told = {name: row[name] for name in ("finished", "passed", "waiting")}
    return Taken(people=row["tried"], mean=row["percent"], **told)
