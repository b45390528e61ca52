"""What is given only once something else is completed."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action
from tests.integration.mirrored import Learning
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
A = Action
PEOPLE = [row("E1", unit="Field"), row("E2", unit="Field")]


async def given(house: House) -> list[tuple[str, str, str]]:
    """What the next plan does, once it is carried out."""
    plan = await house.plan()
    await house.apply(plan)
    assert (await house.plan()).size == 0
    return house.does(plan)


async def test_courses_in_strict_order(house: House, moodle: Seen, learning: Learning) -> None:
    """The next course is given when the one before is completed, to whom that was, and stays when it is reset."""
    house.edit("paths.yaml", "code: SAFETY\n", "code: SAFETY\n    order: strict\n")
    await house.settled_in(PEOPLE)
    assert (moodle.enrolled("SAFE"), moodle.enrolled("FIRE")) == ({"E1": True, "E2": True}, {})
    await house.mirror()
    assert await given(house) == []
    found = house.sql("SELECT name, found FROM facts.summary_quality WHERE name = 'enrolment_missing'")
    assert found == [], "what is still to come is not missing"
    learning.act("complete", "E1", "SAFE")
    assert await given(house) == [], "not known yet"
    await house.mirror()
    assert await given(house) == [("enrol", "E1", "FIRE")]
    learning.act("reset", "E1", "SAFE")
    await house.mirror()
    assert await given(house) == []
    assert moodle.enrolled("FIRE") == {"E1": True}


async def test_a_path_and_its_requirement_after_another(house: House, moodle: Seen, learning: Learning) -> None:
    """Both wait for every course before, and the due date counts from the day on which they are given."""
    house.edit("paths.yaml", 'audience: unit == "Lab"', 'audience: unit == "Field"\n    after: [SAFETY-14]')
    house.edit("requirements.yaml", '{"on": 2020-01-01}', "{days_after_assignment: 7}")
    await house.settled_in(PEOPLE)
    assert moodle.enrolled("LABS") == {}
    learning.act("complete", "E2", "SAFE")
    learning.act("complete", "E1", "SAFE")
    await house.mirror()
    assert await given(house) == []
    house.clock.forward(days=10)
    learning.act("complete", "E2", "FIRE")
    await house.mirror()
    assert await given(house) == [("assign_requirement", "E2", "LAB-NOW"), ("enrol", "E2", "LABS")]
    [due] = house.sql("SELECT terms ->> 'due_on' AS due FROM connector.ledger WHERE target = 'LAB-NOW'")
    assert due["due"] == house.clock.day(7)
    assert moodle.enrolled("LABS") == {"E2": True}
    await house.settled_in([PEOPLE[0], row("E2")])
    assert moodle.enrolled("LABS") == {}, "what ends, ends as ever"


async def test_who_is_in_it_already_stays(house: House, moodle: Seen) -> None:
    """An order that the mapping begins to demand takes nothing from anybody."""
    await house.settled_in(PEOPLE)
    house.edit("paths.yaml", "code: SAFETY\n", "code: SAFETY\n    order: strict\n")
    plan = await house.plan(PEOPLE)
    assert {change[0] for change in house.does(plan)} == {"change_enrolment"}
    await house.apply(plan)
    assert moodle.enrolled("FIRE") == {"E1": True, "E2": True}
    assert (await house.plan()).size == 0
