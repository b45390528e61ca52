"""Groups within courses: their names and courses, and who was given into them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from connector.domain.ports import Group
from connector.store.database import Connection, query


def remember(connection: Connection, site: str, groups: Mapping[str, Group], now: datetime) -> None:
    """Keep Moodle's id of each group under the name that grants have for it, and its course."""
    for target, group in sorted(groups.items()):
        values = {"site": site, "group_id": group.id, "course_id": group.course_id}
        connection.execute(query("groups.place"), values)
        values = {"site": site, "kind": "group", "ref": target, "moodle_id": group.id}
        connection.execute(query("references.remember"), {**values, "now": now})


def note_lost(
    connection: Connection, site: str, members: Mapping[int, Collection[int] | None], read_at: datetime
) -> None:
    """Note who is no longer in these groups; of a group that is gone (None) all whom we gave into it."""
    there = {group: people for group, people in members.items() if people is not None}
    gone = [group for group, people in members.items() if people is None]
    connection.execute(query("groups.member"))
    with connection.cursor() as cursor, cursor.copy("COPY group_member FROM STDIN") as copy:
        for group, people in there.items():
            for person in people:
                copy.write_row((group, person))
    values = {"site": site, "read_at": read_at}
    connection.execute(query("groups.note_memberships"), {**values, "groups": list(there)})
    if gone:
        for step in ("groups.note_gone", "groups.forget"):
            connection.execute(query(step), {**values, "gone": gone})
