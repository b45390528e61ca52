"""The reporting views, for the terminal and for pages; see ``connector.domain.facts.Reports``."""

from __future__ import annotations

from typing import Any

from connector.domain.errors import SettingsError
from connector.store.database import Database, Row, query


class ReportViews:
    """Reads the schema ``reporting`` only, as everybody else who reports does. ``unit``: that one and those below."""

    def __init__(self, database: Database, unit: str = "") -> None:
        self._database = database
        self._unit = unit

    def of_unit(self, unit: str) -> ReportViews:
        if self._database.row("reports.unit_there", unit=unit) is None:
            raise SettingsError(f"There is no unit {unit!r}; `moodle-connector report` lists the units.")
        return ReportViews(self._database, unit)

    def compliance(self) -> list[dict[str, Any]]:
        return self._rows("compliance")

    def by_unit(self) -> list[dict[str, Any]]:
        return self._rows("by_unit")

    def overdue_by_manager(self, limit: int) -> list[dict[str, Any]]:
        return self._rows("overdue_by_manager", limit=limit)

    def courses(self) -> list[dict[str, Any]]:
        return self._rows("courses")

    def overview(self) -> dict[str, Any] | None:
        return next(iter(self._rows("overview")), None)

    def people(self) -> dict[str, int]:
        found = self.overview() or {}
        columns = {"active": "people", "joining": "joining", "left": "left_people", "upcoming": "upcoming"}
        return {status: found[column] for status, column in columns.items() if found.get(column)}

    def trend(self, period: str, limit: int) -> list[dict[str, Any]]:
        return self._rows("trend", period=period, limit=limit)

    def expiring(self) -> list[dict[str, Any]]:
        return self._rows("expiring")

    def quality(self) -> list[dict[str, Any]]:
        return self._rows("quality")

    def freshness(self) -> list[dict[str, Any]]:
        return self._rows("freshness")

    def _rows(self, name: str, **values: Any) -> list[Row]:
        with self._database.transaction() as connection:
            connection.execute(query("reports.look_at"), {"unit": self._unit})
            return connection.execute(query(f"reports.{name}"), values).fetchall()
