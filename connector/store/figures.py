"""Figures for a scrape; see ``connector.domain.observing.FigureStore``."""

from __future__ import annotations

from connector.domain.observing import Course, Figures
from connector.domain.quarantine import LADDER
from connector.store.database import Database


class FigureViews:
    """Of the way in from the connector's own tables, of the way back from the reporting database."""

    def __init__(self, database: Database, reporting: Database, site: str) -> None:
        self._database = database
        self._reporting = reporting
        self._site = site

    def now(self) -> Figures:
        row = self._database.one("figures.now", site=self._site, ladder=len(LADDER))
        read = self._reporting.one("figures.read")
        return Figures(
            read["active_users"] or 0,
            {hop: float(seconds) for hop, seconds in (read["lags"] or {}).items()},
            None if row["feed_age"] is None else float(row["feed_age"]),
            row["holds"] or {},
            row["refused_feeds"],
            row["cases"] or {},
            row["unsent"],
            {name: float(seconds) for name, seconds in (row["succeeded"] or {}).items()},
            row["failures"] or {},
            row["quarantined"] or {},
        )

    def courses(self, limit: int) -> list[Course]:
        return [Course(**row) for row in self._reporting.rows("figures.courses", limit=limit)]
