"""Moodle's Report Builder as the connector uses it: reports found by name, and their rows in pages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson

from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.readers.kinds import Kind
from connector.domain.errors import AlreadyThere, ConnectorError, SettingsError, Unavailable

LIST = "core_reportbuilder_list_reports"
SET_FILTERS = "core_reportbuilder_set_filters"
RETRIEVE = "core_reportbuilder_retrieve_report"
PAGE = 5000
AT_ONCE = 2
ENOUGH = 0.9
"""Of the rows that Moodle tells of at first; people come and go while they are read."""
LISTED = 200

Row = list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """A report of the site that was found set up, with ``width`` columns; ``rows`` are those that it had then."""

    kind: Kind
    id: int
    name: str
    width: int
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """One page. ``total`` is how many rows there were in all; 0 after the last page of a 5.1."""

    rows: list[Row]
    total: int


async def listed(client: MoodleClient) -> list[Mapping[str, Any]]:
    """All custom reports that the token may see, as Moodle tells them."""
    reports: list[Mapping[str, Any]] = []
    for page in count():
        answer = await client.call(LIST, {"page": page, "perpage": LISTED})
        with foreseen(LIST):
            reports += answer["reports"]
            if len(answer["reports"]) < LISTED:
                break
    return reports


async def retrieved(
    client: MoodleClient, asked: Sequence[tuple[Report, Mapping[str, object]]], page: int = 0, size: int = PAGE
) -> list[Rows]:
    """One page of each report with its filters, all in one request.

    Filters stay behind in Moodle, for each account and report: each page sets its own before it is retrieved. Moodle
    5.1 reads them back from the database, so requests with other filters on one report are never made at once.
    """
    calls: list[Call] = []
    for report, filters in asked:
        values = orjson.dumps(dict(report.kind.always) | dict(filters)).decode()
        calls.append((SET_FILTERS, {"reportid": report.id, "parameters": "", "values": values}))
        calls.append((RETRIEVE, {"reportid": report.id, "page": page, "perpage": size}))
    answers = await client.call_many(calls, reading=True)  # a filter that is set twice is the same filter
    if any(isinstance(answer, AlreadyThere) for answer in answers):
        # two requests at once set the first filters of an account on a report: 5.1 lets one of them fail
        answers = await client.call_many(calls, reading=True)
    return [_rows(report, answer) for (report, _), answer in zip(asked, values_of(answers)[1::2], strict=True)]


def values_of(answers: Sequence[Any | ConnectorError]) -> list[Any]:
    """Answers to calls of which none may fail. Raises the first error."""
    for answer in answers:
        if isinstance(answer, ConnectorError):
            raise answer
    return list(answers)


def _rows(report: Report, answer: Mapping[str, Any]) -> Rows:
    with foreseen(RETRIEVE):
        data = answer["data"]
        if len(data["headers"]) != report.width:
            raise SettingsError(
                f"The columns of Moodle's report {report.name} were changed: run `moodle-connector doctor --fix`."
            )
        rows = [[cell or "" for cell in row["columns"]] for row in data["rows"]]
        return Rows(rows, int(data["totalrowcount"]))


async def pages(
    client: MoodleClient, report: Report, filters: Mapping[str, object], at_once: int = AT_ONCE
) -> AsyncIterator[list[Row]]:
    """All rows of a report, page after page in its order. Where it is large the next pages are under way meanwhile,
    so that Moodle works while one is looked at: ``at_once`` of them. Raises Unavailable where far fewer rows came than
    Moodle said at first.
    """
    asked: deque[asyncio.Task[list[Rows]]] = deque()
    numbers = count()
    ahead = at_once if report.rows > PAGE else 1
    seen = told = 0

    def ask(pages: int) -> None:
        while len(asked) < pages:
            asked.append(asyncio.create_task(retrieved(client, [(report, filters)], next(numbers))))

    try:
        ask(ahead)
        while asked:
            (found,) = await asked.popleft()
            seen, told = seen + len(found.rows), told or found.total
            if len(found.rows) == PAGE:
                ask(ahead)
            if found.rows:
                yield found.rows
        if seen < told * ENOUGH:  # another process set other filters on this report, which 5.1 took for ours
            raise Unavailable(
                f"Moodle gave {seen:,} of {told:,} rows of the report {report.name}: it is read again later."
            )
    finally:
        # Not cancelled where this ends by itself: Moodle would go on, and 5.1 mixes filters of requests on one report.
        await asyncio.gather(*asked, return_exceptions=True)


async def later_pages(
    client: MoodleClient, report: Report, filters: Mapping[str, object], first: Rows
) -> AsyncIterator[list[Row]]:
    """A first page that was retrieved already, and those that follow it."""
    found, page = first, 0
    while True:
        if found.rows:
            yield found.rows
        if len(found.rows) < PAGE:
            return
        page += 1
        (found,) = await retrieved(client, [(report, filters)], page)
