"""What one person is allowed beyond what all are, in PostgreSQL; see ``connector.domain.allowances``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from connector.domain.allowances import NOTHING, Allowed
from connector.domain.learning_events import Actor
from connector.store.database import Connection, Database, query


class StoredAllowances:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, content_id: UUID, actor: Actor) -> Allowed:
        row = self._database.row("allowances.of", **_whose(content_id, actor))
        return Allowed(**row) if row else NOTHING

    def of_activity(self, content_id: UUID, platform_id: int, link: str) -> Mapping[str, Allowed]:
        where = {"content_id": content_id, "platform_id": platform_id, "link": link}
        rows = self._database.rows("allowances.of_activity", **where)
        return {row["subject"]: Allowed(row["attempts"], row["minutes"]) for row in rows}

    def give(self, content_id: UUID, actor: Actor, allowed: Allowed, by: str, now: datetime) -> None:
        whose = _whose(content_id, actor)

        def work(connection: Connection) -> None:
            connection.execute(query("allowances.lengthen"), {**whose, "minutes": allowed.minutes})
            connection.execute(query("allowances.give"), {**whose, **asdict(allowed), "by": by, "now": now})

        self._database.transact(work)


def _whose(content_id: UUID, actor: Actor) -> dict[str, object]:
    return {
        "content_id": content_id,
        "platform_id": actor.platform_id,
        "link": actor.link,
        "subject": actor.subject,
    }
