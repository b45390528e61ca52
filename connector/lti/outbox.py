"""Scores are sent in their order, and again until the gradebook has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from connector.domain.errors import AccessRefused, TryAgain
from connector.domain.lti import Platforms
from connector.domain.lti_scores import Answer, Gradebook, Score, ScoreStore, is_same, next_try

MANY = 200
"""At one go; what is left has its turn next."""
log = structlog.get_logger("scores")


@dataclass(frozen=True, slots=True)
class Outbox:
    scores: ScoreStore
    platforms: Platforms
    gradebook: Gradebook
    clock: Callable[[], datetime]

    async def send_due(self, most: int = MANY) -> Counter[Answer]:
        """Send what is due, once each; gives what came of it."""
        known = {one.platform_id: one for one in self.platforms.all() if one.ended_at is None}
        done: Counter[Answer] = Counter()
        for score in self.scores.due(self.clock(), most):
            platform = known.get(score.scored.platform_id)
            if platform is None:
                self.scores.park(score.score_id, "the platform was ended", self.clock())
                done[Answer.REFUSED] += 1
                continue
            answer, why = await self.gradebook.send(platform, score)
            if answer is Answer.NOT_LATER and await self._is_there(score):
                answer = Answer.TAKEN  # sent before, and the answer was lost
            self._note(score, answer, why)
            done[answer] += 1
        return done

    async def _is_there(self, score: Score) -> bool:
        wanted = score.scored
        platform = self.platforms.one(wanted.platform_id)
        try:
            return platform is not None and is_same(
                wanted, await self.gradebook.result(platform, wanted.line_item, wanted.subject)
            )
        except (TryAgain, AccessRefused):
            return False

    def _note(self, score: Score, answer: Answer, why: str) -> None:
        now = self.clock()
        if answer is Answer.TAKEN:
            self.scores.sent(score.score_id, now)
        elif answer is Answer.NOT_LATER:
            self.scores.stamp_again(score.score_id, now)
        elif answer is Answer.NOT_NOW:
            self.scores.again(score.score_id, next_try(score.tries, now), why)
        else:
            log.warning("score not taken", why=why, line_item=score.scored.line_item)
            self.scores.park(score.score_id, why, now)
