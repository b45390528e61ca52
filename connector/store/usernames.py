"""Usernames that were ever given, each to one person."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.erasing import Erased
from connector.domain.usernames import numbered
from connector.store.database import Connection, query


def reserve_username(
    connection: Connection, site: str, person_id: int, base: str, suffixed: bool, taken: frozenset[str], erased: Erased
) -> str | None:
    """See ``connector.domain.plan_store.Reserve``. Of people who were ``erased`` only keyed hashes are known."""
    rows = connection.execute(query("plans.usernames_like"), {"site": site, "base": base}).fetchall()
    owners: dict[str, int] = {row["username"]: row["person_id"] for row in rows}
    own = [name for name, owner in owners.items() if owner == person_id and name not in taken]
    if own and suffixed:
        return min(own, key=lambda name: (len(name), name))
    number = 1
    while True:
        name = numbered(base, number) if suffixed else base
        if name not in taken and (not suffixed or _is_free(name, person_id, owners, erased)):
            values = {"site": site, "username": name, "person_id": person_id, "suffixed": suffixed}
            if connection.execute(query("plans.reserve_username"), values).fetchone():
                return name
        if not suffixed:
            return None
        number += 1


def _is_free(name: str, person_id: int, owners: Mapping[str, int], erased: Erased) -> bool:
    return owners.get(name, person_id) == person_id and not (name not in owners and erased.had_username(name))
