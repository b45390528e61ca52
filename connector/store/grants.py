"""What was granted, compared with what was read of Moodle; see ``connector.domain.reading.GrantBook``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from connector.domain.reading import Gone
from connector.store.database import Database, query


class Grants:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def cohorts(self) -> list[int]:
        return [row["place_id"] for row in self._database.rows("grants.cohorts", site=self._site)]

    def end_lost(
        self, gone: Iterable[Gone], members: Mapping[int, Collection[int]], read_at: datetime, now: datetime
    ) -> int:
        values = {"site": self._site, "read_at": read_at, "now": now, "cohorts": list(members)}
        with self._database.transaction() as connection:
            for table in ("gone", "member"):
                connection.execute(query(f"grants.{table}"))
            with connection.cursor() as cursor:
                with cursor.copy("COPY gone FROM STDIN") as copy:
                    for one in gone:
                        copy.write_row((one.user_id, one.course_id, one.read_at))
                with cursor.copy("COPY member FROM STDIN") as copy:
                    for cohort, people in members.items():
                        for person in people:
                            copy.write_row((cohort, person))
            return sum(
                connection.execute(query(f"grants.{step}"), values).rowcount
                for step in ("end_enrolments", "end_memberships")
            )
