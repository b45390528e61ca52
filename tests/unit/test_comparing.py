"""Comparing with Moodle answer by answer: exactly what differs is found, and of people who are nobody's no more."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.moodle.readers import raw
from adapters.moodle.readers.datasets import Asked
from connector.domain.facts import FactStore
from connector.domain.held import Bucket, HeldRow, HeldRows, Range, bucketed
from connector.domain.proving import Counter, Question, What
from connector.mirror.comparing import Compared, Comparing
from connector.mirror.mirroring import silent

NOW = datetime(2026, 11, 30, tzinfo=UTC)
Table = dict[int, tuple[int, int]]
TABLES = st.dictionaries(st.integers(1, 9_999), st.tuples(st.integers(1, 4), st.integers(0, 1)), max_size=12)
"""Rows by key: whose, and what of it. Ten buckets, of which most are empty."""
QUESTION = Asked(raw.ENROLMENTS)


def within(table: Table, some: Range | None) -> HeldRows:
    found = [
        HeldRow(key, user, 1, json.dumps([key, user, value]).encode())
        for key, (user, value) in sorted(table.items())
        if some is None or some.first <= key <= some.last
    ]
    return HeldRows(QUESTION.name, ("id", "userid", "status"), found)


@dataclass
class Site:
    """Moodle, which counts so many buckets in an answer."""

    table: Table
    at_once: int

    async def counted(self, _: Question, some: Range | None = None) -> AsyncIterator[list[Bucket]]:
        buckets = bucketed(within(self.table, some))
        for start in range(0, len(buckets), self.at_once):
            yield buckets[start : start + self.at_once]

    async def rows(self, _: Question, some: Range) -> HeldRows:
        return within(self.table, some)


@dataclass
class Kept:
    """What is held."""

    table: Table
    gone: list[int] = field(default_factory=list)

    @property
    def held(self) -> Kept:
        return self

    def buckets(self, _: str, some: Range | None = None) -> Iterator[list[Bucket]]:
        yield bucketed(within(self.table, some))

    def rows(self, _: str, some: Range) -> Sequence[HeldRow]:
        return within(self.table, some).rows

    def newest(self, _: str) -> int | None:
        return max(self.table, default=None)

    def there(self, _: str, keys: Collection[int]) -> set[int]:
        return set(keys) & self.table.keys()

    def land_gone(self, _: int, gone: HeldRows) -> None:
        self.gone += [row.key for row in gone.rows]


def compared(kept: Kept, site: Site, landed: set[int]) -> Compared:
    comparing = Comparing(
        cast(Counter, site), cast(FactStore, kept), lambda people: {one for one in people if one < 3}, 1, lambda: NOW,
        lambda page: landed.update(row.key for rows in page.held for row in rows.rows), silent,
    )  # fmt: skip
    return anyio.run(comparing.all, [QUESTION], [1])


@settings(deadline=None, max_examples=40)
@given(TABLES, TABLES, st.integers(1, 4))
def test_what_differs_is_found_answer_by_answer(ours: Table, theirs: Table, at_once: int) -> None:
    """However Moodle cuts its answers: managed people's differences are told, and all rows that differ land."""
    kept, landed = Kept(ours), set[int]()
    done = compared(kept, Site(theirs, at_once), landed)
    differing = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    assert landed == differing & theirs.keys()
    assert set(kept.gone) == differing - theirs.keys()
    managed = {key for key in differing if (theirs.get(key) or ours[key])[0] < 3}
    assert {one.key for one in done.found} == managed
    [proved] = done.proved
    assert (proved.rows, proved.equal) == (len(theirs), True)
    assert proved.gone == sum(1 for one in done.differences if one.what is What.GONE)


def test_of_people_who_are_nobodys_nothing_is_kept() -> None:
    """They may be most of a site, and each of their rows may be new: those land, and no more is known of them."""
    landed = set[int]()
    done = compared(Kept({}), Site(dict.fromkeys(range(1, 12_001), (4, 0)), 100), landed)
    assert len(landed) == 12_000
    assert (done.found, done.many, done.equal) == ([], False, True)
    assert not done.signs.ended_in
