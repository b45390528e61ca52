"""Which pictures of questions are not used any more, in PostgreSQL; see ``connector.content.assessment.picturing``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.store.database import Connection, Database, query


class StoredPictures:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def unused(self, picture_ids: Sequence[str]) -> Sequence[str]:
        return [row["picture_id"] for row in self._database.rows("pictures.unused", picture_ids=list(picture_ids))]

    def note(self, unused: Sequence[str], now: datetime) -> None:
        self._database.run("pictures.note", site=self._site, picture_ids=list(unused), now=now)

    def unused_since(self, unused: Sequence[str], before: datetime) -> Sequence[str]:
        def work(connection: Connection) -> list[str]:
            values = {"site": self._site, "picture_ids": list(unused), "before": before}
            return [row["picture_id"] for row in connection.execute(query("pictures.unused_since"), values)]

        return self._database.transact(work)
