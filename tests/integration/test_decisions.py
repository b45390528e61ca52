"""What people assign and waive stands beside what rules give, for as long as it holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connector.domain.decisions import Decision, DecisionKind
from connector.domain.errors import SettingsError
from connector.domain.plan import Action, HoldState
from connector.sync.deciding import Decider
from tests.support import House, Row, Seen, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
A = Action
HR = Decider("anna", hr=True)
BOSS = Decider("E1", hr=False)


def team(**more: str) -> list[Row]:
    """E1 leads E2, E2 leads E3; E4 stands beside."""
    return [row("E1"), row("E2", manager="E1"), {**row("E3", manager="E2"), **more}, row("E4")]


def day(house: House, days: int) -> date:
    return (house.clock.now + timedelta(days=days)).date()


def decide(house: House, kind: str, code: str, by: Decider = BOSS, days: int | None = 10, **more: object) -> Decision:
    ends_on = day(house, days) if days is not None else None
    deciding = house.connector.deciding
    return deciding.decide(DecisionKind(kind), "E3", code, by, "for the audit", ends_on=ends_on, **more)  # type: ignore[arg-type]


def terms(house: House, target: str) -> dict[str, object]:
    """Of the requirement as the ledger has it now."""
    [found] = house.sql("SELECT terms FROM connector.ledger WHERE target = %s AND ended_at IS NULL", target)
    told: dict[str, object] = found["terms"]
    return told


async def test_a_path_is_assigned_until_its_last_day(house: House, moodle: Seen) -> None:
    """Its courses are given by the next plan, which says who, until when and why; then they end by themselves."""
    await house.settled_in(team())
    decision = decide(house, "assign", "SAFETY")
    plan = await house.plan()
    assert house.does(plan) == [("enrol", "E3", "FIRE"), ("enrol", "E3", "SAFE")]
    assert {change.reason for change in house.changes(plan)} == {
        f"assigned by E1 until {decision.ends_on}: for the audit"
    }
    await house.apply(plan)
    assert moodle.enrolled("SAFE") == {"E3": True}
    assert (await house.plan()).size == 0, "and the reason makes no difference"
    house.clock.forward(days=10)
    assert (await house.plan()).size == 0, "the last day counts whole"
    house.clock.forward(days=1)
    await house.sync()
    assert moodle.enrolled("SAFE") == {"E3": False}
    assert (await house.plan()).size == 0


async def test_a_requirement_comes_with_the_courses_of_its_path(house: House, moodle: Seen) -> None:
    """Due counted from the assignment, so that it can be satisfied."""
    await house.settled_in(team())
    decide(house, "assign", "SAFETY-14")
    await house.settled_in(team())
    assert terms(house, "SAFETY-14")["due_on"] == house.clock.day(14)
    assert moodle.enrolled("FIRE") == {"E3": True}


async def test_what_a_rule_gives_too_is_given_once_and_stays_while_either_holds(house: House, moodle: Seen) -> None:
    """The rule begins and ends, then the assignment does; only then is anything taken."""
    await house.settled_in(team())
    decision = decide(house, "assign", "SAFETY-14", HR, None)
    await house.settled_in(team())
    await house.settled_in(team(unit="Field"))
    assert moodle.enrolled("SAFE") == {"E3": True}
    held = [grant for grant in house.ledger() if grant[2] in ("SAFE", "SAFETY-14")]
    assert len(held) == 2
    plan = await house.plan(team())
    assert house.does(plan, A.SUSPEND_ENROLMENT, A.WITHDRAW_REQUIREMENT) == []
    await house.apply(plan)
    house.connector.deciding.withdraw(decision.number, HR)
    plan = await house.plan()
    assert house.does(plan) == [
        ("suspend_enrolment", "E3", "FIRE"),
        ("suspend_enrolment", "E3", "SAFE"),
        ("withdraw_requirement", "E3", "SAFETY-14"),
    ]


async def test_two_assignments_of_one_course_are_one_grant(house: House, moodle: Seen) -> None:
    """A path, and a requirement with the same path: the course stays until both are over."""
    await house.settled_in(team())
    decide(house, "assign", "SAFETY", days=5)
    decide(house, "assign", "SAFETY-14", days=20)
    await house.settled_in(team())
    house.clock.forward(days=6)
    assert (await house.plan()).size == 0
    house.clock.forward(days=20)
    await house.sync()
    assert moodle.enrolled("SAFE") == {"E3": False}


async def test_a_waived_requirement_is_withdrawn_and_comes_back(house: House) -> None:
    """While the waiver holds, whoever gave the requirement; courses stay. Afterwards days count anew."""
    await house.settled_in(team(unit="Field"))
    decision = decide(house, "waive", "SAFETY-14")
    plan = await house.plan()
    assert house.does(plan) == [("withdraw_requirement", "E3", "SAFETY-14")]
    assert [one.reason for one in house.changes(plan)] == [f"waived by E1 until {decision.ends_on}: for the audit"]
    await house.apply(plan)
    assert (await house.plan()).size == 0
    assert ("E3", "enrolment", "SAFE", True, False) in house.ledger()
    house.clock.forward(days=11)
    await house.settled_in(team(unit="Field"))
    assert terms(house, "SAFETY-14")["due_on"] == house.clock.day(14)


async def test_a_waiver_that_was_a_mistake_leaves_no_trace_in_due_dates(house: House) -> None:
    """Withdrawn, the requirement is due when it was."""
    await house.settled_in(team(unit="Field"))
    due = terms(house, "SAFETY-14")["due_on"]
    decision = decide(house, "waive", "SAFETY-14")
    await house.settled_in(team(unit="Field"))
    house.clock.forward(days=3)
    house.connector.deciding.withdraw(decision.number, BOSS)
    await house.settled_in(team(unit="Field"))
    assert terms(house, "SAFETY-14")["due_on"] == due


async def test_days_are_those_of_the_person(house: House) -> None:
    """In Kiritimati, 14 hours ahead, a decision ends 14 hours before it does in London."""
    house.clock.now = house.clock.now.replace(hour=12)
    people = [*team(zone="Pacific/Kiritimati"), row("E5", manager="E1")]
    await house.settled_in(people)
    begun = house.clock.now
    until = begun.date() + timedelta(days=1)  # where it is tomorrow already, this is today
    deciding = house.connector.deciding
    for person in ("E3", "E5"):
        deciding.decide(DecisionKind.ASSIGN, person, "LAB", BOSS, "for a day", begun.date(), until)
    await house.settled_in(people)
    assert {grant[0] for grant in house.ledger() if grant[2] == "LABS"} == {"E3", "E5"}
    house.clock.forward(hours=23)
    assert house.does(await house.plan()) == [("unenrol", "E3", "LABS")]


async def test_a_decision_for_later_waits_for_its_day(house: House) -> None:
    """Nothing is given before the first day."""
    await house.settled_in(team())
    decide(house, "assign", "SAFETY", days=20, starts_on=day(house, 5))
    assert (await house.plan()).size == 0
    house.clock.forward(days=5)
    assert (await house.plan()).size == 2


async def test_who_has_left_loses_what_was_assigned(house: House, moodle: Seen) -> None:
    """Like other grants; and nothing is assigned to somebody who has left."""
    await house.settled_in(team())
    decide(house, "assign", "SAFETY-14")
    await house.settled_in(team())
    await house.settled_in(team(status="left"))
    assert moodle.enrolled("SAFE") == {"E3": False}
    assert not any(who == "E3" and kind == "assignment" for who, kind, *_ in house.ledger())
    with pytest.raises(SettingsError, match="has left"):
        decide(house, "assign", "LAB")


async def test_no_rule_removes_what_was_assigned(house: House, moodle: Seen) -> None:
    """Another mapping, another unit, another feed: it stays; new courses of the path come with it."""
    await house.settled_in(team())
    decide(house, "assign", "LAB", HR, None)
    await house.settled_in(team())
    await house.settled_in(team(unit="Field"))
    house.edit("paths.yaml", "courses: [LABS]", "courses: [LABS, FIRE]")
    house.edit("paths.yaml", 'audience: unit == "Lab"', 'audience: unit == "Nowhere"')
    plan = await house.plan(team())
    house.decide(plan, HoldState.APPROVED)
    await house.apply(plan)
    assert moodle.enrolled("LABS") == {"E3": True}
    assert moodle.enrolled("FIRE") == {"E3": True}
    assert moodle.enrolled("SAFE") == {"E3": False}


@pytest.mark.parametrize("by", ["E3", "E4"])
async def test_only_those_above_decide(house: House, by: str) -> None:
    """Neither the person nor a colleague; a manager's manager may, and a manager who has left may not."""
    await house.settled_in(team())
    with pytest.raises(SettingsError, match="only somebody above"):
        decide(house, "waive", "SAFETY-14", Decider(by, hr=False))
    decision = decide(house, "waive", "SAFETY-14", Decider("E2", hr=False))
    with pytest.raises(SettingsError, match="only somebody above"):
        house.connector.deciding.withdraw(decision.number, Decider(by, hr=False))
    house.connector.deciding.withdraw(decision.number, BOSS)
    people = team()
    people[1]["status"] = "left"
    await house.settled_in(people)
    with pytest.raises(SettingsError, match="only somebody above"):
        decide(house, "assign", "LAB", Decider("E2", hr=False))


async def test_what_hr_decided_only_hr_takes_back(house: House) -> None:
    """A manager sees it and leaves it."""
    await house.settled_in(team())
    decision = decide(house, "waive", "SAFETY-14", HR, None)
    with pytest.raises(SettingsError, match="only HR"):
        house.connector.deciding.withdraw(decision.number, BOSS)
    assert house.connector.deciding.withdraw(decision.number, HR).withdrawn_at is not None
    with pytest.raises(SettingsError, match="withdrawn already"):
        house.connector.deciding.withdraw(decision.number, HR)
    with pytest.raises(SettingsError, match="no number 99"):
        house.connector.deciding.withdraw(99, HR)


async def test_one_decision_at_a_time(house: House) -> None:
    """A second one on the same thing within the same days is refused; a later one, or after a withdrawal, is not."""
    await house.settled_in(team())
    first = decide(house, "assign", "SAFETY-14")
    with pytest.raises(SettingsError, match="already"):
        decide(house, "waive", "SAFETY-14", HR, None)
    decide(house, "waive", "SAFETY-14", days=20, starts_on=day(house, 11))
    house.connector.deciding.withdraw(first.number, BOSS)
    decide(house, "assign", "SAFETY-14", days=3)
    assert [one.number for one in house.connector.decisions.standing(house.clock())] == [2, 3]
    assert [one.number for one in house.connector.decisions.all()] == [1, 2, 3]
    house.clock.forward(days=4)
    assert [one.number for one in house.connector.decisions.standing(house.clock())] == [2]


async def test_a_plan_made_before_a_decision_is_made_again(house: House) -> None:
    """It would undo what somebody has just decided."""
    await house.settled_in(team())
    plan = await house.plan(team(unit="Field"))
    async with house.way() as way:
        assert way.current(plan) is not None
        decision = decide(house, "waive", "SAFETY-14")
        assert way.current(plan) is None
        plan = await way.plan()
        assert way.current(plan) is not None
        house.connector.deciding.withdraw(decision.number, BOSS)
        assert way.current(plan) is None


async def test_decisions_stand_in_the_audit_trail(house: House) -> None:
    """Who, when and what, and not the reason, which may tell of a person."""
    await house.settled_in(team())
    decision = decide(house, "waive", "SAFETY-14")
    house.connector.deciding.withdraw(decision.number, HR)
    found = house.sql("SELECT actor, action, subject, detail FROM connector.audit_trail ORDER BY entry_id")
    assert [(one["actor"], one["action"], one["subject"]) for one in found] == [
        ("E1", "decision_waive", "1"),
        ("anna", "decision_withdrawn", "1"),
    ]
    assert "audit" not in str(found[0]["detail"])


async def test_many_people_and_few_decisions(house: House) -> None:
    """Of 105 people just one is waived, and just one assigned: the others keep what they have."""
    people = [*rows(105, "F", unit="Field"), *team()]
    await house.settled_in(people)
    deciding = house.connector.deciding
    deciding.decide(DecisionKind.WAIVE, "F0007", "SAFETY-14", HR, "knows it all")
    deciding.decide(DecisionKind.ASSIGN, "F0008", "LAB", HR, "curious")
    assert house.does(await house.plan()) == [
        ("enrol", "F0008", "LABS"),
        ("withdraw_requirement", "F0007", "SAFETY-14"),
    ]
