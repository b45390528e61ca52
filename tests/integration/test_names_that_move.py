"""Names of courses move in Moodle: what was granted is taken where it was granted."""

from __future__ import annotations

import pytest

from connector.domain.journal import Outcome, OutcomeState
from connector.domain.plan import Action
from connector.domain.ports import Course
from connector.domain.reading import moved
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


async def test_who_leaves_leaves_although_others_wait_for_the_name(house: House, moodle: Seen) -> None:
    """A newcomer's missing course is a case; it keeps nobody in the old one."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    house.twin.life.rename_course("SAFE", "SAFE-OLD")
    await house.sync([row("E1"), row("E2", unit="Field")])
    assert house.cases() == [("missing_course", "SAFE")]
    assert moodle.enrolled("SAFE-OLD") == {"E1": False}


async def test_a_deleted_course_is_left_without_a_word(house: House, moodle: Seen) -> None:
    """Nothing is there to be taken: it is done, planned never again, and the newcomer's plan is made."""
    await house.settled_in([row("E1", unit="Field", job="trainer"), row("E2", unit="Field"), row("E3")])
    house.twin.life.delete_course("SAFE")
    house.twin.life.delete_course("FIRE")
    applied = await house.sync([row("E1"), row("E2", unit="Field"), row("E3", unit="Field")])
    assert (applied.tally.refused, applied.tally.waiting) == (0, 0)
    assert house.cases() == [("missing_course", "FIRE"), ("missing_course", "SAFE")]
    assert {grant for grant in house.ledger() if grant[0] == "E1"} == {
        ("E1", "cohort", "unit-Office", True, False),
        ("E1", "enrolment", "SAFE", True, True),
        ("E1", "enrolment", "FIRE", True, True),
    }
    assert (await house.plan()).size == 0


async def test_a_decision_that_names_a_deleted_course_stops_nobody(house: House, moodle: Seen) -> None:
    """It becomes a case again, and the others are planned."""
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, NOWHERE]")
    await house.sync([row("E1"), row("E2", unit="Field")])
    house.settle("missing_course", "NOWHERE", course=moodle.state.course_by_idnumber["LABS"])
    await house.settled_in([row("E1"), row("E2", unit="Field")])
    house.twin.life.delete_course("LABS")
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field")])
    assert ("enrol", "E1", "SAFE") in house.does(plan)
    assert ("enrol", "E1", "NOWHERE") not in house.does(plan)
    assert house.cases() == [("missing_course", "NOWHERE")]


async def test_a_cohort_that_is_renamed_stays_ours(house: House, moodle: Seen) -> None:
    """HR renames a unit and an administrator the cohort: who moves on leaves it."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    state = moodle.state
    state.cohort_by_idnumber["unit-Land"] = number = state.cohort_by_idnumber.pop("unit-Field")
    state.cohorts[number].idnumber = "unit-Land"
    await house.settled_in([row("E1", unit="Land"), row("E2", unit="Land")])
    assert {grant for grant in house.ledger() if grant[1] == "cohort"} == {
        ("E1", "cohort", "unit-Land", True, False),
        ("E2", "cohort", "unit-Land", True, False),
    }
    await house.settled_in([row("E1"), row("E2", unit="Land")])
    assert moodle.cohort("unit-Land") == {"E2"}


async def test_a_course_and_a_category_with_one_number_are_two_places(house: House, moodle: Seen) -> None:
    """Ids of both are counted apart: who moves from the one role to the other leaves the first."""
    house.edit("roles.yaml", "category:SAFETY", "category:TWIN")
    house.edit("roles.yaml", "role: editingteacher", "role: manager")
    house.edit("roles.yaml", "role: coursecreator", "role: manager")
    fire = moodle.state.course_by_idnumber["FIRE"]
    while (category := moodle.state.add_category("Twin", "").id) < fire:
        pass
    assert category == fire
    moodle.state.categories[category].idnumber = "TWIN"
    await house.settled_in([row("E1", job="trainer"), row("E2", job="author")])
    await house.settled_in([row("E1", job="author"), row("E2", job="trainer")])
    assert moodle.roles("E1") == {("manager", "TWIN")}
    assert moodle.roles("E2") == {("manager", "FIRE")}


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


@pytest.mark.parametrize("noticed", ["newcomer", "reading"])
async def test_who_is_in_a_course_follows_its_name_to_another_one(house: House, moodle: Seen, noticed: str) -> None:
    """This year's course gets the idnumber: the next plan enrols there, and takes in last year's as of who leaves."""
    house.edit("roles.yaml", "course:FIRE", "course:SAFE")
    people = [row("E1", unit="Field", job="trainer"), row("E2")]
    await house.settled_in(people)
    house.twin.life.rename_course("SAFE", "SAFE-OLD")
    house.twin.life.make_course("SAFE")
    if noticed == "newcomer":
        people = [people[0], row("E2", unit="Field")]
    else:
        await house.mirror()
    plan = await house.plan(people)
    old = moodle.state.course_by_idnumber["SAFE-OLD"]
    assert set(house.does(plan)) >= {
        ("enrol", "E1", "SAFE"),
        ("suspend_enrolment", "E1", f"SAFE (course {old})"),
        ("assign_role", "E1", "editingteacher@course:SAFE"),
        ("unassign_role", "E1", f"editingteacher@course:SAFE (course {old})"),
    }
    await house.apply(plan)
    assert moodle.enrolled("SAFE-OLD") == {"E1": False}
    assert moodle.enrolled("SAFE")["E1"] is True
    assert moodle.roles("E1") == {("editingteacher", "SAFE")}
    assert (await house.plan()).size == 0
    await house.mirror()
    assert (await house.plan()).size == 0


async def test_two_courses_that_swap_their_names_keep_their_people(house: House, moodle: Seen) -> None:
    """Both are of the path: nobody is suspended in either. Where only one is, people move to the other."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    for before, after in (("SAFE", "OTHER"), ("FIRE", "SAFE"), ("OTHER", "FIRE")):
        house.twin.life.rename_course(before, after)
    await house.mirror()
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    assert moodle.enrolled("SAFE") == moodle.enrolled("FIRE") == {"E1": True, "E2": True}
    assert {grant[2:] for grant in house.ledger() if grant[1] == "enrolment"} == {
        ("SAFE", True, False),
        ("FIRE", True, False),
    }
    assert (await house.plan()).size == 0
    await house.settled_in([row("E1"), row("E2")])
    assert moodle.enrolled("SAFE") == moodle.enrolled("FIRE") == {"E1": False, "E2": False}


async def test_a_plan_made_before_a_name_moved_takes_nothing_at_the_new_place(house: House, moodle: Seen) -> None:
    """A removal has its place from the ledger alone; it waits, and the next plan takes it where it is."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    plan = await house.plan([row("E1"), row("E2")])
    house.twin.life.rename_course("SAFE", "SAFE-OLD")
    house.twin.life.make_course("SAFE")
    await house.mirror()
    assert (await house.apply(plan)).tally.waiting == 1
    assert moodle.enrolled("SAFE") == {}
    await house.sync()
    assert moodle.enrolled("SAFE-OLD") == {"E1": False}


def test_a_name_has_moved_where_both_courses_are_there() -> None:
    """One that is gone, or whose name nobody shows, is another matter."""
    courses = [Course(one, name, "", "", 1, True, True) for one, name in ((1, "A"), (2, "B"), (3, ""))]
    assert moved({"A": 2, "B": 9, "C": 1, "D": 3}, courses) == {"A": 1}
