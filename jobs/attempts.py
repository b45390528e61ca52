"""What browsers have left is ended, as a job: attempts whose time is over, and word of what was watched of videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.domain.errors import Stopped
from connector.sync.apply import Stopping


@dataclass(frozen=True, slots=True)
class AttemptWork:
    """``submit_overdue`` submits some of them, and gives how many; so does ``tell_left`` with videos."""

    submit_overdue: Callable[[], int]
    tell_left: Callable[[], int]
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Until none is left; gives what to log. Raises Stopped and StorageError."""
        return {"submitted": self._all(self.submit_overdue), "left": self._all(self.tell_left)}

    def _all(self, some_of: Callable[[], int]) -> int:
        done = 0
        while some := some_of():
            done += some
            if self.stopping():
                raise Stopped("Told to stop before all that was left was ended: the next run goes on from there.")
        return done
