"""What a report joins: one row for each combination, and empty parts where a LEFT JOIN found nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapters.moodle.twin.reports.model import BadgeIssue, Certificate
from adapters.moodle.twin.state import SITE_COURSE, Enrolment, TwinCohort, TwinCourse, TwinState, TwinUser


class Row(NamedTuple):
    """``plugin`` is the enrolment method; ``role`` an id at ``place`` (level, instance); ``added`` to the cohort."""

    user: TwinUser | None = None
    course: TwinCourse | None = None
    plugin: str | None = None
    enrolment: Enrolment | None = None
    role: int | None = None
    place: tuple[str, int] | None = None
    cohort: TwinCohort | None = None
    added: int | None = None
    issue: BadgeIssue | None = None
    certificate: Certificate | None = None


def people(state: TwinState, needs: frozenset[str]) -> Iterable[Row]:
    """Neither the guest nor who is deleted; with a column of cohorts, a row for each cohort."""
    guest = state.by_username["guest"]
    rows = (Row(user) for user in state.users.values() if not user.deleted and user.id != guest)
    return _by_cohort(state, rows) if "cohort" in needs else rows


_OF_METHODS = frozenset({"enrol", "enrolment", "user", "role", "cohort", "completion", "access"})


def participants(state: TwinState, needs: frozenset[str]) -> Iterable[Row]:
    """Each method of each course, also where nobody came in by it; roles and cohorts multiply rows further."""
    courses = (course for course in state.courses.values() if course.id != SITE_COURSE)
    if not needs & _OF_METHODS:
        return (Row(course=course) for course in courses)
    rows: Iterable[Row] = (row for course in courses for row in _methods(state, course))
    rows = _by_role(state, rows) if "role" in needs else rows
    return _by_cohort(state, rows) if "cohort" in needs else rows


def _methods(state: TwinState, course: TwinCourse) -> Iterator[Row]:
    for plugin, enrolments in course.methods().items():
        if not enrolments:
            yield Row(None, course, plugin)
        for user_id, enrolment in enrolments.items():
            yield Row(state.users[user_id], course, plugin, enrolment)


def _by_role(state: TwinState, rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        assert row.course is not None  # noqa: S101 - for the type checker: rows of participants have one
        roles = state.course_roles(row.user.id, row.course.id) if row.user else ()
        place = ("course", row.course.id)
        yield from (row._replace(role=role, place=place) for role in sorted(roles)) if roles else (row,)


def _by_cohort(state: TwinState, rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        cohorts = state.user_cohorts.get(row.user.id, ()) if row.user else ()
        yield from (row._replace(cohort=state.cohorts[i]) for i in cohorts) if cohorts else (row,)


def badges(state: TwinState, needs: frozenset[str]) -> Iterator[Row]:
    """A row for each badge of a person, and one with empty cells for who has none."""
    wanted = needs & {"badge_issued", "badge", "course"}
    for row in people(state, needs):
        assert row.user is not None  # noqa: S101 - for the type checker: rows of people have one
        issues = state.badges.get(row.user.id, ()) if wanted else ()
        yield from (row._replace(issue=issue) for issue in issues) if issues else (row,)


def cohorts(state: TwinState, needs: frozenset[str]) -> Iterator[Row]:
    """A row for each member, and one for an empty cohort."""
    for cohort in state.cohorts.values():
        row = Row(cohort=cohort)
        if not cohort.members or not needs & {"cohort_member", "user"}:
            yield row
            continue
        for user_id, added in cohort.members.items():
            yield Row(state.users[user_id], cohort=cohort, added=added)


def roles(state: TwinState, _needs: frozenset[str]) -> Iterator[Row]:
    """A row for each assignment, wherever it is."""
    for user_id, places in state.roles.items():
        for place, held in places.items():
            yield from (Row(state.users[user_id], role=role, place=place) for role in sorted(held))


def certificates(state: TwinState, needs: frozenset[str]) -> Iterable[Row]:
    """A row for each issue, archived and expired ones too, but none of deleted people."""
    rows = (
        Row(state.users[user_id], certificate=certificate)
        for user_id, issues in state.certificates.items()
        if not state.users[user_id].deleted
        for certificate in issues
    )
    return _by_cohort(state, rows) if "cohort" in needs else rows
