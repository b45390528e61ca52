"""The views: what they add up is what a count gives, and as-of tells what was true and what was known."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from connector.domain.facts import Extent, Read
from connector.domain.reading import Page, Precision, ReadCertificate, ReadCompletion, ReadEnrolment, ReadGrade
from connector.store.database import query
from tests.integration.facts import fill, summarise
from tests.support import House, Seen, row, rows

NOW = datetime.now(UTC).replace(microsecond=0)
SUMMARIES = {
    "summary_own": "unit, requirement, assigned, satisfied, overdue",
    "summary_compliance": "unit, requirement, assigned, satisfied, overdue",
    "summary_manager": "unit, manager_id, people, assigned, satisfied, overdue, people_overdue, oldest_due_on",
    "summary_course": (
        "unit, course_id, enrolled, completed, graded, average_grade, median_grade, marked, passed, timed, "
        "average_seconds"
    ),
    "summary_expiring": "unit, kind, source, code, in_30, in_60, in_90, first_on",
    "summary_overview": "unit, people, left_people, enrolled, completed, graded, average_score, certificates",
    "summary_activity": "unit, day, completions, certificates",
}


def sums(house: House) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: [tuple(one.values()) for one in house.sql(f"SELECT {columns} FROM facts.{table} ORDER BY 1, 2")]
        for table, columns in SUMMARIES.items()
    }


@pytest.mark.anyio
@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
@pytest.mark.parametrize("seed", range(6))
async def test_what_changes_add_up_to_is_what_a_whole_reckoning_gives(house: House, moodle: Seen, seed: int) -> None:
    """Increments touch units, courses and days only; afterwards everything is as if it had been reckoned anew."""
    dice = random.Random(seed)
    people = [row(f"E{n:02}", unit=dice.choice(["Field", "Lab"]), manager=f"E{n // 4:02}") for n in range(16)]
    people[0]["manager"] = ""
    await house.settled_in(people)
    await house.mirror()
    facts = house.connector.way_back(None).facts  # type: ignore[arg-type]
    way = house.connector.way_back(None)  # type: ignore[arg-type]
    courses = [house.twin.state.course_by_idnumber[name] for name in ("SAFE", "FIRE", "LABS")]
    since = NOW - timedelta(days=9)
    for _ in range(6):
        house.clock.forward(minutes=10)
        page = Page(
            enrolments=[ReadEnrolment(moodle.id("E03"), dice.choice(courses), True, since, Precision.SECOND)],
            completions=[
                ReadCompletion(moodle.id(f"E{dice.randrange(16):02}"), course, dice.random() < 0.8,
                               NOW - timedelta(hours=dice.randrange(100)), Precision.SECOND)
                for course in courses
            ],
            grades=[ReadGrade(moodle.id(f"E{dice.randrange(16):02}"), dice.choice(courses), dice.randrange(100))],
            certificates=[
                ReadCertificate(moodle.id(f"E{dice.randrange(16):02}"), "badge", f"B{dice.randrange(3)}", "T", "Badge",
                                since, NOW + timedelta(days=dice.randrange(1, 80)))
            ],
        )  # fmt: skip
        load = facts.start(Extent.CHANGES, "test", house.clock())
        facts.land(load, page)
        landed = {"enrolments": 1, "completions": 3, "grades": 1, "certificates": 1}
        read = Read(Extent.CHANGES, house.clock(), None, (), landed)
        facts.merge(load, read, way.staff, way.terms, house.clock())
        facts.finish(load, "done", "", house.clock())
    found = sums(house)
    assert sum(one[3] for one in found["summary_compliance"]) > 0, "a seed that proves nothing"
    assert found["summary_expiring"]
    summarise(house.settings.database_url.get_secret_value(), house.clock())
    assert sums(house) == found


def test_who_tells_the_maximum_of_a_course(house: House) -> None:
    """Moodle's report shows each person's own; with that of the best one no grade is above it."""
    facts = house.connector.way_back(None).facts  # type: ignore[arg-type]
    load = facts.start(Extent.EVERYTHING, "test", house.clock())
    facts.land(load, Page([ReadEnrolment(user, course, user != 4) for user in range(1, 5) for course in (10, 11, 12)]))
    facts.land(
        load, Page(grades=[ReadGrade(1, 10, None), ReadGrade(2, 10, 5), ReadGrade(3, 10, 7.5), ReadGrade(4, 10, 9)])
    )
    facts.land(load, Page(grades=[ReadGrade(4, 11, 9), ReadGrade(1, 12, None)]))
    assert facts.samples(load) == {10: 3, 11: 1}


@pytest.mark.anyio
async def test_of_copies_of_a_certificate_one_holds(house: House, moodle: Seen) -> None:
    """A restored course has the issues of customcert again under the same codes: it is not now this one, now that."""
    await house.settled_in([row("E1")])
    await house.mirror()
    way = house.connector.way_back(None)  # type: ignore[arg-type]
    copies = [ReadCertificate(moodle.id("E1"), "customcert", "C0DE", one, "Paper", NOW) for one in ("4", "10")]
    moved = []
    for page in (copies, copies[::-1], copies):
        load = way.facts.start(Extent.CHANGES, "test", house.clock())
        way.facts.land(load, Page(certificates=page))
        read = Read(Extent.CHANGES, house.clock(), None, (), {"certificates": 2})
        loaded = way.facts.merge(load, read, way.staff, way.terms, house.clock()).loaded
        way.facts.finish(load, "done", "", house.clock())
        moved += [(one.begun, one.ended) for one in loaded if one.fact == "certificates"]
    assert moved == [(1, 0), (0, 0), (0, 0)]


def told(url: str, text: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text.encode(), values).fetchall()


def test_as_of_a_date(database_url: str) -> None:
    """What was true then, by what was known then, and by what is known now; people are where they were."""
    fill(database_url, NOW)
    began = NOW - timedelta(days=30)

    def state(who: str, requirement: str, at: datetime, known: datetime | None = None) -> list[tuple[Any, ...]]:
        return told(
            database_url,
            "SELECT state, unit FROM reporting.compliance_as_of(%s, COALESCE(%s, now())) "
            "WHERE hr_key = %s AND requirement = %s",
            at, known, who, requirement,
        )  # fmt: skip

    assert state("N1", "SAFE-R", NOW) == [("satisfied", "North-1")]
    assert state("N1", "SAFE-R", began + timedelta(hours=30)) == [("open", "North-1")]
    late = NOW - timedelta(days=1)
    assert state("N1", "FIRE-R", late) == [("overdue", "North-1")]
    assert state("N1", "SAFE-R", late, began + timedelta(hours=1)) == [("overdue", "North-1")], "it was not known yet"
    assert state("N-moved", "FIRE-R", NOW - timedelta(days=20)) == [("open", "South")], "where they were then"
    assert state("N-moved", "FIRE-R", NOW) == [("overdue", "North")]
    assert state("N1", "SAFE-R", began - timedelta(days=1)) == [], "facts begin with the first mirror"


def test_as_of_now_is_compliance_now(database_url: str) -> None:
    """Both ways to ask give the same."""
    fill(database_url, NOW)
    columns = "hr_key, requirement, cycle, assigned_on, due_on, satisfied_at, expires_on, state, unit, manager_key"
    now = told(database_url, f"SELECT {columns} FROM reporting.compliance_now ORDER BY 1, 2")
    assert now == told(database_url, f"SELECT {columns} FROM reporting.compliance_as_of(now()) ORDER BY 1, 2") != []


def test_changes_of_grades(database_url: str) -> None:
    """The first one, a better one and one that went away, each with its cause and both times."""
    fill(database_url, NOW)
    told_now = told(
        database_url,
        "SELECT old_grade, new_grade, cause, effective_at = observed_at FROM reporting.grade_changes "
        "WHERE hr_key = 'N1' AND item_type = 'course' ORDER BY observed_at",
    )
    assert told_now == [(None, 54, "first", True), (54, 59, "regrade", True)]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE facts.fact_grade SET valid_to = %s, ended_by = 'unenrolment' WHERE moodle_id = 90704 "
            "AND valid_to = 'infinity'",
            [NOW],
        )
        for each in ("nothing_landed", "begin_own"):
            connection.execute(query(f"history.{each}"), {"now": NOW})
    [*_, last] = told(
        database_url,
        "SELECT old_grade, new_grade, cause, effective_at FROM reporting.grade_changes "
        "WHERE hr_key = 'N1' ORDER BY observed_at",
    )
    assert last == (59, None, "unenrolment", None)


def test_courses_are_counted_plainly(database_url: str) -> None:
    """Rates, median and time equal a plain reckoning; without a pass mark there is no rate, without times no time."""
    fill(database_url, NOW)
    [safe, fire] = told(
        database_url,
        "SELECT enrolled, completed, completion_rate, average_grade, median_grade, pass_rate, timed, average_days "
        "FROM reporting.course_performance ORDER BY shortname DESC",
    )
    numbers = range(701, 711)
    grades = sorted(55 + number % 10 for number in numbers)
    days = sum(number % 7 + 1 for number in numbers) / 10
    passed = 100 * sum(grade >= 60 for grade in grades) / 10
    assert safe == (10, 10, 100, sum(grades) / 10, (grades[4] + grades[5]) / 2, passed, 10, days)
    assert fire == (10, 0, 0, None, None, None, 0, None)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE facts.fact_grade SET minimum = 0, maximum = 200 WHERE value >= 60")
    summarise(database_url, NOW)
    scores = [grade / 2 if grade >= 60 else grade for grade in grades]
    [(average,)] = told(database_url, "SELECT average_score FROM reporting.executive_overview")
    assert average == pytest.approx(sum(scores) / 10), "of the points that each person's own total can have"
    assert told(database_url, "SELECT DISTINCT grade, maximum_grade, grade_percent FROM reporting.enrolments "
                "WHERE grade IN (59, 60) ORDER BY grade") == [(59, 100, 59), (60, 200, 30)]  # fmt: skip
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE facts.fact_completion SET precision = 'seen by'")
    summarise(database_url, NOW)
    assert told(database_url, "SELECT average_days FROM reporting.course_performance WHERE timed > 0") == []


@pytest.mark.anyio
@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
async def test_what_looks_wrong_is_listed(house: House, moodle: Seen) -> None:
    """Each finding with its number, examples and what to do; nothing is found where all is well."""
    people = [*rows(3, unit="Field", manager="E0001"), row("L1", unit="Lab", manager="E0001")]
    people[0]["manager"] = ""
    await house.settled_in(people)
    await house.mirror()

    def findings() -> dict[str, tuple[int, list[str]]]:
        found = house.sql("SELECT finding, found, examples, advice FROM reporting.data_quality")
        assert all(one["advice"] for one in found)
        return {one["finding"]: (one["found"], one["examples"]) for one in found}

    assert findings() == {"manager_unknown": (1, ["E0001"])}
    state = house.twin.state
    with state.lock:
        state.courses[state.course_by_idnumber["FIRE"]].enablecompletion = False
        course = state.courses[state.course_by_idnumber["LABS"]]
        course.enrolments.pop(moodle.id("L1"))
    house.clock.forward(hours=1)
    await house.mirror()
    found = findings()
    assert found["completion_off"] == (1, ["SAFETY-14: FIRE"])
    assert found["enrolment_missing"] == (1, ["L1: LABS"])
    assert found["healed"][0] >= 2


def test_everyone_below(database_url: str) -> None:
    """Of a unit and of a manager, at any distance."""
    fill(database_url, NOW)
    north = {"N-boss", "N1", "N2", "N-lent", "N-moved"}
    assert {key for (key,) in told(database_url, "SELECT hr_key FROM reporting.below_unit('North')")} == north
    below = {key for (key,) in told(database_url, "SELECT hr_key FROM reporting.below_manager('N-boss')")}
    assert below == {"N1", "N2", "N-moved", "S2"}
    everybody = told(database_url, "SELECT hr_key FROM reporting.below_manager('T-boss')")
    assert len(everybody) == 9


def test_what_expires(database_url: str) -> None:
    """Requirements and certificates, with days left, soonest first, until they are renewed."""
    fill(database_url, NOW)
    found = told(database_url, "SELECT kind, hr_key, days_left, renewed FROM reporting.expiring WHERE hr_key = 'N1'")
    number = 704
    today = datetime.now(UTC).date()
    expires = ((NOW - timedelta(days=30) + timedelta(days=number % 7 + 1)) + timedelta(days=61)).date()
    assert sorted(found) == [
        ("certificate", "N1", number % 50 + 1, None), ("requirement", "N1", (expires - today).days, False),
    ]  # fmt: skip
