"""People who move on or go on leave: what overlaps, and what becomes of due dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connector.domain.plan import Action, HoldState
from tests.integration.mirrored import Learning
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
A = Action
OFFICE = "{audience: 'unit == \"Office\"', due: {days_after_assignment: 20}}"
LEAVE = (
    "  leave_from: {column: away, transforms: [{date: iso}]}\n  leave_until: {column: back, transforms: [{date: iso}]}"
)
FLAG = '  on_leave: {column: away, transforms: [{boolean: {"true": [yes], "false": [no]}}]}'


def due(house: House, key: str = "E1") -> date:
    """The due date of a person's only requirement, by the ledger."""
    [found] = house.sql(
        "SELECT (l.terms ->> 'due_on')::date AS due FROM connector.ledger l JOIN connector.person p USING (person_id) "
        f"WHERE l.kind = 'assignment' AND l.ended_at IS NULL AND p.key = '{key}'"
    )
    found_due: date = found["due"]
    return found_due


def stands(house: House) -> list[tuple[object, ...]]:
    """(who, due, state) as the reports tell it."""
    found = house.sql("SELECT hr_key, due_on, state FROM reporting.compliance_now ORDER BY 1")
    return [tuple(one.values()) for one in found]


# ---------------------------------------------------------------- overlap
async def test_what_overlaps_is_kept_and_then_taken(house: House, moodle: Seen) -> None:
    """Cohort, role and course stay for the days that were said, and go with the first plan after them."""
    house.edit("mapping.yaml", 'name: "Unit {unit}"', 'name: "Unit {unit}"\n    overlap_days: 3')
    house.edit("roles.yaml", 'when: job_role == "director"', 'when: job_role == "director", overlap_days: 3')
    house.edit("paths.yaml", "code: SAFETY\n", "code: SAFETY\n    overlap_days: 3\n")
    await house.settled_in([row("E1", unit="Field", job="director"), row("E2", unit="Field")])
    plan = await house.plan([row("E1"), row("E2", unit="Field")])
    assert house.does(plan) == [
        ("create_cohort", "unit-Office", ""),
        ("add_to_cohort", "E1", "unit-Office"),
        ("note_terms", "E1", "FIRE"),
        ("note_terms", "E1", "SAFE"),
        ("note_terms", "E1", "manager@system"),
        ("note_terms", "E1", "unit-Field"),
        ("withdraw_requirement", "E1", "SAFETY-14"),
    ]
    await house.apply(plan)
    for _ in range(3):
        house.clock.forward(days=1)
        assert (await house.plan()).size == 0
    assert moodle.enrolled("SAFE") == {"E1": True, "E2": True}
    assert moodle.cohort("unit-Field") == {"E1", "E2"}
    house.clock.forward(days=1)
    plan = await house.plan()
    assert house.does(plan) == [
        ("remove_from_cohort", "E1", "unit-Field"),
        ("suspend_enrolment", "E1", "FIRE"),
        ("suspend_enrolment", "E1", "SAFE"),
        ("unassign_role", "E1", "manager@system"),
    ]
    await house.apply(plan)
    assert moodle.enrolled("SAFE") == {"E1": False, "E2": True}
    assert moodle.cohort("unit-Field") == {"E2"}
    assert moodle.roles("E1") == set()
    assert (await house.plan()).size == 0


async def test_who_comes_back_within_the_overlap_loses_nothing(house: House, moodle: Seen) -> None:
    """Whatever was noted is forgotten, and the next overlap is a whole one."""
    house.edit("mapping.yaml", 'name: "Unit {unit}"', 'name: "Unit {unit}"\n    overlap_days: 3')
    there, away = [row("E1", unit="Field"), row("E2", unit="Field")], [row("E1"), row("E2", unit="Field")]
    await house.settled_in(there)
    await house.settled_in(away)
    house.clock.forward(days=2)
    await house.settled_in(there)
    assert (await house.plan()).size == 0
    house.clock.forward(days=5)
    await house.settled_in(away)
    assert moodle.cohort("unit-Field") == {"E1", "E2"}
    plan = await house.plan([row("E1", status="left"), row("E2", unit="Field")])
    assert ("remove_from_cohort", "E1", "unit-Field") in house.does(plan), "a leaver keeps nothing"


async def test_an_overlap_that_the_mapping_begins_to_give_reaches_who_is_in_already(house: House) -> None:
    """The ledger is told once, and Moodle is not asked."""
    people = [row("E1", unit="Field")]
    await house.settled_in(people)
    house.edit("mapping.yaml", 'name: "Unit {unit}"', 'name: "Unit {unit}"\n    overlap_days: 3')
    plan = await house.plan(people)
    assert house.does(plan) == [("note_terms", "E1", "unit-Field")]
    await house.apply(plan)
    assert (await house.plan()).size == 0


# ---------------------------------------------------------------- moves
@pytest.mark.parametrize(("on_change", "days"), [("keep", 14), ("prorate", 17), ("restart", 27)])
async def test_a_mover_under_the_same_requirement(house: House, learning: Learning, on_change: str, days: int) -> None:
    """Half of fourteen days has gone when twenty are given; the assignment is the same, and so are completions."""
    house.edit("paths.yaml", 'audience: unit == "Field"', 'audience: unit in ["Field", "Office"]')
    house.edit(
        "requirements.yaml",
        "path: SAFETY, due: {days_after_assignment: 14}}",
        "path: SAFETY, audience: 'unit == \"Field\"', due: {days_after_assignment: 14}, "
        f"also: [{OFFICE}], on_change: {on_change}}}",
    )
    await house.settled_in([row("E1", unit="Field")])
    given = house.clock.now.date()
    learning.act("complete", "E1", "SAFE")
    await house.mirror()
    house.clock.forward(days=7)
    await house.settled_in([row("E1")])
    assert due(house) == given + timedelta(days=days)
    assert (await house.plan()).size == 0
    await house.mirror()
    assert stands(house) == [("E1", given + timedelta(days=days), "open")]
    [kept] = house.sql("SELECT count(*) AS grants, min(terms ->> 'granted_on') AS given FROM connector.ledger "
                       "WHERE kind = 'assignment'")  # fmt: skip
    assert tuple(kept.values()) == (1, given.isoformat())
    learning.act("complete", "E1", "FIRE")
    await house.mirror()
    assert stands(house)[0][2] == "satisfied"


# ---------------------------------------------------------------- leave
async def test_a_known_leave_moves_the_due_date(house: House, moodle: Seen) -> None:
    """By its days, once; corrected when HR corrects it, back when it is cancelled. Nothing else is touched."""
    house.edit("mapping.yaml", "  timezone: {column: zone}", f"{LEAVE}\n  timezone: {{column: zone}}")
    await house.settled_in([row("E1", unit="Field")])
    first = due(house)
    day = house.clock.day

    async def said(away: str, back: str) -> int:
        plan = await house.plan([row("E1", unit="Field", away=away, back=back)])
        assert {change[0] for change in house.does(plan)} <= {"change_requirement"}
        await house.apply(plan)
        assert (await house.plan()).size == 0
        return (due(house) - first).days

    assert await said(day(5), day(9)) == 5
    house.clock.forward(hours=1)
    assert await said(day(6), day(9)) == 4, "a correction"
    house.clock.forward(hours=1)
    assert await said(day(7), "") == 0, "nobody knows of the return"
    house.clock.forward(days=20)
    assert (await house.plan()).size == 0
    assert await said("", "") == 13, "it ended yesterday"
    assert await said(day(1), day(3)) == 16, "another one"
    assert await said(day(5), day(5)) == 14, "moved away, while what has been stays"
    assert await said(day(9), day(9)) == 13, "after what is due"
    assert moodle.enrolled("SAFE") == {"E1": True}


async def test_nobody_on_leave_is_overdue(house: House, moodle: Seen) -> None:
    """Neither who was late before nor who would become it; on the return only who was late before is."""
    house.edit("mapping.yaml", "  timezone: {column: zone}", f"{FLAG}\n  timezone: {{column: zone}}")
    here, gone = row("E1", unit="Field", away="no"), row("E1", unit="Field", away="yes")
    lab = [row("E2", unit="Lab", away="no"), row("E2", unit="Lab", away="yes")]
    await house.settled_in([here, lab[0]])
    given, late = house.clock.now.date(), date(2020, 1, 1)
    await house.mirror()
    assert stands(house) == [("E1", given + timedelta(14), "open"), ("E2", late, "overdue")]
    house.clock.forward(days=4)
    await house.settled_in([gone, lab[1]])
    await house.mirror()
    assert stands(house) == [("E1", None, "open"), ("E2", None, "open")]
    house.clock.forward(days=100)
    await house.settled_in([gone, lab[1]])
    await house.mirror()
    assert stands(house) == [("E1", None, "open"), ("E2", None, "open")]
    assert house.sql("SELECT * FROM reporting.overdue_by_manager") == []
    assert not moodle.user("E1").suspended
    assert moodle.enrolled("SAFE") == {"E1": True}
    await house.settled_in([here, lab[0]])
    await house.mirror()
    assert stands(house) == [("E1", given + timedelta(114), "open"), ("E2", late, "overdue")]


async def test_what_says_nothing_of_leave_ends_none(house: House) -> None:
    """A mapping without these fields leaves what is known as it is."""
    house.edit("mapping.yaml", "  timezone: {column: zone}", f"{LEAVE}\n  timezone: {{column: zone}}")
    people = [row("E1", unit="Field", away=house.clock.day(5), back=house.clock.day(9))]
    await house.settled_in(people)
    moved = due(house)
    house.edit("mapping.yaml", LEAVE, "")
    await house.settled_in(people)
    assert due(house) == moved


# ---------------------------------------------------------------- again
async def test_grace_and_leave_when_it_is_due_again(house: House, learning: Learning) -> None:
    """Within the grace after the end it is open; leave moves the day; after it, it is overdue."""
    again = "due: {days_after_assignment: 14}, recertify: {months: 12, window_days: 30, grace_days: 10}"
    house.edit("requirements.yaml", "due: {days_after_assignment: 14}", again)
    house.edit("mapping.yaml", "  timezone: {column: zone}", f"{LEAVE}\n  timezone: {{column: zone}}")
    await house.settled_in([row("E1", unit="Field")])
    for course in ("SAFE", "FIRE"):
        learning.life.complete("e1", course, int(house.clock.now.timestamp()))
    await house.mirror()
    [found] = house.sql("SELECT expires_on FROM reporting.compliance_now")
    ends: date = found["expires_on"]
    house.clock.forward(days=(ends - house.clock.now.date()).days + 1)
    await house.settled_in([row("E1", unit="Field")])
    await house.mirror()
    assert stands(house) == [("E1", ends + timedelta(10), "open")]
    back = [row("E1", unit="Field", away=(ends - timedelta(5)).isoformat(), back=(ends - timedelta(2)).isoformat())]
    await house.settled_in(back)
    await house.mirror()
    assert stands(house) == [("E1", ends + timedelta(14), "open")]
    for days, overdue in ((13, 0), (1, 1)):
        house.clock.forward(days=days)
        await house.mirror()
        assert house.sql("SELECT overdue FROM reporting.compliance_by_requirement") == [{"overdue": overdue}]


@pytest.mark.parametrize(("months", "state"), [(10, "satisfied"), (14, "open")])
async def test_what_a_rehired_person_completed_counts_while_it_is_valid(
    house: House, learning: Learning, months: int, state: str
) -> None:
    """Under a new key, with the same account: not to be done again ten months later, but fourteen months later."""
    due_again = "due: {days_after_assignment: 14}, recertify: {months: 12, window_days: 30}"
    house.edit("requirements.yaml", "due: {days_after_assignment: 14}", due_again)
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    for course in ("SAFE", "FIRE"):
        learning.life.complete("e1", course, int(house.clock.now.timestamp()))
    await house.mirror()
    await house.settled_in([row("E1", unit="Field", status="left"), row("E2")])
    house.clock.forward(days=months * 30.5)
    rehired = row("E9", unit="Field", username="e1", email="e1@example.test", earlier="E1")
    plan = await house.plan([row("E1", unit="Field", status="left"), rehired, row("E2")])
    house.decide(plan, HoldState.APPROVED)
    await house.apply(plan)
    await house.mirror()
    assert [(who, told) for who, _, told in stands(house)] == [("E9", state)]
    [found] = house.sql(
        "SELECT due_on FROM facts.fact_assignment WHERE valid_to = 'infinity' AND withdrawn_at IS NULL"
    )
    assert found["due_on"] == house.clock.now.date() + timedelta(14)
