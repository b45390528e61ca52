"""Turns that lives take and feeds tell: names that go round, new keys, late managers, leap days and date lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from connector.domain.decide import RESERVED_DOMAIN
from connector.domain.errors import Stopped
from connector.domain.plan import Action
from tests.integration.test_people import usernames_by_rule
from tests.integration.test_several_sources import begin, make_several, of_agency, of_directory, of_hr, tell
from tests.support import House, Seen, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
A = Action


async def test_names_and_addresses_go_round_among_three(house: House, moodle: Seen) -> None:
    """User names one way and addresses the other, in one plan, with a newcomer who gets what becomes free."""
    people = rows(3)
    await house.settled_in([*people, row("E0004", username="old", email="old@example.test")])
    turned = [
        {**one, "username": people[(n + 1) % 3]["username"], "email": people[(n + 2) % 3]["email"]}
        for n, one in enumerate(people)
    ]
    await house.settled_in([*turned, row("E0004"), row("E0005", username="old", email="old@example.test")])
    for one in turned:
        assert moodle.fields(one["id"], "username", "email") == (one["username"], one["email"])
    assert moodle.fields("E0005", "username", "email") == ("old", "old@example.test")
    assert (await house.plan()).size == 0


async def test_a_circle_that_is_broken_off_is_closed_by_the_next_run(house: House, moodle: Seen) -> None:
    """The process is told to end when all have temporary addresses: nobody keeps one."""
    people = rows(3)
    await house.settled_in(people)
    turned = [{**one, "email": people[(n + 1) % 3]["email"]} for n, one in enumerate(people)]
    plan = await house.plan(turned)
    async with house.way() as way:
        with pytest.raises(Stopped):
            await replace(way, stopping=lambda: temporary(moodle) == 3).apply(plan)
    assert temporary(moodle) == 3
    await house.sync()
    assert [moodle.fields(one["id"], "email")[0] for one in turned] == [one["email"] for one in turned]
    assert (await house.plan()).size == 0


def temporary(moodle: Seen) -> int:
    """How many have an address that is only on the way."""
    return sum(one.fields["email"].endswith(RESERVED_DOMAIN) for one in moodle.state.users.values())


async def test_who_waits_for_a_name_that_is_kept_is_a_case(house: House, moodle: Seen) -> None:
    """One of a circle cannot leave, because a stranger has the name: all of it waits, and nothing is tried in vain."""
    people = rows(4)
    await house.settled_in(people)
    moodle.add("stranger", email="wanted@example.test")
    moved = [{**one, "email": other["email"]} for one, other in pairwise(people)]
    everybody = [*moved, {**people[3], "email": "wanted@example.test"}, row("E0005", email=people[0]["email"])]
    plan = await house.plan(everybody)
    assert house.does(plan) == []
    assert sorted(house.cases()) == [("email_taken", f"E000{n}") for n in (1, 2, 3, 4, 5)]
    house.twin.life.change_user("stranger", email="elsewhere@example.test")
    await house.settled_in(everybody)
    assert moodle.fields("E0005", "email") == (people[0]["email"],)


@pytest.mark.parametrize("old_row", ["says that she has left", "is gone for two days"])
async def test_a_rehire_under_a_new_key_has_the_old_account(house: House, moodle: Seen, old_row: str) -> None:
    """With the earlier key declared: the same account, its courses in force again, and nobody twice."""
    people = [row("E1", unit="Field"), *rows(4, "A")]
    await house.settled_in(people)
    account = moodle.id("E1")
    left = [{**people[0], "status": "left"}] if old_row == "says that she has left" else []
    for _ in range(2):
        house.clock.forward(hours=25)
        await house.settled_in([*left, *people[1:]])
    assert moodle.suspended("E1")
    house.clock.forward(days=200)
    back = row(
        "E2", username="e1", email="e1@example.test", unit="Field", earlier="E1", first="FirstE1", last="LastE1"
    )
    await house.settled_in([*left, *people[1:], back])
    assert (moodle.id("E2"), moodle.suspended("E2")) == (account, False)
    assert "E1" not in moodle.people()
    assert moodle.enrolled("SAFE")["E2"] is True
    assert (await house.plan()).size == 0


async def test_a_manager_who_comes_in_a_later_feed(house: House) -> None:
    """Tried again with each run: until then there is none, and nothing fails for it."""
    team = [row(key, manager="BOSS") for key in ("E1", "E2")]
    await house.settled_in(team)
    assert managers(house) == {"E1": None, "E2": None}
    plan = await house.plan([*team, row("BOSS")])
    assert house.does(plan, A.CHANGE_MANAGER) == [("change_manager", "E1", ""), ("change_manager", "E2", "")]
    await house.apply(plan)
    assert managers(house) == {"E1": "BOSS", "E2": "BOSS", "BOSS": None}
    assert (await house.plan()).size == 0


def managers(house: House) -> dict[str, str | None]:
    found = house.sql(
        "SELECT p.key, m.key AS manager FROM connector.person p "
        "LEFT JOIN connector.person m ON m.person_id = p.manager_id"
    )
    return {one["key"]: one["manager"] for one in found}


async def test_who_moves_from_one_source_to_another_under_a_new_key(house: House, moodle: Seen) -> None:
    """An agency worker is employed: a case until somebody says who it is, and never two accounts of one address."""
    make_several(house)
    await begin(house)
    house.clock.forward(hours=25)
    await tell(house, "agency", [of_agency("A2", email="a2@agency.test")])
    house.clock.forward(hours=25)
    await tell(house, "agency", [of_agency("A2", email="a2@agency.test"), of_agency("A3")])
    people = [of_hr("E1", unit="Lab", email="e1@old.test"), of_hr("E2", unit="Lab", boss="E1")]
    await tell(house, "hr", [*people, of_hr("E3", unit="Lab", email="a1@agency.test")])
    known = [of_directory(key, mail=f"{key.lower()}@example.test", city="Taipei") for key in ("E1", "E2")]
    await tell(house, "directory", [*known, of_directory("E3"), of_directory("A2"), of_directory("A3")])
    await house.sync()
    assert moodle.suspended("A1")
    living = [user for user in house.twin.state.users.values() if not user.deleted]
    assert sum(user.fields["email"] == "a1@agency.test" for user in living) == 1
    assert ("email_taken", "E3") in house.cases()


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Asia/Taipei", "UTC"])
async def test_a_leap_day(house: House, moodle: Seen, zone: str) -> None:
    """Who starts on 29 February starts on it, and whose last day it is has left on 1 March, each by the own clock."""
    hours = {"Pacific/Honolulu": 10, "Asia/Taipei": -8, "UTC": 0}[zone]  # from the zone's midnight to that of UTC
    people = [row("NEW", starts="2028-02-29", zone=zone), row("OLD", ends="2028-02-29", zone=zone), *rows(3)]
    at = {day: datetime(2028, *day, tzinfo=UTC) for day in ((2, 28), (2, 29), (3, 1))}
    house.clock.now = at[2, 28].replace(hour=0)
    house.clock.forward(hours=hours)
    await house.settled_in(people)
    assert (moodle.suspended("NEW"), moodle.suspended("OLD")) == (True, False)
    for day, minutes, expected in (
        ((2, 29), -1, (True, False)),
        ((2, 29), 1, (False, False)),
        ((3, 1), -1, (False, False)),
        ((3, 1), 1, (False, True)),
    ):
        house.clock.now = at[day]
        house.clock.forward(hours=hours, minutes=minutes)
        await house.settled_in(people)
        assert (moodle.suspended("NEW"), moodle.suspended("OLD")) == expected, (day, minutes)


async def test_both_sides_of_the_date_line(house: House, moodle: Seen) -> None:
    """One day, two beginnings: on Kiritimati it begins twenty-five hours before it does on Midway."""
    people = [row("EAST", starts="2027-05-01", zone="Pacific/Kiritimati"), *rows(3)]
    people.append(row("WEST", starts="2027-05-01", zone="Pacific/Midway"))
    house.clock.now = datetime(2027, 4, 30, 9, 59, tzinfo=UTC)
    await house.settled_in(people)
    assert (moodle.suspended("EAST"), moodle.suspended("WEST")) == (True, True)
    house.clock.forward(minutes=2)
    await house.settled_in(people)
    assert (moodle.suspended("EAST"), moodle.suspended("WEST")) == (False, True)
    house.clock.now = datetime(2027, 5, 1, 10, 59, tzinfo=UTC)
    assert (await house.plan(people)).size == 0
    house.clock.forward(minutes=2)
    await house.settled_in(people)
    assert (moodle.suspended("EAST"), moodle.suspended("WEST")) == (False, False)


async def test_a_thousand_people_of_one_name(house: House, moodle: Seen) -> None:
    """Each has a user name of their own, in one run, and the next plan has nothing to say about it."""
    usernames_by_rule(house, "{firstname}.{lastname}")
    await house.settled_in([row(f"W{n:04}", first="Wei", last="Chen") for n in range(1000)])
    names = {moodle.fields(key, "username")[0] for key in moodle.people()}
    assert names == {"wei.chen", *(f"wei.chen{n}" for n in range(2, 1001))}
    assert (await house.plan()).size == 0
