"""Attempts that somebody wants marked anew, as a job: what was broken off goes on behind who is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.content.assessment.regrading import Regrading
from connector.domain.errors import ConnectorError, Stopped
from connector.sync.apply import Stopping


@dataclass(frozen=True, slots=True)
class RegradeWork:
    regrading: Regrading
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Mark until nothing is asked for any more; gives what to log. Where one cannot be done, the others are first.

        Raises Stopped, StorageError, and what the first was that could not be done: the next run tries it once more.
        """
        regrades, attempts = 0, 0
        failed: list[ConnectorError | ValueError] = []
        for regrade in self.regrading.regrades.under_way():
            try:
                done = self.regrading.work(regrade, self.stopping)
            except (ConnectorError, ValueError) as error:
                failed.append(error)
                continue
            if done is None:
                raise Stopped("Told to stop before all attempts were marked anew: the next run goes on from there.")
            regrades, attempts = regrades + 1, attempts + done
        if failed:
            raise failed[0]
        return {"regrades": regrades, "attempts": attempts}
