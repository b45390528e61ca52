"""Who is named under another key now, and who has left since when: noted at the beginning of each plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.domain.matching import BIRTH_DATE
from connector.domain.plan_store import Alike
from connector.domain.returning import Human, Returned
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


BEGIN_ANEW = (
    "moves.retire_keys",
    "moves.begin_newcomers",
    "moves.restore_leavers",
    "moves.retire_cases",
)
"""A key begins anew for another human."""


def returned(row: Row) -> Returned:
    was = _human({**(row["was_initial"] or {}), **(row["was_wanted"] or {})}, row["was_attributes"] or {})
    now = _human({**row["initial"], **row["wanted"]}, row["attributes"])
    return Returned(row["person_id"], row["key"], was, now, row["account_id"], row["settlement"] or {})


def _human(fields: Mapping[str, Any], attributes: Mapping[str, Any]) -> Human:
    firstname, lastname, email = (str(fields.get(name) or "") for name in ("firstname", "lastname", "email"))
    born = attributes.get(BIRTH_DATE) or fields.get("profile", {}).get(BIRTH_DATE) or ""
    return Human(firstname, lastname, email, str(born))


def alike(row: Row) -> Alike:
    return Alike(row["one"], row["other"], row["declared"], row["waiting"], tuple(row["accounts"]))
