"""The outbox of our plugin in Moodle: what has changed, and all that there is now of what was touched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from itertools import chain

import orjson

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import raw, shared
from adapters.moodle.readers.datasets import MOST, Asked, Dataset, Rows, chosen, pages, rows_of, together
from adapters.moodle.readers.holding import held, held_all
from adapters.moodle.readers.learning import COURSE, PERSON, Learning, Takes, deleted, is_deleted, taken
from adapters.moodle.readers.raw import Issues
from connector.domain.details import NOTHING_KNOWN, KnownHistory
from connector.domain.outbox import Entry, Part, Touched
from connector.domain.ports import Course
from connector.domain.reading import Page, Scope

OUTBOX = "local_connector_outbox"
FORGET = "local_connector_outbox_forget"
ENTRIES = Dataset("outbox", ("id", "kind", "action", "userid", "courseid", "objectid"))


class PluginOutbox:
    """The port ``Outbox``; ``described`` is how the reader tells of courses, those of these that are there."""

    def __init__(
        self,
        client: MoodleClient,
        issues: Sequence[Issues],
        learning: Learning,
        described: Callable[[Collection[int]], Awaitable[list[Course]]],
    ) -> None:
        self._client = client
        self._described = described
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
        contents, parts = sorted(touched.contents), list(touched.parts())
        takes = [*self._learning.changes(known), *self._learning.contents(contents)]
        async for page in taken(self._client, [*takes, *(one for part in parts for one in self._of(part))]):
            yield page
        made_of = (Scope(what, course_id=one) for one in contents for what in self._learning.made_of)
        for page in shared.scoped(chain(made_of, *map(self._scopes, parts))):
            yield page
        for kind in self._issues:
            if kind.source in touched.templates:
                async for rows in pages(self._client, Asked(kind.templates)):
                    yield Page(held=[held(kind.templates, rows)])
                yield Page(scopes=[Scope("templates", source=kind.source)])
            if kind.source in touched.issued:
                async for page in self._issued(kind, touched.issued[kind.source]):
                    yield page
        async for page in self._learning.newcomers(known):
            yield page

    def _of(self, part: Part) -> Iterator[Takes]:
        """What tells all of a part."""
        asked = chosen(raw.ENROLMENTS, PERSON, part.people) + chosen(raw.ENROLMENTS, COURSE, part.courses)
        yield from ((one, deleted) for one in chosen(raw.DELETED, "id", part.people))
        yield from ((one, self._enrolled) for one in asked)
        yield from self._learning.of(part.people, part.courses)

    def _scopes(self, part: Part) -> Iterator[Scope]:
        for user in part.people:
            yield Scope("people", user)
            yield from (Scope(fact, user) for fact in self._learning.facts)
        yield from (Scope(fact, course_id=course) for course in part.courses for fact in self._learning.facts)

    async def courses(self, course_ids: Collection[int]) -> list[Course]:
        """See the port."""
        return await self._described(course_ids)

    async def _issued(self, kind: Issues, people: Collection[int] | None) -> AsyncIterator[Page]:
        asked = [Asked(kind.issues)] if people is None else chosen(kind.issues, PERSON, sorted(people))

        async def certified(rows: Rows) -> Page:
            return await self._learning.certified(kind, rows)

        async for page in taken(self._client, [(one, certified) for one in asked]):
            yield page
        of = (None,) if people is None else people
        for page in shared.scoped(Scope("certificates", user, source=kind.source) for user in of):
            yield page

    async def _enrolled(self, rows: Rows) -> Page:
        """All enrolments, also those that let nobody in. Of who is deleted nothing is left."""
        methods, people = await together(
            self._client,
            chosen(raw.METHODS, "id", sorted({row[2] for row in rows.rows})),
            chosen(raw.DELETED, "id", sorted({row[0] for row in rows.rows})),
        )
        disabled = {method for some in methods for method, _, off in some.rows if off}
        gone = {user for some in people for user, off in some.rows if off}
        there = [row for row in rows.rows if row[1] not in (None, shared.SITE_COURSE) and row[0] not in gone]
        found = [raw.enrolment(row, disabled, rows.now) for row in there]
        held_with = [*held_all(raw.METHODS, methods), *held_all(raw.DELETED, people, is_deleted)]
        return Page(found, held=[*held_with, held(raw.ENROLMENTS, rows)])
