"""Exports of the reporting views, as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.errors import Stopped
from connector.domain.exports import Views
from connector.reports.exports import Order, export
from connector.sync.apply import Stopping


@dataclass(frozen=True, slots=True)
class ExportWork:
    """Everything that it needs, handed in by the composition root."""

    views: Views
    order: Order
    stopping: Stopping

    async def work(self) -> Mapping[str, object]:
        """Write what is ordered; gives what to log. Raises the error tree."""

        def heed(_rows: int) -> None:
            if self.stopping():
                raise Stopped("Told to stop before everything was exported: each file is the old one or the new one.")

        written = [one.rows for one in export(self.views, self.order, heed)]
        return {"files": len(written), "rows": sum(written)}
