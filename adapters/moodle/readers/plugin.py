"""The reader by our plugin in Moodle: raw rows in large pages, increments by their times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.moodle.readers import holding, raw, shared
from adapters.moodle.readers.catalogue import by_plugin
from adapters.moodle.readers.datasets import MOST, Asked, Dataset, Row, Rows, chosen, each, firsts, later_pages, pages, together
from adapters.moodle.readers.holding import held
from adapters.moodle.readers.outbox import PluginOutbox
from adapters.moodle.readers.raw import Issues
from adapters.moodle.site import MoodleSite
from connector.domain.ports import Course
from connector.domain.proving import Bucket, HeldRows, Question, Range
from connector.domain.reading import AccountBook, AccountsPage, GradeItem, Page, ReadCertificate, Scope

COURSE_TOTAL = "course"
SITE_COURSE = shared.SITE_COURSE
EVER = 1
"""Since when it may be: leaves out what has no time at all, as courses that are not completed yet."""
PERSON, COURSE = "userid", "courseid"
LEARNED = ("enrolments", "completions", "grades")
GONE = Asked(raw.DELETED, column="deleted", values=(1,))
COMPLETED = Asked(raw.COMPLETIONS, EVER)


class PluginReader:
    """The port ``Reader`` by datasets of ``local_connector``; ``issues`` are those that the site has.

    Facts are exact to the second. Rows are read in the order of keys that never change, so that nobody is missed who
    was there all the while.
    """

    name = "plugin"
    incremental = True
    exhaustive = True

    def __init__(self, site: MoodleSite, issues: Sequence[Issues] = (), *, outbox: bool = False) -> None:
        """``outbox``: whether the token may read what Moodle tells of its own accord."""
        self._client = site.client
        self._issues = issues
        self.outbox = (
            PluginOutbox(site.client, issues, self._graded, self._certified, self._described) if outbox else None
        )

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
        names = [one.name for one in raw.CATALOGUE]
        stored = dict(zip(names, await together(self._client, asked), strict=True))
        there = None if only is None else [row[0] for row in stored["courses"] if row[0] != SITE_COURSE]
        courses = await shared.all_courses(self._client, there) if there != [] else []
        return by_plugin(courses, stored)

    # ------------------------------------------------------------ people
    async def accounts(self, book: AccountBook, since: datetime | None = None) -> AsyncIterator[AccountsPage]:
        """See the port. A visit does not count as a change; who was deleted since does."""
        moment = _seconds(since)
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
    async def everything(self, book: AccountBook, courses: Sequence[Course]) -> AsyncIterator[Page]:  # noqa: ARG002 - all
        """See the port. Certificates are those of everybody."""
        async for page in self._learned(frozenset(course.id for course in courses)):
            yield page
        for kind in self._issues:
            async for rows in pages(self._client, Asked(kind.templates)):
                yield Page(held=[held(kind.templates, rows)])
            async for rows in pages(self._client, Asked(kind.issues)):
                yield await self._certified(kind, rows)
            yield Page(scopes=[Scope("certificates", source=kind.source)])

    async def again(self, course_ids: Sequence[int]) -> AsyncIterator[Page]:
        """See the port."""
        async for page in self._learned(frozenset(course_ids), COURSE, course_ids):
            yield page

    async def whole(self, people: Sequence[int], courses: Sequence[int]) -> AsyncIterator[Page]:
        """See ``Counter``."""
        yield Page(scopes=[Scope(fact, user) for user in people for fact in LEARNED])
        yield Page(scopes=[Scope(fact, course_id=course) for course in courses for fact in LEARNED])
        if people:
            async for page in self._learned(None, PERSON, people):
                yield page
        if courses:
            async for page in self._learned(frozenset(courses), COURSE, courses):
                yield page
        for kind in self._issues:
            yield Page(scopes=[Scope("certificates", user, source=kind.source) for user in people])
            async for rows in pages(self._client, *chosen(kind.issues, PERSON, people)):
                yield await self._certified(kind, rows)

    async def changed(self, since: datetime) -> AsyncIterator[Page]:
        """See the port; grades that were given or cleared too. One request where nothing is new."""
        datasets = [raw.ENROLMENTS, raw.COMPLETIONS, raw.GRADES, *(kind.issues for kind in self._issues)]
        asked = [Asked(dataset, _seconds(since)) for dataset in datasets]
        enrolments, completions, grades, *issues = (
            later_pages(self._client, one, first)
            for one, first in zip(asked, await firsts(self._client, asked), strict=True)
        )
        async for rows in enrolments:
            yield await self._entered(rows)
        async for rows in completions:
            found = [raw.completion(row) for row in rows.rows if row[1] != SITE_COURSE]
            yield Page(completions=found, held=[held(raw.COMPLETIONS, rows)])
        async for rows in grades:
            yield await self._graded(rows)
        for kind, later in zip(self._issues, issues, strict=True):
            async for rows in later:
                yield await self._certified(kind, rows)

    async def _learned(
        self, ids: Collection[int] | None, column: str = "", values: Sequence[int] = ()
    ) -> AsyncIterator[Page]:
        """All in these courses, or in any; ``column`` and ``values`` ask for no more than that. What is not completed
        and not graded is not told."""

        def rows_of(asked: Asked) -> AsyncIterator[Rows]:
            if not column or column not in (COURSE, *asked.dataset.columns):
                return pages(self._client, asked)
            return pages(
                self._client, *(replace(one, since=asked.since) for one in chosen(asked.dataset, column, values))
            )

        def is_there(course: int | None) -> bool:
            return course in ids if ids is not None else course not in (None, SITE_COURSE)

        deleted: set[int] = set()
        async for rows in pages(self._client, GONE):
            deleted |= {row[0] for row in rows.rows}
            yield Page(held=[held(raw.DELETED, rows)])
        disabled: set[int] = set()
        async for rows in rows_of(Asked(raw.METHODS)):
            disabled |= {method for method, _, status in rows.rows if status}
            yield Page(held=[held(raw.METHODS, rows)])
        async for rows in rows_of(Asked(raw.ENROLMENTS)):
            wanted = [row for row in rows.rows if is_there(row[1]) and row[0] not in deleted]
            enrolments = [raw.enrolment(row, disabled, rows.now) for row in wanted]
            yield Page(enrolments=enrolments, held=[held(raw.ENROLMENTS, rows)])
        async for rows in rows_of(COMPLETED):
            completions = [raw.completion(row) for row in rows.rows if is_there(row[1])]
            yield Page(completions=completions, held=[held(raw.COMPLETIONS, rows)])
        totals: set[int] = set()
        async for rows in rows_of(Asked(raw.GRADE_ITEMS)):
            totals |= {row[0] for row in rows.rows if _is_total(row)}
            yield Page(held=[held(raw.GRADE_ITEMS, rows)])
        asked = rows_of(Asked(raw.GRADES)) if column == PERSON else pages(self._client, _of_totals(totals))
        async for rows in asked:
            told = [row for row in rows.rows if row[3] is not None and is_there(row[1]) and row[2] in totals]
            yield Page(grades=[raw.grade(row) for row in told], held=[held(raw.GRADES, rows, _of_items(totals))])

    # ------------------------------------------------------------ what is proved
    async def questions(self) -> list[Question]:
        """See ``Counter``."""
        totals = {row[0] for row in await each(self._client, Asked(raw.GRADE_ITEMS)) if _is_total(row)}
        issued = [Asked(dataset) for kind in self._issues for dataset in (kind.templates, kind.issues)]
        learned = [Asked(raw.METHODS), Asked(raw.ENROLMENTS), COMPLETED, Asked(raw.GRADE_ITEMS), _of_totals(totals)]
        return [GONE, *learned, *issued]

    def counted(self, question: Question, within: Range | None = None) -> AsyncIterator[list[Bucket]]:
        """See ``Counter``."""
        return holding.counted(self._client, question, within)

    async def rows(self, question: Question, within: Range) -> HeldRows:
        """See ``Counter``."""
        return await holding.rows_within(self._client, question, within)

    async def _entered(self, rows: Rows) -> Page:
        """Of enrolments that are new or changed those that let somebody in, with what these people have completed."""
        methods = sorted({row[2] for row in rows.rows})
        disabled = {one for one, _, status in await self._each(raw.METHODS, "id", methods) if status}
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
        return Page(entered, [*done.values(), *open_yet], held=[held(raw.ENROLMENTS, rows)])

    async def _graded(self, rows: Rows) -> Page:
        items = await self._each(raw.GRADE_ITEMS, "id", sorted({row[2] for row in rows.rows}))
        totals = {row[0] for row in items if _is_total(row)}
        found = [raw.grade(row) for row in rows.rows if row[2] in totals]
        return Page(grades=found, held=[held(raw.GRADES, rows, _of_items(totals))])

    async def _certified(self, kind: Issues, rows: Rows) -> Page:
        """Moodle keeps what was issued to people who are deleted, and shows it to nobody."""
        named = await self._each(kind.templates, "id", sorted({row[0] for row in rows.rows}))
        names = {template: raw.name_of(name) for template, name in named}
        people = await self._each(raw.DELETED, "id", sorted({row[1] for row in rows.rows}))
        alive = {user for user, deleted in people if not deleted}
        there = (row for row in rows.rows if row[1] in alive)
        found: list[ReadCertificate] = [one for row in there if (one := kind.certificate(row, names))]
        return Page(certificates=found, held=[held(kind.issues, rows)])

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
        """See the port. Pass marks too."""
        items = await self._each(raw.GRADE_ITEMS, "courseid", list(samples))
        return [raw.grade_item(row) for row in items if _is_total(row)]

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


def _of_items(items: Collection[int]) -> Callable[[Row], bool]:
    return lambda row: row[2] in items


def _of_totals(items: Collection[int]) -> Asked:
    """The grades of these items; all grades, where they are more than can be asked for at once."""
    return Asked(raw.GRADES, column="itemid", values=sorted(items)) if len(items) <= MOST else Asked(raw.GRADES)


def _is_total(row: Row, ids: Collection[int] | None = None) -> bool:
    """Whether a grade item is the total of a course, and of one of these."""
    _, course, kind, *_ = row
    return kind == COURSE_TOTAL and course != SITE_COURSE and (ids is None or course in ids)
