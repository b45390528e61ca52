"""Scores on their way, in PostgreSQL; see ``connector.domain.lti_scores``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from connector.domain.live import arrived
from connector.domain.lti_scores import Progress, Score, Scored
from connector.store.database import Connection, Database, Row, one, query
from connector.store.live import tell


class LtiScores:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def put(self, scored: Scored, now: datetime) -> Score:
        return self._database.transact(lambda connection: put_score(connection, scored, now))

    def due(self, now: datetime, most: int) -> list[Score]:
        return [_score(row) for row in self._database.rows("lti.due_scores", site=self._site, now=now, most=most)]

    def sent(self, score_id: int, now: datetime) -> None:
        def work(connection: Connection) -> None:
            values = {"score_id": score_id, "now": now}
            if row := connection.execute(query("lti.sent_score"), values).fetchone():
                tell(connection, arrived(**row))

        self._database.transact(work)

    def stamp_again(self, score_id: int, now: datetime) -> None:
        self._database.run("lti.stamp_again", score_id=score_id, now=now)

    def again(self, score_id: int, at: datetime, why: str) -> None:
        self._database.run("lti.try_score_again", score_id=score_id, at=at, why=why)

    def park(self, score_id: int, why: str, now: datetime) -> None:  # noqa: ARG002 - since when is not told
        self._database.run("lti.park_score", score_id=score_id, why=why)

    def unpark(self, now: datetime) -> int:
        return self._database.run("lti.unpark_scores", site=self._site, now=now)


def put_score(connection: Connection, scored: Scored, now: datetime) -> Score:
    """Put a score on its way within a transaction."""
    values = {**asdict(scored), "progress": scored.progress.value, "now": now}
    connection.execute(query("lti.lock_score"), values)
    row = one(connection, "lti.put_score", **values)
    return Score(row["score_id"], scored, row["stamp"], 0)


def _score(row: Row) -> Score:
    score_id, stamp, tries = row.pop("score_id"), row.pop("stamp"), row.pop("tries")
    return Score(score_id, Scored(**{**row, "progress": Progress(row["progress"])}), stamp, tries)
