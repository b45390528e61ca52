"""What happens within courses, read by our plugin: pages of activities, grade items and changes of grades."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import raw, raw_details, shared
from adapters.moodle.readers.datasets import MOST, Asked, Row, Rows, chosen, firsts, later_pages, pages, together
from adapters.moodle.readers.holding import held, held_all
from adapters.moodle.readers.raw_details import (
    ACTIVITIES,
    ACTIVITY_COMPLETIONS,
    GRADE_ITEMS,
    GRADES,
    HISTORY,
    activity,
    activity_completion,
    grade_item,
    item_grade,
)
from connector.domain.details import KnownHistory
from connector.domain.reading import Page

COURSE_TOTAL = "course"
SITE_COURSE = shared.SITE_COURSE
VALUE = 3
"""The place of the grade in a row of grades."""


async def within(
    rows_of: Callable[[Asked], AsyncIterator[Rows]], is_in: Callable[[int | None], bool]
) -> AsyncIterator[Page]:
    """All activities and items of these courses, and what people have done in them. What is not graded is not told."""
    async for rows in rows_of(Asked(ACTIVITIES)):
        there = [activity(row) for row in rows.rows if is_in(row[1]) and raw_details.is_there(row)]
        yield Page(activities=there, held=[held(ACTIVITIES, rows)])
    async for rows in rows_of(Asked(ACTIVITY_COMPLETIONS)):
        states = [activity_completion(row) for row in rows.rows if is_in(row[1])]
        yield Page(activity_completions=states, held=[held(ACTIVITY_COMPLETIONS, rows)])
    items: list[Row] = []
    async for rows in rows_of(Asked(GRADE_ITEMS)):
        wanted = [row for row in rows.rows if is_in(row[1])]
        items += filter(is_total, wanted)
        yield Page(grade_items=[grade_item(row, rows.now) for row in wanted], held=[held(GRADE_ITEMS, rows)])
    totals = totals_of(items)
    async for rows in rows_of(Asked(GRADES)):
        told = [row for row in rows.rows if is_in(row[1]) and row[VALUE] is not None]
        yield replace(_grades(told, totals, rows.now), held=[held(GRADES, rows)])


async def history(client: MoodleClient, known: KnownHistory) -> AsyncIterator[Page]:
    """Changes of grades since a while before the last full reading, and of newcomers all; else everything.

    Keys are given in another order than that in which transactions end: what has one of those before the last may have
    been noted since. The last one that was known has to be there still. Where it is not Moodle was put back to an
    older state, and keys that were known may be those of other changes: all is read again.
    """
    asked = Asked(HISTORY, after=max(known.swept - MOST, 0))
    [first] = await firsts(client, [asked])
    if asked.after and known.swept not in {row[0] for row in first.rows}:
        asked = Asked(HISTORY)
        [first] = await firsts(client, [asked])
    async for rows in later_pages(client, asked, first):
        yield await changes(rows)
    if asked.after:
        async for rows in pages(client, *chosen(HISTORY, "userid", known.newcomers)):
            yield await changes_until(known.newest or 0, rows)


async def changes(rows: Rows) -> Page:
    return Page(grade_history=[raw_details.grade_change(row) for row in rows.rows if row[2] != SITE_COURSE])


async def changes_until(newest: int, rows: Rows) -> Page:
    """Of some people only: what is newer comes with that of all others, and must not be taken for all there is."""
    return await changes(replace(rows, rows=[row for row in rows.rows if row[0] <= newest]))


async def earlier(rows: Rows) -> Page:
    return Page(earlier_completions=[raw_details.earlier_completion(row) for row in rows.rows if row[2]])


async def activities(rows: Rows) -> Page:
    """Those that are not about to be deleted."""
    there = [activity(row) for row in rows.rows if row[1] != SITE_COURSE and raw_details.is_there(row)]
    return Page(activities=there, held=[held(ACTIVITIES, rows)])


async def items(rows: Rows) -> Page:
    found = [grade_item(row, rows.now) for row in rows.rows if row[1] != SITE_COURSE]
    return Page(grade_items=found, held=[held(GRADE_ITEMS, rows)])


async def graded(client: MoodleClient, rows: Rows) -> Page:
    """Grades that were given, changed or cleared, with the items of their courses."""
    courses = sorted({row[1] for row in rows.rows} - {None, SITE_COURSE})
    [found] = await together(client, chosen(GRADE_ITEMS, "courseid", courses))
    there = [row for some in found for row in some.rows]
    known = {row[0] for row in there}
    wanted = [row for row in rows.rows if row[2] in known]
    page = _grades(wanted, totals_of(there), rows.now)
    with_items = [*held_all(GRADE_ITEMS, found), held(GRADES, rows)]
    return replace(page, grade_items=[grade_item(row, rows.now) for row in there], held=with_items)


async def done(client: MoodleClient, rows: Rows) -> Page:
    """How people stand in activities, with these."""
    [found] = await together(client, chosen(ACTIVITIES, "id", sorted({row[2] for row in rows.rows})))
    there = [row for some in found for row in some.rows if raw_details.is_there(row) and row[1] != SITE_COURSE]
    known = {row[0] for row in there}
    return Page(
        activities=[activity(row) for row in there],
        activity_completions=[activity_completion(row) for row in rows.rows if row[2] in known],
        held=[*held_all(ACTIVITIES, found), held(ACTIVITY_COMPLETIONS, rows)],
    )


def is_total(row: Row) -> bool:
    """Whether a grade item is a total of a course."""
    _, course, kind, *_ = row
    return bool(kind == COURSE_TOTAL and course != SITE_COURSE)


def totals_of(items: Iterable[Row]) -> dict[int, bool]:
    """The totals of courses among these items, and whether they count: after a restore that failed Moodle may have
    several of one course, of which the first that was made does."""
    first: dict[int, int] = {}
    totals = [row for row in items if is_total(row)]
    for item, course, *_ in totals:
        first[course] = min(item, first.get(course, item))
    return {item: first[course] == item for item, course, *_ in totals}


def _grades(rows: list[Row], totals: Mapping[int, bool], now: int) -> Page:
    """Totals of courses apart from all others."""
    return Page(
        grades=[raw.grade(row[: len(raw.GRADES.columns)]) for row in rows if totals.get(row[2])],
        item_grades=[item_grade(row, now) for row in rows if row[2] not in totals],
    )
