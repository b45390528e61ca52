"""What the API tells, from the reporting views; see ``connector.domain.analytics``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime

from connector.domain.analytics import CertificateSearch, CourseSearch, Row
from connector.domain.course_view import Learner
from connector.store.course_view import learner_of
from connector.store.database import Connection, Database, made, one, query

_EVERY_COURSE = CourseSearch(None, None, None, None, None, "", "id", 1, 0)
_EVERY_CERTIFICATE = CertificateSearch(None, None, None, None, None, None, None, None, None, 1)


class AnalyticsViews:
    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def look(self, unit: str) -> Iterator[ViewLook]:
        with self._database.transaction() as connection:
            connection.execute(query("api.snapshot"))
            yield ViewLook(connection, unit)


class ViewLook:
    """Within one transaction, whose sight is that of the unit: the views themselves let nothing else through."""

    def __init__(self, connection: Connection, unit: str) -> None:
        self._connection = connection
        self._see(unit)
        told = one(connection, "api.mark")
        self.mark: str = told["mark"]
        self.as_of: datetime | None = told["as_of"]
        self.now: datetime = told["now"]

    def _see(self, unit: str) -> None:
        self._connection.execute(query("reports.look_at"), {"unit": unit})
        self.unit = unit

    def narrow(self, unit: str) -> bool:
        row = self._row("in_sight", unit=unit)
        if row is None or not row["seen"]:
            return False
        self._see(unit)
        return True

    def courses(self, search: CourseSearch) -> tuple[int, list[Row]]:
        return _counted(self._rows("courses", course_id=None, **asdict(search)), "course_id")

    def course(self, course_id: int) -> Row | None:
        found = self._rows("courses", **{**asdict(_EVERY_COURSE), "course_id": course_id})
        return found[0] if found[0]["total"] else None

    def performance(self, course_id: int) -> Row | None:
        return self._row("performance", course_id=course_id)

    def overview(self) -> Row | None:
        return self._row("overview")

    def trend(self, period: str, limit: int) -> list[Row]:
        return self._rows("trend", period=period, limit=limit)

    def by_requirement(self, requirement: str | None) -> list[Row]:
        return self._rows("by_requirement", requirement=requirement)

    def by_unit(self, requirement: str | None, limit: int, offset: int) -> tuple[int, list[Row]]:
        return _counted(self._rows("by_unit", requirement=requirement, limit=limit, offset=offset), "unit")

    def by_day(self, requirement: str | None, since: date, until: date) -> list[Row]:
        return self._rows("by_day", unit=self.unit, requirement=requirement, since=since, until=until)

    def expiring(self, kind: str | None) -> list[Row]:
        return self._rows("expiring", kind=kind)

    def person(self, key: str) -> Row | None:
        return self._row("person", key=key, person_id=None)

    def person_of(self, person_id: int) -> Row | None:
        return self._row("person", key=None, person_id=person_id)

    def enrolments(self, key: str, course_id: int | None = None) -> list[Row]:
        return self._rows("enrolments", key=key, course_id=course_id)

    def requirements(self, key: str) -> list[Row]:
        return self._rows("requirements", key=key)

    def learners(self, course_id: int) -> list[Learner]:
        return made(self._connection, learner_of, "course_view.learners", course_id=course_id)

    def has_job(self, role: str) -> bool:
        held: bool = one(self._connection, "api.role", role=role)["held"]
        return held

    def paths(self, role: str) -> list[Row]:
        return self._rows("paths", role=role)

    def certificates(self, search: CertificateSearch) -> list[Row]:
        return self._certificates(search)

    def certificate(self, source: str, number: str) -> Row | None:
        found = self._certificates(_EVERY_CERTIFICATE, source=source, number=number)
        return found[0] if found else None

    def _certificates(self, search: CertificateSearch, **more: object) -> list[Row]:
        values = asdict(search)
        at, source, number = values.pop("after") or (None, None, None)
        after = {"after_at": at, "after_source": source, "after_number": number}
        return self._rows("certificates", **{"number": None, **values, **after, **more})

    def _row(self, name: str, /, **values: object) -> Row | None:
        return next(iter(self._rows(name, **values)), None)

    def _rows(self, name: str, /, **values: object) -> list[Row]:
        return self._connection.execute(query(f"api.{name}"), values).fetchall()


def _counted(rows: list[Row], key: str) -> tuple[int, list[Row]]:
    """How many there are, and those of the page: a row without a key tells the number alone."""
    return rows[0]["total"], [row for row in rows if row[key] is not None]
