"""What was granted, compared with what was read of Moodle; see ``connector.domain.reading.GrantBook``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from connector.domain.errors import HoldClass
from connector.domain.guard import LIMITS
from connector.domain.plan import GuardClass
from connector.domain.reading import Gone
from connector.store import groups
from connector.store.database import Database, one, part, query
from connector.store.references import remember

MEMBERS = 20_000
COHORTS = 100
"""Cohorts, and groups, are compared together while they have so many members that were granted, and are so many."""


class Grants:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def begin(self) -> None:
        self._database.run("grants.forget_noted", site=self._site)

    def cohorts(self) -> Iterator[list[int]]:
        return self._bundles("grants.cohorts")

    def groups(self) -> Iterator[list[int]]:
        return self._bundles("groups.granted")

    def _bundles(self, named: str) -> Iterator[list[int]]:
        bundle: list[int] = []
        members = 0
        for row in self._database.rows(named, site=self._site):
            if bundle and (len(bundle) >= COHORTS or members + row["members"] > MEMBERS):
                yield bundle
                bundle, members = [], 0
            bundle.append(row["place_id"])
            members += row["members"]
        if bundle:
            yield bundle

    def names(self) -> dict[str, int]:
        return {
            row["ref"]: row["moodle_id"] for row in self._database.rows("references.known_courses", site=self._site)
        }

    def follow(self, moved: Mapping[str, int], now: datetime) -> None:
        self._database.transact(lambda connection: remember(connection, self._site, "course", moved, now))

    def courses(self) -> list[int]:
        return [row["place_id"] for row in self._database.rows("grants.courses", site=self._site)]

    def note_cohorts(
        self, cohort_ids: Sequence[int], members: Mapping[int, Collection[int]], read_at: datetime
    ) -> None:
        values = {"site": self._site, "read_at": read_at, "cohorts": list(members)}
        gone = [cohort for cohort in cohort_ids if cohort not in members]
        with self._database.transaction() as connection:
            connection.execute(query("grants.member"))
            with connection.cursor() as cursor, cursor.copy("COPY member FROM STDIN") as copy:
                for cohort, people in members.items():
                    for person in people:
                        copy.write_row((cohort, person))
            connection.execute(query("grants.note_memberships"), values)
            if gone:
                connection.execute(query("grants.note_cohorts"), {**values, "gone": gone})
                connection.execute(query("grants.forget_cohorts"), {**values, "gone": gone})

    def note_groups(self, members: Mapping[int, Collection[int] | None], read_at: datetime) -> None:
        with self._database.transaction() as connection:
            groups.note_lost(connection, self._site, members, read_at)

    def note_courses(self, course_ids: Sequence[int], read_at: datetime) -> None:
        if course_ids:
            self._database.run("grants.note_courses", site=self._site, gone=list(course_ids), read_at=read_at)

    def note_enrolments(self, gone: Sequence[Gone]) -> None:
        self._database.run(
            "grants.note_enrolments",
            site=self._site,
            accounts=[one.user_id for one in gone],
            courses=[one.course_id for one in gone],
            read_at=[one.read_at for one in gone],
        )

    def note_completed(self, completed: Iterable[tuple[int, int]]) -> None:
        with self._database.transaction() as connection:
            connection.execute(query("completed.read"))
            with connection.cursor() as cursor, cursor.copy("COPY completed FROM STDIN") as copy:
                for row in completed:
                    copy.write_row(row)
            for step in ("completed.forget", "completed.note"):
                connection.execute(query(step), {"site": self._site})

    def end_lost(self, now: datetime, *, any_number: bool = False) -> int:
        values = {"site": self._site, "now": now}
        with self._database.transaction() as connection:
            held = one(connection, "grants.held", site=self._site)["held"]
            # a sync may be writing the ledger too
            ended = part(connection, lambda at: at.execute(query("grants.end_noted"), values).rowcount)
            limit = LIMITS[GuardClass.REMOVE_GRANT].of(held)
            if ended > limit and not any_number:
                raise HoldClass(
                    f"{ended:,} of {held:,} enrolments, memberships and course roles that were granted are gone from "
                    f"Moodle, more than the {limit:,} that pass by themselves. The facts are up to date. "
                    "Where they are to be given again, run `moodle-connector reconcile --give-again`."
                )
            connection.execute(query("grants.forget_noted"), values)
        return ended
