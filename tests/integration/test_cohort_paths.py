"""Learning paths by cohort: the connector fills the cohort, Moodle enrols, and what is learnt counts as ever."""

from __future__ import annotations

from functools import partial

import pytest

from adapters.moodle.site import MoodleSite
from adapters.moodle.twin.state import TwinCohort, TwinState
from connector.domain.plan import Action
from connector.sync.cohort_paths import not_enrolling
from tests.integration.mirrored import Learning
from tests.support import House, Seen, enrol_by_hand, moodle_client, row

pytestmark = pytest.mark.anyio
A = Action


@pytest.fixture
def house(house: House) -> House:
    """The path SAFETY is by cohort."""
    enrolment = "    enrolment: {role: student, start: none, on_loss: suspend}\n"
    house.edit("paths.yaml", enrolment, "    by: cohort\n")
    return house


async def not_set_up(house: House) -> list[tuple[str, str]]:
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        return await not_enrolling(MoodleSite(client), house.connector.mapping.paths)


async def test_a_path_by_cohort_fills_the_cohort_and_enrols_nobody(house: House, moodle: Seen) -> None:
    """The cohort is made, named as the path; its members come and go with the audience."""
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field")])
    assert house.does(plan, A.ENROL) == []
    assert {one.subject: one.after for one in house.changes(plan) if one.action is A.CREATE_COHORT} == {
        "path-SAFETY": {"name": "Safety"},
        "unit-Field": {"name": "Unit Field"},
    }
    await house.apply(plan)
    assert moodle.cohort("path-SAFETY") == {"E1", "E2"}
    assert moodle.enrolled("SAFE") == {}
    assert (await house.plan()).size == 0
    await house.settled_in([row("E1"), row("E2", unit="Field", status="left")])
    assert moodle.cohort("path-SAFETY") == set()
    assert (await house.plan()).size == 0


async def test_a_requirement_on_such_a_path_is_satisfied(house: House, moodle: Seen, learning: Learning) -> None:
    """Moodle enrols from the cohort, the mirror reads what was completed, and the reports count it."""
    house.twin.state.add_cohort("Safety", "path-SAFETY")
    for course in ("SAFE", "FIRE"):
        house.twin.life.sync_cohort(course, "path-SAFETY")
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    for course in ("SAFE", "FIRE"):
        assert [people for _, people in learning.course(course).others.items() if len(people) == 2]
        house.twin.life.complete("e1", course)
    await house.mirror()
    assert (await house.plan()).size == 0, "whom Moodle has enrolled is not of our ledger"
    found = house.sql("SELECT hr_key AS key, state FROM reporting.compliance_now ORDER BY 1")
    assert [(one["key"], one["state"]) for one in found] == [("E1", "satisfied"), ("E2", "open")]


async def test_courses_in_which_nobody_of_the_cohort_is_are_named(house: House, moodle: Seen) -> None:
    """While nobody is in the cohort nothing is known; then each course without cohort sync is."""
    assert await not_set_up(house) == []
    await house.settled_in([row("E1", unit="Field")])
    assert await not_set_up(house) == [("path-SAFETY", "FIRE"), ("path-SAFETY", "SAFE")]
    house.twin.life.sync_cohort("SAFE", "path-SAFETY")
    assert await not_set_up(house) == [("path-SAFETY", "FIRE")]
    house.twin.life.delete_course("FIRE")
    assert await not_set_up(house) == []


async def test_a_course_of_such_a_path_that_is_missing_is_a_case(house: House) -> None:
    """No grant names it, and still it is told; it ends when the course is there."""
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, NOWHERE]")
    await house.sync([row("E1", unit="Field")])
    assert house.cases() == [("missing_course", "NOWHERE")]
    house.twin.life.make_course("NOWHERE")
    assert (await house.plan()).size == 0
    assert house.cases() == []


async def test_a_path_that_turns_to_cohort_takes_its_enrolments_back(house: House, moodle: Seen) -> None:
    """What was granted by enrolment is suspended, as its terms said, and the cohort takes over."""
    house.edit("paths.yaml", "by: cohort", "by: enrolment")
    people = [row("E1", unit="Field"), row("E2", unit="Field")]
    await house.settled_in(people)
    house.edit("paths.yaml", "by: enrolment", "by: cohort\n    cohort: safety")
    plan = await house.plan(people)
    assert set(house.does(plan)) == {
        ("create_cohort", "safety", ""),
        *(("add_to_cohort", who, "safety") for who in ("E1", "E2")),
        *(("suspend_enrolment", who, course) for who in ("E1", "E2") for course in ("SAFE", "FIRE")),
    }
    await house.apply(plan)
    assert moodle.cohort("safety") == {"E1", "E2"}
    assert (await house.plan()).size == 0


ENROLMENT = "    enrolment: {role: student, start: none, on_loss: suspend}\n"
OTHER = """version: 1
paths:
  - {code: SAFETY, name: {en: Safety}, courses: [SAFE, FIRE], audience: 'unit == "Field"', by: cohort}
  - {code: LAB, name: {en: Laboratory}, courses: [SAFE, LABS], audience: 'unit == "Lab"', enrolment: {role: student}}
"""


@pytest.mark.parametrize("disabling", [False, True], ids=["unenrols", "disables"])
@pytest.mark.parametrize("mover", [False, True], ids=["path", "person"])
async def test_who_comes_from_a_path_by_cohort_to_one_by_enrolment_stays_in_the_course(
    house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch, disabling: bool, mover: bool
) -> None:
    """The path or the person changes: she is enrolled beside the cohort, whose own enrolment ends or is disabled."""
    if mover:
        (house.mapping / "paths.yaml").write_text(OTHER)
        house.reopen()
    house.twin.state.add_cohort("Safety", "path-SAFETY")
    house.twin.life.sync_cohort("SAFE", "path-SAFETY")
    if disabling:
        monkeypatch.setattr(house.twin.state, "leave", partial(disable, house.twin.state))
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    if not mover:
        house.edit("paths.yaml", "    by: cohort\n", ENROLMENT)
    people = [row("E1", unit="Lab" if mover else "Field"), row("E2")]
    await house.settled_in(people)
    assert moodle.enrolled("SAFE") == {"E1": True}
    assert ("E1", "enrolment", "SAFE", True, False) in house.ledger()
    assert (await house.plan()).size == 0


async def test_an_enrolment_that_a_cohort_left_disabled_does_not_count_as_somebody_elses(
    house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She left the cohort long before; a teacher's own suspension is left as it is, and the plan says so."""
    (house.mapping / "paths.yaml").write_text(OTHER)
    house.reopen()
    house.twin.state.add_cohort("Safety", "path-SAFETY")
    house.twin.life.sync_cohort("SAFE", "path-SAFETY")
    monkeypatch.setattr(house.twin.state, "leave", partial(disable, house.twin.state))
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    await house.settled_in([row("E1"), row("E2")])
    enrol_by_hand(house, moodle, "E2", "SAFE", suspended=True)
    plan = await house.plan([row("E1", unit="Lab"), row("E2", unit="Lab")])
    assert [one.reason for one in house.changes(plan) if one.action is A.RECOGNISE_ENROLMENT] == [
        "there already, by somebody else, and suspended or over: left as it is"
    ]
    await house.apply(plan)
    assert moodle.enrolled("SAFE") == {"E1": True, "E2": False}


async def test_one_plan_that_fills_the_cohort_and_enrols_holds_both(house: House, moodle: Seen) -> None:
    """Moodle enrols at once whom the cohort gets: however old the plan, the enrolment beside it is ours."""
    (house.mapping / "paths.yaml").write_text(OTHER.replace('unit == "Lab"', 'unit == "Field"'))
    house.reopen()
    house.twin.state.add_cohort("Safety", "path-SAFETY")
    house.twin.life.sync_cohort("SAFE", "path-SAFETY")
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", unit="Field"), row("E2")])
    house.clock.forward(minutes=2)
    await house.apply(plan)
    assert ("E1", "enrolment", "SAFE", True, False) in house.ledger()


def disable(state: TwinState, user_id: int, cohort: TwinCohort) -> None:
    """Out of the cohort, where the site disables enrolments then (``enrol_cohort | unenrolaction``)."""
    if cohort.members.pop(user_id, None) is not None:
        for course_id in cohort.enrols_in:
            state.courses[course_id].others["cohort"][user_id].suspended = True
    state.user_cohorts.get(user_id, {}).pop(cohort.id, None)
