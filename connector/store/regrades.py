"""Regrades in PostgreSQL; see ``connector.domain.regrades``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from threading import Event
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from connector.domain.assessments import Answer
from connector.domain.attempting import Attempt, Newest
from connector.domain.contents import Maker
from connector.domain.regrades import Regrade, Remarking
from connector.store.attempts import answer_of, attempt_of, keep_outcome
from connector.store.database import Connection, Database, Row, one, query
from connector.store.lti_scores import put_score

CHANNEL = "connector_regrade"
"""PostgreSQL notifies it when somebody asks for one; the payload is the site."""
SHOWN = 5
"""Regrades of a course that are told."""


class StoredRegrades:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def banks(self, content_id: UUID, platform_id: int, course: str) -> Sequence[str]:
        where = {"content_id": content_id, "platform_id": platform_id, "course": course}
        return [row["bank"] for row in self._database.rows("regrades.banks", **where)]

    def old(self, by: Newest, platform_id: int, course: str) -> int:
        found: int = self._database.one("regrades.old", **_wanted(by, platform_id, course))["attempts"]
        return found

    def ask(self, by: Newest, maker: Maker, reason: str, now: datetime) -> bool:
        wanted = _wanted(by, maker.platform_id, maker.course)
        values = {**wanted, "by": maker.subject, "reason": reason, "now": now, "site": self._site}
        versions = {str(by.content_id): by.version, **by.banks}
        used = {"contents": [UUID(key) for key in versions], "versions": list(versions.values())}

        def work(connection: Connection) -> bool:
            connection.execute(query("regrades.wait"), wanted)
            connection.execute(query("regrades.supersede"), values)
            connection.execute(query("contents.hold"), used)
            attempts = one(connection, "regrades.old", **wanted)["attempts"]
            return connection.execute(query("regrades.ask"), {**values, "attempts": attempts}).rowcount > 0

        return self._database.transact(work)

    def of_course(self, content_id: UUID, platform_id: int, course: str) -> Sequence[Regrade]:
        where = {"content_id": content_id, "platform_id": platform_id, "course": course}
        return [_regrade(row) for row in self._database.rows("regrades.of_course", most=SHOWN, **where)]

    def under_way(self) -> Sequence[Regrade]:
        return [_regrade(row) for row in self._database.rows("regrades.under_way", site=self._site)]

    def left(self, regrade: Regrade, behind: int, most: int) -> Sequence[Attempt]:
        rows = self._database.rows("regrades.left", regrade_id=regrade.regrade_id, behind=behind, most=most)
        return [attempt_of(row) for row in rows]

    def remark(self, regrade: Regrade, attempt: Attempt, find: Remarking, now: datetime) -> int:
        whose = {"content_id": attempt.content_id, "trial": False, **asdict(attempt.actor)}

        def work(connection: Connection) -> int:
            every = [attempt_of(row) for row in connection.execute(query("attempts.lock_of"), whose)]
            answers: dict[int, dict[str, Answer]] = defaultdict(dict)
            ids = [one.attempt_id for one in every]
            for row in connection.execute(query("attempts.answers"), {"attempt_ids": ids}):
                answers[row["attempt_id"]][row["question_id"]] = answer_of(row)
            found = find(every, answers)
            before = {one.attempt_id: one for one in every}
            changed = sum(
                (new.percent, new.passed) != (before[key].percent, before[key].passed)
                for key, new in found.outcomes.items()
            )
            told = {"reached": attempt.attempt_id, "done": len(found.outcomes), "changed": changed}
            if not connection.execute(query("regrades.count"), {"regrade_id": regrade.regrade_id, **told}).rowcount:
                return 0  # it has ended
            for key, outcome in found.outcomes.items():
                keep_outcome(connection, regrade.by.on(before[key]), outcome, self._site, now)
            if found.told is not None:
                put_score(connection, found.told, self._site, now)
            return len(found.outcomes)

        return self._database.transact(work)

    def end(self, regrade: Regrade, now: datetime) -> None:
        self._database.run("regrades.end", regrade_id=regrade.regrade_id, now=now)

    def heard(self, ended: Event) -> Iterator[None]:
        """Raises StorageError."""
        return self._database.heard(CHANNEL, ended, self._site)


def _wanted(by: Newest, platform_id: int, course: str) -> dict[str, Any]:
    where = {"content_id": by.content_id, "platform_id": platform_id, "course": course}
    return {**where, "version": by.version, "banks": Jsonb(by.banks)}


def _regrade(row: Row) -> Regrade:
    by = Newest(row.pop("content_id"), row.pop("version"), row.pop("banks"))
    return Regrade(by=by, **row)
