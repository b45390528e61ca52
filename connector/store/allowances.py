"""What one person is allowed beyond what all are, in PostgreSQL; see ``connector.domain.allowances``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from connector.domain.allowances import NOTHING, Allowed, Given
from connector.domain.learning_events import Actor
from connector.domain.live import allowed
from connector.store.database import Connection, Database, query
from connector.store.live import tell


class StoredAllowances:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, content_id: UUID, actor: Actor) -> Allowed:
        row = self._database.row("allowances.of", **_whose(content_id, actor))
        return Allowed(**row) if row else NOTHING

    def of_activities(
        self, content_id: UUID, platform_id: int, links: Collection[str]
    ) -> Mapping[tuple[str, str], Allowed]:
        where = {"content_id": content_id, "platform_id": platform_id, "links": list(links)}
        rows = self._database.rows("allowances.of_activities", **where)
        return {(row["link"], row["subject"]): Allowed(row["attempts"], row["minutes"]) for row in rows}

    def give(self, content_id: UUID, actor: Actor, given: Given, by: str, now: datetime) -> None:
        whose = _whose(content_id, actor)

        def work(connection: Connection) -> None:
            connection.execute(query("allowances.keep_off"), whose)
            connection.execute(query("allowances.give"), {**whose, **asdict(given), "by": by, "now": now})
            connection.execute(query("allowances.limit"), whose)
            tell(connection, allowed(actor))

        self._database.transact(work)


def _whose(content_id: UUID, actor: Actor) -> dict[str, object]:
    return {
        "content_id": content_id,
        "platform_id": actor.platform_id,
        "link": actor.link,
        "subject": actor.subject,
    }
