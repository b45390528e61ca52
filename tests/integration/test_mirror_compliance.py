"""Requirements in the facts: who has done what, who is late, and when it must be done again."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.integration.mirrored import COURSES, Learning
from tests.support import House, Row, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


def expected(house: House, moodle: Seen, people: list[Row], today: date) -> list[tuple[Any, ...]]:
    """Plainly: (who, manager, requirement, due, state) for each requirement of each active person."""
    state = moodle.state
    paths = {"SAFETY-14": ("SAFE", "FIRE"), "LAB-NOW": ("LABS",)}
    due = {"SAFETY-14": today + timedelta(days=14), "LAB-NOW": date(2020, 1, 1)}
    keys = {one["id"] for one in people}
    told = []
    for one in people:
        requirement = {"Field": "SAFETY-14", "Lab": "LAB-NOW"}.get(one["unit"])
        if one["status"] != "active" or requirement is None:
            continue
        user = moodle.id(one["id"])
        courses = [state.courses[state.course_by_idnumber[name]] for name in paths[requirement]]
        done = all(user in course.completions for course in courses)
        late = due[requirement] < datetime.now(UTC).date()
        manager = one["manager"] if one["manager"] in keys and one["manager"] != one["id"] else None
        told.append(
            (one["id"], manager, requirement, due[requirement], "satisfied" if done else "overdue" if late else "open")
        )
    return sorted(told)


@pytest.mark.parametrize("seed", range(3))
async def test_the_reports_tell_the_truth(house: House, moodle: Seen, learning: Learning, seed: int) -> None:
    """Compliance now and overdue by manager equal a plain reckoning from the feed and the twin."""
    dice = random.Random(seed)
    today = house.clock.now.date()
    people = [
        row(f"E{n:03}", unit=dice.choice(["Field", "Lab", "Lab", "Office"]), manager=f"E{dice.randrange(4):03}")
        for n in range(40)
    ]
    for n in range(4):
        people[n]["manager"] = f"E{n - 1:03}" if n else ""
    await house.settled_in(people)
    for one in people:
        for course in COURSES:
            if dice.random() < 0.6:
                learning.act("complete", one["id"], course)
    await house.mirror()
    for n in dice.sample(range(4, 40), 5):
        people[n] = {**people[n], "status": "left"}
    await house.settled_in(people)
    await house.mirror()

    wanted = expected(house, moodle, people, today)
    found = house.sql(
        "SELECT hr_key, manager_key, requirement, due_on, state FROM reporting.compliance_now ORDER BY 1, 3"
    )
    assert [tuple(one.values()) for one in found] == wanted
    overdue: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for who, manager, _, due_on, state in wanted:
        if state == "overdue":
            overdue[manager or ""].append((who, due_on))
    assert overdue, "a seed that proves nothing"
    told = house.sql("SELECT manager_key, overdue, people, oldest_due_on FROM reporting.overdue_by_manager")
    assert {one["manager_key"]: (one["overdue"], one["people"], one["oldest_due_on"]) for one in told} == {
        manager: (len(late), len({who for who, _ in late}), min(due for _, due in late))
        for manager, late in overdue.items()
    }
    reports = house.connector.reports
    assert [one["manager_key"] for one in reports.overdue_by_manager(2)] == [
        manager for manager, _ in sorted(overdue.items(), key=lambda one: (-len(one[1]), one[0]))
    ][:2]
    by_requirement = {one["requirement"]: one for one in reports.compliance()}
    for code in {one[2] for one in wanted}:
        states = [one[4] for one in wanted if one[2] == code]
        assert by_requirement[code]["people"] == len(states)
        for state in ("satisfied", "open", "overdue"):
            assert by_requirement[code][state] == states.count(state)
    assert reports.people() == {"active": 35, "left": 5}
    assert sum(one["assignments"] for one in reports.by_unit()) == len(wanted)
    enrolled = {one["shortname"]: one["enrolled"] for one in reports.courses()}
    assert enrolled == {name: sum(moodle.enrolled(name).values()) for name in COURSES}
    assert [one["hop"] for one in reports.freshness()] == ["changes", "everything", "feed", "people"]


async def test_recertification_goes_in_cycles(house: House, learning: Learning) -> None:
    """When the window opens the next cycle begins, due when the former one expires; a new completion satisfies it."""
    due = "due: {days_after_assignment: 14}"
    house.edit("requirements.yaml", due, f"{due}, recertify: {{months: 12, window_days: 30}}")
    await house.settled_in([row("E1", unit="Field")])
    begun = house.clock.now
    for course in ("SAFE", "FIRE"):
        learning.life.complete("e1", course, int(begun.timestamp()))
    await house.mirror()

    def cycles() -> list[tuple[Any, ...]]:
        found = house.sql(
            "SELECT cycle, due_on, satisfied_at IS NOT NULL AS done, expires_on FROM facts.fact_assignment "
            "WHERE valid_to = 'infinity' AND requirement = 'SAFETY-14' ORDER BY cycle"
        )
        return [tuple(one.values()) for one in found]

    first = cycles()
    assert [one[0] for one in first] == [1]
    expires = first[0][3]
    assert (expires - begun.date()).days in (364, 365, 366)
    house.clock.forward(days=(expires - begun.date()).days - 31)
    await house.mirror()
    assert cycles() == first, "the window is not open yet"
    house.clock.forward(days=2)
    await house.mirror()
    assert cycles() == [first[0], (2, expires, False, None)]
    for course in ("SAFE", "FIRE"):
        learning.act("reset", "E1", course)
    await house.mirror()
    assert cycles() == [first[0], (2, expires, False, None)], "what was satisfied stays so"
    for course in ("SAFE", "FIRE"):
        learning.life.complete("e1", course, int(house.clock.now.timestamp()))
    await house.mirror()
    again = cycles()
    assert [(one[0], one[2]) for one in again] == [(1, True), (2, True)]
    assert again[1][3] > expires
    attempts = house.sql("SELECT attempt, completed FROM facts.fact_completion ORDER BY course_id, valid_from")
    assert [tuple(one.values()) for one in attempts] == [(1, True), (2, False), (2, True)] * 2
