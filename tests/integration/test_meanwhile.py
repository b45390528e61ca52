"""What somebody gives or alters in Moodle between planning and applying is not overwritten, and stays theirs."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action, HoldState
from tests.support import House, Seen, enrol_by_hand, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action


@pytest.mark.parametrize("more", [0, 105])
async def test_an_enrolment_by_hand_after_planning_stays_the_teachers(house: House, moodle: Seen, more: int) -> None:
    """However many are enrolled with her, for whom whole courses are read, once: it is noted, and never taken."""
    others = rows(more, "F")
    await house.settled_in([row("E1"), row("E2"), *others])
    plan = await house.plan([row("E1", unit="Field"), row("E2"), *rows(more, "F", unit="Field")])
    house.clock.forward(minutes=2)
    enrol_by_hand(house, moodle, "E1", "SAFE", suspended=True)
    house.decide(plan, HoldState.APPROVED)
    before = house.twin.state.calls["core_enrol_get_enrolled_users"]
    applied = await house.apply(house.connector.plans.read(plan.number))
    assert applied.tally.done == plan.size
    assert house.twin.state.calls["core_enrol_get_enrolled_users"] - before <= 4
    assert moodle.enrolled("SAFE")["E1"] is False
    assert {grant[2:] for grant in house.ledger() if grant[:2] == ("E1", "enrolment")} == {
        ("SAFE", False, False),
        ("FIRE", True, False),
    }
    assert len(moodle.enrolled("SAFE")) == more + 1
    plan = await house.plan([row("E1"), row("E2"), *rows(more, "F", unit="Field")])
    assert ("forget_grant", "E1", "SAFE") in house.does(plan)


async def test_roles_groups_and_cohorts_by_hand_after_planning_stay_theirs(house: House, moodle: Seen) -> None:
    """A role, a group and a cohort: each was given by somebody while the plan waited."""
    house.edit("paths.yaml", "code: SAFETY\n", 'code: SAFETY\n    groups: [{idnumber: "{unit}", name: "{unit}"}]\n')
    other = row("E2", unit="Field", job="trainer")
    await house.settled_in([row("E1"), other])
    enrol_by_hand(house, moodle, "E1", "FIRE")
    plan = await house.plan([row("E1", unit="Field", job="trainer"), other])
    assert len(house.does(plan, A.ASSIGN_ROLE, A.ADD_TO_COHORT, A.ADD_TO_GROUP)) == 4
    house.clock.forward(minutes=2)
    state, e1 = house.twin.state, moodle.id("E1")
    with state.lock:
        enrol_by_hand(house, moodle, "E1", "FIRE", role=3)
        state.join(e1, state.cohorts[state.cohort_by_idnumber["unit-Field"]])
        [group] = [one for one in state.groups.values() if state.courses[one.course_id].idnumber == "FIRE"]
        group.members[e1] = 1
    await house.apply(plan)
    await house.settled_in([row("E1"), other])
    assert moodle.roles("E1") == {("editingteacher", "FIRE")}
    assert moodle.cohort("unit-Field") == {"E1", "E2"}
    assert "E1" in moodle.groups("FIRE")["Field"]


async def test_a_plan_applied_at_once_reads_nothing_again(house: House) -> None:
    """It was made from what Moodle had seconds ago."""
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", unit="Field"), row("E2")])
    calls = house.twin.state.calls
    before = calls["core_enrol_get_enrolled_users"], calls["core_cohort_get_cohort_members"]
    await house.apply(plan)
    assert (calls["core_enrol_get_enrolled_users"], calls["core_cohort_get_cohort_members"]) == before


async def test_accounts_that_the_plan_makes_are_not_looked_at(house: House) -> None:
    """Nobody can have given them anything: the first load of a large company stays as fast as it was."""
    plan = await house.plan(rows(20, unit="Field"))
    house.clock.forward(minutes=2)
    calls = house.twin.state.calls
    before = calls["core_enrol_get_enrolled_users"], calls["core_cohort_get_cohort_members"]
    await house.apply(plan)
    assert (calls["core_enrol_get_enrolled_users"], calls["core_cohort_get_cohort_members"]) == before


async def test_new_terms_leave_an_enrolment_suspended_that_a_teacher_suspended(house: House, moodle: Seen) -> None:
    """The path gets a longer period: who was open gets it, who was shut out in Moodle stays so."""
    people = [row("E1", unit="Lab"), row("E2", unit="Lab")]
    await house.settled_in(people)
    house.twin.life.suspend_enrolment("e1", "LABS")
    house.edit("paths.yaml", "end_days: 30", "end_days: 60")
    plan = await house.plan(people)
    assert len(house.does(plan, A.CHANGE_ENROLMENT)) == 2
    await house.apply(plan)
    assert moodle.enrolled("LABS") == {"E1": False, "E2": True}
    assert (await house.plan()).size == 0
