"""For tests of readers: a book of accounts in memory, all facts of a reading, and what two readings both know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.site import MoodleSite
from connector.domain.ports import Account, Course
from connector.domain.reading import (
    AccountsPage,
    Page,
    Precision,
    ReadCertificate,
    ReadCompletion,
    ReadEnrolment,
    Reader,
    ReadGrade,
)

Key = tuple[int, int]


async def grades(site: MoodleSite, course_id: int) -> list[ReadGrade]:
    """Of everybody in a course, by plain functions."""
    reader = PlainReader(site, await site.site_info())
    return [grade async for page in reader.again([course_id]) for grade in page.grades]


@dataclass
class Book:
    """An ``AccountBook`` of people who are all managed."""

    ids: list[int]
    accounts: dict[int, Account] = field(default_factory=dict)
    marks: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    until: datetime | None = None

    def bound(self) -> Iterator[list[int]]:
        for start in range(0, len(self.ids), 500):
            yield self.ids[start : start + 500]

    def unlike(self, marks: Mapping[int, bytes]) -> list[int]:
        managed = set(self.ids)
        return [one for one, mark in marks.items() if one in managed and self.marks.get(one) != mark]

    def remember(self, page: AccountsPage, _now: datetime) -> None:
        self.seen |= set(page.seen)
        self.accounts |= {one.id: one for one in page.accounts}
        self.marks |= page.marks

    def unseen(self, _since: datetime) -> list[int]:
        return sorted(set(self.ids) - self.seen)

    def mark_lost(self, account_ids: Sequence[int], _now: datetime) -> None:
        self.lost |= set(account_ids)

    def read_until(self) -> datetime | None:
        return self.until

    def set_read_until(self, moment: datetime) -> None:
        self.until = moment


@dataclass
class Facts:
    """All rows of a reading; a row that comes twice is an error."""

    enrolments: dict[Key, ReadEnrolment] = field(default_factory=dict)
    completions: dict[Key, ReadCompletion] = field(default_factory=dict)
    grades: dict[Key, ReadGrade] = field(default_factory=dict)
    certificates: dict[str, ReadCertificate] = field(default_factory=dict)


async def facts(pages: AsyncIterator[Page], *, several: bool = False) -> Facts:
    """``several``: enrolments of one person may come one by one, as the port says."""
    found = Facts()
    async for page in pages:
        for rows, into in (
            (page.enrolments, found.enrolments),
            (page.completions, found.completions),
            (page.grades, found.grades),
        ):
            _keep(_as_one(rows, into) if several and rows and rows is page.enrolments else rows, into)
        found.certificates |= {row.code: row for row in page.certificates}
    return found


def _as_one(rows: Sequence[ReadEnrolment], known: dict[Key, ReadEnrolment]) -> list[ReadEnrolment]:
    """Each person of each course once: active by any of their enrolments, made when the oldest was."""
    found: dict[Key, ReadEnrolment] = {}
    for row in rows:
        key = row.user_id, row.course_id
        other = found.get(key) or known.pop(key, row)
        made = [one.enrolled_at for one in (row, other) if one.enrolled_at]
        found[key] = row._replace(active=row.active or other.active, enrolled_at=min(made) if made else None)
    return list(found.values())


def _keep(rows: Sequence[Any], into: dict[Key, Any]) -> None:
    for row in rows:
        key = (row.user_id, row.course_id)
        assert key not in into, f"{key} came twice"
        into[key] = row


async def read_accounts(reader: Reader, book: Book, since: datetime | None = None) -> list[AccountsPage]:
    """Read accounts into the book, as the mirror does."""
    pages = []
    async for page in reader.accounts(book, since):
        book.remember(page, datetime.now().astimezone())
        pages.append(page)
    return pages


async def everything(reader: Reader, book: Book, courses: Sequence[Course] | None = None) -> Facts:
    """All facts; what an exhaustive reader does not tell is said as the facts take it: not completed, no grade."""
    courses = await reader.courses() if courses is None else courses
    found = await facts(reader.everything(book, courses), several=reader.exhaustive)
    return spoken(found, courses) if reader.exhaustive else found


def spoken(found: Facts, courses: Sequence[Course]) -> Facts:
    """The facts as they are merged: what is not told is not there, and a grade goes with the enrolment."""
    tracked = {course.id for course in courses if course.completion_enabled}
    found.grades = {key: row for key, row in found.grades.items() if key in found.enrolments}
    for key in found.enrolments:
        found.grades.setdefault(key, ReadGrade(*key, None))
        if key[1] in tracked:
            found.completions.setdefault(key, ReadCompletion(*key, False))
    return found


def unlike_to_the_minute(exact: Facts, reports: Facts) -> list[str]:
    """Sentences on what differs between raw rows and reports, which know minutes, two decimals and who is enrolled."""
    told = []
    sources = {row.source for row in reports.certificates.values()}
    known = {code: row for code, row in exact.certificates.items() if row.source in sources}
    for what, rows in (("enrolments", exact.enrolments), ("grades", exact.grades), ("certificates", known)):
        for key in rows.keys() ^ getattr(reports, what).keys():
            told.append(f"{what} {key}: told by one only")
    told += [
        f"completions {key}: told by reports only" for key in reports.completions.keys() - exact.completions.keys()
    ]
    for what in ("enrolments", "completions", "grades", "certificates"):
        for key, row in getattr(reports, what).items():
            other = getattr(exact, what).get(key)
            if other is not None and _rough(other) != row:
                told.append(f"{what} {key}: {other} and {row}")
    return told


def _rough(row: Any) -> Any:
    """As reports tell it."""
    changes = {
        name: value.replace(second=0)
        for name in ("enrolled_at", "completed_at", "issued_at", "expires_at")
        if (value := getattr(row, name, None))
    }
    if getattr(row, "precision", None) is Precision.SECOND:
        changes["precision"] = Precision.MINUTE
    if isinstance(row, ReadGrade):
        return ReadGrade(row.user_id, row.course_id, None if row.value is None else round(row.value, 2), 2)
    return row._replace(**changes) if isinstance(row, tuple) else replace(row, **changes)


def equal_in_what_both_know(
    reports: Facts, plain: Facts, managed: Sequence[int], ungraded: Collection[Key] = ()
) -> list[str]:
    """Sentences on differences. The plain reader knows completions of managed people, and grades of active ones, but
    of the ``ungraded``, whose role there is none that is graded."""
    active = {key for key, row in plain.enrolments.items() if row.active}
    told = [
        f"enrolment {key}: {reports.enrolments.get(key)} and {plain.enrolments.get(key)}"
        for key in reports.enrolments.keys() | plain.enrolments.keys()
        if _active(reports, key) != _active(plain, key)
    ]
    for key in active:
        grades = reports.grades.get(key), plain.grades.get(key)
        if not _same_grade(*grades) and not (key in ungraded and plain.grades.get(key) is None):
            told.append(f"grade {key}: {grades}")
    of_managed = {key for key in reports.completions if key in active and key[0] in set(managed)}
    for key in of_managed | plain.completions.keys():
        completions = reports.completions.get(key), plain.completions.get(key)
        if None in completions or completions[0].completed != completions[1].completed:  # type: ignore[union-attr]
            told.append(f"completion {key}: {completions}")
    return told


def _active(read: Facts, key: Key) -> bool | None:
    return read.enrolments[key].active if key in read.enrolments else None


def _same_grade(one: ReadGrade | None, other: ReadGrade | None) -> bool:
    if one is None or other is None:
        return False
    if one.value is None or other.value is None:
        return one.value is other.value
    return abs(one.value - other.value) <= 0.005 + 1e-9
