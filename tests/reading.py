"""For tests of readers: a book of accounts in memory, all facts of a reading, and what two readings both know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.site import MoodleSite
from connector.domain.ports import Account, Course
from connector.domain.reading import (
    AccountsPage,
    Page,
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


async def facts(pages: AsyncIterator[Page]) -> Facts:
    found = Facts()
    async for page in pages:
        for rows, into in (
            (page.enrolments, found.enrolments),
            (page.completions, found.completions),
            (page.grades, found.grades),
        ):
            _keep(rows, into)
        found.certificates |= {row.code: row for row in page.certificates}
    return found


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
    return await facts(reader.everything(book, await reader.courses() if courses is None else courses))


def equal_in_what_both_know(reports: Facts, plain: Facts, managed: Sequence[int]) -> list[str]:
    """Sentences on differences. The plain reader knows completions of managed people, and grades of active ones."""
    active = {key for key, row in plain.enrolments.items() if row.active}
    told = [
        f"enrolment {key}: {reports.enrolments.get(key)} and {plain.enrolments.get(key)}"
        for key in reports.enrolments.keys() | plain.enrolments.keys()
        if _active(reports, key) != _active(plain, key)
    ]
    for key in active:
        grades = reports.grades.get(key), plain.grades.get(key)
        if not _same_grade(*grades):
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
