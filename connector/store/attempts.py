"""Attempts at assessments, in PostgreSQL; see ``connector.domain.attempting``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from connector.domain.assessments import Answer, Policy
from connector.domain.attempting import (
    Attempt,
    Begun,
    Discard,
    Drawn,
    Evidence,
    Finding,
    Leaving,
    Mark,
    Newest,
    Outcome,
    Paper,
    Result,
    Saved,
)
from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.live import handed_in
from connector.store.contents import hold
from connector.store.database import Connection, Database, Row, one, query
from connector.store.learning_events import values
from connector.store.live import tell
from connector.store.lti_scores import put_score

LATE = timedelta(minutes=1)
"""So long an attempt that is over has, to be ended by whoever made it."""


class StoredAttempts:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def of(self, content_id: UUID, actor: Actor, *, trial: bool) -> Sequence[Attempt]:
        whose = {"content_id": content_id, "trial": trial, **asdict(actor)}
        return [attempt_of(row) for row in self._database.rows("attempts.of", **whose)]

    def one(self, attempt_id: int) -> Attempt | None:
        row = self._database.row("attempts.one", site=self._site, attempt_id=attempt_id)
        return attempt_of(row) if row else None

    def discarded(self, content_id: UUID, platform_id: int, course: str, most: int) -> Sequence[Attempt]:
        there = {"content_id": content_id, "platform_id": platform_id, "course": course, "most": most}
        return [attempt_of(row) for row in self._database.rows("attempts.discarded", **there)]

    def discarded_of(self, content_id: UUID, actor: Actor) -> Sequence[Attempt]:
        whose = {"content_id": content_id, **asdict(actor)}
        return [attempt_of(row) for row in self._database.rows("attempts.discarded_of", **whose)]

    def discard(self, attempt: Attempt, discard: Discard, find: Leaving) -> bool:
        whose = {"content_id": attempt.content_id, "trial": attempt.trial, **asdict(attempt.actor)}

        def work(connection: Connection) -> bool:
            every = [attempt_of(row) for row in connection.execute(query("attempts.lock_of"), whose)]
            now_is = next((one for one in every if one.attempt_id == attempt.attempt_id), None)
            if now_is is None:
                return False
            left = find(every, now_is)
            values = {"attempt_id": attempt.attempt_id, "earns": left.earns, **asdict(discard)}
            if not connection.execute(query("attempts.discard"), values).rowcount:
                return False
            tell_event(connection, Event(now_is.actor, Verb.VOIDED, attempt.attempt_id), self._site, discard.at)
            if left.told is not None:
                put_score(connection, left.told, self._site, discard.at)
            return True

        return self._database.transact(work)

    def results(self, content_id: UUID, platform_id: int, course: str) -> Sequence[Result]:
        there = {"content_id": content_id, "platform_id": platform_id, "course": course}
        return self._database.made(_result, "attempts.results", **there)

    def scored(self, content_id: UUID, platform_id: int, course: str, most: int) -> Sequence[Attempt]:
        there = {"content_id": content_id, "platform_id": platform_id, "course": course}
        return [attempt_of(row) for row in self._database.rows("attempts.scored", most=most, **there)]

    def start(self, drawn: Drawn, begun: Begun) -> int | None:
        paper, content = drawn.paper, drawn.seen[0]
        wanted = {
            **asdict(begun.actor),
            "content_id": content.content_id,
            "version": paper.version,
            "banks": Jsonb(paper.banks),
            "paper": list(paper.questions),
            "after": begun.after,
            "line_item": begun.line_item,
            "link_title": begun.link_title,
            "trial": begun.trial,
            "launched_at": begun.launched_at,
            "now": begun.at,
        }

        def work(connection: Connection) -> int | None:
            connection.execute(query("allowances.keep_off"), wanted)
            if not hold(connection, drawn.seen):
                return None
            row = connection.execute(query("attempts.start"), wanted).fetchone()
            if row is None:
                return None
            connection.execute(query("allowances.limit"), wanted)
            attempt_id: int = row["attempt_id"]
            if not begun.trial:
                tell_event(connection, Event(begun.actor, Verb.INITIALIZED, attempt_id), self._site, begun.at)
            return attempt_id

        return self._database.transact(work)

    def answers(self, attempt_id: int) -> Mapping[str, Answer]:
        return self.answers_of([attempt_id]).get(attempt_id, {})

    def answers_of(self, attempt_ids: Sequence[int]) -> Mapping[int, Mapping[str, Answer]]:
        found: dict[int, dict[str, Answer]] = defaultdict(dict)
        for attempt_id, answer in self._database.made(_answered, "attempts.answers", attempt_ids=list(attempt_ids)):
            found[attempt_id][answer.question_id] = answer
        return found

    def places(self, attempt_id: int) -> int:
        place: int = self._database.one("attempts.places", attempt_id=attempt_id)["place"]
        return place

    def save(self, attempt: Attempt, answer: Answer, place: int, now: datetime, by: datetime) -> Saved:
        said = {
            "chosen": sorted(answer.chosen),
            "text": answer.text,
            "confidence": answer.confidence,
            "seconds": answer.seconds,
        }
        key = {"attempt_id": attempt.attempt_id, "question_id": answer.question_id}

        def work(connection: Connection) -> Row:
            row = one(connection, "attempts.save", said=Jsonb(said), place=place, now=now, by=by, **key)
            if row["new"] and not attempt.trial:
                result = {"seconds": answer.seconds}
                answered = Event(attempt.actor, Verb.ANSWERED, attempt.attempt_id, answer.question_id, result)
                tell_event(connection, answered, self._site, now)
            return row

        row = self._database.transact(work)
        return Saved(row["open"], row["place"])

    def evidence(self, attempt_id: int) -> Sequence[Evidence]:
        return [Evidence(**row) for row in self._database.rows("attempts.evidence", attempt_id=attempt_id)]

    def handed_in(self, actor: Actor) -> int:
        whose = {"platform_id": actor.platform_id, "subject": actor.subject}
        size: int = self._database.one("attempts.handed_in", **whose)["size"]
        return size

    def hand_in(self, actor: Actor, evidence: Evidence, by: datetime, most: int, room: int) -> bool:
        whose = {"platform_id": actor.platform_id, "subject": actor.subject}

        def work(connection: Connection) -> bool:
            connection.execute(query("attempts.lock_evidence"), whose)
            values = {**whose, **asdict(evidence), "by": by, "most": most, "room": room}
            taken = connection.execute(query("attempts.hand_in"), values).rowcount > 0
            if taken:
                tell(connection, handed_in(actor))
            return taken

        return self._database.transact(work)

    def take_back(self, attempt: Attempt, file_id: UUID) -> Evidence | None:
        def work(connection: Connection) -> Evidence | None:
            values = {"attempt_id": attempt.attempt_id, "file_id": file_id}
            row = connection.execute(query("attempts.take_back"), values).fetchone()
            if row is None:
                return None
            tell(connection, handed_in(attempt.actor))
            return Evidence(**row)

        return self._database.transact(work)

    def submit(self, attempt: Attempt, now: datetime, before: datetime | None = None) -> bool:
        completed = Event(attempt.actor, Verb.COMPLETED, attempt.attempt_id)

        def work(connection: Connection) -> bool:
            values = {"attempt_id": attempt.attempt_id, "now": now, "before": before}
            done = connection.execute(query("attempts.submit"), values).rowcount > 0
            if done and not attempt.trial:
                tell_event(connection, completed, self._site, now)
            return done

        return self._database.transact(work)

    def as_marked(self, attempt: Attempt) -> Attempt:
        return as_marked(attempt, self._database.row("regrades.last_of", **_where(attempt)))

    def settle(self, attempt: Attempt, find: Finding, now: datetime) -> bool:
        whose = {"content_id": attempt.content_id, "trial": attempt.trial, **asdict(attempt.actor)}

        def work(connection: Connection) -> bool:
            connection.execute(query("regrades.keep_off"), _where(attempt))
            last = connection.execute(query("regrades.last_of"), _where(attempt)).fetchone()
            every = [attempt_of(row) for row in connection.execute(query("attempts.lock_of"), whose)]
            now_is = next((one for one in every if one.attempt_id == attempt.attempt_id), None)
            if now_is is None or now_is.settled_at is not None or now_is.archived:
                return True
            marked = as_marked(now_is, last)
            if (marked.marked_version, marked.marked_banks) != (attempt.marked_version, attempt.marked_banks):
                return False
            rows = connection.execute(query("attempts.answers"), {"attempt_ids": [attempt.attempt_id]})
            outcome = find(marked, every, {row["question_id"]: answer_of(row) for row in rows})
            keep_outcome(connection, marked, outcome, self._site, now)
            return True

        return self._database.transact(work)

    def mark(self, attempt_id: int, mark: Mark) -> bool:
        return self._database.run("attempts.mark", attempt_id=attempt_id, **asdict(mark)) > 0

    def marks(self, attempt_id: int) -> Sequence[Mark]:
        return [Mark(**row) for row in self._database.rows("attempts.marks", attempt_id=attempt_id)]

    def commented(self, attempt_ids: Collection[int]) -> Collection[int]:
        rows = self._database.rows("attempts.commented", attempt_ids=list(attempt_ids)) if attempt_ids else []
        return {row["attempt_id"] for row in rows}

    def unsettled(self, now: datetime, behind: int, most: int) -> Sequence[Attempt]:
        values = {"before": now - LATE, "behind": behind, "most": most}
        rows = self._database.rows("attempts.unsettled", site=self._site, **values)
        return [attempt_of(row) for row in rows]


def keep_outcome(connection: Connection, attempt: Attempt, outcome: Outcome, site: str, now: datetime) -> None:
    """Keep what an attempt has come to by what it is marked by, and send it on, within a transaction."""
    found = {"percent": outcome.percent, "passed": outcome.passed, "earns": outcome.earns, "now": now}
    by = {"version": attempt.marked_version, "banks": Jsonb(attempt.marked_banks)}
    connection.execute(query("attempts.settle"), {"attempt_id": attempt.attempt_id, **by, **found})
    for event in outcome.events:
        tell_event(connection, event, site, now)
    if outcome.told is not None:
        put_score(connection, outcome.told, site, now)


def tell_event(connection: Connection, event: Event, site: str, now: datetime) -> None:
    connection.execute(query("learning_events.tell"), values(event, site, now))


def as_marked(attempt: Attempt, last: Row | None) -> Attempt:
    """An attempt by what its course was ``last`` to be marked by; as it is where nobody wanted that."""
    return Newest(attempt.content_id, **last).on(attempt) if last else attempt


def _where(attempt: Attempt) -> dict[str, Any]:
    actor = attempt.actor
    return {"content_id": attempt.content_id, "platform_id": actor.platform_id, "course": actor.course}


_ACTOR = ("platform_id", "course", "link", "subject", "person_id")
_SAME = (
    "attempt_id", "content_id", "number", "marked_version", "marked_banks", "line_item", "trial", "launched_at",
    "started_at", "ends_at", "submitted_at", "percent", "passed", "settled_at", "archived",
)  # fmt: skip


def attempt_of(row: Row) -> Attempt:
    actor = Actor(**{name: row[name] for name in _ACTOR}, content=str(row["content_id"]))
    paper = Paper(row["version"], row["banks"], row["paper"])
    discard = Discard(row["discarded_by"], row["discarded_why"], row["discarded_at"]) if row["discarded_at"] else None
    return Attempt(**{name: row[name] for name in _SAME}, actor=actor, paper=paper, discard=discard)


def answer_of(row: Row) -> Answer:
    """A row of ``attempts.answers``."""
    return _answered(**row)[1]


def _answered(
    attempt_id: int,
    question_id: str,
    said: dict[str, Any] | None,
    saved_at: datetime | None,
    files: Sequence[str],
    share: float | None,
    comment: str | None,
) -> tuple[int, Answer]:
    """The same, with the attempt that it is of."""
    said = said or {}
    chosen = frozenset(said.pop("chosen", ()))
    return attempt_id, Answer(
        question_id, chosen, files=files, share=share, comment=comment or "", at=saved_at, **said
    )


def _result(*row: Any) -> Result:
    """A row of ``attempts.results``."""
    *attempt, archived, title, policy, pass_mark = row
    told = (*attempt, Policy(policy), pass_mark, archived, title)
    return Result(*told)
