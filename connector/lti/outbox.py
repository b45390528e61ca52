"""Scores are sent in their order, and again until the gradebook has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from connector.domain.errors import AccessRefused, Busy, SettingsError, TryAgain
from connector.domain.lti import Platform, Platforms
from connector.domain.lti_scores import Answer, Gradebook, Score, Scored, ScoreStore, is_same, next_try

MANY = 200
"""At one go; what is left has its turn next."""
AT_ONCE = 4
"""Scores under way at the same time: a class ends a test together, and each takes Moodle a while."""

Sent = tuple[Score, Answer, str]
"""A score, what came of it, and in few words why."""


@dataclass(frozen=True, slots=True)
class Outbox:
    scores: ScoreStore
    platforms: Platforms
    gradebook: Gradebook
    clock: Callable[[], datetime]

    async def send_due(self, most: int = MANY) -> Counter[Answer]:
        """Send what is due, once each; gives what came of it. What a platform that takes nothing now has still to get
        waits with the rest, so that nobody else waits for its silence. Raises Busy where another process sends."""
        done: Counter[Answer] = Counter()
        silent: dict[int, str] = {}
        with self.scores.turn() as free:
            if not free:
                raise Busy("Another process is sending scores; try again when it has ended.")
            known = {one.platform_id: one for one in self.platforms.all() if one.ended_at is None}
            due = self.scores.due(self.clock(), most)
            for first in range(0, len(due), AT_ONCE):
                for score, answer, why in await self._sent(due[first : first + AT_ONCE], known, silent):
                    self._note(score, answer, why)
                    done[answer] += 1
                    if answer is Answer.NOT_NOW:
                        silent[score.scored.platform_id] = why
        return done

    async def _sent(
        self, scores: Sequence[Score], known: Mapping[int, Platform], silent: Mapping[int, str]
    ) -> list[Sent]:
        """Send a few at once: they are of different people or line items, so that none has to come before another."""
        sent: list[Sent] = []

        async def send(score: Score) -> None:
            number = score.scored.platform_id
            if number not in known:
                sent.append((score, Answer.REFUSED, "the platform was ended"))
            elif number in silent:
                sent.append((score, Answer.NOT_NOW, silent[number]))
            else:
                sent.append((score, *await self._send(known[number], score)))

        async with anyio.create_task_group() as group:
            for score in scores:
                group.start_soon(send, score)
        return sent

    async def _send(self, platform: Platform, score: Score) -> tuple[Answer, str]:
        answer, why = await self.gradebook.send(platform, score)
        if answer is Answer.NOT_LATER and await self._is_there(platform, score.scored):
            return Answer.TAKEN, why  # sent before, and the answer was lost
        return answer, why

    async def _is_there(self, platform: Platform, wanted: Scored) -> bool:
        try:
            return is_same(wanted, await self.gradebook.result(platform, wanted.line_item, wanted.subject))
        except (TryAgain, AccessRefused, SettingsError):
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
            self.scores.park(score.score_id, answer, why, now)
