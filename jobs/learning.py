"""Events of launched content become facts: carried from the connector's database to that of the reports, as a job.

Events wait in the one until they are facts in the other: killed in between they are carried once more, and change
nothing. What waits is what is there, whatever its number: one that was told earlier and committed later is not missed.
An attempt whose questions cannot be read holds no other up: it and its events are facts, and the events wait on, so
that what it gave question by question becomes one once it can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from connector.content.assessment.responses import asked, questions_in, responses
from connector.domain.apart import Apart
from connector.domain.assessments import Question
from connector.domain.contents import Contents
from connector.domain.errors import Stopped
from connector.domain.learning_facts import Asked, LearningFacts, Response, Tried, Waiting
from connector.sync.apply import Stopping

MOST = 500
"""Events that are carried at one go."""
REMEMBERED = 200
"""Versions of content whose questions are kept at hand during a run."""


@dataclass(frozen=True, slots=True)
class LearningWork:
    """Everything that it needs, handed in by the composition root."""

    waiting: Waiting
    contents: Contents
    facts: LearningFacts
    clock: Callable[[], datetime]
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Carry until nothing waits but what could not be read; gives what to log. Raises Stopped, StorageError."""
        questions = lru_cache(REMEMBERED)(self._questions)
        events, attempts = 0, set[int]()
        apart = Apart("Attempts whose answers were to become facts")
        while True:
            looked_at = self.clock()
            told = self.waiting.next(MOST, apart.failed)
            if not told:
                self.facts.reached(looked_at)
                return {"events": events, "attempts": len(attempts - {*apart.failed}), **apart.told()}
            tried = self.waiting.tried(sorted({one.attempt_id for one in told if one.attempt_id is not None}))
            named = self.waiting.named(sorted({one.content for one in told}))
            gave: list[Response] = []
            asking: dict[tuple[str, str], Asked] = {}
            for one in tried:
                with apart.one(one.attempt_id):
                    asked_by = _known(one, one.version, one.banks, questions)
                    marked_by = _known(one, one.marked_version, one.marked_banks, questions)
                    gave += responses(one, asked_by, marked_by)
                    asking |= {(each.content, each.question_id): each for each in asked(one, marked_by)}
            self.facts.keep(told, tried, gave, named, list(asking.values()), self.clock())
            carried = [one for one in told if one.attempt_id not in apart.failed]
            self.waiting.carried(carried)
            events += len(carried)
            attempts |= {one.attempt_id for one in tried}
            if self.stopping():
                raise Stopped("Told to stop before all that was told became facts: the next run goes on from there.")

    def _questions(self, content_id: UUID, version: int) -> Sequence[Question]:
        return questions_in(self.contents.version(content_id, version).body)


def _known(
    tried: Tried, version: int, banks: Mapping[str, int], questions: Callable[[UUID, int], Sequence[Question]]
) -> Mapping[str, Question]:
    theirs = [one for bank, number in banks.items() for one in questions(UUID(bank), number)]
    return {one.question_id: one for one in (*theirs, *questions(tried.content_id, version))}
