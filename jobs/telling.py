"""Telling people what waits, one after the other: each notice is sent at most once.

It counts as sent before it is handed over, because a repeated one would arrive again. Where the answer is lost it
stays so; what surely was not sent waits for the next time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from connector.domain.errors import AnswerLost, ConnectorError, Stopped
from connector.domain.learners import Telling, Told, Waiting

N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Sent(Generic[N]):
    """What became of the first ones of a batch; the others surely were not sent, for ``failure``."""

    tellings: Sequence[Telling[N]]
    failure: ConnectorError | None = None


@dataclass(frozen=True, slots=True)
class Sending(Generic[N]):
    """``send`` hands so many over at once. It raises AnswerLost where they may have arrived, else none was sent."""

    store: Waiting[N]
    send: Callable[[Sequence[N]], Awaitable[Sent[N]]]
    batch: int
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]

    async def all(self) -> Counter[Told]:
        """Send what waits; gives what became of how many. Raises what ``send`` does, and Stopped between batches."""
        came: Counter[Told] = Counter()
        while waiting := self.store.waiting(self.clock(), self.batch):
            if self.stopping():
                raise Stopped("Told to stop; the others are told by the next run.")
            if claimed := self.store.claim(waiting, self.clock()):
                came.update(one.told for one in await self._some(claimed))
        return came

    async def _some(self, notices: Sequence[N]) -> Sequence[Telling[N]]:
        try:
            sent = await self.send(notices)
        except AnswerLost:
            raise  # they may have arrived: who was not told is the smaller harm
        except ConnectorError:
            self.store.give_back(notices)
            raise
        self.store.settle(sent.tellings, self.clock())
        self.store.give_back(notices[len(sent.tellings) :])
        if sent.failure:
            raise sent.failure
        return sent.tellings
