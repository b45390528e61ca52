"""Events of launched content, in PostgreSQL; see ``connector.domain.learning_events`` and ``learning_facts``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from threading import Event as Ended
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from connector.domain.assessments import Answer
from connector.domain.learning_events import Event
from connector.domain.learning_facts import Named, Place, Told, Tried
from connector.domain.live import of_event
from connector.store.database import Connection, Database, Row, query

CHANNEL = "connector_learning"
"""PostgreSQL notifies it with each event; the payload is the site."""
_ANSWER = TypeAdapter(Answer)


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


class WaitingEvents:
    """Implements ``connector.domain.learning_facts.Waiting``."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def next(self, most: int, without: Collection[int] = ()) -> Sequence[Told]:
        wanted = {"site": self._site, "most": most, "without": list(without)}
        return [_told(row) for row in self._database.rows("learning_events.next", **wanted)]

    def tried(self, attempt_ids: Sequence[int]) -> Sequence[Tried]:
        rows = self._database.rows("learning_events.tried", site=self._site, attempt_ids=list(attempt_ids))
        return [_tried(row) for row in rows]

    def named(self, contents: Sequence[str]) -> Sequence[Named]:
        ids = [one for one in map(_uuid, contents) if one is not None]
        return [Named(**row) for row in self._database.rows("learning_events.named", site=self._site, ids=ids)]

    def carried(self, told: Sequence[Told]) -> None:
        self._database.run("learning_events.carried", event_ids=[one.event_id for one in told])

    def heard(self, ended: Ended) -> Iterator[None]:
        """Something once it listens, and then with each event, until ``ended`` is set. Raises StorageError."""
        return self._database.heard(CHANNEL, ended, self._site)


def values(event: Event, site: str, at: datetime) -> dict[str, Any]:
    """What the query ``learning_events.tell`` wants."""
    result = None if event.result is None else Jsonb(event.result)
    told = {"verb": event.verb.value, "attempt_id": event.attempt_id, "object": event.object, "result": result}
    words = [word.written() for word in of_event(event)]
    return {**asdict(event.actor), **told, "site": site, "at": at, "words": words}


def _told(row: Row) -> Told:
    return Told(**{**_placed(row), "result": row["result"] or {}})


def _tried(row: Row) -> Tried:
    said = {one["question_id"]: one for one in row.pop("said")}
    answers = {key: _answer(one) for key, one in said.items()}
    at = {key: datetime.fromisoformat(one["saved_at"]) for key, one in said.items() if one["saved_at"]}
    return Tried(**_placed(row), answers=answers, answered_at=at)


def _placed(row: Row) -> Row:
    """A row with its place in one."""
    place = Place(*(row.pop(name) for name in ("platform", "course", "link")))
    return {**row, "place": place}


def _answer(row: Row) -> Answer:
    told = {name: row[name] for name in ("question_id", "share", "files")}
    return _ANSWER.validate_python({**(row["said"] or {}), **told})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
