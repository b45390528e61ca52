"""Learning paths by job, and how far people are: one by one, and course by course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.api.answering import (
    Ask,
    itself,
    meta,
    own_meta,
    page_links,
    page_meta,
    page_of,
    paged,
)
from connector.api.answers import Meta
from connector.api.answers_on_learning import (
    CourseProgressAnswer,
    CourseStanding,
    LearnerProgress,
    LearningPath,
    LearningPathsAnswer,
    PathOfPeople,
    Requirement,
    Step,
    User,
    UserProgress,
    UserProgressAnswer,
)
from connector.api.asking import CourseProgressAsked, OfUnit, Paged
from connector.api.courses import found
from connector.api.problems import NotAllowed, NothingThere
from connector.api.rooms import Rooms, own_course
from connector.domain.analytics import Look, Row
from connector.domain.api_tokens import Scope
from connector.domain.course_view import Order, Wanted, people, select
from connector.domain.course_view import Person as InCourse
from connector.domain.my_learning import Due


# ---------------------------------------------------------------- paths
def learning_paths(look: Look, asked: Paged, ask: Ask) -> LearningPathsAnswer:
    role = ask.places["role"]
    if "\x00" in role or not look.has_job(role):
        raise NothingThere("Nobody in sight has this job.")
    data = [_path(row, ask, people=_of_people(row) if ask.sees_progress else None) for row in look.paths(role)]
    told = page_meta(look, asked, len(data))
    return LearningPathsAnswer(data=page_of(data, asked), meta=told, links=page_links(ask, asked, len(data)))


def own_learning_paths(rooms: Rooms, asked: Paged, ask: Ask) -> LearningPathsAnswer:
    """To whoever was launched, the paths of their own job, and how they stand."""
    mine = rooms.my_learning.of(ask.session)
    with rooms.analytics.look("") as look:
        row = look.person_of(ask.session.person_id) if ask.session.person_id is not None else None
        if mine is None or row is None or row["job_role"] != ask.places["role"]:
            raise NotAllowed("It is of another job than that of whoever was launched.")
        due = {one.requirement: one for one in mine.due}
        data = [_path(row, ask, own=due.get(row["requirement"])) for row in look.paths(row["job_role"])]
    told = paged(own_meta(mine.as_of), asked, len(data))
    return LearningPathsAnswer(data=page_of(data, asked), meta=told, links=page_links(ask, asked, len(data)))


def _path(row: Row, ask: Ask, people: PathOfPeople | None = None, own: Due | None = None) -> LearningPath:
    done = {one.course_id for one in own.courses if one.completed} if own else set()
    steps = [
        Step(
            course=one["course_id"],
            title=ask.text(one["title"]) or one["fullname"],
            minutes=one["minutes"],
            completed=one["course_id"] in done if own else None,
        )
        for one in row["steps"]
    ]
    return LearningPath(
        requirement=row["requirement"],
        path=row["path"],
        name=ask.text(row["requirement_name"]) or row["requirement"],
        recertify_months=row["recertify_months"],
        steps=steps,
        people=people,
        own=due_of(own, ask) if own else None,
    )


def _of_people(row: Row) -> PathOfPeople:
    return PathOfPeople(**{name: row[name] for name in PathOfPeople.model_fields})


def due_of(due: Due, ask: Ask) -> Requirement:
    return Requirement(
        code=due.requirement,
        name=ask.text(due.name) or due.requirement,
        state=due.state.value,
        due_on=due.due_on,
        satisfied_at=due.satisfied_at,
        expires_on=due.expires_on,
    )


# ---------------------------------------------------------------- of one person
def user_progress(look: Look, _asked: OfUnit, ask: Ask) -> UserProgressAnswer:
    ask.need(Scope.PEOPLE)
    person = _person(look, ask.places["key"])
    told = _user(person, look.enrolments(person["hr_key"]), look.requirements(person["hr_key"]), ask)
    return UserProgressAnswer(data=told, meta=meta(look), links=itself(ask))


def user_progress_by_launch(rooms: Rooms, _asked: OfUnit, ask: Ask) -> UserProgressAnswer:
    """To whoever was launched of themselves; to who teaches of whoever is in the course, and of that course alone."""
    session, key = ask.session, ask.places["key"]
    course_id = rooms.course_view.own_course(session.launch) if session.launch.teaches else None
    with rooms.analytics.look("") as look:  # nothing else is asked within: it has a connection of the pool
        own = look.person_of(session.person_id) if session.person_id is not None else None
        if own is not None and own["hr_key"] == key:
            rows, due = (
                [row for row in look.enrolments(key) if row["active"] and row["visible"]],
                look.requirements(key),
            )
            rows = [{**row, "score": None} if row["total_hidden"] else row for row in rows]
            return UserProgressAnswer(data=_user(own, rows, due, ask), meta=meta(look), links=itself(ask))
        if course_id is None:
            raise NotAllowed("It is of somebody else than whoever was launched.")
        person = _person(look, key)
        rows = [row for row in look.enrolments(key, course_id) if row["active"]]
        if not rows:
            raise _nobody()
        told = _user({**person, "unit": None, "unit_name": None}, rows, [], ask)
        return UserProgressAnswer(data=told, meta=meta(look), links=itself(ask))


def _person(look: Look, key: str) -> Row:
    row = look.person(key) if "\x00" not in key else None
    if row is None:
        raise _nobody()
    return row


def _nobody() -> NothingThere:
    """The same, whether there is somebody out of sight or not."""
    return NothingThere("There is no such person in sight.")


def _user(person: Row, courses: Sequence[Row], due: Sequence[Row], ask: Ask) -> UserProgress:
    return UserProgress(
        person=User(key=person["hr_key"], **_some(person, ("firstname", "lastname", "unit", "unit_name"))),
        courses=[_standing(row, ask) for row in courses],
        requirements=[_requirement(row, ask) for row in due],
    )


def _standing(row: Row, ask: Ask) -> CourseStanding:
    plain = ("active", "enrolled_at", "completed", "completed_at", "progress", "score")
    title = ask.text(row["title"]) or row["fullname"] or ""
    return CourseStanding(course=row["course_id"], title=title, **_some(row, plain))


def _requirement(row: Row, ask: Ask) -> Requirement:
    plain = ("state", "due_on", "satisfied_at", "expires_on")
    name = ask.text(row["requirement_name"]) or row["requirement"]
    return Requirement(code=row["requirement"], name=name, **_some(row, plain))


def _some(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


# ---------------------------------------------------------------- of a course
def course_progress(look: Look, asked: CourseProgressAsked, ask: Ask) -> CourseProgressAnswer:
    if asked.name is not None or asked.sort == "name":
        ask.need(Scope.PEOPLE)
    course_id = found(look, ask)["course_id"]
    rows = people(look.learners(course_id), (), look.now)
    return _listed(rows, asked, ask, meta(look))


def taught_progress(rooms: Rooms, asked: CourseProgressAsked, ask: Ask) -> CourseProgressAnswer:
    """To who teaches in the course, as the course view has it."""
    own_course(rooms, ask.session, ask.places["id"])
    view = rooms.course_view.of(ask.session, ask.roster)
    return _listed(view.people, asked, ask, own_meta(view.as_of))


def _listed(
    found_people: Sequence[InCourse], asked: CourseProgressAsked, ask: Ask, told: Meta
) -> CourseProgressAnswer:
    """Where names are not told, neither is their order."""
    usual = Order.NAME if ask.sees_people else Order.PROGRESS
    order = Order(asked.sort) if asked.sort else usual
    chosen = select(found_people, Wanted(asked.name or "", asked.state or "", order))
    data = [_learner(one, ask) for one in page_of(chosen, asked)]
    return CourseProgressAnswer(
        data=data, meta=paged(told, asked, len(chosen)), links=page_links(ask, asked, len(chosen))
    )


def _learner(one: InCourse, ask: Ask) -> LearnerProgress:
    learner = one.learner
    return LearnerProgress(
        key=(learner.key or None) if ask.sees_people else None,
        name=(learner.name or None) if ask.sees_people else None,
        state=one.state.value,
        overdue=learner.overdue,
        due_on=learner.due_on,
        progress=learner.progress,
        score=learner.grade,
        completed=learner.completed,
        completed_at=learner.completed_at,
        last_activity_at=one.last,
    )
