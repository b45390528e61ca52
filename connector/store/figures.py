"""Figures for a scrape; see ``connector.domain.observing.FigureStore``."""

from __future__ import annotations

from connector.domain.observing import Course, Figures
from connector.store.database import Database


class FigureViews:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def now(self) -> Figures:
        row = self._database.one("figures.now", site=self._site)
        return Figures(
            row["active_users"],
            {fact: float(seconds) for fact, seconds in (row["lags"] or {}).items()},
            None if row["feed_age"] is None else float(row["feed_age"]),
            row["holds"] or {},
            row["refused_feeds"],
            row["cases"] or {},
            row["unsent"],
            {name: float(seconds) for name, seconds in (row["succeeded"] or {}).items()},
            row["failures"] or {},
        )

    def courses(self, limit: int) -> list[Course]:
        return [Course(**row) for row in self._database.rows("figures.courses", limit=limit)]
