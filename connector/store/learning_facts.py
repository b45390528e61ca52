"""Facts of launched content, in the database of the reports; see ``connector.domain.learning_facts.LearningFacts``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from psycopg.types.json import Jsonb

from connector.domain.learning_facts import Asked, Named, Place, Response, Told, Tried, own_course
from connector.store.database import Connection, Database, Row, query

RESULTS = ("percent", "seconds", "share")
"""Numbers of an event's result that are kept under their own name."""


class LearningFactTables:
    """``moodle`` is the address of our own Moodle, whose courses the facts know."""

    def __init__(self, database: Database, moodle: str) -> None:
        self._database = database
        self._moodle = moodle

    def keep(
        self,
        told: Sequence[Told],
        tried: Sequence[Tried],
        responses: Sequence[Response],
        named: Sequence[Named],
        asked: Sequence[Asked],
        now: datetime,
    ) -> None:
        steps: dict[str, list[Row]] = {
            "content": [{**asdict(one), "title": Jsonb(one.title)} for one in named],
            "question": [{**asdict(one), "question": Jsonb(one.question)} for one in asked],
            "event": [self._event(one, now) for one in told],
            "attempt": [self._attempt(one, now) for one in tried],
        }
        attempts = {"attempt_ids": [one.attempt_id for one in tried], "now": now}
        events = {"event_ids": [one.event_id for one in told], "now": now}

        def work(connection: Connection) -> None:
            with connection.cursor() as cursor:
                for step, rows in steps.items():
                    cursor.executemany(query(f"learning_facts.{step}"), rows)
                cursor.execute(query("learning_facts.no_responses"), attempts)
                cursor.executemany(query("learning_facts.response"), [asdict(one) for one in responses])
                cursor.execute(query("learning_facts.time_of_answers"), attempts)
                cursor.execute(query("learning_facts.time_watched"), events)

        self._database.transact(work)

    def reached(self, at: datetime) -> None:
        self._database.run("learning_facts.reached", at=at)

    def _event(self, told: Told, now: datetime) -> Row:
        numbers = {name: told.number(name) for name in RESULTS}
        return {
            "event_id": told.event_id,
            "at": told.at,
            "verb": told.verb,
            "person_id": told.person_id,
            "content": told.content,
            "attempt_id": told.attempt_id,
            "object": told.object,
            "position": told.number("time"),
            "length": told.number("length"),
            "now": now,
            **numbers,
            **self._placed(told.place),
        }

    def _attempt(self, tried: Tried, now: datetime) -> Row:
        names = (
            "attempt_id",
            "series",
            "number",
            "person_id",
            "version",
            "started_at",
            "submitted_at",
            "percent",
            "passed",
            "discarded_at",
        )
        same = {name: getattr(tried, name) for name in names}
        return {**same, "content": str(tried.content_id), "now": now, **self._placed(tried.place)}

    def _placed(self, place: Place) -> Row:
        return {**asdict(place), "course_id": own_course(place, self._moodle)}
