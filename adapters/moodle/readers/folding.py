"""Rows of the reports as the port's frozen data: several enrolments of a person in a course become one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import groupby

from adapters.moodle.readers import cells
from connector.domain.reading import (
    Page,
    Precision,
    ReadAccess,
    ReadCertificate,
    ReadCompletion,
    ReadEnrolment,
    ReadGrade,
)

Row = list[str]
DECIMALS = 2
NEVER = "Never"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of the report on people. ``mark`` is a digest of all that can be written, and of when it was."""

    user_id: int
    access: ReadAccess | None
    mark: bytes


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """One enrolment of one person."""

    user_id: int
    course_id: int
    active: bool
    created: datetime | None
    tracked: bool
    completed: bool
    completed_at: datetime | None
    grade: float | None


def person(row: Row) -> PersonRow:
    user_id = cells.person(row[0])
    seen = cells.moment(row[1])
    mark = blake2b("\0".join(row[2:]).encode(), digest_size=16).digest()
    return PersonRow(user_id, ReadAccess(user_id, seen) if seen else None, mark)


def participant(row: Row) -> ParticipantRow:
    """``tracked``: Moodle has a record of this person's completion, be it "not yet"."""
    _, link, course, _, created, status, completed, completed_at, grade = row
    return ParticipantRow(
        cells.person(link),
        cells.course(course),
        cells.active(status),
        cells.moment(created),
        completed != "",
        cells.yes_or_no(completed),
        cells.moment(completed_at),
        cells.grade(grade),
    )


def badge(row: Row) -> ReadCertificate | None:
    """A badge is awarded to a person once; so its id and the person's tell awards apart, in the plain reader too."""
    _, link, name, issued, expires = row
    issued_at = cells.moment(issued)
    if not name or issued_at is None:
        return None
    user_id, badge_id = cells.person(link), cells.badge(name)
    return ReadCertificate(
        user_id,
        "badge",
        f"{badge_id}-{user_id}",
        str(badge_id),
        cells.text_of_link(name),
        issued_at,
        cells.moment(expires),
        precision=Precision.MINUTE,
    )


def certificate(row: Row) -> ReadCertificate | None:
    """An issue of tool_certificate; a report tells of its template only the name."""
    code, link, template, issued, expires = row
    issued_at = cells.moment(issued)
    if not link or issued_at is None:
        return None
    return ReadCertificate(
        cells.person(link),
        "tool_certificate",
        code,
        template,
        template,
        issued_at,
        None if expires == NEVER else cells.moment(expires),
        precision=Precision.MINUTE,
    )


async def folded(pages: AsyncIterator[list[Row]], untracked: frozenset[int] = frozenset()) -> AsyncIterator[Page]:
    """Participants of many pages: the last person of a page is kept back until the next one is there."""
    kept: list[Row] = []
    async for page in pages:
        groups = [list(group) for _, group in groupby([*kept, *page], _person_and_course)]
        kept = groups.pop() if groups else []
        if groups:
            yield _page(groups, untracked)
    if kept:
        yield _page([kept], untracked)


def _person_and_course(row: Row) -> tuple[str, str]:
    return row[0], row[2]


def _page(groups: Iterable[list[Row]], untracked: frozenset[int]) -> Page:
    people = [fold(rows) for group in groups for rows in _by_person(group)]
    return Page([_enrolment(p) for p in people], list(_completions(people, untracked)), [_grade(p) for p in people])


def _by_person(group: list[Row]) -> Iterator[list[ParticipantRow]]:
    """Two accounts can have one username (of two Moodles in a network). Rows without a person are courses only."""
    found: dict[int, list[ParticipantRow]] = {}
    for row in group:
        if row[1]:
            parsed = participant(row)
            found.setdefault(parsed.user_id, []).append(parsed)
    yield from found.values()


def fold(rows: Sequence[ParticipantRow]) -> ParticipantRow:
    """All enrolments of one person in one course as one: active if any is, made when the oldest was."""
    first = rows[0]
    if len(rows) == 1:
        return first
    created = [row.created for row in rows if row.created]
    return ParticipantRow(
        first.user_id,
        first.course_id,
        any(row.active for row in rows),
        min(created) if created else None,
        first.tracked,
        first.completed,
        first.completed_at,
        first.grade,
    )


def _enrolment(row: ParticipantRow) -> ReadEnrolment:
    precision = Precision.MINUTE if row.created else Precision.SEEN
    return ReadEnrolment(row.user_id, row.course_id, row.active, row.created, precision)


def _completions(rows: Iterable[ParticipantRow], untracked: frozenset[int]) -> Iterator[ReadCompletion]:
    """Without a record nobody has completed a course, save where completion is off: there nothing is known."""
    for row in rows:
        if row.tracked or row.course_id not in untracked:
            precision = Precision.MINUTE if row.completed_at else Precision.SEEN
            yield ReadCompletion(row.user_id, row.course_id, row.completed, row.completed_at, precision)


def _grade(row: ParticipantRow) -> ReadGrade:
    return ReadGrade(row.user_id, row.course_id, row.grade, DECIMALS)
