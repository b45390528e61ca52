"""Whether facts follow from Moodle's rows that are held, and what comparing with Moodle came to, written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.domain.proving import Difference, Proved, What
from connector.store.database import Connection, Database, query

PLACES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "fact_enrolment": {
        "status": ("enrolments", "status"),
        "method": ("enrolments", "enrolid"),
        "starts": ("enrolments", "timestart"),
        "ends": ("enrolments", "timeend"),
        "created": ("enrolments", "timecreated"),
        "enabled": ("enrolment_methods", "status"),
    },
    "fact_completion": {"completed": ("completions", "timecompleted")},
    "fact_grade": {
        "grade": ("grades", "finalgrade"),
        "item": ("grades", "itemid"),
        "type": ("grade_items", "itemtype"),
    },
    "fact_activity_completion": {
        "activity": ("activity_completions", "coursemoduleid"),
        "state": ("activity_completions", "completionstate"),
    },
    "fact_item_grade": {
        "grade": ("grades", "finalgrade"),
        "item": ("grades", "itemid"),
        "type": ("grade_items", "itemtype"),
    },
}
"""Where in a row of which dataset stands what a query asks for, by fact."""
SPLIT = frozenset({"enrolments"})
"""Datasets whose rows are split at commas, which counts places from one."""
QUERIES = {
    "fact_enrolment": "enrolments",
    "fact_completion": "completions",
    "fact_grade": "grades",
    "fact_activity_completion": "activity_completions",
    "fact_item_grade": "item_grades",
}
WITHIN = {"fact_activity_completion", "fact_item_grade"}
"""Those that follow from rows only where what happens within courses is held."""
ISSUES: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "badge": ("badge_issues", "badges", {"template": "badgeid", "issued": "dateissued", "expires": "dateexpire"}),
    "tool_certificate": (
        "certificate_issues",
        "certificate_templates",
        {"template": "templateid", "issued": "timecreated", "expires": "expires"},
    ),
    "customcert": (
        "customcert_issues",
        "customcerts",
        {"template": "customcertid", "issued": "timecreated"},
    ),
}
"""Datasets of issues and of their kinds, by source, and where what stands."""
CERTIFICATES = "fact_certificate"
FACTS = (*QUERIES, CERTIFICATES)
AT_ONCE = 1000
"""Rows that are fetched at once."""
COUNTED = ("enrolments", "completions", "grades", "activity_completions", "item_grades", "certificates")


def unlike(database: Database, before: datetime, now: datetime) -> Iterator[Difference]:
    """Facts that do not follow from what is held."""
    with database.transaction() as connection:
        columns = {row["name"]: row["columns"] for row in connection.execute(query("held.columns"))}
        numbers = {row["name"]: row["dataset"] for row in connection.execute(query("held.datasets"))}
        connection.execute(query("facts.by_sets"))
        seconds = {"now_seconds": int(now.timestamp()), "before_seconds": int(before.timestamp())}
        values: dict[str, Any] = {"before": before, "now": now, **seconds, **dict.fromkeys(_NAMES), **numbers}
        for fact, places in PLACES.items():
            if fact in WITHIN and "activities" not in columns:
                continue
            at = {
                name: columns[dataset].index(column) + (dataset in SPLIT) for name, (dataset, column) in places.items()
            }
            yield from _told(connection, fact, f"follows.{QUERIES[fact]}", values | at)
        for source, (issues, templates, told) in ISSUES.items():
            if issues in columns:
                at = dict.fromkeys(("template", "issued", "expires"))
                at |= {name: columns[issues].index(column) for name, column in told.items()}
                of = {"source": source, "issues": numbers[issues], "templates": numbers[templates]}
                yield from _told(connection, CERTIFICATES, "follows.certificates", values | at | of)


_NAMES = (
    "people", "enrolments", "enrolment_methods", "completions", "grades", "grade_items", "activity_completions",
)  # fmt: skip


def _told(connection: Connection, fact: str, name: str, values: Mapping[str, Any]) -> Iterator[Difference]:
    """Some at a time: no cursor of PostgreSQL's, which plans for one process."""
    with connection.cursor() as cursor:
        for row in cursor.stream(query(name), values, size=AT_ONCE):
            yield Difference(fact, None, row["moodle_id"], row["course_id"], What(row["what"]), cause=row["cause"])


def sizes(database: Database) -> dict[str, int]:
    """How many of each fact hold."""
    row = database.one("follows.count")
    return {fact: row[name] for fact, name in zip(FACTS, COUNTED, strict=True)}


def note(
    connection: Connection, load: int, proved: Sequence[Proved], found: Sequence[Difference], now: datetime
) -> None:
    """Write down what was compared and found by a load."""
    with connection.cursor() as cursor:
        cursor.executemany(
            query("follows.note"),
            [
                {
                    "load": load, "dataset": one.dataset, "rows": one.rows, "buckets": one.buckets,
                    "differing": one.differing, "missing": one.missing, "other": one.other, "gone": one.gone,
                    "seconds": one.seconds, "equal": one.equal, "as_of": one.as_of,
                }
                for one in proved
            ],
        )  # fmt: skip
        cursor.executemany(
            query("follows.note_difference"),
            [
                {
                    "load": load, "dataset": one.dataset, "key": one.key, "moodle_id": one.moodle_id,
                    "course_id": one.course_id, "what": one.what.value, "changed": list(one.changed),
                    "cause": one.cause, "now": now,
                }
                for one in found
            ],
        )  # fmt: skip
    for step in ("drop_proof", "proof"):
        connection.execute(query(f"summaries.{step}"), {"now": now})
