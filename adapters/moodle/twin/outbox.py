"""local_connector_outbox…: what our plugin has noted, until it is forgotten. See ``TwinState.note``."""

from __future__ import annotations

import time
from typing import Any

import orjson

from adapters.moodle.twin.datasets import MOST_ROWS, between, forbidden, wrong
from adapters.moodle.twin.params import Record, Value, integer, raw
from adapters.moodle.twin.state import TwinState

OUTBOX_SPEC = Record({"after": integer(0), "limit": integer(MOST_ROWS)})
FORGET_SPEC = Record({"ids": Value(raw)})
COLUMNS = ("id", "userid", "courseid", "objectid", "timecreated", "kind", "action")


def outbox(state: TwinState, args: Any) -> dict[str, str]:
    """Entries after a key, and the key after which it goes on, where there may be more."""
    after, limit = args["after"], args["limit"]
    between("after", after, 0, None)
    between("limit", limit, 1, MOST_ROWS)
    _allowed(state)
    rows = [[key, *row] for key, row in sorted(state.outbox.items()) if key > after][:limit]
    told = {
        "time": int(time.time()),
        "columns": COLUMNS,
        "next": rows[-1][0] if len(rows) == limit else None,
        "rows": rows,
    }
    return {"json": orjson.dumps(told).decode()}


def forget(state: TwinState, args: Any) -> None:
    """These entries, where they are still there."""
    _allowed(state)
    try:
        ids = orjson.loads(args["ids"])
    except orjson.JSONDecodeError:
        ids = None
    if not isinstance(ids, list) or not all(type(one) is int for one in ids):
        raise wrong("noids", "The ids have to be a list of whole numbers, written as JSON.")
    between("ids", len(ids), 0, MOST_ROWS)
    for one in ids:
        state.outbox.pop(one, None)


def _allowed(state: TwinState) -> None:
    if "local/connector:outbox" in state.forbidden:
        raise forbidden("Read and clear the outbox of changes")
