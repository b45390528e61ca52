"""Rows that say what they said the last time: not mapped again, and still as good as mapped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from connector.domain.decisions import Assignable
from connector.domain.grants import GrantSet
from connector.domain.people import Person, Record, Rejection, Removed, Said
from connector.domain.ports import Mapper
from connector.sync.intake import take_in
from tests.support import House, Row, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]


class Counting:
    """A mapper that tells which lines it was asked for."""

    def __init__(self, inner: Mapper) -> None:
        self._inner = inner
        self.lines: list[int] = []

    @property
    def digest(self) -> str:
        return self._inner.digest

    @property
    def create_only(self) -> frozenset[str]:
        return self._inner.create_only

    @property
    def assignable(self) -> Assignable:
        return self._inner.assignable

    @property
    def sources(self) -> Collection[str]:
        return self._inner.sources

    @property
    def authoritative(self) -> Collection[str]:
        return self._inner.authoritative

    def said(self, source: str, record: Record) -> Said | Removed | list[Rejection]:
        self.lines.append(record.line)
        return self._inner.said(source, record)

    def key(self, source: str, raw: str) -> str | None:
        return self._inner.key(source, raw)

    def person(self, said: Mapping[str, Said], line: int) -> Person | list[Rejection]:
        return self._inner.person(said, line)

    def grants(self, person: Person) -> GrantSet:
        return self._inner.grants(person)


async def mapped(house: House, people: Sequence[Row]) -> list[int]:
    """The lines of a delivery that had to be mapped."""
    async with house.way() as way:
        mapper = Counting(way.mapper)
        take_in(house.connector.source(house.file(people)), mapper, way.feeds, way.inlets[0].gates, house.clock())
    return mapper.lines


def cities(house: House) -> dict[str, str]:
    return {
        one["key"]: one["city"] for one in house.sql("SELECT key, wanted ->> 'city' AS city FROM connector.person")
    }


async def test_only_what_is_new_is_mapped(house: House) -> None:
    """Whatever the order of the rows; what was mapped is the same as if all had been."""
    people = rows(5)
    assert await mapped(house, people) == [2, 3, 4, 5, 6]
    assert await mapped(house, people[::-1]) == []
    assert await mapped(house, [*people[:2], {**people[2], "city": "New"}, *people[3:]]) == [4]
    assert cities(house) == {**dict.fromkeys(("E0001", "E0002", "E0004", "E0005"), people[0]["city"]), "E0003": "New"}
    assert await mapped(house, people) == [4]
    assert cities(house)["E0003"] == people[2]["city"]


async def test_another_mapping_maps_everybody_once(house: House) -> None:
    """Also those for whom it changes nothing: next time they are known rows again."""
    people = rows(3)
    await mapped(house, people)
    house.edit("mapping.yaml", "city: {column: city,", "city: {column: job,")
    assert await mapped(house, people) == [2, 3, 4]
    assert set(cities(house).values()) == {people[0]["job"]}
    house.edit("mapping.yaml", "version: 1", "version: 1  # the same")
    assert await mapped(house, people) == [2, 3, 4]
    assert await mapped(house, people) == []


async def test_a_known_row_is_present(house: House) -> None:
    """Who comes back with the row of before is there again; two of one key are still set aside."""
    people = rows(4)
    await mapped(house, people)
    house.clock.forward(hours=1)
    await mapped(house, people[1:])
    house.clock.forward(hours=25)
    await mapped(house, people[1:])
    assert [one["key"] for one in house.sql("SELECT key FROM connector.person WHERE gone")] == ["E0001"]
    assert await mapped(house, people) == []
    assert house.sql("SELECT FROM connector.person WHERE gone OR absent_since IS NOT NULL") == []
    taken = await house.take([*people, people[0]])
    assert (taken.totals.rows, taken.totals.rejected, taken.totals.duplicate_keys) == (5, 2, 1)


async def test_a_bad_row_is_named_each_time(house: House) -> None:
    """It is nobody's last row; once it is as it was before, it is known."""
    good, bad = row("E1"), row("E1", email="nonsense")
    await mapped(house, [good, row("E2"), row("E3")])
    for _ in range(2):
        taken = await house.take([bad, row("E2"), row("E3")])
        assert [(one.line, one.field) for one in taken.rejections] == [(2, "email")]
    assert await mapped(house, [good, row("E2"), row("E3")]) == []
