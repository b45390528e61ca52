"""The reader by our plugin in Moodle: raw rows in large pages, increments by their times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from adapters.moodle.readers import holding, raw, shared
from adapters.moodle.readers.catalogue import by_plugin
from adapters.moodle.readers.datasets import Asked, Dataset, Row, chosen, each, firsts, later_pages, pages
from adapters.moodle.readers.details import is_total
from adapters.moodle.readers.holding import held
from adapters.moodle.readers.learning import COURSE, PERSON, Learning, seconds
from adapters.moodle.readers.outbox import PluginOutbox
from adapters.moodle.readers.raw import Issues
from adapters.moodle.site import MoodleSite
from connector.domain.details import NOTHING_KNOWN, Detail, KnownHistory
from connector.domain.held import Bucket, HeldRows, Range
from connector.domain.ports import Course
from connector.domain.proving import Question
from connector.domain.reading import AccountBook, AccountsPage, GradeItem, Page, Scope


class PluginReader:
    """The port ``Reader`` by datasets of ``local_connector``; ``issues`` and ``details`` are those that the site has.

    Facts are exact to the second. Rows are read in the order of keys that never change, so that nobody is missed who
    was there all the while.
    """

    name = "plugin"
    incremental = True
    exhaustive = True

    def __init__(
        self,
        site: MoodleSite,
        issues: Sequence[Issues] = (),
        details: Collection[Detail] = frozenset(),
        *,
        outbox: bool = False,
    ) -> None:
        """``outbox``: whether the token may read what Moodle tells of its own accord."""
        self._client = site.client
        self._issues = issues
        self.details = details
        self._learning = Learning(site.client, issues, details)
        self.outbox = PluginOutbox(site.client, issues, self._learning, self._described) if outbox else None

    async def courses(self) -> list[Course]:
        """See the port. Names are those of core's function, in one language and without tags."""
        return await self._described()

    async def _described(self, only: Collection[int] | None = None) -> list[Course]:
        """All courses, or those of these that are there: Moodle's function breaks on one that is gone."""
        of = {"courses": "id", "course_field_data": "courseid"} if only else {}
        asked = [
            Asked(one, column=of[one.name], values=sorted(only)) if only and one.name in of else Asked(one)
            for one in raw.CATALOGUE
        ]
        stored: dict[str, list[Row]] = {}
        for one, first in zip(asked, await firsts(self._client, asked), strict=True):
            stored[one.dataset.name] = [
                row async for rows in later_pages(self._client, one, first) for row in rows.rows
            ]
        there = None if only is None else [row[0] for row in stored["courses"] if row[0] != shared.SITE_COURSE]
        courses = await shared.all_courses(self._client, there) if there != [] else []
        return by_plugin(courses, stored)

    # ------------------------------------------------------------ people
    async def accounts(self, book: AccountBook, since: datetime | None = None) -> AsyncIterator[AccountsPage]:
        """See the port. A visit does not count as a change; who was deleted since does."""
        moment = seconds(since)
        people, visits = Asked(raw.PEOPLE, moment), Asked(raw.ACCESSES, moment)
        first = await firsts(self._client, [people, visits])
        kinds: dict[int, tuple[str, str]] = {}
        async for rows in later_pages(self._client, people, first[0]):
            if not kinds:
                fields = await each(self._client, Asked(raw.PROFILE_FIELDS))
                kinds = {field: (name, kind) for field, name, kind in fields}
            page = await self._people(book, [row for row in rows.rows if not row[1]], kinds)
            yield replace(page, gone=[row[0] for row in rows.rows if row[1]])
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
        async for page in self._learning.all(frozenset(course.id for course in courses)):
            yield page
        for kind in self._issues:
            async for rows in pages(self._client, Asked(kind.templates)):
                yield Page(held=[held(kind.templates, rows)])
            async for rows in pages(self._client, Asked(kind.issues)):
                yield await self._learning.certified(kind, rows, alone=True)
            yield Page(scopes=[Scope("certificates", source=kind.source)])
        async for page in self.before(known):
            yield page

    def before(self, known: KnownHistory) -> AsyncIterator[Page]:
        """See ``Counter``."""
        return self._learning.before(known)

    def again(self, course_ids: Sequence[int]) -> AsyncIterator[Page]:
        """See the port."""
        return self._learning.all(frozenset(course_ids), COURSE, course_ids)

    async def whole(self, people: Sequence[int], courses: Sequence[int]) -> AsyncIterator[Page]:
        """See ``Counter``."""
        learning = self._learning
        kinds, made = [kind.source for kind in self._issues], (*learning.facts, *learning.made_of)
        of_people = (Scope(fact, user) for user in people for fact in learning.facts)
        of_courses = (Scope(fact, course_id=course) for course in courses for fact in made)
        issued = (Scope("certificates", user, source=kind) for user in people for kind in kinds)
        for page in shared.scoped(chain(of_people, of_courses, issued)):
            yield page
        if people:
            async for page in learning.all(None, PERSON, people):
                yield page
        if courses:
            async for page in learning.all(frozenset(courses), COURSE, courses):
                yield page
        for kind in self._issues:
            async for rows in pages(self._client, *chosen(kind.issues, PERSON, people)):
                yield await learning.certified(kind, rows)

    def changed(self, since: datetime, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:
        """See the port; grades that were given or cleared too. One request where nothing is new."""
        return self._learning.changed(seconds(since), known)

    # ------------------------------------------------------------ what is proved
    async def questions(self) -> Sequence[Question]:
        """See ``Counter``."""
        return await self._learning.questions()

    def counted(self, question: Question, within: Range | None = None) -> AsyncIterator[list[Bucket]]:
        """See ``Counter``."""
        return holding.counted(self._client, question, within)

    async def rows(self, question: Question, within: Range) -> HeldRows:
        """See ``Counter``."""
        return await holding.rows_within(self._client, question, within)

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
        asked = pages(self._client, *chosen(raw.GRADE_ITEMS, COURSE, list(samples)))
        return [raw.grade_item(row) async for rows in asked for row in rows.rows if is_total(row)]

    async def _members(self, dataset: Dataset, column: str, of: Sequence[int]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {one: set() for one in of}
        async for rows in pages(self._client, *chosen(dataset, column, of)):
            for one, user in rows.rows:
                found[one].add(user)
        return found

    async def _each(self, dataset: Dataset, column: str, values: Sequence[int]) -> list[Row]:
        return await each(self._client, *chosen(dataset, column, values))
