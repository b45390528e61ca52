"""What was sent without an answer: ours where it has happened, and somebody else's where it was there before."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.moodle.twin.people import update_one
from connector.domain.errors import TryAgain
from connector.domain.plan import Action
from tests.support import House, Row, Seen, enrol_by_hand, fail, row, rows

pytestmark = pytest.mark.anyio
COHORT, ENROL = "core_cohort_add_cohort_members", "enrol_manual_enrol_users"


def join(house: House, moodle: Seen, who: str, cohort: str = "unit-Field") -> None:
    """An administrator puts somebody into a cohort."""
    state = house.twin.state
    with state.lock:
        state.join(moodle.id(who), state.cohorts[state.cohort_by_idnumber[cohort]])


@pytest.mark.parametrize("function", [ENROL, COHORT])
async def test_a_newer_plan_owns_what_an_older_one_sent_in_doubt(house: House, moodle: Seen, function: str) -> None:
    """Grants that happened although no answer came are ours, even if another plan takes the place of the first."""
    people = rows(20, unit="Field")
    plan = await house.plan(people)
    fail(house, "cut_after", function, times=1000)
    with pytest.raises(TryAgain):
        await house.apply(plan)
    house.twin.faults.clear()
    await house.sync([*people, row("NEW", unit="Field")])
    ledger = house.ledger()
    given = {(who, target) for who, kind, target, ours, _ in ledger if kind in ("enrolment", "cohort") and ours}
    assert {(who, "SAFE") for who in moodle.enrolled("SAFE")} <= given
    assert {(who, cohort) for cohort, members in moodle.cohorts().items() for who in members} <= given
    assert not [entry for entry in ledger if not entry[3]]
    assert (await house.plan()).size == 0


@pytest.mark.parametrize("kind", ["cut_before", "error500"])
async def test_a_lost_answer_does_not_make_a_membership_by_hand_ours(house: House, moodle: Seen, kind: Any) -> None:
    """Moodle says "already there" to the second try: it was so before the first one too, and stays."""
    others = [row("E2", unit="Field"), row("E3")]
    await house.settled_in([row("E1"), *others])
    join(house, moodle, "E1")
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field"), row("E3", unit="Field")])
    fail(house, kind, COHORT)
    await house.apply(plan)
    await house.settled_in([row("E1"), *others])
    assert moodle.cohort("unit-Field") == {"E1", "E2"}


async def given_up(house: House, people: list[Row], function: str) -> None:
    """A plan of which one function never came through, and whose place another takes."""
    plan = await house.plan(people)
    fail(house, "cut_before", function, times=1000)
    with pytest.raises(TryAgain):
        await house.apply(plan)
    house.twin.faults.clear()


async def test_a_doubt_ends_with_the_next_plan(house: House, moodle: Seen) -> None:
    """It had not happened: a membership that an administrator gives half a year later is the administrator's."""
    others = [row("E2", unit="Field"), row("E3")]
    await house.settled_in([row("E1"), *others])
    await given_up(house, [row("E1", unit="Field"), *others], COHORT)
    await house.sync([row("E1"), *others])
    states = house.sql("SELECT state, code FROM connector.operation WHERE state <> 'done'")
    assert states == [{"state": "waiting", "code": "lost"}]
    house.clock.forward(days=180)
    join(house, moodle, "E1")
    await house.settled_in([row("E1", unit="Field"), *others])
    assert ("E1", "cohort", "unit-Field", False, False) in house.ledger()
    await house.settled_in([row("E1"), *others])
    assert moodle.cohort("unit-Field") == {"E1", "E2"}


async def test_a_doubt_about_an_enrolment_ends_with_the_next_plan(house: House, moodle: Seen) -> None:
    """The same for a course, into which a teacher takes the person months later."""
    await house.settled_in([row("E1"), row("E2")])
    await given_up(house, [row("E1", unit="Field"), row("E2")], ENROL)
    await house.sync([row("E1"), row("E2")])
    house.clock.forward(days=180)
    enrol_by_hand(house, moodle, "E1", "SAFE")
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    await house.settled_in([row("E1"), row("E2")])
    assert moodle.enrolled("SAFE") == {"E1": True}


async def test_what_happened_without_an_answer_is_taken_when_its_rule_has_ended(house: House, moodle: Seen) -> None:
    """Nobody wants it any more, and it is ours: it does not stay because an answer was lost."""
    await house.settled_in([row("E1"), row("E2", unit="Field")])
    plan = await house.plan([row("E1", unit="Field", job="trainer"), row("E2", unit="Field")])
    fail(house, "cut_after", COHORT, times=1000)
    with pytest.raises(TryAgain):
        await house.apply(plan)
    house.twin.faults.clear()
    assert moodle.cohort("unit-Field") == {"E1", "E2"}
    await house.settled_in([row("E1"), row("E2", unit="Field")])
    assert moodle.cohort("unit-Field") == {"E2"}


@pytest.mark.parametrize("plugin", [True, False])
async def test_what_moodle_carries_out_late_is_put_right_once_it_is_seen(
    house: House, moodle: Seen, plugin: bool
) -> None:
    """Addresses are swapped, and the first step, repeated since, has the last word: nobody keeps a temporary one."""
    house.twin.state.plugin = plugin
    swapped = [row("E1", email="e2@example.test"), row("E2", email="e1@example.test")]
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan(swapped)
    fail(house, "cut_before", "local_connector_write" if plugin else "core_user_update_users")
    assert (await house.apply(plan)).tally.done == 4
    assert [moodle.fields(who, "email") for who in ("E1", "E2")] == [("e2@example.test",), ("e1@example.test",)]
    first = [one for one in house.changes(plan) if one.action is Action.RELEASE_IDENTITY]
    with moodle.state.lock:  # the request that was cut was under way all the time
        for one in first:
            update_one(moodle.state, {"id": moodle.id(one.subject), **one.after})
    assert [moodle.fields(one.subject, "email") for one in first] == [(one.after["email"],) for one in first] != []
    if not plugin:  # accounts that changed are not told, but by a reading of Moodle
        await house.mirror()
    await house.settled_in(swapped)
    assert [moodle.fields(who, "email") for who in ("E1", "E2")] == [("e2@example.test",), ("e1@example.test",)]
    assert (await house.plan()).size == 0
