"""What reports ask of the views, with filters that change: as the owner, and as a login of one unit."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from connector.store.database import Connection, Database, query
from connector.store.logins import Logins
from connector.store.merging import KEPT, QUALITY, SUMMARIES
from tests.bench.opened import Values

DAYS = 100
UNIT = "U3"
"""A division: a ninth of the company."""

ROWS = (
    "compliance_now",
    "enrolments",
    "completions",
    "completion_history",
    "grade_changes",
    "certificates",
    "expiring",
    "activity_completions",
    "item_grades",
    "learning_events",
    "assessment_attempts",
    "time_spent",
)
QUERIES: dict[str, str] = {
    "people, a unit": "SELECT * FROM people WHERE unit = %(unit)s LIMIT 100",
    "people, direct reports": "SELECT * FROM people WHERE manager_key = %(manager)s",
    **{f"{view}, a person": f"SELECT * FROM {view} WHERE hr_key = %(person)s" for view in ROWS},
    **{f"{view}, a unit": f"SELECT * FROM {view} WHERE unit = %(unit)s LIMIT 100" for view in ROWS},
    **{f"{view}, first rows": f"SELECT * FROM {view} LIMIT 100" for view in ROWS},
    "compliance_now, a manager's": "SELECT * FROM compliance_now WHERE manager_key = %(manager)s",
    "compliance_now, a requirement": "SELECT * FROM compliance_now WHERE requirement = %(requirement)s LIMIT 100",
    "compliance_now, a unit's overdue": (
        "SELECT * FROM compliance_now WHERE unit = %(unit)s AND state = 'overdue' ORDER BY due_on LIMIT 100"
    ),
    "enrolments, a course": "SELECT * FROM enrolments WHERE course_id = %(course)s LIMIT 100",
    "expiring, this week": "SELECT * FROM expiring WHERE expires_on < current_date + 7 ORDER BY expires_on LIMIT 100",
    "expiring_by_code": "SELECT * FROM expiring_by_code",
    "grade_changes, newest of a unit": (
        "SELECT * FROM grade_changes WHERE unit = %(unit)s ORDER BY observed_at DESC LIMIT 100"
    ),
    "learning_events, a day": (
        "SELECT * FROM learning_events "
        "WHERE happened_at >= %(at)s::timestamptz AND happened_at < %(at)s + interval '1 day' LIMIT 100"
    ),
    "assessment_performance, an assessment": "SELECT * FROM assessment_performance WHERE content = %(content)s",
    "question_results, an assessment": "SELECT * FROM question_results WHERE content = %(content)s",
    "units": "SELECT * FROM units",
    "unit_closure": "SELECT * FROM unit_closure WHERE above = %(unit)s",
    "manager_closure": "SELECT * FROM manager_closure WHERE manager_key = %(manager)s",
    "compliance_by_requirement": "SELECT * FROM compliance_by_requirement",
    "compliance_by_unit, a requirement": "SELECT * FROM compliance_by_unit WHERE requirement = %(requirement)s",
    "compliance_by_unit, a unit": "SELECT * FROM compliance_by_unit WHERE unit = %(unit)s",
    "overdue_by_manager": "SELECT * FROM overdue_by_manager ORDER BY overdue DESC LIMIT 100",
    "overdue_by_manager, all": "SELECT * FROM overdue_by_manager",
    "compliance_daily, a unit": (
        "SELECT * FROM compliance_daily WHERE unit = %(unit)s AND requirement = %(requirement)s"
    ),
    "course_performance": "SELECT * FROM course_performance",
    "executive_overview": "SELECT * FROM executive_overview",
    "trend, months": "SELECT * FROM trend WHERE period = 'month'",
    "trend, days": "SELECT * FROM trend WHERE period = 'day' ORDER BY starts_on DESC LIMIT 90",
    "data_freshness": "SELECT * FROM data_freshness",
    "data_quality": "SELECT * FROM data_quality",
    "compliance_as_of, a unit": "SELECT * FROM compliance_as_of(%(at)s, %(known)s) WHERE unit = %(unit)s LIMIT 100",
    "compliance_as_of, a person": "SELECT * FROM compliance_as_of(%(at)s, %(known)s) WHERE hr_key = %(person)s",
    "grades_as_of, a person": "SELECT * FROM grades_as_of(%(at)s, %(known)s) WHERE hr_key = %(person)s",
    "completions_as_of, a person": "SELECT * FROM completions_as_of(%(at)s, %(known)s) WHERE hr_key = %(person)s",
    "below_unit": "SELECT * FROM below_unit(%(unit)s) LIMIT 100",
    "below_manager": "SELECT * FROM below_manager(%(manager)s) LIMIT 100",
}


def fill(url: str, people: int) -> float:
    """A company as large as that, straight into the facts; then what a full reading adds up, and a login.

    Gives the seconds that adding up took.
    """
    parts = parts_of("reporting.sql")
    now = datetime.now(UTC)
    began = now - timedelta(days=500)
    values = {"people": people, "now": now, "began": began, "days": DAYS, "whole": True, "everywhere": True, "load": 0}
    after = [parts.pop(name) for name in ("months", "days", "overview_days", "loads", "load_facts")]
    with Database(url) as database:
        with database.transaction() as connection:
            for part in parts.values():
                connection.execute(part.encode(), values)
        vacuum(url)
        with database.transaction() as connection:
            _nothing_new(connection)
            since = time.perf_counter()
            for step in (*SUMMARIES, *QUALITY, *KEPT):
                connection.execute(query(f"summaries.{step}"), values)
            seconds = time.perf_counter() - since
            for part in after:
                connection.execute(part.encode(), values)
        vacuum(url)
        Logins(database).grant(login_of(url), UNIT, now)
    return seconds


def login_of(url: str) -> str:
    """Its own for each database: logins are the whole server's, which has the databases of several works."""
    return f"reader_of_{conninfo_to_dict(url)['dbname']}"


def parts_of(file: str) -> dict[str, str]:
    """What fills a database, by name, in this order."""
    text = Path(__file__).with_name(file).read_text("utf-8")
    return dict(part.split("\n", 1) for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:])


def measure(url: str, runs: int) -> Iterator[tuple[str, str, float, float]]:
    """(query, who asks, p50, p95) in milliseconds."""
    with psycopg.connect(url, autocommit=True) as owner:
        mine = [row[0] for row in owner.execute("SELECT unit FROM facts.unit_closure WHERE above = %s", [UNIT])]
        theirs = [row[0] for row in owner.execute("SELECT unit FROM facts.dim_org_unit")]
        for who, units in (("owner", theirs), ("login", mine)):
            people = owner.execute(
                "SELECT hr_key FROM facts.dim_person WHERE unit = ANY(%s) ORDER BY random() LIMIT 500", [units]
            )
            keys = [row[0] for row in people]
            managers = owner.execute(
                "SELECT hr_key FROM facts.dim_person p WHERE unit = ANY(%s) AND EXISTS "
                "(SELECT FROM facts.dim_person q WHERE q.manager_id = p.person_id) ORDER BY random() LIMIT 500",
                [units],
            )
            bosses = [row[0] for row in managers]
            address = url if who == "owner" else url.replace("//postgres@", f"//{login_of(url)}@")
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("SET search_path = reporting")
                connection.execute("SET jit = off")
                yield from (
                    (name, who, *_timed(connection, text, random.Random(name), (units, keys, bosses), runs))
                    for name, text in QUERIES.items()
                )


def _timed(connection: psycopg.Connection[Any], text: str, dice: random.Random, drawn: Any, runs: int) -> Any:
    units, keys, bosses = drawn
    took = []
    for _ in range(runs):
        at = datetime.now(UTC) - timedelta(days=dice.randrange(90))
        values = {
            "unit": dice.choice(units), "person": dice.choice(keys), "manager": dice.choice(bosses or keys),
            "requirement": f"R{dice.randrange(1, 41)}", "course": dice.randrange(1, 121),
            "content": f"exam{dice.randrange(40)}",
            "at": at, "known": dice.choice([at, datetime.now(UTC)]),
        }  # fmt: skip
        began = time.perf_counter()
        connection.execute(text.encode(), values).fetchall()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took), sorted(took)[int(0.95 * (len(took) - 1) + 0.5)]


def vacuum(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _nothing_new(connection: Connection) -> None:
    """A merge has tables of what has just come, which summaries look at."""
    for table in ("completion_now", "certificate_now", "in_question", "certificate_in_question", "refined_course"):
        connection.execute(
            f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS "
            "SELECT 0::bigint AS moodle_id, 0::bigint AS course_id, 0::bigint AS person_id, '' AS fact, "
            "'' AS source, '' AS code, now() AS completed_at, now() AS issued_at WHERE false".encode()
        )
    connection.execute("CREATE TEMPORARY TABLE completed_day (day date) ON COMMIT DROP")


def fill_facts(given: Values) -> Values:
    return {"summaries": fill(given["database"], given["people"])}


def ask_views(given: Values) -> Values:
    return {"asked": list(measure(given["database"], given["runs"]))}
