"""Names of courses move in Moodle: what was granted is taken where it was granted."""

from __future__ import annotations

import pytest

from connector.domain.journal import Outcome, OutcomeState
from connector.domain.plan import Action
from tests.support import House, Seen, enrol_by_hand, row

pytestmark = pytest.mark.anyio
A = Action


async def test_a_removal_does_not_follow_the_name_of_a_course(house: House, moodle: Seen) -> None:
    """Last year's course was renamed, and this year's has its name: who leaves the path leaves last year's."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    house.twin.life.rename_course("SAFE", "SAFE-OLD")
    house.twin.life.make_course("SAFE")
    plan = await house.plan([row("E1"), row("E2", unit="Field")])
    assert ("suspend_enrolment", "E1", "SAFE") in house.does(plan)
    await house.apply(plan)
    assert moodle.enrolled("SAFE-OLD") == {"E1": False, "E2": True}
    assert moodle.enrolled("SAFE") == {}
    assert (await house.plan()).size == 0


async def test_who_leaves_a_course_that_nobody_names_any_more_still_leaves_it(house: House, moodle: Seen) -> None:
    """Its name is gone, its id is known: no case, and nobody keeps an access by accident."""
    await house.settled_in([row("E1", unit="Field")])
    house.twin.life.rename_course("SAFE", "SAFE-OLD")
    await house.settled_in([row("E1")])
    assert moodle.enrolled("SAFE-OLD") == {"E1": False}


async def test_a_path_follows_the_new_name_of_its_course(house: House, moodle: Seen) -> None:
    """The same course under its new name stays ours, and nobody is suspended in it."""
    people = [row("E1", unit="Field")]
    await house.settled_in(people)
    house.twin.life.rename_course("SAFE", "SAFE-2")
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE-2, FIRE]")
    plan = await house.plan(people)
    assert house.does(plan) == [("enrol", "E1", "SAFE-2"), ("forget_grant", "E1", "SAFE")]
    await house.apply(plan)
    assert moodle.enrolled("SAFE-2") == {"E1": True}
    assert ("E1", "enrolment", "SAFE-2", True, False) in house.ledger()
    assert (await house.plan()).size == 0
    await house.settled_in([row("E1")])
    assert moodle.enrolled("SAFE-2") == {"E1": False}


async def test_a_course_with_two_names_is_one_course(house: House, moodle: Seen) -> None:
    """One path says its idnumber and another its short name: who moves between them stays enrolled."""
    house.twin.life.rename_course("LABS", "LABS-ID", shortname="LABS")
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, LABS-ID]")
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    await house.settled_in([row("E1", unit="Lab"), row("E2", unit="Field")])
    assert moodle.enrolled("LABS-ID") == {"E1": True, "E2": True}
    assert {grant[2] for grant in house.ledger() if grant[:2] == ("E1", "enrolment")} == {"SAFE", "LABS"}
    assert (await house.plan()).size == 0


async def test_a_grant_is_forgotten_without_its_namesake(house: House, moodle: Seen) -> None:
    """A cohort may be called as a course: somebody else's enrolment there is forgotten, our membership is taken."""
    house.edit("mapping.yaml", 'idnumber: "unit-{unit}"', 'idnumber: "{unit}"')
    house.edit("paths.yaml", 'audience: unit == "Field"', 'audience: unit == "SAFE"')
    moodle.add("old.hand", idnumber="E1")
    enrol_by_hand(house, moodle, "E1", "SAFE")
    await house.settled_in([row("E1", unit="SAFE")])
    plan = await house.plan([row("E1", unit="Lab")])
    assert house.does(plan, A.FORGET_GRANT, A.REMOVE_FROM_COHORT) == [
        ("forget_grant", "E1", "SAFE"),
        ("remove_from_cohort", "E1", "SAFE"),
    ]
    first, second = (one for one in house.connector.plans.changes(plan.number) if one.change.target == "SAFE")
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    journal.record(run, plan.number, A.FORGET_GRANT, [Outcome(first.ordinal, OutcomeState.DONE)], house.clock())
    assert ("E1", "cohort", "SAFE", True, False) in house.ledger()
    journal.record(run, plan.number, A.REMOVE_FROM_COHORT, [Outcome(second.ordinal, OutcomeState.DONE)], house.clock())
    assert ("E1", "cohort", "SAFE", True, False) not in house.ledger()
