"""What the connector knows of people, as the facts take it; see ``connector.domain.facts.Staff``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.domain.facts import Assigned, Away, BroughtOver, Certified, Member, Waiver
from connector.store.database import Database


class StaffTables:
    """Reads the tables of the way in. The facts may live in another database, so nothing is joined across."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def basis(self, now: datetime) -> str:
        row = self._database.one("staff.basis", site=self._site)
        return " ".join(str(value) for value in (*row.values(), now.date()))

    def fed_at(self) -> datetime | None:
        moment: datetime | None = self._database.one("staff.basis", site=self._site)["fed_at"]
        return moment

    def people(self, now: datetime) -> Iterator[list[Member]]:
        for rows in self._database.stream("staff.people", site=self._site, now=now):
            yield [Member(**row) for row in rows]

    def assignments(self) -> Iterator[list[Assigned]]:
        for rows in self._database.stream("staff.assignments", site=self._site):
            yield [Assigned(**row) for row in rows]

    def leaves(self) -> Iterator[list[Away]]:
        for rows in self._database.stream("leaves.all", site=self._site):
            yield [Away(**row) for row in rows]

    def waivers(self) -> Iterator[list[Waiver]]:
        for rows in self._database.stream("staff.waivers", site=self._site):
            yield [Waiver(**row) for row in rows]

    def certificates(self, since: datetime | None) -> Iterator[list[Certified]]:
        for rows in self._database.stream("certificates.for_facts", site=self._site, since=since):
            yield [Certified(**row) for row in rows]

    def imports(self) -> Iterator[list[BroughtOver]]:
        for rows in self._database.stream("imports.for_facts", site=self._site):
            yield [BroughtOver(**row) for row in rows]

    def courses(self) -> dict[str, int]:
        return {row["ref"]: row["moodle_id"] for row in self._database.rows("staff.courses", site=self._site)}

    def lost_accounts(self) -> Iterator[list[int]]:
        for rows in self._database.stream("staff.lost_accounts", site=self._site):
            yield [row["account_id"] for row in rows]
