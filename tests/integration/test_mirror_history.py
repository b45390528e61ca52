"""The facts keep history: what was true when, of grades, completions, people and courses."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.integration.mirrored import Learning, check, no_overlaps, now
from tests.support import House, Seen, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


async def test_history_says_what_was_true_when(house: House, learning: Learning) -> None:
    """A grade, a better one, none, and a worse one: each with its time, and gaps where there was none."""
    await house.settled_in(rows(1, unit="Field"))
    times = []
    for points in (50, 80, None, 30):
        learning.act("clear" if points is None else "grade", "E0001", "SAFE", points or 0)
        house.clock.forward(hours=1)
        await house.mirror()
        times.append(house.clock.now)
    found = house.sql(
        "SELECT value, valid_from, NULLIF(valid_to, 'infinity') AS valid_to, ended_by FROM facts.fact_grade "
        "ORDER BY valid_from"
    )
    assert [(one["value"], one["ended_by"]) for one in found] == [(50, "regrade"), (80, "reset"), (30, None)]
    assert found[0]["valid_to"] == found[1]["valid_from"]
    assert found[1]["valid_to"] < found[2]["valid_from"]

    def then(moment: datetime) -> list[float]:
        seen = house.sql("SELECT value FROM facts.fact_grade WHERE valid_from <= %s AND valid_to > %s", moment, moment)
        return [one["value"] for one in seen]

    assert [then(moment) for moment in times] == [[50], [80], [], [30]]


async def test_a_reset_keeps_that_it_was_completed_once(house: House, learning: Learning) -> None:
    """The old version ends, and a new one says that it is not completed."""
    await house.settled_in(rows(1, unit="Field"))
    for what in ("complete", "reset"):
        learning.act(what, "E0001", "SAFE")
        house.clock.forward(hours=1)
        await house.mirror()
    course = learning.course("SAFE").id
    found = house.sql(
        "SELECT completed, attempt FROM facts.fact_completion WHERE course_id = %s ORDER BY valid_from", course
    )
    assert [(one["completed"], one["attempt"]) for one in found] == [(True, 1), (False, 2)]


async def test_a_leavers_grade_is_kept(house: House, moodle: Seen, learning: Learning) -> None:
    """Moodle's report shows no suspended participants: that is no reason to think that the grade is gone."""
    people = [row("E1", unit="Field"), row("E2")]
    await house.settled_in(people)
    learning.act("grade", "E1", "SAFE", 88)
    learning.act("complete", "E1", "SAFE")
    await house.mirror()
    await house.settled_in([{**people[0], "status": "left"}, people[1]])
    await house.mirror()
    assert {one[0] for one in now(house, "fact_grade", "value")} == {88}
    assert (moodle.id("E1"), True) in now(house, "fact_completion", "moodle_id", "completed")
    await house.settled_in(people)
    learning.act("grade", "E1", "SAFE", 91)
    await house.mirror()
    check(house, moodle)


async def test_people_and_courses_have_a_history_too(house: House, learning: Learning) -> None:
    """A move, a leaver and a renamed course are versions, and names stand apart."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    await house.mirror()
    learning.course("SAFE").fullname = "Safety, second edition"
    await house.settled_in([row("E1", unit="Lab", last="Married"), row("E2", status="left")])
    house.clock.forward(hours=1)
    seen = []
    await house.mirror(progress=lambda what, number: seen.append((what, number)))
    found = house.sql("SELECT hr_key, unit, status FROM facts.dim_person ORDER BY hr_key, valid_from")
    assert [tuple(one.values()) for one in found] == [
        ("E1", "Field", "active"), ("E1", "Lab", "active"), ("E2", "Office", "active"), ("E2", "Office", "left"),
    ]  # fmt: skip
    names = {one["lastname"] for one in house.sql("SELECT lastname FROM facts.person_name")}
    assert names == {"Married", "LastE2"}
    courses = house.sql("SELECT fullname, title FROM facts.dim_course WHERE idnumber = 'SAFE' ORDER BY valid_from")
    assert [one["fullname"] for one in courses] == ["SAFE", "Safety, second edition"]
    assert [one["title"] for one in courses] == [{"und": "SAFE"}, {"und": "Safety, second edition"}]
    assert {what for what, _ in seen} == {"people", "completions", "enrolments", "grades"}
    no_overlaps(house)


async def test_what_was_learned_goes_with_the_account(house: House, learning: Learning) -> None:
    """Somebody is hired again under a new key: the account is theirs, and so is what was learned with it."""
    await house.settled_in([row("OLD", unit="Field")])
    for course in ("SAFE", "FIRE"):
        learning.act("complete", "OLD", course)
        learning.act("grade", "OLD", course, 80)
    await house.mirror()
    left = row("OLD", unit="Field", status="left")
    await house.sync([left])
    await house.sync([left, row("NEW", unit="Field", earlier="OLD", email="old@example.test")])
    await house.mirror()
    [compliance] = house.sql("SELECT hr_key, state FROM reporting.compliance_now WHERE requirement = 'SAFETY-14'")
    assert compliance == {"hr_key": "NEW", "state": "satisfied"}
    for table in ("fact_enrolment", "fact_completion", "fact_grade"):
        owners = house.sql(
            f"SELECT DISTINCT p.hr_key FROM facts.{table} f JOIN facts.dim_person p USING (person_id) "
            "WHERE p.valid_to = 'infinity'"
        )
        assert owners == [{"hr_key": "NEW"}], table


async def test_a_clock_that_is_put_back_breaks_no_history(house: House, moodle: Seen, learning: Learning) -> None:
    """Somebody corrects the clock by a day: what changes then begins after what was known, and nothing is refused."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    await house.mirror()
    house.clock.forward(days=-1)
    learning.act("complete", "E1", "SAFE")
    await house.settled_in([row("E1", unit="Lab"), row("E2", status="left")])
    await house.mirror()
    house.clock.forward(days=-1)
    learning.act("grade", "E1", "SAFE", 70)
    await house.mirror()
    check(house, moodle)
    no_overlaps(house)
    assert now(house, "dim_person", "hr_key", "unit", "status") == {("E1", "Lab", "active"), ("E2", "Office", "left")}
