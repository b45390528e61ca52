"""core_calendar_…: what time it is somewhere in the time zone of the token's account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.moodle.twin.params import OPTIONAL, Many, Record, Value, alphanumext, integer
from adapters.moodle.twin.refusals import invalid_parameter
from adapters.moodle.twin.reports.cells import zone_of
from adapters.moodle.twin.state import TwinState

TIMESTAMPS_SPEC = Record(
    {
        "data": Many(
            Record(
                {
                    "key": Value(alphanumext, OPTIONAL),
                    "year": integer(),
                    "month": integer(),
                    "day": integer(),
                    "hour": integer(0),
                    "minute": integer(0),
                }
            )
        )
    }
)


def timestamps(state: TwinState, args: Any) -> dict[str, Any]:
    """Epoch seconds of dates, as the account's own clock shows them or the one that the site forces upon all."""
    zone = zone_of(state.forced_zone or state.users[state.me].fields["timezone"])
    rows = []
    for number, row in enumerate(args["data"]):
        try:
            moment = datetime(row["year"], row["month"], row["day"], row["hour"], row["minute"], tzinfo=zone)
        except ValueError:
            raise invalid_parameter() from None
        rows.append({"key": row.get("key", str(number)), "timestamp": int(moment.timestamp())})
    return {"timestamps": rows}
