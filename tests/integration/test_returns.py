"""Accounts that went, came back, or belong to somebody under an earlier key."""

from __future__ import annotations

import pytest

from tests.integration.test_cases import delete
from tests.support import House, Seen, enrol_by_hand, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]


@pytest.mark.parametrize("settlement", ["create", "account"])
async def test_account_gone_can_be_settled(house: House, moodle: Seen, settlement: str) -> None:
    """A person decides what becomes of somebody whose account was deleted in Moodle."""
    await house.settled_in([row("E1", city="A"), row("E2")])
    delete(house, moodle, "E1")
    await house.sync([row("E1", city="B"), row("E2")])
    other = moodle.add("restored")
    house.settle("account_gone", "E1", **({"create": True} if settlement == "create" else {"account": other}))
    await house.sync()
    assert house.cases() == []
    assert "E1" in moodle.people()


async def test_an_account_that_is_another_humans_now(house: House, moodle: Seen) -> None:
    """Moodle was put back to an older state and gave the id to somebody else: nothing of theirs is touched."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    number = moodle.id("E1")
    stranger = {"idnumber": "X9", "username": "x9", "email": "x9@example.test", "firstname": "Xu", "lastname": "Nine"}
    user = moodle.user("E1")
    moodle.state.unindex(user)
    user.fields |= stranger
    moodle.state.index(user)
    moodle.state.leave_course(number, moodle.state.courses[moodle.state.course_by_idnumber["SAFE"]])
    house.twin.life.enrol("x9", "FIRE")
    await house.mirror(give_again=True)
    assert house.sql("SELECT FROM facts.fact_enrolment WHERE moodle_id = %s AND valid_to = 'infinity'", number) == []
    [told] = house.sql("SELECT firstname, lastname, email FROM reporting.people WHERE hr_key = 'E1'")
    assert not set(told.values()) & set(stranger.values()), "what a stranger learns there is not theirs"
    plan = await house.plan([row("E1", unit="Lab", city="B"), row("E2", unit="Field")])
    assert house.cases() == [("account_gone", "E1")]
    planned = {action for action, who, _ in house.does(plan) if who == "E1"}
    assert planned == {"assign_requirement", "withdraw_requirement"}
    house.settle("account_gone", "E1", create=True)
    await house.sync()
    assert house.cases() == []
    assert moodle.id("X9") == number != moodle.id("E1")
    assert moodle.fields("X9", *stranger) == tuple(stranger.values())
    assert moodle.enrolled("LABS") == {"E1": True}


async def test_rehire_under_a_new_key(house: House, moodle: Seen) -> None:
    """Somebody who comes back under a new key, with the old one declared, gets the same account again."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    number = moodle.id("OLD")
    await house.settled_in([row("OLD", unit="Field", status="left"), row("E2")])
    people = [
        row("OLD", unit="Field", status="left"),
        row("E2"),
        row("NEW", unit="Field", earlier="OLD", email="new@example.test"),
    ]
    await house.sync(people)
    if house.cases():
        house.settle("already_bound", "NEW", account=number)
        await house.sync()
    assert house.cases() == []
    assert moodle.id("NEW") == number


async def test_suspended_foreign_enrolment(house: House, moodle: Seen) -> None:
    """An enrolment that somebody suspended by hand is theirs: it is neither taken over nor made active."""
    await house.settled_in([row("E1"), row("E2")])
    enrol_by_hand(house, moodle, "E1", "SAFE", suspended=True)
    await house.sync([row("E1", unit="Field"), row("E2")])
    assert moodle.enrolled("SAFE") == {"E1": False}


async def test_deleted_is_noticed(house: House, moodle: Seen) -> None:
    """A deletion in Moodle is noticed once the mirror has seen it, though HR says nothing new."""
    await house.settled_in([row("E1", city="A"), row("E2")])
    delete(house, moodle, "E1")
    await house.mirror()
    await house.sync([row("E1", city="A"), row("E2")])
    assert house.cases() == [("account_gone", "E1")]


async def test_who_comes_back_under_a_new_key_may_enter_the_courses_again(house: House, moodle: Seen) -> None:
    """The enrolment that ended with the old key was ours: it is in force again, and goes with the new key."""
    gone = row("OLD", unit="Field", status="left")
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    await house.settled_in([gone, row("E2")])
    assert moodle.enrolled("SAFE") == {"OLD": False}
    await house.settled_in([gone, row("NEW", unit="Field", earlier="OLD", email="new@example.test"), row("E2")])
    assert moodle.enrolled("SAFE") == {"NEW": True}
    assert ("NEW", "enrolment", "SAFE", True, False) in house.ledger()
    assert (await house.plan()).size == 0
