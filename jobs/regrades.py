"""Attempts that somebody wants marked anew, as a job: what was broken off goes on with who is not done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.content.assessment.regrading import Regrading
from connector.domain.apart import Apart
from connector.domain.errors import Stopped
from connector.sync.apply import Stopping


@dataclass(frozen=True, slots=True)
class RegradeWork:
    regrading: Regrading
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Mark until nothing is asked for any more but what could not be; gives what to log.

        Raises Stopped and StorageError.
        """
        regrades, attempts = 0, 0
        apart = Apart("Attempts that were to be marked again")
        for regrade in self.regrading.regrades.under_way():
            failed = len(apart.failed)
            done = self.regrading.work(regrade, apart, self.stopping)
            if done is None:
                raise Stopped("Told to stop before all attempts were marked anew: the next run goes on from there.")
            regrades, attempts = regrades + (len(apart.failed) == failed), attempts + done
        return {"regrades": regrades, "attempts": attempts, **apart.told()}
