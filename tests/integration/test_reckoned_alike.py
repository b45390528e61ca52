"""What was made quick tells the very same as the plain reckoning before it, whatever a company is like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from connector.store.database import query

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
BEFORE = dict(
    part.split("\n", 1)
    for part in re.split(
        r"^-- name: ", Path(__file__).with_name("reckoned_before.sql").read_text("utf-8"), flags=re.MULTILINE
    )[1:]
)
"""By the names of the queries that have taken their place."""
NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO, TODAY = NOW - timedelta(days=100), NOW.date()
PEOPLE, COURSES, UNITS, JOBS, ZONES = (
    range(1, 9),
    range(1, 5),
    ("U1", "U2", ""),
    ("J1", "J2", ""),
    ("UTC", "Asia/Taipei"),
)
COMPANIES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
dice = st.integers(0, 2**32).map(Random)


@pytest.fixture
def facts(module_database_url: str) -> Iterator[Connection]:
    with psycopg.Connection[Row].connect(module_database_url, row_factory=dict_row) as connection:
        yield connection


def put(connection: Connection, table: str, rows: list[Row]) -> None:
    for one in rows:
        names, places = ", ".join(one), ", ".join(f"%({name})s" for name in one)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})".encode(), one)


def company(connection: Connection, dice: Random) -> None:
    """A few people, some of them with two accounts, left or of a job before, with all that a course has of them.
    Whatever holds no more stands beside what holds."""
    maybe, some = (lambda share: dice.random() < share), (lambda all_of_them: dice.choice(list(all_of_them)))
    connection.execute("SET LOCAL session_replication_role = replica")
    put(connection, "facts.dim_org_unit", [{"unit": one, "name": one, "valid_from": LONG_AGO} for one in UNITS[:2]])
    closure = [{"above": one, "unit": one, "distance": 0, "valid_from": LONG_AGO} for one in UNITS[:2]]
    put(connection, "facts.unit_closure", closure)
    for person in PEOPLE:
        ended = [False, *[True] * maybe(0.3)]
        put(connection, "facts.dim_person", [
            {"person_id": person, "hr_key": f"E{person}", "moodle_id": person + 100,
             "unit": some(UNITS), "job_role": some(JOBS), "status": "active" if maybe(0.8) else "left",
             "timezone": some(ZONES),
             "valid_from": LONG_AGO - timedelta(days=9 * old), "valid_to": LONG_AGO if old else "infinity"}
            for old in ended
        ])  # fmt: skip
        if maybe(0.8):
            put(
                connection,
                "facts.person_name",
                [{"person_id": person, "firstname": f"F{person}", "lastname": "", "email": ""}],
            )
        if maybe(0.5):
            put(connection, "facts.person_access", [{"person_id": person, "accessed_at": NOW}])
    put(connection, "facts.dim_course", [
        {"course_id": course, "idnumber": "", "shortname": "", "fullname": f"C{course}", "visible": maybe(0.8),
         "completion_enabled": True, "valid_from": LONG_AGO} for course in COURSES
    ])  # fmt: skip
    put(connection, "facts.dim_grade_item", [
        {"item_id": course, "course_id": course, "minimum": some((0, 5)), "maximum": some((5, 100)),
         "valid_from": LONG_AGO}
        for course in COURSES if maybe(0.7)
    ])  # fmt: skip
    for person in PEOPLE:
        for account in (person + 100, *[person + 200] * maybe(0.2)):
            for course in COURSES:
                learned(connection, {"person_id": person, "moodle_id": account, "course_id": course}, dice)
    due(connection, dice)


def learned(connection: Connection, where: Row, dice: Random) -> None:
    """What an account has done in a course, as it is, as it was before, or both."""
    for ended in (False, True):
        held = {"valid_from": LONG_AGO - timedelta(days=9 * ended), "valid_to": LONG_AGO if ended else "infinity"}
        why = {"ended_by": "reset" if ended else None}
        for table, told in (
            ("fact_enrolment", {"active": dice.random() < 0.8, "enrolled_at": LONG_AGO, "precision": "second"}),
            ("fact_completion", completion(dice)),
            ("fact_grade", {"value": float(dice.randrange(100)), "graded_at": before(dice), **own_range(dice), **why}),
            ("fact_activity_completion", activity(where, dice) | why),
        ):
            if dice.random() < (0.2 if ended else 0.5):
                put(connection, f"facts.{table}", [{**where, **told, **held}])


def before(dice: Random) -> datetime:
    return NOW - timedelta(days=dice.randrange(60))


def own_range(dice: Random) -> Row:
    """Of a person's own total, where it is told."""
    return dice.choice([{}, {"minimum": 0.0, "maximum": 50.0}, {"minimum": 0.0, "maximum": 0.0}])


def completion(dice: Random) -> Row:
    completed = dice.random() < 0.6
    at = before(dice) if completed else None
    return {"attempt": 1, "completed": completed, "completed_at": at, "precision": "second", "progress": 50.0}


def activity(where: Row, dice: Random) -> Row:
    state = {"state": dice.choice(["incomplete", "passed"]), "overridden": dice.random() < 0.2}
    return {"activity_id": where["course_id"], "changed_at": before(dice), **state}


def due(connection: Connection, dice: Random) -> None:
    """Requirements of one or two courses, in up to three cycles, some withdrawn, some that hold no more."""

    def maybe(share: float) -> bool:
        return dice.random() < share

    for number in range(3):
        ids = dice.sample(list(COURSES), dice.choice([1, 2]))
        put(connection, "facts.dim_requirement", [
            {"requirement": f"R{number}", "name": Jsonb({"en": f"R{number}"}), "path": "P",
             "courses": [str(one) for one in ids], "course_ids": ids, "valid_from": LONG_AGO}
        ])  # fmt: skip
    for person in PEOPLE:
        for grant in range(10 * person, 10 * person + dice.randrange(4)):
            for cycle in range(1, dice.choice([2, 2, 3, 4])):
                on: date = TODAY + timedelta(days=dice.randrange(-20, 20))
                put(connection, "facts.fact_assignment", [
                    {"grant_id": grant, "cycle": cycle, "person_id": person, "requirement": f"R{dice.randrange(4)}",
                     "assigned_on": on, "window_opens_on": on - timedelta(days=9) if maybe(0.5) else None,
                     "due_on": on if maybe(0.8) else None, "satisfied_at": NOW if maybe(0.4) else None,
                     "withdrawn_at": NOW if maybe(0.2) else None, "valid_from": LONG_AGO,
                     "valid_to": "infinity" if maybe(0.8) else NOW}
                ])  # fmt: skip


def both(connection: Connection, name: str, **values: Any) -> tuple[list[Row], list[Row]]:
    """As it is reckoned now, and as it was before; in an order of its own: nobody relies on that of the database."""
    now = connection.execute(query(name), values).fetchall()
    then = connection.execute(BEFORE[name].encode(), values).fetchall()
    return sorted(now, key=repr_of), sorted(then, key=repr_of)


def repr_of(row: Row) -> str:
    return repr(sorted(row.items()))


@COMPANIES
@given(dice, st.sampled_from(["", "U1"]))
def test_paths_of_a_job_stand_as_before(facts: Connection, dice: Random, unit: str) -> None:
    """Those of everybody with the job, and of them those of a unit, over all cycles and time zones."""
    with facts.transaction(force_rollback=True):
        company(facts, dice)
        facts.execute(query("reports.look_at"), {"unit": unit})
        for role in (*JOBS, "nobody's"):
            now, then = both(facts, "api.paths", role=role)
            assert now == then
            [held], [counted] = both(facts, "api.role", role=role)
            assert held == {"held": counted["people"] > 0}


@COMPANIES
@given(dice, st.integers(1, 6), st.integers(1, 3))
def test_courses_are_recommended_as_before(facts: Connection, dice: Random, peers: int, least: int) -> None:
    """By the first so many of a job and of a unit, whom nobody counts twice, and who is not looked at themselves."""
    with facts.transaction(force_rollback=True):
        company(facts, dice)
        for person in (*PEOPLE, 99):
            now, then = both(facts, "my_learning.suggested", person_id=person, peers=peers, least=least)
            assert now == then


@COMPANIES
@given(dice, st.sampled_from(["", "U1"]))
def test_people_of_a_course_stand_as_before(facts: Connection, dice: Random, unit: str) -> None:
    with facts.transaction(force_rollback=True):
        company(facts, dice)
        facts.execute(query("reports.look_at"), {"unit": unit})
        for course in COURSES:
            now, then = both(facts, "course_view.learners", course_id=course)
            assert now == then


@COMPANIES
@given(dice)
def test_lessons_of_a_course_were_watched_as_before(facts: Connection, dice: Random) -> None:
    """Placed there or watched there, by each once, though they watched several videos of one; trials count nowhere."""
    with facts.transaction(force_rollback=True):
        facts.execute("SET LOCAL session_replication_role = replica")
        for number in range(4):
            kind, ended = dice.choice(["video", "video", "assessment"]), NOW if dice.random() < 0.2 else None
            told = {"content_id": UUID(int=number), "kind": kind, "course": dice.choice("78"), "ended_at": ended}
            put(facts, "connector.content", [{**told, "site": "s", "platform_id": 1, "made_by": "t", "made_at": NOW}])
            if dice.random() < 0.7:
                placed = {"platform_id": 1, "course": told["course"], "content_id": told["content_id"]}
                put(facts, "connector.placement", [{**placed, "placed_at": NOW}])
            put(facts, "connector.content_version", [
                {"content_id": UUID(int=number), "version": version, "body": Jsonb({"title": {"en": f"{version}"}}),
                 "changed_by": "t", "changed_at": NOW - timedelta(hours=number)}
                for version in range(1, dice.choice([2, 3]))
            ])  # fmt: skip
        for number in range(12):
            done = NOW if dice.random() < 0.4 else None
            put(facts, "connector.viewing", [
                {"content_id": UUID(int=dice.randrange(4)), "version": 1, "media_id": UUID(int=number),
                 "platform_id": 1, "course": dice.choice("78"), "link": "l", "subject": dice.choice("abc"),
                 "name": "", "line_item": "",
                 "trial": dice.random() < 0.2, "share": dice.randrange(9) / 8, "began_at": NOW, "reported_at": NOW,
                 "credit": 0, "completed_at": done}
            ])  # fmt: skip
        for course in "789":
            now, then = both(facts, "videos.in_course", platform_id=1, course=course)
            assert now == then
