"""What people learn, read by our plugin: all of it or what is new, with the rows that it follows from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import details, raw, raw_details, shared
from adapters.moodle.readers.datasets import (
    MOST,
    Asked,
    Dataset,
    Row,
    Rows,
    chosen,
    counted,
    each,
    firsts,
    later_pages,
    pages,
    together,
)
from adapters.moodle.readers.details import totals_of
from adapters.moodle.readers.holding import held, held_all
from adapters.moodle.readers.raw import Issues
from connector.domain.details import Detail, KnownHistory
from connector.domain.reading import Page, ReadCertificate

SITE_COURSE = shared.SITE_COURSE
EVER = 1
"""Since when it may be: leaves out what has no time at all, as courses that are not completed yet."""
PERSON, COURSE = "userid", "courseid"
LEARNED = ("enrolments", "completions", "grades")
LEARNED_WITHIN = ("activity_completions", "item_grades")
GONE = Asked(raw.DELETED, column="deleted", values=(1,))
COMPLETED = Asked(raw.COMPLETIONS, EVER)

Takes = tuple[Asked, Callable[[Rows], Awaitable[Page]]]
"""What to ask for, and how it is taken."""


class Learning:
    """By datasets of ``local_connector``; ``issues`` and ``told`` are those that the site has."""

    def __init__(self, client: MoodleClient, issues: Sequence[Issues], told: Collection[Detail]) -> None:
        self._client = client
        self._issues = issues
        self._told = told
        self._many_courses: bool | None = None

    @property
    def within(self) -> bool:
        """Whether activities and all grade items are read, and not totals alone."""
        return Detail.ACTIVITIES in self._told

    @property
    def facts(self) -> Sequence[str]:
        """What a person is told to have learned."""
        return (*LEARNED, *LEARNED_WITHIN) if self.within else LEARNED

    def contents(self, courses: Sequence[int]) -> Iterator[Takes]:
        """What these courses are made of."""
        takes = [(raw.METHODS, methods), (raw.GRADE_ITEMS, totals)]
        if self.within:
            takes = [
                (raw.METHODS, methods), (raw_details.ACTIVITIES, details.activities),
                (raw_details.GRADE_ITEMS, details.items),
            ]  # fmt: skip
        for dataset, take in takes:
            yield from ((one, take) for one in chosen(dataset, COURSE, courses))

    @property
    def made_of(self) -> Sequence[str]:
        """The scopes of ``contents``."""
        return ("methods", "activities", "grade_items") if self.within else ("methods", "totals")

    def of(self, people: Sequence[int], courses: Sequence[int]) -> Iterator[Takes]:
        """All that is read of these people wherever they learn, and of everybody in these courses, but enrolments."""

        def asked(dataset: Dataset) -> list[Asked]:
            return chosen(dataset, PERSON, people) + chosen(dataset, COURSE, courses)

        yield from ((replace(one, since=EVER), completed) for one in asked(raw.COMPLETIONS))
        if self.within:
            yield from ((one, self.done) for one in asked(raw_details.ACTIVITY_COMPLETIONS))
        yield from ((one, self.graded) for one in asked(raw_details.GRADES if self.within else raw.GRADES))
        if Detail.ARCHIVES in self._told:
            yield from ((replace(one, since=EVER), details.earlier) for one in asked(raw_details.ARCHIVES))

    async def all(
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

        gone: set[int] = set()
        async for rows in pages(self._client, GONE):
            gone |= {row[0] for row in rows.rows}
            yield Page(held=[held(raw.DELETED, rows)])
        disabled: set[int] = set()
        async for rows in rows_of(Asked(raw.METHODS)):
            disabled |= {method for method, _, status in rows.rows if status}
            yield Page(held=[held(raw.METHODS, rows)])
        async for rows in rows_of(Asked(raw.ENROLMENTS)):
            wanted = [row for row in rows.rows if is_there(row[1]) and row[0] not in gone]
            enrolments = [raw.enrolment(row, disabled, rows.now) for row in wanted]
            yield Page(enrolments=enrolments, held=[held(raw.ENROLMENTS, rows)])
        async for rows in rows_of(COMPLETED):
            completions = [raw.completion(row) for row in rows.rows if is_there(row[1])]
            yield Page(completions=completions, held=[held(raw.COMPLETIONS, rows)])
        if self.within:
            async for page in details.within(rows_of, is_there):
                yield page
            return
        told_items: list[Row] = []
        async for rows in rows_of(Asked(raw.GRADE_ITEMS)):
            told_items += rows.rows
            yield Page(held=[held(raw.GRADE_ITEMS, rows)])
        items, of_all = _counting(told_items), await self._holds_all_grades()
        asked = rows_of(Asked(raw.GRADES)) if of_all or column == PERSON else pages(self._client, _of_totals(items))
        kept = None if of_all else _of_items(items)
        async for rows in asked:
            told = [row for row in rows.rows if row[3] is not None and is_there(row[1]) and row[2] in items]
            yield Page(grades=[raw.grade(row) for row in told], held=[held(raw.GRADES, rows, kept)])

    async def before(self, known: KnownHistory) -> AsyncIterator[Page]:
        """Attempts that were put away, and changes of grades from what was ``known`` on."""
        if Detail.ARCHIVES in self._told:
            async for rows in pages(self._client, Asked(raw_details.ARCHIVES, EVER)):
                yield await details.earlier(rows)
        if Detail.HISTORY in self._told:
            async for page in details.history(self._client, known):
                yield page

    # ------------------------------------------------------------ what is new
    async def changed(self, since: int, known: KnownHistory) -> AsyncIterator[Page]:
        """See ``Reader``; grades that were given or cleared too. One request where nothing is new."""
        takes: list[Takes] = [
            (Asked(raw.ENROLMENTS, since), self._entered),
            (Asked(raw.COMPLETIONS, since), completed),
            *((Asked(kind.issues, since), partial(self.certified, kind)) for kind in self._issues),
            *self._changed_within(since),
            *self.changes(known),
        ]
        async for page in taken(self._client, takes):
            yield page
        async for page in self.newcomers(known):
            yield page

    def _changed_within(self, since: int) -> Iterator[Takes]:
        """Items come before what is graded by them."""
        if self.within:
            yield Asked(raw_details.GRADE_ITEMS, since), details.items
            yield Asked(raw_details.GRADES, since), self.graded
            yield Asked(raw_details.ACTIVITY_COMPLETIONS, since), self.done
        else:
            yield Asked(raw.GRADES, since), self.graded
        if Detail.ARCHIVES in self._told:
            yield Asked(raw_details.ARCHIVES, since), details.earlier

    def changes(self, known: KnownHistory) -> Iterator[Takes]:
        """Changes of grades beyond what was ``known``."""
        if Detail.HISTORY in self._told and known.newest is not None:
            yield Asked(raw_details.HISTORY, after=known.newest), details.changes

    async def newcomers(self, known: KnownHistory) -> AsyncIterator[Page]:
        """All changes of grades of people who were nobody's until now."""
        if Detail.HISTORY in self._told and known.newest is not None:
            async for rows in pages(self._client, *chosen(raw_details.HISTORY, PERSON, known.newcomers)):
                yield await details.changes_until(known.newest, rows)

    async def _entered(self, rows: Rows) -> Page:
        """Of enrolments that are new or changed those that let somebody in, with what these people have completed."""
        methods = sorted({row[2] for row in rows.rows})
        disabled = {one for one, _, status in await self._each(raw.METHODS, "id", methods) if status}
        read = [raw.enrolment(row, disabled, rows.now) for row in rows.rows if row[1] not in (None, SITE_COURSE)]
        entered = [one for one in read if one.active]
        keys = {(one.user_id, one.course_id) for one in entered}
        courses = await self._each(raw.COURSES, "id", sorted({course for _, course in keys}))
        tracked = {course for course, enabled in courses if enabled}
        people = chosen(raw.COMPLETIONS, PERSON, sorted({user for user, _ in keys}))
        done = {
            row[:2]: raw.completion(row)
            async for found in pages(self._client, *people)
            for row in found.rows
            if row[2] and row[:2] in keys
        }
        open_yet = [raw.not_completed(*key) for key in sorted(keys - done.keys()) if key[1] in tracked]
        return Page(entered, [*done.values(), *open_yet], held=[held(raw.ENROLMENTS, rows)])

    async def graded(self, rows: Rows) -> Page:
        """Grades that were given, changed or cleared."""
        if self.within:
            return await details.graded(self._client, rows)
        courses = sorted({row[1] for row in rows.rows} - {None, SITE_COURSE})
        [items] = await together(self._client, chosen(raw.GRADE_ITEMS, COURSE, courses))
        wanted = _counting(row for some in items for row in some.rows)
        found = [raw.grade(row) for row in rows.rows if row[2] in wanted]
        with_items = held_all(raw.GRADE_ITEMS, items)
        of_these = None if await self._holds_all_grades() else _of_items(wanted)
        return Page(grades=found, held=[*with_items, held(raw.GRADES, rows, of_these)])

    async def done(self, rows: Rows) -> Page:
        """How people stand in activities."""
        return await details.done(self._client, rows)

    async def certified(self, kind: Issues, rows: Rows, *, alone: bool = False) -> Page:
        """Moodle keeps what was issued to people who are deleted, and shows it to nobody. ``alone``: the rows of kinds
        and people come otherwise."""
        named, people = await together(
            self._client,
            chosen(kind.templates, "id", sorted({row[0] for row in rows.rows})),
            chosen(raw.DELETED, "id", sorted({row[1] for row in rows.rows})),
        )
        names = {template: raw.name_of(name) for some in named for template, name in some.rows}
        alive = {user for some in people for user, deleted in some.rows if not deleted}
        there = (row for row in rows.rows if row[1] in alive)
        found: list[ReadCertificate] = [one for row in there if (one := kind.certificate(row, names))]
        held_with = [*held_all(kind.templates, named), *held_all(raw.DELETED, people, is_deleted)]
        return Page(certificates=found, held=[*([] if alone else held_with), held(kind.held, rows)])

    # ------------------------------------------------------------ what is proved
    async def questions(self) -> list[Asked]:
        """See ``Counter``."""
        issued = [Asked(dataset) for kind in self._issues for dataset in (kind.templates, kind.held)]
        learned = [Asked(raw.METHODS), Asked(raw.ENROLMENTS), COMPLETED]
        if self.within:
            return [GONE, *learned, *map(Asked, raw_details.DETAILS[Detail.ACTIVITIES]), *issued]
        if await self._holds_all_grades():
            return [GONE, *learned, Asked(raw.GRADE_ITEMS), Asked(raw.GRADES), *issued]
        items = _counting(await each(self._client, Asked(raw.GRADE_ITEMS)))
        return [GONE, *learned, Asked(raw.GRADE_ITEMS), _of_totals(items), *issued]

    async def _holds_all_grades(self) -> bool:
        """Whether all grades are held where totals alone are facts: those of so many items cannot be asked for at
        once. Each course has one."""
        if self._many_courses is None:
            courses = counted(self._client, Asked(raw.COURSES), MOST)
            self._many_courses = sum([rows async for some in courses for _, rows, _ in some]) > MOST
        return self._many_courses

    async def _each(self, dataset: Dataset, column: str, values: Sequence[int]) -> list[Row]:
        return await each(self._client, *chosen(dataset, column, values))


async def taken(client: MoodleClient, takes: Sequence[Takes]) -> AsyncIterator[Page]:
    """All that is asked for; one request where each is few."""
    asked = [one for one, _ in takes]
    for (one, take), first in zip(takes, await firsts(client, asked), strict=True):
        async for rows in later_pages(client, one, first):
            yield await take(rows)


async def methods(rows: Rows) -> Page:
    """Ways into courses: they are no facts."""
    return Page(held=[held(raw.METHODS, rows)])


async def totals(rows: Rows) -> Page:
    """Grade items where only totals are facts, which are asked for otherwise."""
    return Page(held=[held(raw.GRADE_ITEMS, rows)])


async def deleted(rows: Rows) -> Page:
    """Of these people those who are deleted."""
    return Page(held=[held(raw.DELETED, rows, is_deleted)])


def is_deleted(row: Row) -> bool:
    """Of ``raw.DELETED``."""
    return bool(row[1])


async def completed(rows: Rows) -> Page:
    """Courses that were completed."""
    found = [raw.completion(row) for row in rows.rows if row[1] != SITE_COURSE]
    return Page(completions=found, held=[held(raw.COMPLETIONS, rows)])


def seconds(since: datetime | None) -> int:
    """By Moodle's clock; 0 is none."""
    return int(since.timestamp()) if since else 0


def _counting(items: Iterable[Row]) -> set[int]:
    """Those that are the totals of their courses."""
    return {item for item, counts in totals_of(items).items() if counts}


def _of_items(items: Collection[int]) -> Callable[[Row], bool]:
    return lambda row: row[2] in items


def _of_totals(items: Collection[int]) -> Asked:
    """The grades of these items."""
    return Asked(raw.GRADES, column="itemid", values=sorted(items))
