"""The course of a launch, for who teaches in it: people with their progress, assessments, what waits to be marked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.content.assessment import bodies
from connector.domain.contents import Content
from connector.domain.course_view import (
    CourseFacts,
    CourseWork,
    Learner,
    Person,
    Taken,
    Waiting,
    Work,
    by_work,
    people,
    unlisted,
    with_lessons,
)
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Launch, LaunchSession, Platforms, Trouble
from connector.lti.rosters import Member, teaching

CONTENT = "course-view"
"""The custom parameter ``content`` of an activity that opens it."""
MOST_WAITING = 100
Roster = Callable[[], Sequence[Member] | None]


@dataclass(frozen=True, slots=True)
class CourseLook:
    """``as_of``: when Moodle was last read; None where people are those of the platform's roster.
    ``complete``: all who are in the course are known, and not those alone who have done something."""

    people: Sequence[Person]
    assessments: Sequence[tuple[Content, Taken]]
    waiting: Sequence[Waiting]
    as_of: datetime | None
    complete: bool


@dataclass(frozen=True, slots=True)
class CourseView:
    """``moodle`` is the address of our own Moodle, whose courses the facts know."""

    facts: CourseFacts
    work: CourseWork
    platforms: Platforms
    moodle: str
    clock: Callable[[], datetime]

    def of(self, session: LaunchSession, roster: Roster) -> CourseLook:
        """Raises LaunchRefused where who launched does not teach, or launched from nowhere."""
        launch = session.launch
        if not launch.teaches or launch.course is None:
            raise LaunchRefused("Only who teaches in a course sees how it stands.", Trouble.NOT_ALLOWED)
        there = (launch.platform_id, launch.course.id)
        assessments = [one for one in self.work.assessments(*there) if not bodies.is_blank(one)]
        teachers = teaching(roster() or ()) | {launch.subject, *self.work.teachers(*there)}
        works, taken = self.work.done(*there, [one.content_id for one in assessments], teachers)
        done = with_lessons(works, self.work.viewed(*there, teachers))
        learners, as_of, complete = self._learners(launch, done, len(assessments), roster)
        others = [one for one in learners if one.subject not in teachers]
        return CourseLook(
            people(others, done, self.clock()),
            [(one, taken.get(one.content_id, Taken())) for one in assessments],
            self.work.waiting(*there, MOST_WAITING),
            as_of,
            complete,
        )

    def _learners(
        self, launch: Launch, done: Sequence[Work], assessments: int, roster: Roster
    ) -> tuple[Collection[Learner], datetime | None, bool]:
        course_id, as_of = self.own_course(launch), self.facts.as_of()
        if course_id is not None and as_of is not None:
            known = self.facts.learners(course_id)
            others = unlisted(known, done, as_of)
            names = {one.subject: one.name for one in roster() or ()} if others else {}
            named = [replace(one, name=names.get(one.subject, "")) for one in others]
            return [*known, *named], as_of, True
        members, by_subject = roster(), {one.subject: one for one in done}
        if members is None:
            listed = [Learner(one.subject, "") for one in done]
        else:
            listed = [Learner(one.subject, one.name) for one in members]
        course = launch.course.id if launch.course else ""
        pieces = assessments + self.work.lessons(launch.platform_id, course)
        learners = [by_work(one, by_subject.get(one.subject), pieces) for one in listed]
        return learners, None, members is not None

    def own_course(self, launch: Launch) -> int | None:
        """Moodle's id of the course where it is one of our own Moodle, else None."""
        platform, course = self.platforms.one(launch.platform_id), launch.course
        if platform is None or course is None or platform.issuer.rstrip("/") != self.moodle:
            return None
        return int(course.id) if course.id.isascii() and course.id.isdecimal() and len(course.id) < 19 else None
