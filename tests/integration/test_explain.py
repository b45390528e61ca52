"""Why does this person have this course? One look tells, from HR's row to the due date."""

from __future__ import annotations

import pytest

from connector.domain.decisions import DecisionKind
from connector.domain.errors import SettingsError
from connector.domain.plan import HoldState
from connector.explain.explaining import Explanation
from connector.sync.deciding import Decider
from jobs.undo import undo
from tests.integration.mirrored import Learning
from tests.integration.test_several_sources import begin, make_several, of_hr, tell
from tests.support import House, Seen, enrol_by_hand, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
FIELD = 'whoever has unit == "Field"'
HR = Decider("anna", hr=True)


def explained(house: House, key: str = "E1", course: str | None = None, path: str | None = None) -> Explanation:
    return house.connector.explaining.explain(key, course, path)


def why(house: House, key: str = "E1", course: str | None = "SAFE", path: str | None = None) -> list[str]:
    return [str(one) for one in explained(house, key, None if path else course, path).why]


def story(house: House, key: str = "E1", course: str | None = None) -> list[str]:
    """The timeline, each event with its kind."""
    found = explained(house, key, course)
    assert [one.at for one in found.events] == sorted(one.at for one in found.events)
    return [f"{one.kind}: {one.sentence}" for one in found.events]


def told(story: list[str], *parts: str) -> bool:
    """Whether one event tells all of this."""
    return any(all(part in line for part in parts) for line in story)


async def test_by_a_rule_until_it_is_completed(house: House, learning: Learning) -> None:
    """The rule with its condition and what it sees, the row of HR, the due date, and what was learned."""
    await house.settled_in([row("E2"), row("E1", unit="Field")])
    day, due = house.clock.day(), house.clock.day(14)
    because = f'path SAFETY gives it to {FIELD}, and here unit = "Field" (since {day}, feed people-1.csv of hr line 3)'
    assert why(house) == [f"E1 has SAFE because {because}", f"SAFETY-14 is due on {due}"]
    learning.act("complete", "E1", "SAFE")
    await house.mirror()
    first, due_text, done = why(house)
    assert first.startswith("E1 has SAFE because path SAFETY")
    assert due_text == f"SAFETY-14 is due on {due}; open"
    assert done == f"SAFE was completed {day}", "plain functions do not tell when: it was first seen today"
    assert why(house, path="SAFETY")[0].startswith("E1 has SAFE, FIRE because path SAFETY")
    events = story(house)
    assert told(events, "HR: HR named this person for the first time", "feed people-1.csv of hr line 3", "unit Field")
    assert told(events, "Moodle: create account", "plan 1", "done in run 1")
    assert told(events, "Moodle: enrol SAFE (path SAFETY)", "done in run 1", "in the ledger as ours")
    assert told(events, "learning: Moodle shows the enrolment in SAFE")
    assert told(events, "learning: completed SAFE")
    assert events[-1] == f"due: SAFETY-14 is due on {due}; open"
    assert not told(story(house, course="SAFE"), "unit-Field"), "what does not concern it is left out"


async def test_no_rule_gives_it(house: House) -> None:
    """The condition of the path and the values that it sees; the same after a rule has ended."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    assert why(house, "E2") == ['E2 has not got SAFE: path SAFETY asks for unit == "Field", and here unit = "Office"']
    assert why(house, "E2", "NONE") == ["E2 has not got NONE: no learning path of the mapping has this course"]
    await house.settled_in([row("E1"), row("E2")])
    assert why(house)[0].endswith("and it is suspended: no rule gives it any more")
    events = story(house)
    assert told(events, "HR: HR says otherwise, feed people-2.csv of hr line 2", "unit: Field → Office")
    assert told(events, "suspend enrolment SAFE", "done in run 2")


async def test_what_a_manager_assigned_and_hr_waived(house: House) -> None:
    """Who decided, until when and why, in the sentence and in the timeline."""
    people = [row("E1", manager="E2"), row("E2")]
    await house.settled_in(people)
    deciding = house.connector.deciding
    until = (house.clock.now).date().replace(year=house.clock.now.year + 1)
    deciding.decide(DecisionKind.ASSIGN, "E1", "SAFETY", Decider("E2", hr=False), "new tools", None, until)
    await house.settled_in(people)
    assert why(house)[0].startswith(f"E1 has SAFE because it is assigned by E2 until {until}: new tools (since")
    assert told(story(house), "decision: SAFETY: assigned by E2", "new tools")
    people = [row("E1", manager="E2", unit="Field"), row("E2")]
    await house.settled_in(people)
    assert "it is assigned" not in why(house)[0], "a rule goes before"
    deciding.decide(DecisionKind.WAIVE, "E1", "SAFETY-14", HR, "knows it")
    await house.settled_in(people)
    assert "SAFETY-14 is waived by HR (anna): knows it" in why(house)
    assert told(story(house, course="SAFE"), "withdraw requirement SAFETY-14", "waived by HR (anna)")


async def test_what_somebody_else_gave(house: House, moodle: Seen) -> None:
    """It was recognised, and is never taken away."""
    await house.settled_in([row("E1")])
    enrol_by_hand(house, moodle, "E1", "SAFE")
    await house.settled_in([row("E1", unit="Field")])
    assert "somebody else had given it in Moodle before" in why(house)[0]
    assert told(story(house), "recognise enrolment SAFE", "somebody else's, which is never taken away")


async def test_what_somebody_suspended_by_hand(house: House, learning: Learning) -> None:
    """The plan respects it without a word; the first sentence tells it once Moodle was read."""
    await house.settled_in([row("E1", unit="Field")])
    await house.mirror()
    assert "but somebody" not in why(house)[0]
    learning.act("suspend", "E1", "SAFE")
    await house.mirror()
    assert (await house.plan()).size == 0
    assert why(house)[0].endswith(f", but somebody suspended it or let it end in Moodle, seen {house.clock.day()}")
    assert "but somebody" not in why(house, course="FIRE")[0]


async def test_a_course_by_cohort(house: House) -> None:
    """The cohort is named with its course, and whether Moodle enrolled from it."""
    house.edit("paths.yaml", "    enrolment: {role: student, start: none, on_loss: suspend}\n", "    by: cohort\n")
    house.twin.state.add_cohort("Safety", "path-SAFETY")
    house.twin.life.sync_cohort("SAFE", "path-SAFETY")
    await house.settled_in([row("E1", unit="Field")])
    first, second, *_ = why(house)
    assert first.startswith("E1 has cohort path-SAFETY (which Moodle's cohort enrolment leads to SAFE) because path")
    assert second == "whether E1 is enrolled in SAFE was not looked at: Moodle has not been read yet"
    house.clock.forward(hours=1)
    await house.mirror()
    assert why(house)[1].startswith("Moodle shows E1 enrolled in SAFE, since")
    assert why(house, course="FIRE")[1].startswith("Moodle did not show E1 enrolled in FIRE when it was last read")


async def test_what_waits_for_something_else(house: House) -> None:
    """Which course is to be completed first."""
    house.edit("paths.yaml", "code: SAFETY\n", "code: SAFETY\n    order: strict\n")
    await house.settled_in([row("E1", unit="Field")])
    assert why(house, course="FIRE")[0] == "E1 has not got FIRE: path SAFETY gives it once SAFE is completed"
    assert "path SAFETY: enrolment FIRE waits until SAFE is completed" in map(str, explained(house).now)


async def test_what_is_held(house: House) -> None:
    """The class, its limit, and who decided; plans that want the same are told once."""
    people = rows(120)
    await house.settled_in(people)
    gone = [{**one, "status": "left"} if index < 30 else one for index, one in enumerate(people)]
    await house.sync(gone)
    await house.plan()
    assert told(story(house, "E0001"), "plan: suspend account", "wanted by 2 plans", "held: 30 of class suspend")
    plan = await house.plan()
    house.decide(plan, HoldState.APPROVED)
    await house.apply(plan)
    events = story(house, "E0001")
    assert told(events, "hold: 30 of class suspend of plan", "approved by tester")
    assert told(events, "Moodle: suspend account", "done in run")


async def test_an_account_that_is_held(house: House) -> None:
    """What a new person waits for."""
    await house.settled_in(rows(10))
    await house.sync([*rows(10), *rows(40, "N", unit="Field")])
    [only, *_] = why(house, "N0001")
    assert only.startswith("N0001 has not got SAFE: path SAFETY gives it, and it waits for the account: create ")
    assert "held: 40 of class create, the limit is 25 (waiting)" in only


async def test_what_moodle_refused(house: House) -> None:
    """With Moodle's answer and its code."""
    await house.settled_in([row("E1")])
    plan = await house.plan([row("E1", unit="Field")])
    house.twin.life.delete_course("SAFE")
    await house.apply(plan)
    [first, *_] = why(house)
    assert first.startswith("E1 has not got SAFE: path SAFETY gives it: Moodle refused enrol in run 2: ")
    assert told(story(house), "Moodle: enrol SAFE", "refused by Moodle in run 2", "[")


async def test_a_course_that_is_missing(house: House) -> None:
    """The case is named."""
    house.edit("paths.yaml", "courses: [SAFE, FIRE]", "courses: [SAFE, FIRE, NOWHERE]")
    await house.sync([row("E1", unit="Field")])
    assert "case 1, missing_course" in why(house, course="NOWHERE")[0]
    assert told(story(house, course="NOWHERE"), "case: case 1, missing_course of NOWHERE")


async def test_who_has_left(house: House) -> None:
    """By HR's word, or missing from its feeds; and back again."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field"), row("E3")])
    await house.settled_in([row("E1", unit="Field", status="left"), row("E3")])
    assert "HR says not active, feed people-2.csv of hr line 2" in why(house)[0]
    assert "not among the people of HR's feeds since" in " ".join(map(str, explained(house, "E2").now))
    house.clock.forward(hours=25)
    await house.settled_in([row("E1", unit="Field", status="left"), row("E3")])
    assert "not among the people of HR's feeds since" in why(house, "E2")[0]
    house.clock.forward(hours=1)
    await house.settled_in([row("E2", unit="Field"), row("E3")])
    events = story(house, "E2")
    assert told(events, "not among the people of feed people-2.csv of hr: noted")
    assert told(events, "not among the people of feed people-3.csv of hr either: counts as having left")
    assert told(events, "HR: there again in feed people-4.csv of hr")
    assert why(house, "E2")[0].startswith("E2 has SAFE because")


async def test_what_was_lost_in_moodle(house: House, learning: Learning) -> None:
    """The ledger tells that somebody took it away."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    await house.mirror()
    learning.act("unenrol", "E1", "SAFE")
    await house.mirror()
    assert told(story(house), "ledger: enrolment SAFE: taken away in Moodle")


async def test_what_was_taken_back(house: House) -> None:
    """The plan that took a run back, for whom, and that doing it again waits."""
    await house.settled_in([row("E1")])
    await house.settled_in([row("E1", unit="Field")])
    async with house.way() as way:
        taken_back = await undo(way, house.connector.undos, 2, "anna", lambda _: None)
        await way.apply(taken_back.plan)
    await house.sync()
    events = story(house, course="SAFE")
    assert told(events, "which takes run 2 back for anna", "done in run 3")
    assert told(events, "hold: enrolment SAFE: taken back by plan")
    assert "it was taken back by hand" in why(house)[0] or "is suspended" in why(house)[0]


async def test_a_row_that_was_rejected(house: House) -> None:
    """With its reason; of somebody whose every row was bad too."""
    await house.settled_in([row("E1"), row("E2"), row("E3")])
    await house.sync([row("E1", starts="soon"), row("E2"), row("E3"), row("B1", email="no address", unit="Field")])
    assert told(story(house), "HR: a row was rejected, feed people-2.csv of hr line 2: starts:")
    bad = why(house, "B1")[0]
    assert bad.startswith(
        "B1 has not got SAFE: no row of HR could be used; the last one, feed people-2.csv of hr line 5"
    )
    assert "HR never had a row of this key that could be used" in map(str, explained(house, "B1").now)


async def test_several_sources(house: House) -> None:
    """Which source gives which field, and from which file."""
    make_several(house)
    await begin(house)
    now = " | ".join(map(str, explained(house).now))
    assert "source hr, feed people-1.csv of hr line 2: gives firstname, key, lastname, unit" in now
    assert "source directory, feed people-3.csv of directory line 2: gives city, email, username" in now
    await tell(house, "hr", [of_hr("E1", unit="Shop"), of_hr("E2", unit="Lab", boss="E1")])
    assert told(story(house), "HR says otherwise, feed people-4.csv of hr line 2", "unit: Lab → Shop")


async def test_another_mapping(house: House) -> None:
    """By which mapping HR was read, and that today's says otherwise."""
    await house.settled_in([row("E1")])
    house.edit("paths.yaml", 'audience: unit == "Field"', 'audience: unit == "Office"')
    assert "by the mapping of today, by which HR has not been read yet" in why(house)[0]
    assert any("HR was last read by mapping" in str(one) for one in explained(house).now)
    await house.settled_in([row("E1")])
    assert told(story(house), "rules: the rules give something else now, feed people-2.csv of hr line 2", "read by")


async def test_what_nobody_knows(house: House) -> None:
    """A key of nobody, a path that is not there, two questions at once."""
    await house.settled_in([row("E1")])
    for question, says in (
        (("E9", None, None), "nobody with this key"),
        (("E1", None, "NONE"), "no such code; it has LAB, LAB-NOW, SAFETY, SAFETY-14"),
        (("E1", "SAFE", "SAFETY"), "ask for one of the two"),
    ):
        with pytest.raises(SettingsError, match=says):
            explained(house, *question)


async def test_facts_that_cannot_be_reached(house: House) -> None:
    """It is told, and the rest is explained."""
    await house.settled_in([row("E1", unit="Field")])
    house.sql("DROP SCHEMA reporting CASCADE")
    found = explained(house, "E1", "SAFE")
    assert "cannot be reached" in str(found.now[-1])
    assert str(found.why[0]).startswith("E1 has SAFE because")


async def test_a_first_load_writes_no_history(house: House) -> None:
    """Only for people of whom something new is said, once for each feed that says so."""
    await house.settled_in([row("E1"), row("E2")])
    assert house.sql("SELECT FROM connector.person_event") == []
    await house.settled_in([row("E1", unit="Lab", city="Hue"), row("E2")])
    [event] = house.sql("SELECT kind, line, was ->> 'unit' AS unit FROM connector.person_event")
    assert (event["kind"], event["line"], event["unit"]) == ("said", 2, "Office")
