"""Attempts at assessments whose time is over and whose browser is gone are submitted, as a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.domain.errors import Stopped
from connector.sync.apply import Stopping


@dataclass(frozen=True, slots=True)
class AttemptWork:
    """``submit_overdue`` submits some of them, and gives how many."""

    submit_overdue: Callable[[], int]
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Submit until none is left; gives what to log. Raises Stopped and StorageError."""
        done = 0
        while some := self.submit_overdue():
            done += some
            if self.stopping():
                raise Stopped("Told to stop before all attempts were submitted: the next run goes on from there.")
        return {"submitted": done}
