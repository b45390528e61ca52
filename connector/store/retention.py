"""Removing what is older than the settings want; see ``connector.privacy.retaining.RetentionStore``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.domain.erasing import HandedIn, Paper
from connector.domain.lti import TAUGHT
from connector.domain.lti_scores import KEPT
from connector.store.database import Connection, Database, query

MANY = 500
"""Rows of a portion."""


class Retention:
    """``clients``: identity systems that push to this site."""

    def __init__(self, database: Database, site: str, clients: Sequence[str]) -> None:
        self._database = database
        self._site = site
        self._clients = list(clients)

    def count(self, step: str, before: datetime) -> int:
        """The rows that ``remove`` would touch; nothing is changed."""
        return self._every(step, before, kept=False)

    def remove(self, step: str, before: datetime) -> int:
        """Remove or blank; gives the rows."""
        return self._every(step, before, kept=True)

    def _every(self, step: str, before: datetime, *, kept: bool) -> int:
        """Portion by portion: nobody waits long for a row, and what was done stays where it is broken off."""
        done, after = 0, 0
        while True:
            rows, last = self._portion(step, before, after, kept=kept)
            done += rows
            if last is None or rows < MANY:
                return done
            after = last

    def _portion(self, step: str, before: datetime, after: int, *, kept: bool) -> tuple[int, int | None]:
        """How many rows, and the last key; None where the step has no portions."""
        values = {"site": self._site, "clients": self._clients, "before": before, "after": after, "most": MANY}

        def work(connection: Connection) -> tuple[int, int | None]:
            with connection.transaction(force_rollback=not kept):
                found = connection.execute(query(f"retention.{step}"), values)
                keys = [row["key"] for row in found] if found.description else []
                return found.rowcount, max(keys, default=None)

        return self._database.transact(work)

    def remove_passed(self, now: datetime) -> None:
        self._database.run("lti.drop_old", now=now)
        self._database.run("lti.drop_old_scores", site=self._site, before=now - KEPT)
        self._database.run("lti.drop_old_teaching", site=self._site, before=now - TAUGHT)

    def papers(self, before: datetime) -> list[Paper]:
        rows = self._database.rows("retention.papers", site=self._site, before=before)
        return [Paper(**row) for row in rows]

    def withdraw_papers(self, before: datetime) -> None:
        self.remove("withdraw_papers", before)

    def blank_papers(self, before: datetime) -> int:
        return self.remove("blank_papers", before)

    def handed_in(self, before: datetime) -> list[HandedIn]:
        rows = self._database.rows("retention.handed_in", site=self._site, before=before)
        return [HandedIn(**row) for row in rows]

    def handed_in_is_gone(self, gone: Sequence[HandedIn]) -> None:
        self._database.run("erasing.handed_in_is_gone", file_ids=[one.file_id for one in gone])

    def leavers(self, before: datetime, now: datetime) -> list[str]:
        """Keys of people who left before, and are not erased."""
        rows = self._database.rows("retention.leavers", site=self._site, before=before, now=now)
        return [row["key"] for row in rows]
