"""Facts in PostgreSQL: landing by COPY, merging with history in one transaction; the reports read the views.

See ``connector.domain.facts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from connector.domain.errors import SettingsError, StorageError
from connector.domain.facts import Loaded
from connector.domain.grants import LearningPath, Requirement
from connector.domain.ports import Account, Course, CourseGrade, CourseProgress, Participant
from connector.store.database import Connection, Database, dumps, one, query
from connector.store.plans import account_row

PAGE = 2000
"""Accounts that are read at once; each list is a query of its own, because reading Moodle takes its time."""

MERGED = ("people", "enrolments", "completions", "grades", "assignments")
TABLES = {
    "people": "dim_person",
    "enrolments": "fact_enrolment",
    "completions": "fact_completion",
    "grades": "fact_grade",
    "assignments": "fact_assignment",
}


class Facts:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def lock(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"mirror {self._site}")

    def start(self, now: datetime) -> int:
        if other := self._database.row("facts.other_site", site=self._site):
            raise SettingsError(
                f"The facts in this database are of {other['site']}, and there is no place for a second Moodle: "
                "give this one a database of its own (CONNECTOR_DATABASE_URL)."
            )
        with self._database.transaction() as connection:
            connection.execute(query("facts.drop_landing"))
            connection.execute(query("journal.abandon"), {"site": self._site, "kind": "mirror", "now": now})
            run: int = one(connection, "journal.start", kind="mirror", site=self._site, plan=None, now=now)["run_id"]
        return run

    def finish(self, run: int, status: str, detail: str, now: datetime) -> None:
        self._database.run("journal.finish", run=run, status=status, detail=detail, now=now)

    def accounts(self) -> Iterator[list[int]]:
        after = 0
        while rows := self._database.rows("facts.accounts", site=self._site, after=after, limit=PAGE):
            after = rows[-1]["account_id"]
            yield [row["account_id"] for row in rows]

    def course_refs(self) -> list[str]:
        return [row["ref"] for row in self._database.rows("facts.course_refs", site=self._site)]

    def remember(self, accounts: Sequence[Account], now: datetime) -> None:
        rows = [account_row(self._site, account, now) for account in accounts if not account.deleted]
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(query("plans.remember_account"), rows)

    def mark_lost(self, account_ids: Sequence[int], now: datetime) -> None:
        self._database.run("plans.mark_lost", site=self._site, account_ids=list(account_ids), now=now)

    def land_enrolments(self, run: int, rows: Sequence[Participant]) -> None:
        self._land(
            "COPY facts.landing_enrolment (run_id, moodle_id, course_id, active) FROM STDIN",
            ((run, row.user_id, row.course_id, row.active) for row in rows),
        )

    def land_progress(self, run: int, rows: Sequence[CourseProgress]) -> None:
        self._land(
            "COPY facts.landing_completion (run_id, moodle_id, course_id, completed, progress) FROM STDIN",
            ((run, row.user_id, row.course_id, bool(row.completed), row.progress) for row in rows),
        )

    def land_grades(self, run: int, rows: Sequence[CourseGrade]) -> None:
        self._land(
            "COPY facts.landing_grade (run_id, moodle_id, course_id, item_id, raw, minimum, maximum, graded_at) "
            "FROM STDIN",
            (
                (
                    run,
                    row.user_id,
                    row.course_id,
                    row.item_id,
                    row.raw,
                    row.minimum,
                    row.maximum,
                    datetime.fromtimestamp(row.graded_at, UTC) if row.graded_at else None,
                )
                for row in rows
            ),
        )

    def merge(
        self,
        run: int,
        courses: Sequence[Course],
        paths: Sequence[LearningPath],
        requirements: Sequence[Requirement],
        landed: Mapping[str, int],
        now: datetime,
    ) -> list[Loaded]:
        values = {"site": self._site, "run": run, "now": now}
        with self._database.transaction() as connection:
            there = one(connection, "facts.count_landed", run=run)
            if any(there[fact] != landed.get(fact, 0) for fact in there):  # a crash of PostgreSQL empties the landing
                raise StorageError("What was read of Moodle is gone from the database; mirror it again.")
            _put_courses(connection, courses, now)
            _put_requirements(connection, paths, requirements)
            connection.execute(query("facts.people_now"), values)
            loaded = []
            for fact in MERGED:
                if fact == "assignments":
                    connection.execute(query("facts.assignments_now"), values)
                ended = connection.execute(query(f"facts.close_{fact}"), values).rowcount
                begun = connection.execute(query(f"facts.begin_{fact}"), values).rowcount
                rows = _holding(connection, TABLES[fact])
                connection.execute(query("facts.fresh"), {**values, "fact": fact, "rows": rows})
                loaded.append(Loaded(fact, rows, begun, ended))
            connection.execute(query("facts.names"), values)
            connection.execute(query("facts.drop_landing"))
        return loaded

    def _land(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with (
            self._database.transaction() as connection,
            connection.cursor() as cursor,
            cursor.copy(statement.encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)


class ReportViews:
    """The reporting views, for the terminal; see ``connector.domain.facts.Reports``."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def compliance(self) -> list[dict[str, Any]]:
        return self._database.rows("facts.compliance")

    def by_unit(self) -> list[dict[str, Any]]:
        return self._database.rows("facts.by_unit")

    def overdue_by_manager(self, limit: int) -> list[dict[str, Any]]:
        return self._database.rows("facts.overdue_by_manager", limit=limit)

    def courses(self) -> list[dict[str, Any]]:
        return self._database.rows("facts.courses")

    def people(self) -> dict[str, int]:
        return {row["status"]: row["people"] for row in self._database.rows("facts.people")}

    def freshness(self) -> list[dict[str, Any]]:
        return self._database.rows("facts.freshness", site=self._site)


def _put_courses(connection: Connection, courses: Sequence[Course], now: datetime) -> None:
    connection.execute(query("facts.read_courses"))
    statement = "COPY read_course (course_id, idnumber, shortname, fullname) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for course in courses:
            copy.write_row((course.id, course.idnumber, course.shortname, course.fullname))
    for step in ("facts.close_courses", "facts.begin_courses"):
        connection.execute(query(step), {"now": now})


def _put_requirements(
    connection: Connection, paths: Sequence[LearningPath], requirements: Sequence[Requirement]
) -> None:
    courses = {path.code: list(path.courses) for path in paths}
    with connection.cursor() as cursor:
        cursor.executemany(
            query("facts.requirement"),
            [
                {
                    "requirement": requirement.code,
                    "name": dumps(dict(requirement.name)).decode(),
                    "path": requirement.path,
                    "courses": courses.get(requirement.path, []),
                }
                for requirement in requirements
            ],
        )


def _holding(connection: Connection, table: str) -> int:
    row = connection.execute(
        f"SELECT count(*) AS rows FROM facts.{table} WHERE valid_to = 'infinity'".encode()
    ).fetchone()
    return int(row["rows"]) if row else 0
