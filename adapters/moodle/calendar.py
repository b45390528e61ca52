"""Due dates in the calendars of people, by our plugin in Moodle."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.moodle.client import MoodleClient
from adapters.moodle.writers.plugin import carry_out
from connector.domain.calendar import Change
from connector.domain.errors import ConnectorError

DUE_DATES = "local_connector_due_dates"


async def due_dates(client: MoodleClient, changes: Sequence[Change]) -> list[ConnectorError | None]:
    """Put, move and remove entries, in one request; for each why it was refused."""
    return await carry_out(client, DUE_DATES, [_row(change) for change in changes], lambda _: None)


def _row(change: Change) -> dict[str, object]:
    if change.entry is None:
        return {"key": change.key, "remove": True}
    return {
        "key": change.key,
        "userid": change.account_id,
        "name": change.entry.title,
        "timestart": change.entry.moment,
        "description": change.entry.text,
    }
