"""The outbox of our plugin in Moodle: what has changed, and all that there is now of what was touched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence

import orjson

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import raw, shared
from adapters.moodle.readers.datasets import (
    MOST,
    Asked,
    Dataset,
    Rows,
    chosen,
    firsts,
    later_pages,
    rows_of,
    together,
)
from adapters.moodle.readers.holding import held
from adapters.moodle.readers.raw import Issues
from connector.domain.outbox import Entry, Part, Touched
from connector.domain.ports import Course
from connector.domain.reading import Page, Scope

OUTBOX = "local_connector_outbox"
FORGET = "local_connector_outbox_forget"
ENTRIES = Dataset("outbox", ("id", "kind", "action", "userid", "courseid", "objectid"))
FACTS: Mapping[str, Dataset] = {"enrolments": raw.ENROLMENTS, "completions": raw.COMPLETIONS, "grades": raw.GRADES}
"""What is read of each part: facts, and the datasets that tell all of them."""

Taken = Callable[[Rows], Awaitable[Page]]
"""Makes facts of raw rows."""


class PluginOutbox:
    """The port ``Outbox``; ``graded``, ``certified`` and ``described`` are how the reader makes facts and courses."""

    def __init__(
        self,
        client: MoodleClient,
        issues: Sequence[Issues],
        graded: Taken,
        certified: Callable[[Issues, Rows], Awaitable[Page]],
        described: Callable[[Collection[int]], Awaitable[list[Course]]],
    ) -> None:
        self._client = client
        self._issues = issues
        self._certified = certified
        self._described = described
        self._taken: Mapping[str, Taken] = {
            "enrolments": self._enrolled,
            "completions": self._completed,
            "grades": graded,
        }

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

    async def read(self, touched: Touched) -> AsyncIterator[Page]:
        """See the port."""
        parts = list(touched.parts())
        asked = [(fact, one) for part in parts for fact in FACTS for one in _asked(FACTS[fact], part)]
        for (fact, one), first in zip(asked, await firsts(self._client, [one for _, one in asked]), strict=True):
            async for rows in later_pages(self._client, one, first):
                yield await self._taken[fact](rows)
        yield Page(scopes=[scope for part in parts for scope in _scopes(part)])
        for kind in self._issues:
            if kind.source in touched.issued:
                async for page in self._issued(kind, touched.issued[kind.source]):
                    yield page

    async def courses(self, course_ids: Collection[int]) -> list[Course]:
        """See the port."""
        return await self._described(course_ids)

    async def _issued(self, kind: Issues, people: Collection[int] | None) -> AsyncIterator[Page]:
        asked = [Asked(kind.issues)] if people is None else chosen(kind.issues, "userid", sorted(people))
        for one, first in zip(asked, await firsts(self._client, asked), strict=True):
            async for rows in later_pages(self._client, one, first):
                yield await self._certified(kind, rows)
        yield Page(scopes=[Scope("certificates", user, source=kind.source) for user in people or (None,)])

    async def _enrolled(self, rows: Rows) -> Page:
        """All enrolments, also those that let nobody in. Of who is deleted nothing is left."""
        methods = chosen(raw.METHODS, "id", sorted({row[2] for row in rows.rows}))
        people = chosen(raw.DELETED, "id", sorted({row[0] for row in rows.rows}))
        status, deletion = await together(self._client, [*methods, *people])
        disabled = {method for method, _, off in status if off}
        deleted = {user for user, gone in deletion if gone}
        there = [row for row in rows.rows if row[1] not in (None, shared.SITE_COURSE) and row[0] not in deleted]
        read = [raw.enrolment(row, disabled, rows.now) for row in there]
        return Page(read, held=[held(raw.ENROLMENTS, rows)])

    async def _completed(self, rows: Rows) -> Page:
        there = [row for row in rows.rows if row[2] and row[1] != shared.SITE_COURSE]
        return Page(completions=[raw.completion(row) for row in there], held=[held(raw.COMPLETIONS, rows)])


def _asked(dataset: Dataset, part: Part) -> list[Asked]:
    return chosen(dataset, "userid", part.people) + chosen(dataset, "courseid", part.courses)


def _scopes(part: Part) -> list[Scope]:
    people = [Scope(fact, user) for fact in FACTS for user in part.people]
    return people + [Scope(fact, course_id=course) for fact in FACTS for course in part.courses]
