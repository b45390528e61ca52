"""Attempts of a course marked anew by what is right now, person by person, so that it can be broken off anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from connector.content.assessment.attempting import outcome_of, scored, with_outcomes
from connector.content.assessment.marking import score
from connector.content.assessment.papers import Papers
from connector.domain.apart import Apart
from connector.domain.assessments import Answer
from connector.domain.attempting import Attempt, Attempts, Newest
from connector.domain.contents import Content, Contents, Maker
from connector.domain.regrades import LONGEST_REASON, Regrade, Regrades, Remarked

MANY = 200
"""Attempts that are looked up at one go."""


@dataclass(frozen=True, slots=True)
class Regrading:
    regrades: Regrades
    attempts: Attempts
    contents: Contents
    papers: Papers
    clock: Callable[[], datetime]

    def newest(self, content: Content, platform_id: int, course: str) -> Newest:
        """By what attempts of a course are marked where they are marked now."""
        keys = self.regrades.banks(content.content_id, platform_id, course)
        banks = {key: self.contents.newest(UUID(key)) for key in keys}
        return Newest(content.content_id, content.version, {key: one.version for key, one in banks.items() if one})

    def ask(self, content: Content, maker: Maker, reason: str) -> bool:
        """Let all that was submitted in a course be marked anew; False while that is under way there already, by the
        same versions."""
        by = self.newest(content, maker.platform_id, maker.course)
        return self.regrades.ask(by, maker, reason[:LONGEST_REASON], self.clock())

    def work(self, regrade: Regrade, apart: Apart, stopping: Callable[[], bool]) -> int | None:
        """Do what is left of one, each attempt ``apart`` from the others; gives how many were marked, None where it
        was told to stop before. It has not ended while there is any that could not be. Raises StorageError."""
        done, behind, failed = 0, 0, len(apart.failed)
        while some := self.regrades.left(regrade, behind, MANY):
            for attempt in some:
                if stopping():
                    return None
                with apart.one(attempt.attempt_id):
                    done += self._remark(regrade, attempt)
            behind = some[-1].attempt_id
        if len(apart.failed) == failed:
            self.regrades.end(regrade, self.clock())
        return done

    def _remark(self, regrade: Regrade, attempt: Attempt) -> int:
        for one in self.attempts.of(attempt.content_id, attempt.actor, trial=False):
            self.papers.have_at_hand(one)
            self.papers.have_at_hand(regrade.by.on(one))

        def find(every: Sequence[Attempt], answers: Mapping[int, Mapping[str, Answer]]) -> Remarked:
            return self._found(regrade.by, every, answers)

        return self.regrades.remark(regrade, attempt, find, self.clock())

    def _found(self, by: Newest, every: Sequence[Attempt], answers: Mapping[int, Mapping[str, Answer]]) -> Remarked:
        ended = [one for one in every if one.submitted_at is not None and not one.archived]
        old = [one for one in ended if not by.marks(one)]
        if not old:
            return Remarked({}, None)
        outcomes = {}
        for one in old:
            said = answers.get(one.attempt_id, {})
            there, made = self.papers.counting(by.on(one), said), self.papers.assessment(by.on(one), marked=True)
            outcomes[one.attempt_id] = outcome_of(one, made, score(there, said).percent)
        before = self.papers.counted(every)
        counts = self.papers.counted(with_outcomes(every, {one.attempt_id: by.on(one) for one in old}, outcomes))
        earned = {key: replace(new, earns=counts is not None and counts.passed) for key, new in outcomes.items()}
        same = (before and before.percent) == (counts and counts.percent)
        return Remarked(earned, None if same else scored(every, counts))
