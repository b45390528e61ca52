"""Changes as they come out of the database."""

from __future__ import annotations

from connector.domain.grants import GrantKind
from connector.domain.plan import Action, Change
from connector.store.database import Row


def change_of(row: Row) -> Change:
    """The change of a row of ``connector.change``."""
    return Change(
        Action(row["action"]),
        row["subject"],
        row["target"],
        row["before"],
        row["after"],
        row["person_id"],
        row["reason"],
        GrantKind(row["kind"]) if row["kind"] else None,
    )
