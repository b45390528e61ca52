"""Events of launched content, in PostgreSQL; see ``connector.domain.learning_events``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from connector.domain.learning_events import Event
from connector.domain.live import of_event
from connector.store.database import Connection, Database, query


class StoredEvents:
    def __init__(self, database: Database, site: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._site = site
        self._clock = clock

    def tell(self, *events: Event) -> None:
        rows = [values(event, self._site, self._clock()) for event in events]

        def work(connection: Connection) -> None:
            for row in rows:
                connection.execute(query("learning_events.tell"), row)

        self._database.transact(work)


def values(event: Event, site: str, at: datetime) -> dict[str, Any]:
    """What the query ``learning_events.tell`` wants."""
    result = None if event.result is None else Jsonb(event.result)
    told = {"verb": event.verb.value, "attempt_id": event.attempt_id, "object": event.object, "result": result}
    words = [word.written() for word in of_event(event)]
    return {**asdict(event.actor), **told, "site": site, "at": at, "words": words}
