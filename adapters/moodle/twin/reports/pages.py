"""Reading a report: who asks, which rows stay, in what order, one page of cells."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from adapters.moodle.twin.reports.cells import Reader, zone_of
from adapters.moodle.twin.reports.model import DESCENDING, Report
from adapters.moodle.twin.reports.rows import Row
from adapters.moodle.twin.reports.sources import SOURCES, Offer, offer
from adapters.moodle.twin.state import TwinState


def reader_of(state: TwinState) -> Reader:
    """The account of the token; a language that is not installed falls back to English."""
    me = state.users[state.me].fields
    lang = me["lang"] if me["lang"] in state.languages else "en"
    return Reader(state.url, lang, zone_of(state.forced_zone or me["timezone"]), time.time())


def page(state: TwinState, report: Report, number: int, size: int) -> dict[str, Any]:
    """``size`` 0 or less is everything; a page before the first is the first.

    After the last page 4.5 knows how many rows there are, and 5.1 answers 0.
    """
    offered = offer(state, report.source)
    columns = [offered.columns[column.identifier] for column in report.columns]
    reader = reader_of(state)
    rows = _ordered(state, report, offered, _kept(state, report, offered, reader.now)) if columns else []
    start = max(number, 0) * max(size, 0)
    shown = rows[start : start + size] if size > 0 else rows
    total = len(rows) if shown or state.version.counts_past_the_end else 0
    return {
        "headers": [column.title for column in columns],
        "rows": [{"columns": [column.cell(row, reader) for column in columns]} for row in shown],
        "totalrowcount": total,
    }


def count(state: TwinState, report: Report) -> int:
    """How many rows the report has without anybody's filters, as its editing page says."""
    return len(_kept(state, report, offer(state, report.source), time.time(), filtered=False)) if report.columns else 0


def _kept(state: TwinState, report: Report, offered: Offer, now: float, *, filtered: bool = True) -> list[Row]:
    """Rows that pass the conditions and the account's own filters. Values of filters that are not there do nothing."""
    active = {one.identifier for one in report.filters} if filtered else set()
    wanted = {name: report.values.get(state.me, {}) for name in active} | dict(report.conditions)
    tests: list[Callable[[Row], bool]] = []
    for identifier, values in wanted.items():
        if (test := offered.filters[identifier].keeps(identifier, values, now)) is not None:
            tests.append(test)
    used = [column.identifier for column in report.columns] + list(wanted)
    needs = frozenset(identifier.partition(":")[0] for identifier in used)
    rows = SOURCES[report.source].rows(state, needs)
    for test in tests:
        rows = filter(test, rows)
    return list(rows)


def _ordered(state: TwinState, report: Report, offered: Offer, rows: list[Row]) -> list[Row]:
    """By the columns whose sorting is on, nothing first; rows that these leave equal come in no order at all.

    PostgreSQL promises none. The twin turns them round with each call, so that who pages without a unique sort loses
    rows for certain and not once in a while.
    """
    if rows:
        turn = state.calls.total() * 7919 % len(rows)
        rows = rows[turn:] + rows[:turn]
    sorting = sorted((column for column in report.columns if column.sort_enabled), key=lambda one: one.sortorder)
    for column in reversed(sorting):
        key = offered.columns[column.identifier].key
        there = [row for row in rows if key(row) is not None]
        absent = [row for row in rows if key(row) is None] if len(there) < len(rows) else []
        down = column.direction == DESCENDING
        there.sort(key=key, reverse=down)
        rows = there + absent if down else absent + there
    return rows
