"""Usernames that were ever given, each to one person."""

from __future__ import annotations

from connector.domain.usernames import numbered
from connector.store.database import Connection, query


def reserve_username(
    connection: Connection, site: str, person_id: int, base: str, suffixed: bool, taken: frozenset[str]
) -> str | None:
    """See ``connector.domain.plan_store.Reserve``."""
    rows = connection.execute(query("plans.usernames_like"), {"site": site, "base": base}).fetchall()
    owners: dict[str, int] = {row["username"]: row["person_id"] for row in rows}
    own = [name for name, owner in owners.items() if owner == person_id and name not in taken]
    if own and suffixed:
        return min(own, key=lambda name: (len(name), name))
    number = 1
    while True:
        name = numbered(base, number) if suffixed else base
        if name not in taken and (not suffixed or owners.get(name, person_id) == person_id):
            values = {"site": site, "username": name, "person_id": person_id, "suffixed": suffixed}
            if connection.execute(query("plans.reserve_username"), values).fetchone():
                return name
        if not suffixed:
            return None
        number += 1
