"""Removing what is older than the settings want; see ``connector.privacy.retaining.RetentionStore``."""

from __future__ import annotations

from datetime import datetime

from connector.store.database import Connection, Database, query


class Retention:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def count(self, step: str, before: datetime) -> int:
        """The rows that ``remove`` would touch; nothing is changed."""

        def work(connection: Connection) -> int:
            with connection.transaction(force_rollback=True):
                return self._run(connection, step, before)

        return self._database.transact(work)

    def remove(self, step: str, before: datetime) -> int:
        """Remove or blank; gives the rows."""
        return self._database.transact(lambda connection: self._run(connection, step, before))

    def _run(self, connection: Connection, step: str, before: datetime) -> int:
        return connection.execute(query(f"retention.{step}"), {"site": self._site, "before": before}).rowcount

    def leavers(self, before: datetime, now: datetime) -> list[str]:
        """Keys of people who left before, and are not erased."""
        rows = self._database.rows("retention.leavers", site=self._site, before=before, now=now)
        return [row["key"] for row in rows]
