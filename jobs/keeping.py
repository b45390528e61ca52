"""Keeping something in Moodle as it should be, as a job: due dates in calendars, identities linked with accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Generic, Protocol, TypeVar

import structlog

from connector.domain.errors import ConnectorError, Stopped
from connector.domain.keeping import Kept, Step, outcome
from connector.domain.ports import SiteInfo

BATCH = 200
"""Steps in a request: Moodle takes some milliseconds for each."""

S = TypeVar("S", bound=Step)

log = structlog.get_logger("jobs")


class Connected(Protocol):
    """What is asked of a connection to Moodle itself."""

    async def site_info(self) -> SiteInfo: ...


M = TypeVar("M", bound=Connected)


@dataclass(frozen=True, slots=True)
class Keeping(Generic[S, M]):
    """Everything that the job needs, handed in by the composition root.

    ``connect`` opens Moodle; ``needs`` are functions that the token must be allowed for it. ``send`` does one batch,
    and gives for each why it was refused.
    """

    store: Kept[S]
    connect: Callable[[], AbstractAsyncContextManager[M]]
    needs: frozenset[str]
    send: Callable[[M, Sequence[S]], Awaitable[list[ConnectorError | None]]]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]

    async def keep(self) -> Mapping[str, object]:
        """Do what has to be done; gives what to log. Raises the error tree where Moodle or a database cannot be used.

        Without the functions in the token nothing is done, and everything waits.
        """
        steps = self.store.steps(self.clock())
        came: Counter[str] = Counter()
        if batch := list(islice(steps, BATCH)):
            async with self.connect() as moodle:
                if lacking := ", ".join(sorted(self.needs - (await moodle.site_info()).functions)):
                    log.warning("nothing is put into Moodle", lacking=lacking)
                    return {"put": 0, "removed": 0, "refused": 0, "lacking": lacking}
                while batch:
                    if self.stopping():
                        raise Stopped("Told to stop; the others are dealt with by the next run.")
                    came += await self._some(moodle, batch)
                    batch = list(islice(steps, BATCH))
        return {"put": came["put"], "removed": came["gone"], "refused": came["refused"]}

    async def _some(self, moodle: M, batch: Sequence[S]) -> Counter[str]:
        self.store.sending(batch, self.clock())
        came = list(zip(batch, await self.send(moodle, batch), strict=True))
        self.store.settle(came, self.clock())
        if failure := next((error for step, error in came if error and outcome(step, error) == "sent"), None):
            raise failure
        return Counter(outcome(step, error) for step, error in came)
