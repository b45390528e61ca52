"""Launched content as it is kept: an assessment, attempts at it and what tells of them, straight into the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from connector.content.assessment.responses import questions_in
from connector.domain.contents import ContentKind, Maker
from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.lti import Platform
from connector.store.contents import StoredContents
from connector.store.database import Database
from connector.store.learning_events import StoredEvents, WaitingEvents
from connector.store.learning_facts import LearningFactTables
from connector.store.lti import LtiPlatforms
from jobs.learning import LearningWork

MOODLE = "https://moodle.example.test"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
COURSE = "11"


def option(name: str, *, right: bool = False) -> dict[str, Any]:
    return {"option_id": name, "text": {"en": name}, "right": right}


def question(name: str, kind: str = "single", **more: Any) -> dict[str, Any]:
    options = [option("a", right=True), option("b")] if kind == "single" else []
    return {"question_id": name, "kind": kind, "text": {"en": f"What is {name}?"}, "options": options, **more}


EXAM: Mapping[str, Any] = {
    "title": {"en": "Fire safety", "vi": "An toàn cháy"},
    "sections": [{"title": {}, "questions": [question("q1"), question("q2"), question("p1", "practical")]}],
    "pass_mark": 60,
}


@dataclass
class Launched:
    """One site with a platform. ``reports`` is the address of the reports, which may be elsewhere."""

    database: Database
    reports: Database
    site: str = "here"
    moodle: str = MOODLE
    at: datetime = NOW
    platform_id: int = field(init=False)

    def __post_init__(self) -> None:
        told = Platform(0, "Moodle", self.moodle, "client", "a", "t", "k", ())
        added = LtiPlatforms(self.database, self.site).add(told, "tester", NOW)
        assert added is not None
        self.platform_id = added
        self.contents = StoredContents(self.database, self.site)
        self.events = StoredEvents(self.database, self.site, self.clock)

    def clock(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    @property
    def work(self) -> LearningWork:
        facts = LearningFactTables(self.reports, self.moodle)
        return LearningWork(WaitingEvents(self.database, self.site), self.contents, facts, self.clock, lambda: False)

    def sql(self, text: str, *values: Any) -> list[dict[str, Any]]:
        return _sql(self.database.url, text, *values)

    def report(self, text: str, *values: Any) -> list[dict[str, Any]]:
        return _sql(self.reports.url, text, *values)

    # ------------------------------------------------------------ what people do
    def exam(self, body: Mapping[str, Any] = EXAM, kind: ContentKind = ContentKind.ASSESSMENT) -> UUID:
        return self.contents.make(kind, body, Maker(self.platform_id, COURSE, "teacher"), NOW).content_id

    def actor(self, content: UUID | str, person: int | None, subject: str = "", **other: Any) -> Actor:
        usual = {"platform_id": self.platform_id, "course": COURSE, "link": "5"}
        told = {"subject": subject or f"s{person}", "person_id": person, "content": str(content)}
        return Actor(**{**usual, **told, **other})

    def tell(self, actor: Actor, verb: Verb, attempt: int | None = None, **result: Any) -> None:
        about = str(result.pop("object", ""))
        self.events.tell(Event(actor, verb, attempt, about, result or None))

    def start(self, exam: UUID, actor: Actor, number: int = 1) -> int:
        content = self.contents.newest(exam)
        assert content is not None
        paper = [one.question_id for one in questions_in(content.body)]
        self.sql("UPDATE connector.content_version SET used = true WHERE content_id = %s", exam)
        [row] = self.sql(
            "INSERT INTO connector.attempt (content_id, version, marked_version, banks, marked_banks, paper, "
            "platform_id, course, link, subject, person_id, trial, number, line_item, started_at) "
            "VALUES (%s, %s, %s, '{}', '{}', %s, %s, %s, %s, %s, %s, false, %s, '', %s) RETURNING attempt_id",
            exam, content.version, content.version, paper, actor.platform_id, actor.course, actor.link, actor.subject,
            actor.person_id, number, self.clock(),
        )  # fmt: skip
        attempt: int = row["attempt_id"]
        self.tell(actor, Verb.INITIALIZED, attempt)
        return attempt

    def answer(self, attempt: int, key: str, actor: Actor, *chosen: str, **said: Any) -> None:
        self.sql(
            "INSERT INTO connector.answer (attempt_id, question_id, said, place, saved_at) VALUES (%s, %s, %s, 1, %s)",
            attempt, key, Jsonb({"chosen": list(chosen), "text": "", **said}), self.clock(),
        )  # fmt: skip
        self.tell(actor, Verb.ANSWERED, attempt, object=key, seconds=said.get("seconds"))

    def submit(self, attempt: int, actor: Actor, percent: float | None, *, seconds: float = 60) -> None:
        time, passed = timedelta(seconds=seconds), None if percent is None else percent >= 60
        self.sql(
            "UPDATE connector.attempt SET submitted_at = started_at + %s, settled_at = started_at + %s, percent = %s, "
            "passed = %s WHERE attempt_id = %s",
            time, time, percent, passed, attempt,
        )  # fmt: skip
        self.tell(actor, Verb.COMPLETED, attempt, percent=percent, seconds=seconds)

    def mark(
        self,
        attempt: int,
        key: str,
        share: float,
        actor: Actor,
        percent: float,
        comment: str = "",
        by: str = "teacher",
    ) -> None:
        self.sql(
            "INSERT INTO connector.mark (attempt_id, question_id, share, comment, marked_by, marked_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)", attempt, key, share, comment, by, self.clock(),
        )  # fmt: skip
        self.sql(
            "UPDATE connector.attempt SET percent = %s, passed = %s WHERE attempt_id = %s",
            percent,
            percent >= 60,
            attempt,
        )
        self.tell(actor, Verb.SCORED, attempt, percent=percent)

    def discard(self, attempt: int, actor: Actor, why: str = "a try-out", by: str = "teacher") -> None:
        self.sql(
            "UPDATE connector.attempt SET discarded_at = %s, discarded_by = %s, discarded_why = %s "
            "WHERE attempt_id = %s",
            self.clock(), by, why, attempt,
        )  # fmt: skip
        self.tell(actor, Verb.VOIDED, attempt)

    def hand_in(self, attempt: int, key: str, name: str) -> None:
        self.sql(
            "INSERT INTO connector.evidence (file_id, attempt_id, question_id, name, media_type, size, place, "
            "added_at) SELECT i, %s, %s, %s, 'image/jpeg', 7, 'evidence/' || %s, %s FROM gen_random_uuid() i",
            attempt, key, name, name, self.clock(),
        )  # fmt: skip


def _sql(url: str, text: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        done = connection.execute(text.encode(), values)
        return done.fetchall() if done.description is not None else []
