"""Jobs in PostgreSQL; see ``connector.domain.jobs.JobStore``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from connector.domain.jobs import JobOutcome, JobState
from connector.store.database import Database


class Jobs:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def lock(self, name: str) -> AbstractContextManager[bool]:
        return self._database.lock(f"job {name} {self._site}")

    def states(self) -> Mapping[str, JobState]:
        return {
            row["name"]: JobState(**{**row, "outcome": JobOutcome(row["outcome"])})
            for row in self._database.rows("jobs.states", site=self._site)
        }

    def begin(self, name: str, now: datetime) -> None:
        self._database.run("jobs.begin", site=self._site, name=name, now=now)

    def end(
        self,
        name: str,
        outcome: JobOutcome,
        error: str,
        now: datetime,
        *,
        try_again: bool = False,
        recovered: bool = False,
    ) -> None:
        values = {"name": name, "outcome": outcome.value, "error": error, "now": now}
        well = recovered or outcome is JobOutcome.DONE
        self._database.run("jobs.end", site=self._site, try_again=try_again, well=well, **values)

    def release(self, name: str) -> bool:
        return self._database.run("jobs.release", site=self._site, name=name) > 0
