"""What browsers have left is ended, as a job: attempts whose time is over, and word of what was watched of videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.domain.apart import Apart
from connector.domain.errors import Stopped
from connector.sync.apply import Stopping


@dataclass(frozen=True, slots=True)
class AttemptWork:
    """``submit_overdue`` submits all of them, and gives how many, None where it was told to stop; ``tell_left`` tells
    some, and gives how many."""

    submit_overdue: Callable[[Apart, Stopping], int | None]
    tell_left: Callable[[], int]
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Until none is left but what could not be; gives what to log. Raises Stopped and StorageError."""
        apart = Apart("Attempts that were to be submitted and marked")
        submitted = self.submit_overdue(apart, self.stopping)
        left = None if submitted is None else self._tell_left()
        if left is None:
            raise Stopped("Told to stop before all that was left was ended: the next run goes on from there.")
        return {"submitted": submitted, "left": left, **apart.told()}

    def _tell_left(self) -> int | None:
        done = 0
        while some := self.tell_left():
            done += some
            if self.stopping():
                return None
        return done
