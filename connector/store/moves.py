"""Who is named under another key now, and who has left since when: noted at the beginning of each plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.domain.plan_store import Alike
from connector.store.database import Connection, Row, query


def note_moves(
    connection: Connection,
    site: str,
    authoritative: Sequence[str],
    merged: Mapping[str, str],
    now: datetime,
    ahead: int,
    ids: Sequence[int] | None,
) -> None:
    """``merged``: keys that a person has settled to be somebody else's, with that other key."""
    values = {
        "site": site,
        "authoritative": list(authoritative),
        "others": list(merged),
        "kept": list(merged.values()),
        "now": now,
        "ahead": ahead,
        "ids": ids,
    }
    for step in ("moves.note", "moves.note_leaving", "moves.note_missing_managers"):
        connection.execute(query(step), values)


def alike(row: Row) -> Alike:
    return Alike(row["one"], row["other"], row["declared"], row["waiting"], tuple(row["accounts"]))
