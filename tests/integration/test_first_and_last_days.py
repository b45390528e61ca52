"""First and last days are those of the person's own zone, from one side of the date line to the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.test_people import usernames_by_rule
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""UTC+14 and UTC-11: 25 hours apart, so that their days never begin together."""


@pytest.mark.parametrize("day", ["2028-02-29", "2027-03-01", "2028-12-31"])
async def test_each_begins_on_the_own_morning(house: House, moodle: Seen, day: str) -> None:
    """A leap day, the first of March of another year, the end of a leap year: at midnight, not a minute before."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    people = [row("EAST", zone=EAST, starts=day), row("WEST", zone=WEST, starts=day)]
    house.clock.now = midnight - timedelta(days=3)
    await house.settled_in(people)
    assert (moodle.suspended("EAST"), moodle.suspended("WEST")) == (True, True)
    for moment, suspended in (
        (midnight - timedelta(hours=14, minutes=1), (True, True)),
        (midnight - timedelta(hours=13, minutes=59), (False, True)),
        (midnight + timedelta(hours=10, minutes=59), (False, True)),
        (midnight + timedelta(hours=11, minutes=1), (False, False)),
    ):
        house.clock.now = moment
        await house.settled_in(people)
        assert (moodle.suspended("EAST"), moodle.suspended("WEST")) == suspended, moment


async def test_each_leaves_after_the_own_last_day(house: House, moodle: Seen) -> None:
    """The last day is worked in full, on a leap day too."""
    midnight = datetime(2028, 3, 1, tzinfo=UTC)
    people = [row("EAST", zone=EAST, ends="2028-02-29"), row("WEST", zone=WEST, ends="2028-02-29")]
    house.clock.now = midnight - timedelta(days=3)
    await house.settled_in(people)
    for moment, suspended in (
        (midnight - timedelta(hours=14, minutes=1), (False, False)),
        (midnight - timedelta(hours=13, minutes=59), (True, False)),
        (midnight + timedelta(hours=10, minutes=59), (True, False)),
        (midnight + timedelta(hours=11, minutes=1), (True, True)),
    ):
        house.clock.now = moment
        await house.settled_in(people)
        assert (moodle.suspended("EAST"), moodle.suspended("WEST")) == suspended, moment


async def test_accounts_are_made_so_many_days_ahead(house: House, moodle: Seen) -> None:
    """By the own calendar: thirty days before a leap day, and nobody a day earlier."""
    people = [row("EAST", zone=EAST, starts="2028-02-29"), row("WEST", zone=WEST, starts="2028-02-29")]
    for moment, there in (
        (datetime(2028, 1, 29, 9, 59, tzinfo=UTC), []),
        (datetime(2028, 1, 29, 10, 1, tzinfo=UTC), ["EAST"]),
        (datetime(2028, 1, 30, 10, 59, tzinfo=UTC), ["EAST"]),
        (datetime(2028, 1, 30, 11, 1, tzinfo=UTC), ["EAST", "WEST"]),
    ):
        house.clock.now = moment
        await house.settled_in(people)
        assert moodle.people() == there


async def test_a_thousand_people_of_one_name(house: House, moodle: Seen) -> None:
    """Each has a username of the own, nobody the one of somebody who left, and the next feed changes none."""
    usernames_by_rule(house, "{lastname}{firstname}")
    house.edit("mapping.yaml", "transforms: [lower], unique: suffix", "transforms: [romanise], unique: suffix")
    house.edit("mapping.yaml", "min_share: 0.5", "min_share: 0.1")
    people = [row(f"N{n:04}", first="小明", last="王") for n in range(1000)]
    await house.settled_in(people)
    names = {one["id"]: moodle.fields(one["id"], "username")[0] for one in people}
    assert set(names.values()) == {"wangxiaoming", *(f"wangxiaoming{n}" for n in range(2, 1001))}
    assert (await house.plan()).size == 0
    left = [{**one, "status": "left"} for one in people[:3]] + people[3:]
    await house.settled_in([*left, row("N9999", first="小明", last="王")])
    assert moodle.fields("N9999", "username") == ("wangxiaoming1001",)
    assert {key: moodle.fields(key, "username")[0] for key in names} == names
