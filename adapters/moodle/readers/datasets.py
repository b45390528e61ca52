"""Datasets of our plugin in Moodle: raw rows in the order of their keys, a page at a time, columns by name."""

from __future__ import annotations

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
MOST = 10_000
"""Rows of one answer, and values by which rows are chosen."""

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

    def call(self, after: int) -> Call:
        columns = ",".join(self.dataset.columns)
        params: dict[str, object] = {"dataset": self.dataset.name, "after": after, "limit": MOST, "columns": columns}
        if self.since:
            params["since"] = self.since
        if self.column:
            params |= {"column": self.column, "values": ",".join(map(str, self.values))}
        return READ, params


@dataclass(frozen=True, slots=True)
class Rows:
    """``now`` is Moodle's clock before it read, ``next`` the key after which it goes on, None at the end."""

    rows: list[Row]
    now: int
    next: int | None


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
    """All rows, one of ``asked`` after the other."""
    for one in asked:
        function, params = one.call(one.after)
        first = _rows(one, one.after, await client.call(function, params, reading=True))
        async for rows in later_pages(client, one, first):
            yield rows


async def firsts(client: MoodleClient, asked: Sequence[Asked]) -> list[Rows]:
    """The first rows of several, in one request where the site can."""
    answers = values_of(await client.call_many([one.call(one.after) for one in asked], reading=True))
    return [_rows(one, one.after, answer) for one, answer in zip(asked, answers, strict=True)]


async def later_pages(client: MoodleClient, asked: Asked, first: Rows) -> AsyncIterator[Rows]:
    """These rows, and all that follow."""
    rows = first
    while rows.rows:
        yield rows
        if rows.next is None:
            return
        function, params = asked.call(rows.next)
        rows = _rows(asked, rows.next, await client.call(function, params, reading=True))


async def each(client: MoodleClient, *asked: Asked) -> list[Row]:
    """All rows at once: for what is few."""
    return [row async for rows in pages(client, *asked) for row in rows.rows]


def _rows(asked: Asked, after: int, answer: Any) -> Rows:
    with foreseen(READ):
        told = orjson.loads(answer["json"])
        rows, next_key = told["rows"], told["next"]
        places = list(_places(asked.dataset, told["columns"]))
        if next_key is not None and next_key <= after:
            raise ValueError("it would be asked for ever")
        return Rows(list(map(itemgetter(*places), rows)), int(told["time"]), next_key)


def _places(dataset: Dataset, columns: Sequence[str]) -> Iterator[int]:
    for name in dataset.columns:
        if name not in columns:
            raise ProtocolError(
                f'Moodle\'s dataset "{dataset.name}" has no column "{name}": install the plugin of this version '
                "(`moodle-connector moodle plugin`), or set moodle.reader to reports or plain."
            )
        yield columns.index(name)
