"""What is granted, and by whom: only what this connector gave is ever taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.plan import Action, GuardClass, HoldState
from tests.support import House, Seen, enrol_by_hand, row, rows

pytestmark = pytest.mark.anyio
A = Action


async def test_an_enrolment_that_somebody_else_made_is_noted_and_never_taken(house: House, moodle: Seen) -> None:
    """The rule finds it there; when the rule ends, only our note of it does."""
    await house.settled_in([row("E1"), row("E2")])
    enrol_by_hand(house, moodle, "E1", "SAFE")
    plan = await house.plan([row("E1", unit="Field"), row("E2")])
    assert ("recognise_enrolment", "E1", "SAFE") in house.does(plan)
    assert ("enrol", "E1", "FIRE") in house.does(plan)
    await house.apply(plan)
    assert ("E1", "enrolment", "SAFE", False, False) in house.ledger()
    assert ("E1", "enrolment", "FIRE", True, False) in house.ledger()
    plan = await house.plan([row("E1"), row("E2")])
    assert house.does(plan, A.FORGET_GRANT, A.SUSPEND_ENROLMENT) == [
        ("forget_grant", "E1", "SAFE"),
        ("suspend_enrolment", "E1", "FIRE"),
    ]
    await house.apply(plan)
    assert moodle.enrolled("SAFE") == {"E1": True}
    assert moodle.enrolled("FIRE") == {"E1": False}
    assert (await house.plan()).size == 0


async def test_whole_courses_are_read_when_many_are_enrolled(house: House, moodle: Seen) -> None:
    """The other way of asking, for over a hundred people, recognises the same."""
    people = rows(105)
    await house.settled_in(people)
    enrol_by_hand(house, moodle, "E0003", "SAFE")
    await house.sync([{**one, "unit": "Field"} for one in people])  # leaving the old cohort is held
    noted = {grant for grant in house.ledger() if not grant[3]}
    assert noted == {("E0003", "enrolment", "SAFE", False, False)}
    assert len(moodle.enrolled("SAFE")) == 105


@pytest.mark.parametrize("people", [2, 105])
async def test_a_role_in_a_course_that_somebody_else_gave_is_never_taken(
    house: House, moodle: Seen, people: int
) -> None:
    """However many are looked at: the course shows its roles; the rule's end takes ours alone."""
    feed = [row("E1"), row("E2"), *rows(people - 2, "F")]
    await house.settled_in(feed)
    enrol_by_hand(house, moodle, "E1", "FIRE", role=3)
    enrol_by_hand(house, moodle, "E2", "FIRE")
    plan = await house.plan([{**one, "job": "trainer"} for one in feed])
    assert house.does(plan, A.RECOGNISE_ROLE) == [("recognise_role", "E1", "editingteacher@course:FIRE")]
    assert len(house.does(plan, A.ASSIGN_ROLE)) == people - 1
    await house.apply(plan)
    assert (await house.plan()).size == 0
    assert moodle.roles("E2") == {("editingteacher", "FIRE")}
    plan = await house.plan(feed)
    assert house.does(plan, A.FORGET_GRANT) == [("forget_grant", "E1", "editingteacher@course:FIRE")]
    house.decide(plan, HoldState.APPROVED)
    await house.apply(await house.plan())
    assert moodle.roles("E1") == {("editingteacher", "FIRE")}
    assert moodle.roles("E2") == set()


async def test_an_adopted_account_keeps_the_enrolments_that_it_has(house: House, moodle: Seen) -> None:
    """They are of somebody else's making although we bind the account in the same plan."""
    moodle.add("old.hand", idnumber="E1")
    enrol_by_hand(house, moodle, "E1", "FIRE")
    await house.settled_in([row("E1", unit="Field")])
    assert {g for g in house.ledger() if g[1] == "enrolment"} == {
        ("E1", "enrolment", "SAFE", True, False),
        ("E1", "enrolment", "FIRE", False, False),
    }


async def test_a_membership_that_somebody_else_made_is_noted_and_never_taken(house: House, moodle: Seen) -> None:
    """The cohort is read before: who is in it already is not there by us."""
    await house.settled_in([row("E1"), row("E2"), row("E3", unit="Field")])
    cohort = house.twin.state.cohorts[house.twin.state.cohort_by_idnumber["unit-Field"]]
    cohort.members[moodle.id("E1")] = None
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field"), row("E3", unit="Field")])
    assert house.does(plan, A.RECOGNISE_COHORT) == [("recognise_cohort", "E1", "unit-Field")]
    await house.apply(plan)
    assert (await house.plan()).size == 0
    noted = {grant for grant in house.ledger() if grant[1] == "cohort"}
    assert ("E1", "cohort", "unit-Field", False, False) in noted
    assert ("E2", "cohort", "unit-Field", True, False) in noted
    await house.settled_in([row("E1"), row("E2"), row("E3", unit="Field")])
    assert moodle.cohort("unit-Field") == {"E1", "E3"}
    assert moodle.cohort("unit-Office") == {"E1", "E2"}


async def test_what_nobody_granted_here_is_never_removed(house: House, moodle: Seen) -> None:
    """Manual enrolments and memberships that no rule names stay through move and leave."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Lab")])
    enrol_by_hand(house, moodle, "E1", "LABS")
    house.twin.state.cohorts[house.twin.state.cohort_by_idnumber["unit-Lab"]].members[moodle.id("E1")] = None
    await house.settled_in([row("E1", unit="Field", status="left"), row("E2", unit="Lab")])
    assert moodle.enrolled("LABS")["E1"]
    assert moodle.cohort("unit-Lab") == {"E1", "E2"}


async def test_a_cohort_that_is_there_is_used(house: House, moodle: Seen) -> None:
    """By its idnumber, whoever made it; its name is left."""
    house.twin.state.add_cohort("Made by hand", "unit-Field")
    plan = await house.plan([row("E1", unit="Field")])
    assert house.does(plan, A.CREATE_COHORT) == []
    await house.apply(plan)
    assert moodle.cohort("unit-Field") == {"E1"}
    assert len(house.twin.state.cohorts) == 1


async def test_roles_stand_in_system_category_and_course(house: House, moodle: Seen) -> None:
    """Given in the right context; taken there when the job ends."""
    jobs = {"E1": "director", "E2": "author", "E3": "trainer", "E4": ""}
    await house.settled_in([row(key, job=job) for key, job in jobs.items()])
    expected = {
        "E1": {("manager", "system")},
        "E2": {("coursecreator", "SAFETY")},
        "E3": {("editingteacher", "FIRE")},
        "E4": set(),
    }
    assert {key: moodle.roles(key) for key in jobs} == expected
    swapped = dict(zip(jobs, ["", "director", "author", "trainer"], strict=True))
    await house.settled_in([row(key, job=job) for key, job in swapped.items()])
    assert [moodle.roles(key) for key in jobs] == [set(), *list(expected.values())[:3]]
    assert (await house.plan()).size == 0


async def test_an_enrolment_has_start_and_end_in_the_persons_time_zone(house: House, moodle: Seen) -> None:
    """A last day counts whole: access ends with the midnight after it."""
    house.clock.now = house.clock.now.replace(hour=12)
    await house.settled_in([row("E1", unit="Lab", zone="Asia/Taipei")])
    course = house.twin.state.courses[house.twin.state.course_by_idnumber["LABS"]]
    [enrolment] = course.enrolments.values()
    day = datetime.fromisoformat(house.clock.day()).replace(tzinfo=UTC)
    assert enrolment.timestart in (0, int((day - timedelta(hours=8)).timestamp()))
    assert enrolment.timeend == int((day + timedelta(days=31, hours=-8)).timestamp())


async def test_new_terms_of_a_path_reach_who_is_in_it(house: House, moodle: Seen) -> None:
    """Another period is a change of the enrolment, counted from the day of the grant."""
    house.clock.now = house.clock.now.replace(hour=12)
    people = [row("E1", unit="Lab")]
    await house.settled_in(people)
    course = house.twin.state.courses[house.twin.state.course_by_idnumber["LABS"]]
    before = course.enrolments[moodle.id("E1")].timeend
    house.edit("paths.yaml", "end_days: 30", "end_days: 60")
    house.clock.forward(days=3)
    plan = await house.plan(people)
    assert house.does(plan) == [("change_enrolment", "E1", "LABS")]
    await house.apply(plan)
    assert course.enrolments[moodle.id("E1")].timeend == before + 30 * 86_400
    assert (await house.plan()).size == 0


async def test_requirements_are_laid_changed_and_withdrawn(house: House) -> None:
    """With a due date of our own that Moodle never sees."""

    def due() -> list[tuple[str, str]]:
        found = house.sql(
            "SELECT p.key, l.terms ->> 'due_on' AS due FROM connector.ledger l JOIN connector.person p "
            "USING (person_id) WHERE l.kind = 'assignment' AND l.ended_at IS NULL ORDER BY 1"
        )
        return [(one["key"], one["due"]) for one in found]

    people = [row("E1", unit="Field"), row("E2", unit="Lab")]
    await house.settled_in(people)
    first = house.clock.day(14)
    assert due() == [("E1", first), ("E2", "2020-01-01")]
    house.edit("requirements.yaml", "days_after_assignment: 14}", "days_after_assignment: 20}")
    house.edit("requirements.yaml", "2020-01-01", "2020-01-02")
    house.clock.forward(days=5)
    await house.settled_in(people)
    assert due() == [("E1", first), ("E2", "2020-01-02")], "kept, but a date is that date"
    house.edit("requirements.yaml", "days_after_assignment: 20}", "days_after_assignment: 21}, on_change: restart")
    await house.settled_in(people)
    assert due() == [("E1", house.clock.day(21)), ("E2", "2020-01-02")]
    await house.settled_in([row("E1"), row("E2", unit="Lab")])
    assert due() == [("E2", "2020-01-02")]


async def test_a_requirement_may_be_called_as_a_course_that_is_missing(house: House) -> None:
    """What the one lacks does not stop the other."""
    house.edit("requirements.yaml", "SAFETY-14", "NOWHERE")
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, NOWHERE]")
    plan = await house.plan([row("E1", unit="Field")])
    assert house.does(plan, A.ASSIGN_REQUIREMENT, A.ENROL) == [
        ("assign_requirement", "E1", "NOWHERE"),
        ("enrol", "E1", "SAFE"),
    ]


async def test_a_learner_who_becomes_the_trainer_has_the_role(house: House, moodle: Seen) -> None:
    """Moodle takes every role with an enrolment: she is unenrolled first, then she gets hers."""
    house.edit("roles.yaml", "course:FIRE", "course:LABS")
    await house.settled_in([row("E1", unit="Lab"), row("E2", unit="Lab")])
    await house.settled_in([row("E1", job="trainer"), row("E2", unit="Lab")])
    assert moodle.enrolled("LABS") == {"E2": True}
    assert moodle.roles("E1") == {("editingteacher", "LABS")}
    assert (await house.plan()).size == 0


async def test_a_role_that_went_with_an_enrolment_is_given_again(house: House, moodle: Seen) -> None:
    """She held it before: the ledger does not claim what Moodle has taken, and the next plan heals it."""
    house.edit("roles.yaml", "course:FIRE", "course:LABS")
    await house.settled_in([row("E1", unit="Lab", job="trainer"), row("E2", unit="Lab")])
    await house.settled_in([row("E1", job="trainer"), row("E2", unit="Lab")])
    assert ("E1", "role", "editingteacher@course:LABS", True, False) not in house.ledger()
    await house.sync()
    assert moodle.roles("E1") == {("editingteacher", "LABS")}
    assert (await house.plan()).size == 0


@pytest.mark.parametrize("table", [False, True])
async def test_another_role_of_an_enrolment_takes_the_place_of_the_first(
    house: House, moodle: Seen, table: bool
) -> None:
    """A trainer who becomes a learner keeps no rights of a trainer, unless the role table gives them: guarded."""
    house.edit("paths.yaml", "role: student, start: none", "role: editingteacher, start: none")
    people = [row("E1", unit="Field", job="trainer" if table else "")]
    await house.settled_in(people)
    house.edit("paths.yaml", "role: editingteacher, start: none", "role: student, start: none")
    plan = await house.plan(people)
    assert {(one.action, one.target, one.guard) for one in house.changes(plan)} == {
        (A.CHANGE_ENROLMENT, course, GuardClass.REMOVE_ROLE) for course in ("SAFE", "FIRE")
    }
    await house.apply(plan)
    assert (await house.plan()).size == 0
    state = house.twin.state
    roles = {
        course: state.course_roles(moodle.id("E1"), state.course_by_idnumber[course]) for course in ("SAFE", "FIRE")
    }
    assert roles == {"SAFE": {5}, "FIRE": {3, 5} if table else {5}}


async def test_a_role_that_a_path_gives_too_outlives_the_role_table(house: House, moodle: Seen) -> None:
    """As the README advises, a path enrols with the role of the table: nobody is enrolled as nothing when one ends."""
    house.edit("paths.yaml", "role: student, start: none", "role: editingteacher, start: none")
    fire = "editingteacher@course:FIRE"
    await house.settled_in([row("E1", unit="Field", job="trainer"), row("E2", unit="Field")])
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field", job="trainer")])
    assert set(house.does(plan)) == {("forget_grant", "E1", fire), ("assign_role", "E2", fire)}
    await house.apply(plan)
    assert (await house.plan()).size == 0
    assert {one for one in moodle.roles("E1") if one[1] == "FIRE"} == {("editingteacher", "FIRE")}
    assert ("E2", "role", fire, True, False) in house.ledger(), "the enrolment's role is nobody else's"
    await house.settled_in([row("E2", job="trainer"), row("E1")])
    await house.settled_in([row("E2"), row("E1")])
    assert ("editingteacher", "FIRE") not in moodle.roles("E2")


async def test_a_role_goes_where_the_enrolment_that_shares_it_goes_too(house: House, moodle: Seen) -> None:
    """Nothing is to have it any more: it is not left behind with the suspended enrolment."""
    house.edit("paths.yaml", "role: student, start: none", "role: editingteacher, start: none")
    await house.settled_in([row("E1", unit="Field", job="trainer"), row("E2")])
    plan = await house.plan([row("E1"), row("E2")])
    assert ("unassign_role", "E1", "editingteacher@course:FIRE") in house.does(plan)
