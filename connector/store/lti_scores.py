"""Scores on their way, in PostgreSQL; see ``connector.domain.lti_scores``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from threading import Event

from connector.domain.live import OnItsWay, on_its_way
from connector.domain.lti_scores import (
    REST,
    Answer,
    Lying,
    Progress,
    Score,
    Scored,
    ScoreState,
    Standing,
    standing,
)
from connector.store.database import Connection, Database, Row, one, query
from connector.store.live import tell

CHANNEL = "connector_score"
"""PostgreSQL notifies it when there is something to send; the payload is the site."""


class LtiScores:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def turn(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"scores {self._site}")

    def put(self, scored: Scored, now: datetime) -> Score:
        return self._database.transact(lambda connection: put_score(connection, scored, self._site, now))

    def due(self, now: datetime, most: int) -> list[Score]:
        return [_score(row) for row in self._database.rows("lti.due_scores", site=self._site, now=now, most=most)]

    def next_due(self) -> datetime | None:
        due: datetime | None = self._database.one("lti.next_due", site=self._site)["due"]
        return due

    def sent(self, score_id: int, now: datetime) -> None:
        self._note("lti.sent_score", OnItsWay.ARRIVED, score_id=score_id, now=now)

    def stamp_again(self, score_id: int, now: datetime) -> None:
        self._database.run("lti.stamp_again", score_id=score_id, now=now)

    def again(self, score_id: int, at: datetime, why: str) -> None:
        self._note("lti.try_score_again", OnItsWay.WAITS, score_id=score_id, at=at, why=why)

    def park(self, score_id: int, answer: Answer, why: str, now: datetime) -> None:
        values = {"answer": answer.value, "why": why, "now": now, "rested_at": now + REST}
        self._note("lti.park_score", OnItsWay.REFUSED, score_id=score_id, **values)

    def unpark(self, now: datetime) -> int:
        return self._database.run("lti.unpark_scores", site=self._site, now=now, answer=None)

    def unpark_enrolled(self, now: datetime) -> int:
        return self._database.run("lti.unpark_scores", site=self._site, now=now, answer=Answer.NOT_ENROLLED.value)

    def standing(self, platform_id: int, line_item: str, subject: str) -> Standing | None:
        values = {"platform_id": platform_id, "line_item": line_item, "subject": subject}
        row = self._database.row("lti.standing_score", site=self._site, **values)
        if row is None:
            return None
        answer = Answer(row["answer"]) if row["answer"] else None
        return standing(ScoreState(row["state"]), row["tries"], answer, graded=row["graded"])

    def percent(self, platform_id: int, line_item: str, subject: str) -> float | None:
        """What the gradebook has of somebody, or is about to have; None for nothing."""
        values = {"platform_id": platform_id, "line_item": line_item, "subject": subject}
        row = self._database.row("lti.newest_score", site=self._site, **values)
        return row["percent"] if row else None

    def lying(self) -> list[Lying]:
        rows = self._database.rows("lti.lying_scores", site=self._site)
        return [Lying(**{**row, "state": ScoreState(row["state"])}) for row in rows]

    def heard(self, ended: Event) -> Iterator[None]:
        """Something once it listens, and then whenever there is something to send, until ``ended`` is set.

        Raises StorageError.
        """
        return self._database.heard(CHANNEL, ended, self._site)

    def _note(self, name: str, state: OnItsWay, **values: object) -> None:
        """Keep what came of a score, and tell whose it is."""

        def work(connection: Connection) -> None:
            if row := connection.execute(query(name), values).fetchone():
                tell(connection, on_its_way(**row, state=state))

        self._database.transact(work)


def put_score(connection: Connection, scored: Scored, site: str, now: datetime) -> Score:
    """Put a score on its way within a transaction."""
    values = {**asdict(scored), "progress": scored.progress.value, "site": site, "now": now}
    connection.execute(query("lti.lock_score"), values)
    row = one(connection, "lti.put_score", **values)
    tell(connection, on_its_way(scored.platform_id, scored.subject, OnItsWay.PUT))
    return Score(row["score_id"], scored, row["stamp"], 0)


def _score(row: Row) -> Score:
    score_id, stamp, tries = row.pop("score_id"), row.pop("stamp"), row.pop("tries")
    return Score(score_id, Scored(**{**row, "progress": Progress(row["progress"])}), stamp, tries)
