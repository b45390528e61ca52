"""The way back: facts are what Moodle has, history is kept, and the reports tell the truth."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.moodle.twin.enrolments import enrol, unenrol
from connector.domain.errors import AccessRefused, HoldClass, TryAgain
from connector.domain.facts import Extent
from connector.domain.plan import HoldState
from connector.domain.reading import Page, ReadEnrolment
from tests.support import House, Row, Seen, assert_whole, fail, row, rows

pytestmark = [pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
COURSES = ("SAFE", "FIRE", "LABS")
FACTS = ("fact_enrolment", "fact_completion", "fact_grade", "fact_assignment", "dim_person", "dim_course")


class Learning:
    """What learners, teachers and administrators do in Moodle itself, by the idnumber of the person."""

    def __init__(self, house: House, moodle: Seen) -> None:
        self.state, self.life, self.moodle = house.twin.state, house.twin.life, moodle

    def course(self, name: str) -> Any:
        return self.state.courses[self.state.course_by_idnumber[name]]

    def enrolled(self, who: str, course: str) -> bool:
        return self.moodle.id(who) in self.course(course).enrolments

    def act(self, what: str, who: str, course: str, points: float = 0) -> None:
        """Do one thing; grades and completions need an enrolment, as in Moodle."""
        with self.state.lock:
            ids = {"userid": self.moodle.id(who), "courseid": self.course(course).id}
            if what == "enrol":
                times = {"timestart": 0, "timeend": 0}
                enrol(self.state, {"enrolments": [{**ids, **times, "roleid": 5, "suspend": 0}]})
            elif not self.enrolled(who, course):
                return
            elif what == "suspend":
                times = {"timestart": 0, "timeend": 0}
                enrol(self.state, {"enrolments": [{**ids, **times, "roleid": 5, "suspend": 1}]})
            elif what == "unenrol":
                unenrol(self.state, {"enrolments": [ids]})
            elif what == "complete":
                self.life.complete(who.lower(), course, 1_700_000_000)
            elif what == "reset":
                self.course(course).completions.pop(ids["userid"], None)
            elif what == "grade":
                self.life.grade(who.lower(), course, points, 1_700_000_000 + int(points))
            elif what == "clear":
                self.life.grade(who.lower(), course, None)


def now(house: House, table: str, *columns: str) -> set[tuple[Any, ...]]:
    """What holds now."""
    found = house.sql(f"SELECT {', '.join(columns)} FROM facts.{table} WHERE valid_to = 'infinity'")
    rows_now = [tuple(one[name] for name in columns) for one in found]
    assert len(rows_now) == len(set(rows_now))
    return set(rows_now)


def history(house: House) -> dict[str, list[str]]:
    return {
        table: [one["text"] for one in house.sql(f"SELECT t::text AS text FROM facts.{table} t ORDER BY 1")]
        for table in FACTS
    }


def check(house: House, moodle: Seen) -> None:
    """Facts equal the twin's state: enrolments of everybody, grades and completions of those in force."""
    state = moodle.state
    managed = {one["account_id"] for one in house.sql("SELECT account_id FROM connector.binding")}
    enrolments, active = set(), set()
    completions, grades = {}, set()
    for name in COURSES:
        course = state.courses[state.course_by_idnumber[name]]
        for user, one in course.enrolments.items():
            if user not in managed:
                continue
            enrolments.add((user, course.id, not one.suspended))
            if not one.suspended:
                active.add((user, course.id))
                completions[user, course.id] = user in course.completions
                grade = course.grades.get(user)
                if grade:
                    grades.add((user, course.id, grade.value))
    assert now(house, "fact_enrolment", "moodle_id", "course_id", "active") == enrolments
    held = now(house, "fact_grade", "moodle_id", "course_id", "value")
    assert {one for one in held if one[:2] in active} == grades
    assert {one[:2] for one in held} <= {one[:2] for one in enrolments}, (
        "a grade goes with the enrolment, as in Moodle"
    )
    found = {(u, c): done for u, c, done in now(house, "fact_completion", "moodle_id", "course_id", "completed")}
    assert {key: found.get(key) for key in active} == completions


def no_overlaps(house: House) -> None:
    """Versions of one thing follow each other; none begins before the one before it ended."""
    keys = {
        "fact_enrolment": "moodle_id, course_id",
        "fact_completion": "moodle_id, course_id",
        "fact_grade": "moodle_id, course_id",
        "fact_assignment": "grant_id, cycle",
        "dim_person": "person_id",
        "dim_course": "course_id",
    }
    for table, key in keys.items():
        wrong = house.sql(
            f"SELECT FROM (SELECT *, lead(valid_from) OVER (PARTITION BY {key} ORDER BY valid_from) AS next "
            f"FROM facts.{table}) v WHERE valid_from >= valid_to OR next < valid_to"
        )
        assert wrong == [], table


EVENTS = ["enrol", "enrol", "complete", "reset", "grade", "grade", "clear", "unenrol", "suspend", "look", "glance"]
steps = st.lists(
    st.tuples(
        st.sampled_from(EVENTS),
        st.sampled_from(["E0001", "E0002", "E0003"]),
        st.sampled_from(COURSES),
        st.integers(0, 100),
    ),
    max_size=25,
)


@pytest.mark.parametrize("reader", ["plain", "reports"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_facts_are_what_moodle_has(
    house: House, moodle: Seen, reader: str, events: list[tuple[str, str, str, int]]
) -> None:
    """After any sequence of enrolling, learning, grading, resetting and leaving, looked at by either reader."""

    async def story() -> None:
        if not moodle.people():
            await house.sync([*rows(3, unit="Field"), row("L1", unit="Lab")])
            if reader == "reports":
                await house.make_reports()
        learning = Learning(house, moodle)
        for what, who, course, points in events:
            if what == "look":
                await house.mirror()
                check(house, moodle)
            elif what == "glance":
                await house.mirror(Extent.CHANGES)
            else:
                learning.act(what, who, course, points)
        await house.mirror()
        assert house.sql("SELECT reader FROM facts.load ORDER BY load_id DESC LIMIT 1") == [{"reader": reader}]

    anyio.run(story)
    check(house, moodle)
    no_overlaps(house)


@pytest.mark.anyio
async def test_a_second_look_at_the_same_changes_nothing(house: House, moodle: Seen) -> None:
    """No new versions where nothing is new; the counts say so."""
    await house.settled_in(rows(3, unit="Field"))
    learning = Learning(house, moodle)
    learning.act("complete", "E0001", "SAFE")
    learning.act("grade", "E0001", "SAFE", 80)
    first = {one.fact: (one.rows, one.begun, one.ended) for one in await house.mirror()}
    assert first == {
        "people": (3, 3, 0), "units": (1, 1, 0), "courses": (3, 3, 0), "enrolments": (6, 6, 0),
        "completions": (6, 6, 0), "grades": (1, 1, 0), "certificates": (0, 0, 0), "assignments": (3, 3, 0),
    }  # fmt: skip
    before = history(house)
    again = await house.mirror()
    assert {(one.begun, one.ended) for one in again} == {(0, 0)}
    assert history(house) == before


@pytest.mark.anyio
async def test_history_says_what_was_true_when(house: House, moodle: Seen) -> None:
    """A grade, a better one, none, and a worse one: each with its time, and gaps where there was none."""
    await house.settled_in(rows(1, unit="Field"))
    learning = Learning(house, moodle)
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


@pytest.mark.anyio
async def test_a_reset_keeps_that_it_was_completed_once(house: House, moodle: Seen) -> None:
    """The old version ends, and a new one says that it is not completed."""
    await house.settled_in(rows(1, unit="Field"))
    learning = Learning(house, moodle)
    for what in ("complete", "reset"):
        learning.act(what, "E0001", "SAFE")
        house.clock.forward(hours=1)
        await house.mirror()
    course = learning.course("SAFE").id
    found = house.sql(
        "SELECT completed, attempt FROM facts.fact_completion WHERE course_id = %s ORDER BY valid_from", course
    )
    assert [(one["completed"], one["attempt"]) for one in found] == [(True, 1), (False, 2)]


@pytest.mark.anyio
async def test_a_leavers_grade_is_kept(house: House, moodle: Seen) -> None:
    """Moodle's report shows no suspended participants: that is no reason to think that the grade is gone."""
    people = [row("E1", unit="Field"), row("E2")]
    await house.settled_in(people)
    learning = Learning(house, moodle)
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


@pytest.mark.anyio
async def test_only_managed_people_are_in_the_facts(house: House, moodle: Seen) -> None:
    """Somebody who was enrolled by hand and is in no feed does not appear."""
    await house.settled_in(rows(1, unit="Field"))
    moodle.add("stranger", idnumber="S1")
    learning = Learning(house, moodle)
    learning.act("enrol", "S1", "SAFE")
    learning.life.grade("stranger", "SAFE", 90)
    await house.mirror()
    stranger = moodle.id("S1")
    for table in ("fact_enrolment", "fact_completion", "fact_grade"):
        assert house.sql(f"SELECT FROM facts.{table} WHERE moodle_id = %s", stranger) == []


@pytest.mark.anyio
@pytest.mark.parametrize("where", ["core_enrol_get_enrolled_users", "gradereport_user_get_grade_items", "killed"])
async def test_a_reading_that_breaks_off_leaves_the_facts_as_they_were(house: House, moodle: Seen, where: str) -> None:
    """Moodle goes away in the middle, or the process does: nothing of it shows, and the next one puts it right."""
    await house.settled_in(rows(3, unit="Field"))
    await house.mirror()
    learning = Learning(house, moodle)
    for who in ("E0001", "E0002"):
        learning.act("complete", who, "SAFE")
        learning.act("grade", who, "FIRE", 66)
    learning.act("unenrol", "E0003", "SAFE")
    before = history(house)
    if where == "killed":
        facts = house.connector.way_back(None).facts  # type: ignore[arg-type]
        load = facts.start(Extent.EVERYTHING, "plain", house.clock())
        facts.land(load, Page(enrolments=[ReadEnrolment(4, 2, True)]))
    else:
        fail(house, "error500", where, times=50)
        with pytest.raises(TryAgain):
            await house.mirror()
    assert history(house) == before
    house.twin.faults.clear()
    await house.mirror()
    check(house, moodle)
    no_overlaps(house)
    runs = house.sql("SELECT status, detail FROM facts.load ORDER BY load_id")
    assert [one["status"] for one in runs] == ["done", "stopped", "done"]
    assert runs[1]["detail"]
    assert house.sql("SELECT FROM facts.landing_enrolment") == []


@pytest.mark.anyio
async def test_a_revoked_token_ends_the_reading(house: House, moodle: Seen) -> None:
    """A person must act; the facts stay."""
    await house.settled_in(rows(2, unit="Field"))
    await house.mirror()
    before = history(house)
    fail(house, "revoked", "core_user_get_users_by_field", times=50)
    with pytest.raises(AccessRefused):
        await house.mirror()
    assert history(house) == before


@pytest.mark.anyio
async def test_people_and_courses_have_a_history_too(house: House, moodle: Seen) -> None:
    """A move, a leaver and a renamed course are versions, and names stand apart."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    await house.mirror()
    learning = Learning(house, moodle)
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
    courses = house.sql("SELECT fullname FROM facts.dim_course WHERE idnumber = 'SAFE' ORDER BY valid_from")
    assert [one["fullname"] for one in courses] == ["SAFE", "Safety, second edition"]
    assert {what for what, _ in seen} == {"people", "completions", "enrolments", "grades", "certificates"}
    no_overlaps(house)


@pytest.mark.anyio
async def test_an_empty_company_is_mirrored_too(house: House) -> None:
    """Before the first apply there is nothing to read, which is no error."""
    assert {one.rows for one in await house.mirror() if one.fact != "courses"} == {0}


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


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(3))
async def test_the_reports_tell_the_truth(house: House, moodle: Seen, seed: int) -> None:
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
    learning = Learning(house, moodle)
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


@pytest.mark.anyio
async def test_what_was_taken_away_by_hand_is_given_again(house: House, moodle: Seen) -> None:
    """An unenrolment, a cohort member removed: noticed by a full reading, mended by the plan."""
    people = [*rows(3, unit="Field"), row("L1", unit="Lab")]
    await house.settled_in(people)
    await house.mirror()
    learning = Learning(house, moodle)
    cohort, members = next((name, who) for name, who in moodle.cohorts().items() if "E0001" in who)
    learning.act("unenrol", "E0001", "SAFE")
    with house.twin.state.lock:
        found = house.twin.state.cohorts[house.twin.state.cohort_by_idnumber[cohort]]
        found.members.pop(moodle.id("E0002"))
    assert (await house.plan()).size == 0, "nobody has looked yet"
    await house.mirror()
    assert house.does(await house.plan()) == [
        ("add_to_cohort", "E0002", cohort),
        ("enrol", "E0001", "SAFE"),
    ]
    await house.sync()
    assert moodle.cohort(cohort) == members
    await assert_whole(house, moodle, people)
    await house.mirror()
    await assert_whole(house, moodle, people)


@pytest.mark.anyio
async def test_what_is_granted_while_moodle_is_read_is_not_judged_by_it(house: House, moodle: Seen) -> None:
    """The reading began before: what it did not see may have come since."""
    people = rows(2, unit="Field")
    await house.settled_in(people)
    await house.mirror()
    Learning(house, moodle).act("unenrol", "E0001", "SAFE")
    house.sql("UPDATE connector.ledger SET granted_at = now() + interval '1 day' WHERE target = 'SAFE'")
    await house.mirror()
    assert (await house.plan()).size == 0


@pytest.mark.anyio
async def test_units_and_managers_form_a_tree_with_history(house: House, moodle: Seen) -> None:
    """Everyone below somebody is one join; a move closes the old branch; managers in a circle end somewhere."""
    house.edit("mapping.yaml", "  unit: ", '  units_above: {column: cost, separator: ">"}\n  unit: ')
    people = [
        row("E1", unit="North", cost="Company>Sales"),
        row("E2", unit="South", cost="Company>Sales", manager="E1"),
        row("E3", unit="South", cost="Company>Sales>South", manager="E2"),
    ]
    await house.settled_in(people)
    await house.mirror()
    assert now(house, "dim_org_unit", "unit", "parent") == {
        ("Company", None), ("Sales", "Company"), ("North", "Sales"), ("South", "Sales"),
    }  # fmt: skip
    below = {
        (above, unit) for above, unit, distance in now(house, "unit_closure", "above", "unit", "distance") if distance
    }
    assert below == {
        (a, u) for a, us in {"Company": ("Sales", "North", "South"), "Sales": ("North", "South")}.items() for u in us
    }
    keys = {one["person_id"]: one["hr_key"] for one in house.sql("SELECT person_id, hr_key FROM facts.dim_person")}
    led = {
        (keys[m], keys[p], d) for m, p, d in now(house, "manager_closure", "manager_id", "person_id", "distance") if d
    }
    assert led == {("E1", "E2", 1), ("E1", "E3", 2), ("E2", "E3", 1)}
    people[2] = row("E3", unit="South", cost="Company>Service>South", manager="E1")
    people[1] = row("E2", unit="South", cost="Company>Service", manager="E1")
    held = await house.plan(people)
    house.decide(held, HoldState.APPROVED)
    await house.apply(held)
    house.clock.forward(days=1)
    await house.mirror()
    assert ("Service", "South", 1) in now(house, "unit_closure", "above", "unit", "distance")
    assert ("Sales", "South", 1) not in now(house, "unit_closure", "above", "unit", "distance")
    assert house.sql(
        "SELECT 1 AS one FROM facts.unit_closure WHERE above = 'Sales' AND unit = 'South' AND valid_to < 'infinity'"
    )
    led = {
        (keys[m], keys[p], d) for m, p, d in now(house, "manager_closure", "manager_id", "person_id", "distance") if d
    }
    assert led == {("E1", "E2", 1), ("E1", "E3", 1)}


@pytest.mark.anyio
async def test_recertification_goes_in_cycles(house: House, moodle: Seen) -> None:
    """When the window opens the next cycle begins, due when the former one expires; a new completion satisfies it."""
    due = "due: {days_after_assignment: 14}"
    house.edit("requirements.yaml", due, f"{due}, recertify: {{months: 12, window_days: 30}}")
    await house.settled_in([row("E1", unit="Field")])
    learning = Learning(house, moodle)
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


@pytest.mark.anyio
async def test_what_many_lose_at_once_waits_for_a_person(house: House, moodle: Seen) -> None:
    """A report that hides people looks like a course that was emptied: the ledger stays until somebody decides."""
    people = rows(40, unit="Field")
    await house.settled_in(people)
    await house.mirror()
    learning = Learning(house, moodle)
    for one in people[:30]:
        learning.act("unenrol", one["id"], "SAFE")
    with pytest.raises(HoldClass, match="--give-again"):
        await house.mirror()
    check(house, moodle)
    assert (await house.plan()).size == 0
    await house.mirror(give_again=True)
    assert (await house.plan()).size == 30
    await house.sync()
    await assert_whole(house, moodle, people)


@pytest.mark.anyio
async def test_what_was_learned_goes_with_the_account(house: House, moodle: Seen) -> None:
    """Somebody is hired again under a new key: the account is theirs, and so is what was learned with it."""
    await house.settled_in([row("OLD", unit="Field")])
    learning = Learning(house, moodle)
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


@pytest.mark.anyio
async def test_visits_are_told_without_reading_everybody(house: House, moodle: Seen) -> None:
    """A visit does not change an account; the reports tell who was there since the last look, in the same request."""
    await house.settled_in(rows(3, unit="Field"))
    await house.make_reports()
    await house.mirror()
    house.clock.forward(hours=2)
    Learning(house, moodle).life.access("e0002", at=int(house.clock.now.timestamp()))
    before = house.twin.state.calls["tool_mobile_call_external_functions"]
    await house.mirror(Extent.CHANGES)
    assert house.twin.state.calls["tool_mobile_call_external_functions"] - before == 2
    found = house.sql("SELECT hr_key FROM reporting.people WHERE accessed_at > now()")
    assert found == [{"hr_key": "E0002"}]


@pytest.mark.anyio
async def test_a_run_without_changes_is_no_news_for_the_facts(house: House, moodle: Seen) -> None:
    """People and sums are reckoned anew only where HR, the ledger or Moodle said something."""
    await house.settled_in(rows(2, unit="Field"))
    await house.mirror()
    staff = house.connector.way_back(None).staff  # type: ignore[arg-type]
    before = staff.basis(house.clock.now)
    await house.sync()
    assert staff.basis(house.clock.now) == before
    await house.sync([*rows(2, unit="Field"), row("E9")])
    assert staff.basis(house.clock.now) != before


@pytest.mark.anyio
async def test_a_clock_that_is_put_back_breaks_no_history(house: House, moodle: Seen) -> None:
    """Somebody corrects the clock by a day: what changes then begins after what was known, and nothing is refused."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    learning = Learning(house, moodle)
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
