"""Moodle's ids of what mappings name, and what was granted under a name that leads elsewhere by now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connector.store.database import Connection, query


def remember(connection: Connection, site: str, kind: str, references: Mapping[str, int], now: datetime) -> int:
    """Keep these ids. Gives the number of grants in courses whose names lead to other ones than they did before.

    Those grants are held under names of their own from then on: nothing gives them any more. What the name gives is
    given where it leads.
    """
    values = {"site": site, "kind": kind, "refs": sorted(references)}
    known = {row["ref"]: row["moodle_id"] for row in connection.execute(query("references.of"), values)}
    rows = [{**values, "ref": ref, "moodle_id": number, "now": now} for ref, number in sorted(references.items())]
    with connection.cursor() as cursor:
        cursor.executemany(query("references.remember"), rows)
    moved = sorted(ref for ref, number in references.items() if known.get(ref, number) != number)
    if not moved or kind != "course":
        return 0
    return connection.execute(query("references.follow"), {"site": site, "refs": moved}).rowcount
