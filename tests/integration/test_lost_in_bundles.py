"""However many cohorts there are, only some thousand members are held at once, and the guard counts all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.site import MoodleSite
from connector.domain.errors import HoldClass
from connector.domain.facts import Extent
from connector.store import grants
from tests.support import House, Seen, assert_whole, moodle_client, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


class Counted(PlainReader):
    """Writes down how many members each of its answers held."""

    asked: list[int]

    async def members(self, cohort_ids: Sequence[int]) -> Mapping[int, Collection[int]]:
        found = await super().members(cohort_ids)
        self.asked.append(sum(map(len, found.values())))
        return found


async def read(house: House, **more: Any) -> list[int]:
    """Read all of Moodle; gives how many members were held at once, time after time, until it was done or held."""
    asked: list[int] = []
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        site = MoodleSite(client)
        reader = Counted(site, await site.site_info())
        reader.asked = asked
        try:
            await house.connector.way_back(reader).read(Extent.EVERYTHING, **more)
        except HoldClass:
            asked.append(-1)
    return asked


async def test_members_are_read_in_bundles(house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cohorts come together, as many as have the members; a large one comes by itself."""
    monkeypatch.setattr(grants, "MEMBERS", 4)
    sizes = {"A": 1, "B": 2, "C": 1, "D": 3, "E": 7, "F": 1}
    people = [row(f"{unit}{number}", unit=unit) for unit, size in sizes.items() for number in range(size)]
    await house.settled_in(people)
    assert await read(house) == [4, 3, 7, 1]
    assert (await house.plan()).size == 0


async def test_many_cohorts_are_no_single_request(house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cohorts of one person each are bundled by their own number."""
    monkeypatch.setattr(grants, "COHORTS", 5)
    await house.settled_in([row(f"E{number}", unit=f"U{number}") for number in range(12)])
    assert await read(house) == [5, 5, 2]


async def test_the_guard_counts_over_all_bundles(house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bundle loses more than passes by itself, but all of them do: nothing ends before all were counted."""
    monkeypatch.setattr(grants, "MEMBERS", 10)
    people = [row(f"{unit}{number}", unit=unit) for unit in "ABCD" for number in range(10)]
    await house.settled_in(people)
    before = house.ledger()
    with moodle.state.lock:
        for unit in "ABCD":
            members = moodle.state.cohorts[moodle.state.cohort_by_idnumber[f"unit-{unit}"]].members
            for user_id in list(members)[:7]:
                del members[user_id]
    assert await read(house) == [3, 3, 3, 3, -1]
    assert house.ledger() == before
    await read(house, give_again=True)
    assert (await house.plan()).size == 28
    await house.sync()
    await assert_whole(house, moodle, people)


async def test_notes_of_a_reading_that_was_cut_off_count_no_more(house: House, moodle: Seen) -> None:
    """It noted somebody as gone and was killed; meanwhile an administrator put it right."""
    people = [row("E1", unit="Field"), row("E2", unit="Field")]
    await house.settled_in(people)
    book = house.connector.way_back(None).grants  # type: ignore[arg-type]
    [cohorts] = book.cohorts()
    book.note_cohorts(cohorts, {cohort: [] for cohort in cohorts}, house.clock())
    assert len(house.sql("SELECT FROM connector.lost_grant")) == 2
    await read(house)
    assert (await house.plan()).size == 0
    assert house.sql("SELECT FROM connector.lost_grant") == []
