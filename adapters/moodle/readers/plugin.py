"""The reader by our plugin in Moodle: raw rows in large pages, increments by their times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from adapters.moodle.readers import details, raw, raw_details, shared
from adapters.moodle.readers.datasets import Asked, Dataset, Row, Rows, chosen, each, firsts, later_pages, pages
from adapters.moodle.readers.details import is_total
from adapters.moodle.readers.raw import Issues
from adapters.moodle.site import MoodleSite
from connector.domain.details import NOTHING_KNOWN, Detail, KnownHistory
from connector.domain.ports import Course
from connector.domain.reading import AccountBook, AccountsPage, GradeItem, Page, ReadCertificate

SITE_COURSE = shared.SITE_COURSE
EVER = 1
"""Since when it may be: leaves out what has no time at all, as courses that are not completed yet."""


class PluginReader:
    """The port ``Reader`` by datasets of ``local_connector``; ``issues`` and ``details`` are those that the site has.

    Facts are exact to the second. Rows are read in the order of keys that never change, so that nobody is missed who
    was there all the while.
    """

    name = "plugin"
    incremental = True
    exhaustive = True

    def __init__(
        self, site: MoodleSite, issues: Sequence[Issues] = (), details: Collection[Detail] = frozenset()
    ) -> None:
        self._client = site.client
        self._issues = issues
        self.details = details

    async def courses(self) -> list[Course]:
        """See the port. By core's function, which tells names in one language and without tags."""
        return await shared.all_courses(self._client)

    # ------------------------------------------------------------ people
    async def accounts(self, book: AccountBook, since: datetime | None = None) -> AsyncIterator[AccountsPage]:
        """See the port. A visit does not count as a change."""
        moment = _seconds(since)
        people, visits = Asked(raw.PEOPLE, moment), Asked(raw.ACCESSES, moment)
        first = await firsts(self._client, [people, visits])
        kinds: dict[int, tuple[str, str]] = {}
        async for rows in later_pages(self._client, people, first[0]):
            if not kinds:
                fields = await each(self._client, Asked(raw.PROFILE_FIELDS))
                kinds = {field: (name, kind) for field, name, kind in fields}
            yield await self._people(book, [row for row in rows.rows if not row[1]], kinds)
        async for rows in later_pages(self._client, visits, first[1]):
            yield AccountsPage([], accesses=[raw.access(row) for row in rows.rows if row[1]])

    async def _people(
        self, book: AccountBook, people: Sequence[Row], kinds: Mapping[int, tuple[str, str]]
    ) -> AccountsPage:
        fields: dict[int, list[Row]] = defaultdict(list)
        if kinds:
            async for rows in pages(self._client, *chosen(raw.PROFILE_DATA, "userid", [row[0] for row in people])):
                for user, field, value in rows.rows:
                    fields[user].append((field, value))
        marks = {row[0]: raw.mark(row, fields[row[0]]) for row in people}
        unlike = set(book.unlike(marks))
        found = [raw.person(row, fields[row[0]], kinds) for row in people if row[0] in unlike]
        return AccountsPage(list(marks), found, {one.id: marks[one.id] for one in found})

    # ------------------------------------------------------------ what they learn
    async def everything(
        self,
        book: AccountBook,  # noqa: ARG002 - everybody's
        courses: Sequence[Course],
        known: KnownHistory = NOTHING_KNOWN,
    ) -> AsyncIterator[Page]:
        """See the port. Certificates are those of everybody."""
        async for page in self._learned(frozenset(course.id for course in courses)):
            yield page
        for kind in self._issues:
            async for rows in pages(self._client, Asked(kind.issues)):
                yield await self._certified(kind, rows)
        if Detail.ARCHIVES in self.details:
            async for rows in pages(self._client, Asked(raw_details.ARCHIVES, EVER)):
                yield await details.earlier(rows)
        if Detail.HISTORY in self.details:
            async for page in details.history(self._client, known):
                yield page

    async def again(self, course_ids: Sequence[int]) -> AsyncIterator[Page]:
        """See the port."""
        async for page in self._learned(frozenset(course_ids), course_ids):
            yield page

    async def changed(self, since: datetime, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:
        """See the port; grades that were given or cleared too. One request where nothing is new."""
        takes: list[tuple[Asked, Callable[[Rows], Awaitable[Page]]]] = [
            (Asked(raw.ENROLMENTS, _seconds(since)), self._entered),
            (Asked(raw.COMPLETIONS, _seconds(since)), _completed),
            *((Asked(kind.issues, _seconds(since)), partial(self._certified, kind)) for kind in self._issues),
            *self._changed_within(_seconds(since), known),
        ]
        asked = [one for one, _ in takes]
        for (one, take), first in zip(takes, await firsts(self._client, asked), strict=True):
            async for rows in later_pages(self._client, one, first):
                yield await take(rows)
        if Detail.HISTORY in self.details and known.newest:
            async for rows in pages(self._client, *chosen(raw_details.HISTORY, "userid", known.newcomers)):
                yield await details.changes(rows)

    def _changed_within(
        self, since: int, known: KnownHistory
    ) -> Iterator[tuple[Asked, Callable[[Rows], Awaitable[Page]]]]:
        """What to ask for besides, and how it is taken. Items come before what is graded by them."""
        if Detail.ACTIVITIES in self.details:
            yield Asked(raw_details.GRADE_ITEMS, since), details.items
            yield Asked(raw_details.GRADES, since), partial(details.graded, self._client)
            yield Asked(raw_details.ACTIVITY_COMPLETIONS, since), partial(details.done, self._client)
        else:
            yield Asked(raw.GRADES, since), self._graded
        if Detail.ARCHIVES in self.details:
            yield Asked(raw_details.ARCHIVES, since), details.earlier
        if Detail.HISTORY in self.details and known.newest:
            yield Asked(raw_details.HISTORY, after=known.newest), details.changes

    async def _learned(self, ids: Collection[int], only: Sequence[int] | None = None) -> AsyncIterator[Page]:
        """All in these courses; ``only`` asks for them alone. What is not completed and not graded is not told."""

        def rows_of(dataset: Dataset, since: int = 0) -> AsyncIterator[Rows]:
            asked = [Asked(dataset)] if only is None else chosen(dataset, "courseid", only)
            return pages(self._client, *(replace(one, since=since) for one in asked))

        deleted = {row[0] for row in await each(self._client, *chosen(raw.DELETED, "deleted", [1]))}
        disabled = {method async for rows in rows_of(raw.METHODS) for method, status in rows.rows if status}
        async for rows in rows_of(raw.ENROLMENTS):
            wanted = [row for row in rows.rows if row[1] in ids and row[0] not in deleted]
            yield Page(enrolments=[raw.enrolment(row, disabled, rows.now) for row in wanted])
        async for rows in rows_of(raw.COMPLETIONS, since=EVER):
            yield Page(completions=[raw.completion(row) for row in rows.rows if row[1] in ids])
        if Detail.ACTIVITIES in self.details:
            async for page in details.within(rows_of, ids):
                yield page
            return
        totals = [row[0] async for rows in rows_of(raw.GRADE_ITEMS) for row in rows.rows if is_total(row, ids)]
        async for rows in pages(self._client, *chosen(raw.GRADES, "itemid", totals)):
            yield Page(grades=[raw.grade(row) for row in rows.rows if row[3] is not None])

    async def _entered(self, rows: Rows) -> Page:
        """Of enrolments that are new or changed those that let somebody in, with what these people have completed."""
        methods = sorted({row[2] for row in rows.rows})
        disabled = {one for one, status in await self._each(raw.METHODS, "id", methods) if status}
        read = [raw.enrolment(row, disabled, rows.now) for row in rows.rows if row[1] not in (None, SITE_COURSE)]
        entered = [one for one in read if one.active]
        keys = {(one.user_id, one.course_id) for one in entered}
        courses = await self._each(raw.COURSES, "id", sorted({course for _, course in keys}))
        tracked = {course for course, enabled in courses if enabled}
        people = chosen(raw.COMPLETIONS, "userid", sorted({user for user, _ in keys}))
        done = {
            row[:2]: raw.completion(row)
            async for found in pages(self._client, *people)
            for row in found.rows
            if row[2] and row[:2] in keys
        }
        open_yet = [raw.not_completed(*key) for key in sorted(keys - done.keys()) if key[1] in tracked]
        return Page(entered, [*done.values(), *open_yet])

    async def _graded(self, rows: Rows) -> Page:
        items = await self._each(raw.GRADE_ITEMS, "id", sorted({row[2] for row in rows.rows}))
        totals = {row[0] for row in items if is_total(row)}
        return Page(grades=[raw.grade(row) for row in rows.rows if row[2] in totals])

    async def _certified(self, kind: Issues, rows: Rows) -> Page:
        named = await self._each(kind.templates, "id", sorted({row[0] for row in rows.rows}))
        names = {template: raw.name_of(name) for template, name in named}
        found: list[ReadCertificate] = [one for row in rows.rows if (one := kind.certificate(row, names))]
        return Page(certificates=found)

    # ------------------------------------------------------------ what was granted
    async def members(self, cohort_ids: Sequence[int]) -> Mapping[int, Collection[int]]:
        """See the port."""
        there = [cohort for cohort, _ in await self._each(raw.COHORTS, "id", cohort_ids)]
        return await self._members(raw.COHORT_MEMBERS, "cohortid", there)

    async def group_members(self, group_ids: Sequence[int]) -> Mapping[int, Collection[int] | None]:
        """See the port."""
        there = [group for group, _ in await self._each(raw.GROUPS, "id", group_ids)]
        return {**dict.fromkeys(group_ids), **await self._members(raw.GROUP_MEMBERS, "groupid", there)}

    async def missing_courses(self, course_ids: Sequence[int]) -> list[int]:
        """See the port."""
        there = {course for course, _ in await self._each(raw.COURSES, "id", course_ids)}
        return [course for course in course_ids if course not in there]

    async def grade_items(self, samples: Mapping[int, int]) -> list[GradeItem]:
        """See the port. Pass marks too; where all items are read they have come with the pages."""
        if Detail.ACTIVITIES in self.details:
            return []
        items = await self._each(raw.GRADE_ITEMS, "courseid", list(samples))
        return [raw.grade_item(row) for row in items if is_total(row)]

    async def _members(self, dataset: Dataset, column: str, of: Sequence[int]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {one: set() for one in of}
        async for rows in pages(self._client, *chosen(dataset, column, of)):
            for one, user in rows.rows:
                found[one].add(user)
        return found

    async def _each(self, dataset: Dataset, column: str, values: Sequence[int]) -> list[Row]:
        return await each(self._client, *chosen(dataset, column, values))


def _seconds(since: datetime | None) -> int:
    return int(since.timestamp()) if since else 0


async def _completed(rows: Rows) -> Page:
    return Page(completions=[raw.completion(row) for row in rows.rows if row[1] != SITE_COURSE])
