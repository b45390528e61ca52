"""Accounts of Moodle's administrators are never written to, and what they stand in the way of is given back."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action


def make_administrator(house: House, moodle: Seen, **fields: str) -> int:
    number = moodle.add("root", **fields)
    house.twin.state.administrators.add(number)
    return number


async def test_the_first_administrator_is_protected_by_name(house: House, moodle: Seen) -> None:
    """A mapping need not name it."""
    house.edit("mapping.yaml", "protected: [admin, guest, boss]", "protected: []")
    await house.sync([row("E1", email="admin@twin.test", last="User")])
    assert house.cases() == [("email_taken", "E1")]


async def test_an_administrator_gets_nothing(house: House, moodle: Seen) -> None:
    """Moodle says so when the adopted account is to change: no grants in the same run, a case from then on."""
    number = make_administrator(house, moodle, idnumber="E1")
    people = [row("E1", unit="Field", job="director"), row("E2", unit="Field")]
    await house.sync(people)
    state = house.twin.state
    assert (state.user_courses.get(number), state.roles.get(number), state.user_cohorts.get(number)) == (None,) * 3
    plan = await house.plan(people)
    assert house.cases() == [("protected", "E1")]
    assert [who for _, who, _ in house.does(plan) if who == "E1"] == []
    people[0]["status"] = "left"
    await house.sync(people)
    assert not moodle.suspended("E1")
    assert ("E2", "enrolment", "SAFE", True, False) in house.ledger()


async def test_who_is_no_administrator_any_more_is_managed_again(house: House, moodle: Seen) -> None:
    """By a person's word, which counts until Moodle says otherwise."""
    number = make_administrator(house, moodle, idnumber="E1")
    await house.sync([row("E1", unit="Field"), row("E2")])
    await house.plan()
    house.settle("protected", "E1", account=number)
    await house.sync()
    await house.plan()
    assert house.cases() == [("protected", "E1")]
    house.twin.state.administrators.discard(number)
    house.settle("protected", "E1", account=number)
    await house.sync()
    assert moodle.enrolled("SAFE") == {"E1": True}
    assert (await house.plan()).size == 0


async def test_nobody_keeps_a_temporary_address(house: House, moodle: Seen) -> None:
    """A swap that Moodle refuses one of leaves the other as before, and is a case from then on."""
    await house.settled_in([row("E1"), row("E2")])
    house.twin.state.administrators.add(moodle.id("E1"))
    swapped = [row("E1", email="e2@example.test"), row("E2", email="e1@example.test")]
    await house.sync(swapped)
    assert moodle.fields("E2", "email") == ("e2@example.test",)
    plan = await house.plan(swapped)
    assert sorted(house.cases()) == [("email_taken", "E2"), ("protected", "E1")]
    assert house.does(plan, A.CHANGE_IDENTITY, A.RELEASE_IDENTITY) == []


async def test_who_was_left_with_a_temporary_address_gets_the_former_back(house: House, moodle: Seen) -> None:
    """A run stopped between the two steps, and now another has the new address: a case, and the old one again."""
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", email="e2@example.test"), row("E2", email="new@example.test")])
    house.sql("DELETE FROM connector.change WHERE action = 'change_identity'")  # the second step never came
    await house.apply(plan)
    assert moodle.fields("E2", "email")[0].endswith("@moved.invalid")
    moodle.add("stranger", email="taken@example.test")
    people = [row("E1"), row("E2", email="taken@example.test")]
    await house.sync(people)
    assert house.cases() == [("email_taken", "E2")]
    assert moodle.fields("E2", "email") == ("e2@example.test",)
    assert (await house.plan()).size == 0
