"""The outbox of our plugin in Moodle: what has changed, and all that there is now of what was touched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence

import orjson

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import details, raw, raw_details, shared
from adapters.moodle.readers.datasets import MOST, Asked, Dataset, Rows, chosen, rows_of, together
from adapters.moodle.readers.holding import held
from adapters.moodle.readers.learning import COURSE, PERSON, Learning, Takes, taken
from adapters.moodle.readers.raw import Issues
from connector.domain.details import NOTHING_KNOWN, KnownHistory
from connector.domain.outbox import Entry, Part, Touched
from connector.domain.ports import Course
from connector.domain.reading import Page, Scope

OUTBOX = "local_connector_outbox"
FORGET = "local_connector_outbox_forget"
ENTRIES = Dataset("outbox", ("id", "kind", "action", "userid", "courseid", "objectid"))
LEARNED = ("enrolments", "completions", "grades")


class PluginOutbox:
    """The port ``Outbox``."""

    def __init__(self, client: MoodleClient, issues: Sequence[Issues], learning: Learning) -> None:
        self._client = client
        self._issues = issues
        self._learning = learning

    async def entries(self) -> AsyncIterator[list[Entry]]:
        """See the port."""
        after: int | None = 0
        while after is not None:
            answer = await self._client.call(OUTBOX, {"after": after, "limit": MOST}, reading=True)
            rows = rows_of(OUTBOX, ENTRIES, after, answer)
            yield [Entry(*row) for row in rows.rows]
            after = rows.next

    async def forget(self, entry_ids: Sequence[int]) -> None:
        """See the port. May be repeated: what is forgotten stays so."""
        for start in range(0, len(entry_ids), MOST):
            ids = orjson.dumps(list(entry_ids[start : start + MOST])).decode()
            await self._client.call(FORGET, {"ids": ids}, reading=True)

    async def read(self, touched: Touched, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:
        """See the port."""
        parts = list(touched.parts())
        takes = [*self._learning.changes(known), *self._within(sorted(touched.graded))]
        async for page in taken(self._client, [*takes, *(one for part in parts for one in self._of(part))]):
            yield page
        yield Page(scopes=[scope for part in parts for scope in _scopes(part)])
        for kind in self._issues:
            if kind.source in touched.issued:
                async for page in self._issued(kind, touched.issued[kind.source]):
                    yield page
        async for page in self._learning.newcomers(known):
            yield page

    def _within(self, courses: Sequence[int]) -> Iterator[Takes]:
        """What activities and grade items these courses have."""
        if self._learning.within:
            yield from ((one, details.activities) for one in chosen(raw_details.ACTIVITIES, COURSE, courses))
            yield from ((one, details.items) for one in chosen(raw_details.GRADE_ITEMS, COURSE, courses))

    def _of(self, part: Part) -> Iterator[Takes]:
        """What tells all of a part."""
        yield from ((one, self._enrolled) for one in _asked(raw.ENROLMENTS, part))
        yield from self._learning.of(part.people, part.courses)

    async def courses(self, course_ids: Collection[int]) -> list[Course]:
        """See the port."""
        return await shared.all_courses(self._client, course_ids)

    async def _issued(self, kind: Issues, people: Collection[int] | None) -> AsyncIterator[Page]:
        asked = [Asked(kind.issues)] if people is None else chosen(kind.issues, PERSON, sorted(people))

        async def certified(rows: Rows) -> Page:
            return await self._learning.certified(kind, rows)

        async for page in taken(self._client, [(one, certified) for one in asked]):
            yield page
        yield Page(scopes=[Scope("certificates", user, source=kind.source) for user in people or (None,)])

    async def _enrolled(self, rows: Rows) -> Page:
        """All enrolments, also those that let nobody in. Of who is deleted nothing is left."""
        methods = chosen(raw.METHODS, "id", sorted({row[2] for row in rows.rows}))
        people = chosen(raw.DELETED, "id", sorted({row[0] for row in rows.rows}))
        status, deletion = await together(self._client, [*methods, *people])
        disabled = {method for method, _, off in status if off}
        deleted = {user for user, gone in deletion if gone}
        there = [row for row in rows.rows if row[1] not in (None, shared.SITE_COURSE) and row[0] not in deleted]
        found = [raw.enrolment(row, disabled, rows.now) for row in there]
        return Page(found, held=[held(raw.ENROLMENTS, rows)])


def _asked(dataset: Dataset, part: Part) -> list[Asked]:
    return chosen(dataset, PERSON, part.people) + chosen(dataset, COURSE, part.courses)


def _scopes(part: Part) -> list[Scope]:
    people = [Scope(fact, user) for fact in LEARNED for user in part.people]
    return people + [Scope(fact, course_id=course) for fact in LEARNED for course in part.courses]
