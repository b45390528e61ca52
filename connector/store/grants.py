"""What was granted, compared with what was read of Moodle; see ``connector.domain.reading.GrantBook``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from connector.domain.errors import HoldClass
from connector.domain.guard import LIMITS
from connector.domain.plan import GuardClass
from connector.domain.reading import Gone
from connector.store.database import Connection, Database, one, part, query


class Grants:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def cohorts(self) -> list[int]:
        return [row["place_id"] for row in self._database.rows("grants.cohorts", site=self._site)]

    def end_lost(
        self,
        gone: Iterable[Gone],
        members: Mapping[int, Collection[int]],
        read_at: datetime,
        now: datetime,
        *,
        any_number: bool = False,
    ) -> int:
        values = {"site": self._site, "read_at": read_at, "now": now, "cohorts": list(members)}
        with self._database.transaction() as connection:
            for table in ("gone", "member"):
                connection.execute(query(f"grants.{table}"))
            with connection.cursor() as cursor:
                with cursor.copy("COPY gone FROM STDIN") as copy:
                    for lost in gone:
                        copy.write_row((lost.user_id, lost.course_id, lost.read_at))
                with cursor.copy("COPY member FROM STDIN") as copy:
                    for cohort, people in members.items():
                        for person in people:
                            copy.write_row((cohort, person))
            held = one(connection, "grants.held", site=self._site)["held"]
            ended = part(connection, lambda at: _end(at, values))  # a sync may be writing the ledger too
            limit = LIMITS[GuardClass.REMOVE_GRANT].of(held)
            if ended > limit and not any_number:
                raise HoldClass(
                    f"{ended:,} of {held:,} enrolments, memberships and course roles that were granted are gone from "
                    f"Moodle, more than the {limit:,} that pass by themselves. The facts are up to date. "
                    "Where they are to be given again, run `moodle-connector reconcile --give-again`."
                )
            return ended


def _end(connection: Connection, values: Mapping[str, Any]) -> int:
    steps = ("grants.end_enrolments", "grants.end_memberships")
    return sum(connection.execute(query(step), values).rowcount for step in steps)
