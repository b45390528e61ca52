"""What who teaches in a course sees of it; see ``connector.domain.course_view``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.domain.contents import Content
from connector.domain.course_view import Learner, Taken, Viewed, Waiting, Work
from connector.domain.review import full_name
from connector.store.contents import content_of
from connector.store.database import Database


class StoredCourseFacts:
    """``database`` is that of the reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learners(self, course_id: int) -> Sequence[Learner]:
        return self._database.made(learner_of, "course_view.learners", course_id=course_id)

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
        rows = self._database.made(
            _done,
            "course_view.work",
            platform_id=platform_id,
            course=course,
            teachers=list(teachers),
            contents=list(contents),
        )
        works = [one for _, one in rows if isinstance(one, Work)]
        return works, {content_id: one for content_id, one in rows if content_id and isinstance(one, Taken)}

    def lessons(self, platform_id: int, course: str) -> int:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        found: int = self._database.one("course_view.lessons", **there)["lessons"]
        return found

    def viewed(self, platform_id: int, course: str, teachers: Collection[str]) -> Sequence[Viewed]:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        return self._database.made(Viewed, "course_view.viewed", teachers=list(teachers), **there)

    def waiting(self, platform_id: int, course: str, most: int) -> Sequence[Waiting]:
        there = {"platform_id": platform_id, "course": course, "site": self._site}
        return [Waiting(**row) for row in self._database.rows("course_view.waiting", most=most, **there)]

    def teachers(self, platform_id: int, course: str) -> Collection[str]:
        rows = self._database.rows("course_view.teachers", platform_id=platform_id, course=course)
        return {row["subject"] for row in rows}


def learner_of(moodle_id: int, firstname: str, lastname: str, *told: Any) -> Learner:
    """A row of ``course_view.learners``, which tells the rest in the order in which a learner has it."""
    return Learner(str(moodle_id), full_name(firstname, lastname), *told)


def _done(
    subject: str | None,
    content_id: UUID | None,
    person_id: int | None,
    tried: int,
    finished: int,
    passed: int,
    percent: float | None,
    waiting: int,
    last: datetime,
) -> tuple[UUID | None, Work | Taken]:
    """A row of ``course_view.work``: what a person has made of all assessments, or how one was taken, with its id."""
    if subject is not None:
        return None, Work(subject, person_id, tried, passed, waiting, percent, last)
    return content_id, Taken(tried, finished, passed, percent, waiting)
