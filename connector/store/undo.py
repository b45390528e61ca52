"""What runs did, in PostgreSQL; see ``connector.domain.undo_store.UndoStore``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connector.domain.undo_store import DoneRun, DoneToAccount, DoneToGrant
from connector.store.changes import change_of
from connector.store.database import Database


class Undos:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def runs(self, limit: int = 20) -> list[DoneRun]:
        return [DoneRun(**row) for row in self._database.rows("undo.runs", site=self._site, run=None, limit=limit)]

    def run(self, number: int) -> DoneRun | None:
        row = self._database.row("undo.runs", site=self._site, run=number, limit=1)
        return DoneRun(**row) if row else None

    def begin(self, plan: int, run: int, by: str) -> None:
        self._database.run("undo.begin", plan=plan, run=run, by=by)

    def to_people(self, run: DoneRun) -> Iterator[list[DoneToAccount]]:
        for rows in self._database.stream("undo.done_to_people", size=500, **self._of(run)):
            yield [
                DoneToAccount(change_of(row), row["account_id"], row["known"] or {}, row["manager"]) for row in rows
            ]

    def to_grants(self, run: DoneRun) -> Iterator[list[DoneToGrant]]:
        for rows in self._database.stream("undo.done_to_grants", **self._of(run)):
            yield [
                DoneToGrant(
                    change_of(row), row["account_id"], row["terms"], row["ours"], row["suspended"], row["place_id"]
                )
                for row in rows
            ]

    def granted_otherwise(self, run: DoneRun, person_ids: Sequence[int]) -> set[int]:
        rows = self._database.rows("undo.granted_otherwise", person_ids=list(person_ids), **self._of(run))
        return {row["person_id"] for row in rows}

    def _of(self, run: DoneRun) -> dict[str, Any]:
        return {"site": self._site, "plan": run.plan, "run": run.number}
