"""Scores of content that was launched, on their way to gradebooks, as a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.errors import Stopped, StorageError
from connector.domain.lti_scores import Answer
from connector.lti.outbox import Outbox
from connector.sync.apply import Stopping
from jobs.times import Times

ROUNDS = 50
"""After so many the run ends, and the next one begins: whoever looks on sees that it lives."""
PAUSE = timedelta(seconds=1)
"""Between two runs by the clock."""


@dataclass(frozen=True, slots=True)
class ScoreWork:
    """Everything that it needs, handed in by the composition root."""

    outbox: Outbox
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Send until nothing is due; gives what to log. Raises Busy, Stopped and StorageError."""
        done: Counter[Answer] = Counter()
        for _ in range(ROUNDS):
            sent = await self.outbox.send_due()
            done += sent
            if not sent:
                break
            if self.stopping():
                raise Stopped("Told to stop before all scores were sent: the next run goes on from there.")
        return {answer.name.lower(): scores for answer, scores in done.items()}


@dataclass(frozen=True, slots=True)
class WhenDue:
    """At ``times``, and before that when something is ``due``."""

    times: Times
    due: Callable[[], datetime | None]

    def after(self, moment: datetime) -> datetime:
        later = self.times.after(moment)
        try:
            due = self.due()
        except StorageError:  # told by the run, which needs the database more
            return later
        return later if due is None else min(later, max(due, moment + PAUSE))
