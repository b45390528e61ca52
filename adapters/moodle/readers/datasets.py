"""Datasets of our plugin in Moodle: raw rows in the order of their keys, a page at a time, columns by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.readers.builder import values_of
from connector.domain.errors import ProtocolError

LIST = "local_connector_datasets"
READ = "local_connector_read"
COUNT = "local_connector_count"
MOST = 10_000
"""Rows of one answer, and values by which rows are chosen."""
MOST_COUNTED = 100_000
"""Keys that one answer counts."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """``columns`` are those that are read, two at least, in the order of the values in a row."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows of a dataset: new ``since`` epoch seconds, with one of these values in a column of integers, and with keys
    beyond ``after``."""

    dataset: Dataset
    since: int = 0
    column: str = ""
    values: Sequence[int] = ()
    after: int = 0

    @property
    def name(self) -> str:
        return self.dataset.name

    @property
    def columns(self) -> frozenset[str]:
        """With the key, which always comes."""
        return frozenset(("id", *self.dataset.columns))

    def call(self, after: int, limit: int = MOST) -> Call:
        return READ, self.params(after=after, limit=limit)

    def params(self, **more: object) -> dict[str, object]:
        """What ``read`` and ``count`` are asked alike, and more."""
        params = {"dataset": self.name, "columns": ",".join(self.dataset.columns), **more}
        if self.since:
            params["since"] = self.since
        if self.column:
            params |= {"column": self.column, "values": ",".join(map(str, self.values))}
        return params


@dataclass(frozen=True, slots=True)
class Rows:
    """``rows`` have the values of the dataset's columns, ``told`` all that came in the order of ``columns``: the key
    first. ``now`` is Moodle's clock before it read, ``next`` the key after which it goes on, None at the end."""

    rows: list[Row]
    now: int
    next: int | None
    columns: Sequence[str]
    told: Sequence[Sequence[Any]]


def chosen(dataset: Dataset, column: str, values: Sequence[int]) -> list[Asked]:
    """What to ask for all rows with one of these values; nothing where there are no values."""
    return [
        Asked(dataset, column=column, values=values[start : start + MOST]) for start in range(0, len(values), MOST)
    ]


async def listed(client: MoodleClient) -> Mapping[str, Mapping[str, Any]]:
    """What this site has, by name, and what the token lacks to read it. Raises the error tree."""
    answer = await client.call(LIST, reading=True)
    with foreseen(LIST):
        found: Mapping[str, Mapping[str, Any]] = orjson.loads(answer["json"])
        return {name: {"columns": set(one["columns"]), "lacking": list(one["lacking"])} for name, one in found.items()}


async def pages(client: MoodleClient, *asked: Asked) -> AsyncIterator[Rows]:
    """All rows, one of ``asked`` after the other; of each a page at least, though it is empty."""
    for one in asked:
        first = await some(client, one, one.after, MOST)
        async for rows in _with_the_next(client, one, first):
            if rows.rows or rows is first:
                yield rows


async def firsts(client: MoodleClient, asked: Sequence[Asked], limit: int = MOST) -> list[Rows]:
    """The first rows of several, up to so many of each, in one request where the site can."""
    answers = values_of(await client.call_many([one.call(one.after, limit) for one in asked], reading=True))
    return [_rows(one, one.after, answer) for one, answer in zip(asked, answers, strict=True)]


async def later_pages(client: MoodleClient, asked: Asked, first: Rows) -> AsyncIterator[Rows]:
    """These rows, and all that follow."""
    async for rows in _with_the_next(client, asked, first):
        if rows.rows:
            yield rows


async def _with_the_next(client: MoodleClient, asked: Asked, rows: Rows) -> AsyncIterator[Rows]:
    """These rows and all that follow: Moodle is asked for the next ones while these are worked with."""
    following: asyncio.Task[Rows] | None = None
    try:
        while rows.next is not None:
            following = asyncio.create_task(some(client, asked, rows.next, MOST))
            following.add_done_callback(_is_seen)
            yield rows
            rows = await following
        yield rows
    finally:
        if following:
            following.cancel()


def _is_seen(task: asyncio.Task[Rows]) -> None:
    """Whoever waits no longer for these rows does not ask why they did not come: that is no matter for a log."""
    if not task.cancelled():
        task.exception()


async def together(client: MoodleClient, *several: Sequence[Asked]) -> list[list[Rows]]:
    """All rows of several, in one request where each is few."""
    first = iter(await firsts(client, [one for asked in several for one in asked]))
    return [[rows for one in asked async for rows in later_pages(client, one, next(first))] for asked in several]


async def each(client: MoodleClient, *asked: Asked) -> list[Row]:
    """All rows at once: for what is few."""
    return [row async for rows in pages(client, *asked) for row in rows.rows]


async def some(client: MoodleClient, asked: Asked, after: int, limit: int) -> Rows:
    """Up to so many rows after a key."""
    function, params = asked.call(after, limit)
    return _rows(asked, after, await client.call(function, params, reading=True))


async def counted(
    client: MoodleClient, asked: Asked, width: int, after: int = 0, limit: int = 0
) -> AsyncIterator[list[list[Any]]]:
    """Number, rows and checksum of each bucket of so many keys that has rows: all after a key, or so many buckets."""
    once, most = bool(limit), limit or MOST_COUNTED // width
    while True:
        answer = await client.call(COUNT, asked.params(width=width, after=after, limit=most), reading=True)
        with foreseen(COUNT):
            told = orjson.loads(answer["json"])
            buckets, next_key = told["buckets"], told["next"]
            if next_key is not None and next_key <= after:
                raise ValueError("it would be counted for ever")
        if buckets:
            yield buckets
        if once or next_key is None:
            return
        after = next_key


def _rows(asked: Asked, after: int, answer: Any) -> Rows:
    return rows_of(READ, asked.dataset, after, answer)


def rows_of(function: str, dataset: Dataset, after: int, answer: Any) -> Rows:
    """The rows that this function has answered."""
    with foreseen(function):
        told = orjson.loads(answer["json"])
        rows, next_key = told["rows"], told["next"]
        places = list(_places(dataset, told["columns"]))
        if next_key is not None and next_key <= after:
            raise ValueError("it would be asked for ever")
        return Rows(list(map(itemgetter(*places), rows)), int(told["time"]), next_key, told["columns"], rows)


def _places(dataset: Dataset, columns: Sequence[str]) -> Iterator[int]:
    for name in dataset.columns:
        if name not in columns:
            raise ProtocolError(
                f'Moodle\'s dataset "{dataset.name}" has no column "{name}": install the plugin of this version '
                "(`moodle-connector moodle plugin`), or set moodle.reader to reports or plain."
            )
        yield columns.index(name)
