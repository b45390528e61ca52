"""The reporting views, for the terminal; see ``connector.domain.facts.Reports``."""

from __future__ import annotations

from typing import Any

from connector.store.database import Database


class ReportViews:
    """Reads the schema ``reporting`` only, as everybody else who reports does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def compliance(self) -> list[dict[str, Any]]:
        return self._database.rows("reports.compliance")

    def by_unit(self) -> list[dict[str, Any]]:
        return self._database.rows("reports.by_unit")

    def overdue_by_manager(self, limit: int) -> list[dict[str, Any]]:
        return self._database.rows("reports.overdue_by_manager", limit=limit)

    def courses(self) -> list[dict[str, Any]]:
        return self._database.rows("reports.courses")

    def people(self) -> dict[str, int]:
        return {row["status"]: row["people"] for row in self._database.rows("reports.people")}

    def freshness(self) -> list[dict[str, Any]]:
        return self._database.rows("reports.freshness")
