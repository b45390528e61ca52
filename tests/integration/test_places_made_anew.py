"""A cohort or course that somebody deletes in Moodle, and perhaps makes anew, is not the place where people were."""

from __future__ import annotations

import pytest

from adapters.moodle.twin.cohorts import delete_cohorts
from connector.domain.errors import HoldClass
from tests.support import House, Seen, assert_whole, row, rows

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(house: House) -> House:
    """One Moodle is read by plain functions, the other by reports."""
    if house.twin.state.version.family != "4.5":
        await house.make_reports()
    return house


def delete_cohort(moodle: Seen, idnumber: str) -> None:
    """As an administrator does."""
    with moodle.state.lock:
        delete_cohorts(moodle.state, {"cohortids": [moodle.state.cohort_by_idnumber[idnumber]]})


def make_cohort(moodle: Seen, idnumber: str) -> None:
    """By hand, and nobody is in it."""
    with moodle.state.lock:
        moodle.state.add_cohort(idnumber, idnumber)


async def test_a_cohort_made_anew_is_filled_again(house: House, moodle: Seen) -> None:
    """Its name is the same and its id another: its members are given it again, and then there is nothing to do."""
    people = [row("E1", unit="Field"), row("E2", unit="Field"), row("E3")]
    await house.settled_in(people)
    await house.mirror()
    delete_cohort(moodle, "unit-Field")
    make_cohort(moodle, "unit-Field")
    await house.mirror()
    plan = await house.plan()
    assert house.does(plan) == [("add_to_cohort", one, "unit-Field") for one in ("E1", "E2")]
    await house.apply(plan)
    await assert_whole(house, moodle, people)
    await house.settled_in([row("E1"), *people[1:]])
    assert moodle.cohort("unit-Field") == {"E2"}


async def test_a_cohort_that_is_gone_is_made_again(house: House, moodle: Seen) -> None:
    """The connector makes the cohorts that its rules name, and this one is needed."""
    people = [row("E1", unit="Field"), row("E2")]
    await house.settled_in(people)
    delete_cohort(moodle, "unit-Field")
    await house.mirror()
    await house.sync()
    await assert_whole(house, moodle, people)


async def test_where_a_cohort_cannot_be_made_again_its_members_wait(house: House, moodle: Seen) -> None:
    """One refusal says it; nobody is sent to the cohort that is gone."""
    people = rows(3, unit="Field")
    await house.settled_in(people)
    delete_cohort(moodle, "unit-Field")
    await house.mirror()
    moodle.state.cohort_by_idnumber["unit-Field"] = 9999  # one that the token does not see has the name
    tally = (await house.sync()).tally
    assert (tally.refused, tally.waiting) == (1, 3)
    del moodle.state.cohort_by_idnumber["unit-Field"]
    await house.sync()
    assert moodle.cohort("unit-Field") == {one["id"] for one in people}
    assert (await house.plan()).size == 0


async def test_a_course_made_anew_is_given_again(house: House, moodle: Seen) -> None:
    """Enrolments and roles that went with the old course are given in the one that has its name now."""
    people = [row("E1", unit="Field"), row("E2", job="trainer"), row("E3", unit="Field")]
    await house.settled_in(people)
    people[2] = row("E3", unit="Field", status="left")
    await house.settled_in(people)
    await house.mirror()
    for course in ("SAFE", "FIRE"):
        house.twin.life.delete_course(course)
        house.twin.life.make_course(course)
    await house.mirror()
    plan = await house.plan()
    assert set(house.does(plan)) >= {("enrol", "E1", "SAFE"), ("enrol", "E1", "FIRE")}
    assert {one[1] for one in house.does(plan)} == {"E1", "E2"}, "who has left gets nothing"
    await house.apply(plan)
    assert moodle.enrolled("SAFE") == {"E1": True}
    assert moodle.roles("E2") == {("editingteacher", "FIRE")}
    await assert_whole(house, moodle, people)
    await house.mirror()
    assert (await house.plan()).size == 0


async def test_a_course_that_stays_away_is_a_case(house: House, moodle: Seen) -> None:
    """It is told once and refused never; when it comes back under its name, people are enrolled."""
    people = [row("E1", unit="Field"), row("E2", unit="Field")]
    await house.settled_in(people)
    await house.mirror()
    house.twin.life.delete_course("SAFE")
    for _ in range(2):
        await house.mirror()
        applied = await house.sync()
        assert (applied.tally.done, applied.tally.refused, applied.tally.waiting) == (0, 0, 0)
        assert house.cases() == [("missing_course", "SAFE")]
    house.twin.life.make_course("SAFE")
    await house.sync()
    await assert_whole(house, moodle, people)


@pytest.mark.parametrize("place", ["cohort", "course"])
async def test_a_place_with_many_waits_for_a_person(house: House, moodle: Seen, place: str) -> None:
    """More than the guard lets pass: the ledger stays as it is, until somebody says that it is given again."""
    people = rows(30, unit="Field")
    await house.settled_in(people)
    await house.mirror()
    before = house.ledger()
    if place == "cohort":
        delete_cohort(moodle, "unit-Field")
        make_cohort(moodle, "unit-Field")
    else:
        house.twin.life.delete_course("SAFE")
        house.twin.life.make_course("SAFE")
    for _ in range(2):
        with pytest.raises(HoldClass, match="--give-again"):
            await house.mirror()
        assert house.ledger() == before
        assert (await house.plan()).size == 0
    await house.mirror(give_again=True)
    assert (await house.plan()).size == 30
    await house.sync()
    await assert_whole(house, moodle, people)


async def test_a_course_that_is_closed_to_the_token_is_there(house: House, moodle: Seen) -> None:
    """It is in no list, but what was granted in it stays ours: nobody deleted it."""
    people = [row("E1", unit="Field"), row("E2")]
    await house.settled_in(people)
    await house.mirror()
    before = house.ledger()
    house.twin.life.close_course("SAFE")
    await house.mirror()
    assert house.ledger() == before
