"""A key that HR gives to another human, long after the one of before left."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action
from tests.support import House, Row, Seen, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action
OTHERS = rows(3, "A")


def bob(house: House, **more: str) -> Row:
    plain = {"username": "bob", "first": "Bob", "last": "Smith", "email": "bob@example.test", "unit": "Lab"}
    return row("E1", **{**plain, "starts": house.clock.day(), **more})


async def left(house: House, moodle: Seen) -> int:
    """Ada left two years ago; her account is suspended."""
    await house.settled_in([row("E1", unit="Field"), *OTHERS])
    house.twin.life.grade("e1", "SAFE", 77)
    await house.settled_in([row("E1", unit="Field", status="left"), *OTHERS])
    house.clock.forward(days=800)
    return moodle.id("E1")


async def test_another_human_gets_nothing_of_the_one_before(house: House, moodle: Seen) -> None:
    """A case: nothing is reactivated, renamed, granted or made, in however many runs."""
    number = await left(house, moodle)
    before = dict(moodle.user("E1").fields)
    for _ in range(2):
        plan = await house.plan([bob(house), *OTHERS])
        assert [one for one in house.does(plan) if one[1] == "E1"] == []
        await house.apply(plan)
        assert house.cases() == [("another_human", "E1")]
    assert (moodle.user("E1").fields, moodle.suspended("E1"), moodle.id("E1")) == (before, True, number)


async def test_a_newcomer_has_an_account_of_their_own(house: House, moodle: Seen) -> None:
    """What was Ada's stays hers: account, enrolments, ledger; Bob begins with nothing and returns as himself."""
    number = await left(house, moodle)
    await house.sync([bob(house), *OTHERS])
    house.settle("another_human", "E1", create=True)
    await house.settled_in([bob(house), *OTHERS])
    state = house.twin.state
    assert state.users[number].suspended
    assert state.users[number].fields["firstname"] == "FirstE1"
    made = state.by_username["bob"]
    assert made != number
    assert not state.users[made].suspended
    held = house.sql("SELECT p.key, p.wanted ->> 'firstname' AS name, b.account_id FROM connector.binding b "
                     "JOIN connector.person p USING (person_id) WHERE b.account_id = ANY(%s) ORDER BY account_id",
                     [number, made])  # fmt: skip
    assert [(one["name"], one["account_id"]) for one in held] == [("FirstE1", number), ("Bob", made)]
    assert held[0]["key"].startswith("E1 (")
    assert {who for who, _, target, _, _ in house.ledger() if target == "SAFE"} == {held[0]["key"]}
    assert (await house.plan()).size == 0
    await house.settled_in([bob(house, status="left"), *OTHERS])
    await house.settled_in([bob(house), *OTHERS])
    assert (state.users[made].suspended, state.users[number].suspended) == (False, True)


async def test_the_same_human_after_all(house: House, moodle: Seen) -> None:
    """New names and a new address, and a person says that it is she: the account goes on."""
    number = await left(house, moodle)
    await house.sync([bob(house), *OTHERS])
    house.settle("another_human", "E1", account=number)
    await house.settled_in([bob(house), *OTHERS])
    assert (moodle.id("E1"), moodle.suspended("E1")) == (number, False)
    assert moodle.fields("E1", "firstname") == ("Bob",)
    assert (await house.plan()).size == 0


async def test_who_married_meanwhile_is_no_case(house: House, moodle: Seen) -> None:
    """Another surname and another address; the first name is the same."""
    number = await left(house, moodle)
    await house.settled_in([bob(house, first="FirstE1"), *OTHERS])
    assert (moodle.id("E1"), moodle.suspended("E1")) == (number, False)
