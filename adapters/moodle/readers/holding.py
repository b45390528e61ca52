"""What is held of Moodle's rows so that facts can be proved: whose a row is, and how rows are counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import repeat
from operator import itemgetter

import orjson

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import datasets
from adapters.moodle.readers.datasets import Asked, Dataset, Row, Rows
from connector.domain.held import WIDTH, Bucket, HeldRow, HeldRows, Range
from connector.domain.proving import MOST, Question

KEY, OWNER, COURSE = "id", "userid", "courseid"
OWNERS = {"people": "id"}
"""The column that says whose a row is, where it is another."""


def held(dataset: Dataset, rows: Rows, wanted: Callable[[Row], bool] | None = None) -> HeldRows:
    """Rows as they came, with whose they are: the columns of ``dataset``, and those rows that are ``wanted``."""
    names = [name for name in rows.columns if name in (KEY, *dataset.columns)]
    owner, course = _place(names, OWNERS.get(dataset.name, OWNER)), _place(names, COURSE)
    told = rows.told if wanted is None else [row for row, one in zip(rows.told, rows.rows, strict=True) if wanted(one)]
    if len(names) < len(rows.columns):
        places = [rows.columns.index(name) for name in names]
        told = [[row[place] for place in places] for row in told]
    columns = (map(itemgetter(0), told), _column(told, owner), _column(told, course), map(orjson.dumps, told))
    return HeldRows(dataset.name, tuple(names), list(map(HeldRow, *columns)))


def held_all(dataset: Dataset, several: Sequence[Rows], wanted: Callable[[Row], bool] | None = None) -> list[HeldRows]:
    """The same of several pages."""
    return [held(dataset, rows, wanted) for rows in several]


async def counted(
    client: MoodleClient, question: Question, within: Range | None = None
) -> AsyncIterator[list[Bucket]]:
    """See ``Counter``."""
    asked = _asked(question)
    after, limit = (max(within.first - 1, 0), (within.last + 1 - within.first) // WIDTH) if within else (0, 0)
    async for buckets in datasets.counted(client, asked, WIDTH, after, limit):
        found = [Bucket(*one) for one in buckets]
        yield [one for one in found if within is None or one.number * WIDTH <= within.last]


async def rows_within(client: MoodleClient, question: Question, within: Range) -> HeldRows:
    """See ``Counter``."""
    asked = _asked(question)
    rows = await datasets.some(client, asked, within.first - 1 if within.first else 0, MOST)
    found = held(asked.dataset, rows)
    return HeldRows(found.dataset, found.columns, [row for row in found.rows if row.key <= within.last])


def _asked(question: Question) -> Asked:
    if not isinstance(question, Asked):
        raise TypeError("This question was put to another reader.")
    return question


def _place(names: Sequence[str], name: str) -> int | None:
    return names.index(name) if name in names else None


def _column(rows: Sequence[Sequence[int | None]], place: int | None) -> Iterable[int | None]:
    return repeat(None) if place is None else map(itemgetter(place), rows)
