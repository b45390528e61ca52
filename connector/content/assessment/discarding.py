"""Attempts that are taken out of all that counts: a try-out, one by a wrong person, an exam that was disturbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.content.assessment.attempting import scored
from connector.content.assessment.papers import Papers
from connector.domain.attempting import LONGEST_WHY, Attempt, Attempts, Discard, Left
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble
from connector.domain.lti_scores import Progress


@dataclass(frozen=True, slots=True)
class Discarding:
    attempts: Attempts
    papers: Papers
    clock: Callable[[], datetime]

    def discard(self, attempt: Attempt, by: str, why: str) -> None:
        """Take an attempt out of all that counts, for good; ``by`` is the platform's subject of who does. What counts
        then goes to the gradebook, or that nothing does. Discarded twice, it is as the first has said.

        Raises LaunchRefused for what who teaches tried out, which counts nowhere, and where the person was erased.
        """
        if attempt.trial:
            raise LaunchRefused("The attempt was to try it out: it counts nowhere.", Trouble.NOT_ALLOWED)
        self.papers.counted(self.attempts.of(attempt.content_id, attempt.actor, trial=False))  # at hand from now on
        done = self.attempts.discard(attempt, Discard(by, why[:LONGEST_WHY], self.clock()), self._left)
        now_is = None if done else self.attempts.one(attempt.attempt_id)
        if not done and (now_is is None or now_is.discard is None):
            raise LaunchRefused("The person of the attempt was erased.", Trouble.NOT_ALLOWED)

    def _left(self, every: Sequence[Attempt], gone: Attempt) -> Left:
        rest = [one for one in every if one.attempt_id != gone.attempt_id]
        before, counts = self.papers.counted(every), self.papers.counted(rest)
        earns = counts is not None and counts.passed
        if (before and before.percent) == (counts and counts.percent):
            return Left(None, earns)
        told = scored(every, counts)
        return Left(replace(told, progress=progress(rest)) if told else None, earns)


def progress(attempts: Sequence[Attempt]) -> Progress:
    """How far somebody is with what they have tried: with nothing as who never began."""
    if not attempts:
        return Progress.INITIALIZED
    return Progress.COMPLETED if any(one.submitted_at for one in attempts) else Progress.IN_PROGRESS
