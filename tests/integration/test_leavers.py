"""Who leaves is suspended at once; what follows comes in its time, and a deletion only by a person's word."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action, GuardClass, HoldState
from connector.settings.parts import LeaverSettings
from tests.support import House, Seen, enrol_by_hand, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action
TAKING = (A.SUSPEND_ACCOUNT, A.SUSPEND_ENROLMENT, A.REMOVE_FROM_COHORT, A.UNASSIGN_ROLE, A.REMOVE_FROM_GROUP)
LEFT = row("E1", unit="Field", job="trainer", status="left")


def leavers(house: House, **days: int) -> None:
    house.settings = house.settings.model_copy(update={"leavers": LeaverSettings(**days)})
    house.reopen()


async def begun(house: House) -> None:
    await house.settled_in([row("E1", unit="Field", job="trainer"), row("E2", unit="Field")])


async def test_courses_and_cohorts_rest_through_the_grace(house: House, moodle: Seen) -> None:
    """Account and roles at once, enrolments and cohorts after the days, and not a day before."""
    leavers(house, grace_days=10)
    await begun(house)
    people = [LEFT, row("E2", unit="Field")]
    await house.settled_in(people)
    assert (moodle.suspended("E1"), moodle.roles("E1")) == (True, set())
    assert moodle.enrolled("SAFE") == {"E1": True, "E2": True}
    assert "E1" in moodle.cohort("unit-Field")
    house.clock.forward(days=9)
    assert (await house.plan()).size == 0
    house.clock.forward(days=1)
    await house.settled_in(people)
    assert moodle.enrolled("SAFE") == {"E1": False, "E2": True}
    assert moodle.cohort("unit-Field") == {"E2"}
    assert (await house.plan()).size == 0


async def test_who_comes_back_within_the_grace_has_lost_nothing(house: House, moodle: Seen) -> None:
    """Active again, with the roles; courses and cohorts were never touched."""
    leavers(house, grace_days=10)
    await begun(house)
    await house.settled_in([LEFT, row("E2", unit="Field")])
    house.clock.forward(days=9)
    plan = await house.plan([row("E1", unit="Field", job="trainer"), row("E2", unit="Field")])
    assert {action for action, who, _ in house.does(plan) if who == "E1"} == {
        "reactivate_account",
        "assign_role",
        "assign_requirement",
    }
    await house.apply(plan)
    house.clock.forward(days=9)
    await house.settled_in([LEFT, row("E2", unit="Field")])
    assert moodle.enrolled("SAFE")["E1"], "the days count from the second leaving"


async def test_the_grace_counts_from_the_last_day(house: House, moodle: Seen) -> None:
    """Not from when the feed told it: somebody who left weeks ago has no grace left."""
    leavers(house, grace_days=10)
    await begun(house)
    await house.settled_in([row("E1", unit="Field", ends=house.clock.day(-20)), row("E2", unit="Field")])
    assert moodle.enrolled("SAFE") == {"E1": False, "E2": True}


async def test_archived_is_out_of_cohorts_and_groups(house: House, moodle: Seen) -> None:
    """Cohorts stay beyond the grace until then; grades and enrolments stay for good."""
    house.edit("paths.yaml", "courses: [SAFE, FIRE]", 'courses: [SAFE, FIRE]\n    groups: ["{unit}"]')
    leavers(house, grace_days=2, archive_days=5)
    await begun(house)
    people = [LEFT, row("E2", unit="Field")]
    await house.settled_in(people)
    house.clock.forward(days=3)
    await house.settled_in(people)
    assert (moodle.enrolled("SAFE")["E1"], moodle.cohort("unit-Field")) == (False, {"E1", "E2"})
    assert moodle.groups("SAFE") == {"Field": {"E1", "E2"}}
    house.clock.forward(days=3)
    await house.settled_in(people)
    assert (moodle.cohort("unit-Field"), moodle.groups("SAFE")) == ({"E2"}, {"Field": {"E2"}})
    assert "E1" in moodle.enrolled("SAFE")
    assert (await house.plan()).size == 0


async def test_a_deletion_always_waits_for_a_person(house: House, moodle: Seen) -> None:
    """One is held already; approved it goes, with the binding, and undo says that nothing brings it back."""
    leavers(house, delete_days=30)
    await begun(house)
    people = [LEFT, row("E2", unit="Field")]
    await house.settled_in(people)
    house.clock.forward(days=29)
    assert (await house.plan()).size == 0
    house.clock.forward(days=1)
    plan = await house.plan(people)
    assert house.does(plan) == [("delete_account", "E1", "")]
    assert house.holds(plan) == {GuardClass.DELETE: (1, 0, HoldState.WAITING)}
    assert (await house.apply(plan)).tally.held == 1
    assert moodle.people() == ["E1", "E2"]
    house.decide(plan, HoldState.APPROVED, GuardClass.DELETE)
    applied = await house.apply(plan)
    assert (applied.tally.done, moodle.people()) == (1, ["E2"])
    assert house.sql("SELECT FROM connector.binding JOIN connector.person USING (person_id) WHERE key = 'E1'") == []
    assert [grant for grant in house.ledger() if grant[0] == "E1"] == []
    assert (await house.plan()).size == 0
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    assert (moodle.people(), moodle.fields("E1", "username")) == (["E1", "E2"], ("e1",))


async def test_who_was_made_active_again_is_not_deleted(house: House, moodle: Seen) -> None:
    """Moodle is read again before: what somebody has opened in the meantime is kept."""
    leavers(house, delete_days=30)
    await begun(house)
    await house.settled_in([LEFT, row("E2", unit="Field")])
    house.clock.forward(days=30)
    plan = await house.plan()
    house.decide(plan, HoldState.APPROVED, GuardClass.DELETE)
    moodle.user("E1").suspended = False
    assert (await house.apply(plan)).tally.refused == 1
    assert [(what, code) for what, _, code, _ in house.refusals()] == [("delete_account", "changed_meanwhile")]
    assert moodle.people() == ["E1", "E2"]


async def test_what_was_adopted_or_protected_is_never_deleted(house: House, moodle: Seen) -> None:
    """Only accounts that were made here go, and none that the mapping protects."""
    leavers(house, delete_days=30)
    moodle.add("by.hand", idnumber="E3")
    await house.settled_in([row("E1"), row("E2"), row("E3")])
    await house.settled_in([row("E1", status="left"), row("E2"), row("E3", status="left")])
    house.edit("mapping.yaml", "boss]", "boss, e1]")
    house.clock.forward(days=60)
    assert (await house.plan()).size == 0


async def test_what_others_gave_stays_in_the_archive(house: House, moodle: Seen) -> None:
    """A teacher's enrolment is the teacher's: neither the grace nor its end touches it."""
    leavers(house, grace_days=1)
    await house.settled_in([row("E1"), row("E2")])
    enrol_by_hand(house, moodle, "E1", "LABS")
    await house.settled_in([row("E1", status="left"), row("E2")])
    house.clock.forward(days=5)
    await house.settled_in([row("E1", status="left"), row("E2")])
    assert moodle.enrolled("LABS") == {"E1": True}
