"""How rows land in PostgreSQL: tables, columns and types of what is read, and COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from typing import Any, LiteralString

from connector.domain.catalogue import CourseFields, entry
from connector.domain.ports import Course
from connector.store.database import Connection, dumps, query

LANDING: dict[str, tuple[LiteralString, LiteralString, tuple[str, ...]]] = {
    "enrolments": (
        "landing_enrolment",
        "load_id, moodle_id, course_id, active, enrolled_at, precision",
        ("int8", "int8", "int8", "bool", "timestamptz", "text"),
    ),
    "completions": (
        "landing_completion",
        "load_id, moodle_id, course_id, completed, completed_at, precision, progress",
        ("int8", "int8", "int8", "bool", "timestamptz", "text", "float8"),
    ),
    "grades": (
        "landing_grade",
        "load_id, moodle_id, course_id, value, decimals, graded_at, minimum, maximum",
        ("int8", "int8", "int8", "float8", "int2", "timestamptz", "float8", "float8"),
    ),
    "certificates": (
        "landing_certificate",
        "load_id, moodle_id, source, code, template, template_name, issued_at, expires_at, revoked, precision",
        ("int8", "int8", "text", "text", "text", "text", "timestamptz", "timestamptz", "bool", "text"),
    ),
    "scopes": (
        "landing_scope",
        "load_id, fact, moodle_id, course_id, source",
        ("int8", "text", "int8", "int8", "text"),
    ),
    "activities": (
        "landing_activity",
        "load_id, activity_id, course_id, module, instance, name, visible, tracked",
        ("int8", "int8", "int8", "text", "int8", "text", "bool", "bool"),
    ),
    "grade_items": (
        "landing_grade_item",
        "load_id, item_id, course_id, minimum, maximum, pass_mark, item_type, module, instance, name, kind, hidden",
        ("int8", "int8", "int8", "float8", "float8", "float8", "text", "text", "int8", "text", "text", "bool"),
    ),
    "activity_completions": (
        "landing_activity_completion",
        "load_id, moodle_id, course_id, activity_id, state, overridden, changed_at",
        ("int8", "int8", "int8", "int8", "text", "bool", "timestamptz"),
    ),
    "item_grades": (
        "landing_item_grade",
        "load_id, moodle_id, course_id, item_id, value, overridden, excluded, hidden, locked, graded_at",
        ("int8", "int8", "int8", "int8", "float8", "bool", "bool", "bool", "bool", "timestamptz"),
    ),
    "grade_history": (
        "landing_grade_history",
        "load_id, history_id, moodle_id, course_id, item_id, action, source, changed_by, value, overridden, excluded, "
        "hidden, locked, effective_at",
        (
            "int8",
            "int8",
            "int8",
            "int8",
            "int8",
            "text",
            "text",
            "int8",
            "float8",
            "bool",
            "bool",
            "bool",
            "bool",
            "timestamptz",
        ),
    ),
    "earlier_completions": (
        "landing_earlier_completion",
        "load_id, moodle_id, course_id, completed_at",
        ("int8", "int8", "int8", "timestamptz"),
    ),
}
"""Table of what lands, its columns and their types, by fact; the fields of the rows stand in the same order."""

BY_COURSE = ("enrolments", "completions", "grades", "activity_completions", "item_grades")
"""What is of one course, so that it can be read again by course."""

MANY = 5_000
"""From so many rows on they are compared by sets, and PostgreSQL is told at once what a table has."""

ACCESS = ("int8", "int8", "timestamptz")


def values_of(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the fields of such a row in their order."""
    return attrgetter(*(one.name for one in fields(kind)))


def course_row(course: Course, names: CourseFields) -> tuple[Any, ...]:
    """A course with its entry in the catalogue, as COPY takes it in text."""
    told = entry(course.about, course.fullname, names)
    texts = (dict(told.title), dict(told.description), dict(told.difficulty), dict(told.objectives))
    title, description, difficulty, objectives = (dumps(text).decode() for text in texts)
    names_of = dumps([dict(name) for name in told.category_names]).decode()
    return (
        course.id, course.idnumber, course.shortname, course.fullname, course.visible, course.completion_enabled,
        title, description, list(told.category_ids), names_of, told.minutes, difficulty, objectives, told.starts_at,
    )  # fmt: skip


def copy_rows(
    connection: Connection, table: str, columns: str, rows: Iterable[Sequence[Any]], types: Sequence[str] = ()
) -> None:
    """In PostgreSQL's binary format where ``types`` are told, which is a third of the work."""
    statement = f"COPY facts.{table} ({columns}) FROM STDIN{' (FORMAT binary)' if types else ''}"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        if types:
            copy.set_types(types)
        for row in rows:
            copy.write_row(row)


@contextmanager
def filling(connection: Connection, table: str) -> Iterator[None]:
    """While an empty table is filled with many rows it has no indexes: to make them afterwards, out of all rows at
    once, takes a fraction of the time. The first reading of a Moodle is that. Without a name: no table."""
    indexes = connection.execute(query("facts.indexes"), {"table": table}).fetchall() if table else []
    if indexes and not connection.execute(f"SELECT 1 AS there FROM facts.{table} LIMIT 1".encode()).fetchone():
        for index in indexes:
            drops = f"ALTER TABLE facts.{table} DROP CONSTRAINT " if index["holds"] else "DROP INDEX facts."
            connection.execute(f"{drops}{index['name']}".encode())
        yield
        for index in indexes:
            adds = f"ALTER TABLE facts.{table} ADD CONSTRAINT {index['name']} " if index["holds"] else ""
            connection.execute(f"{adds}{index['definition']}".encode())
    else:
        yield
