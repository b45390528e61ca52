"""Facts in PostgreSQL: landing by COPY, merging with history in one transaction; see ``connector.domain.facts``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import LiteralString

from connector.domain.catalogue import USUAL, CourseFields
from connector.domain.details import KnownHistory
from connector.domain.errors import SettingsError
from connector.domain.facts import Assigned, Away, Extent, Member, Merged, Read, Staff, Terms
from connector.domain.held import HeldRows
from connector.domain.proving import Difference, Proved
from connector.domain.reading import Gone, Page, ReadAccess
from connector.store import following
from connector.store.database import Database, Row, one, query
from connector.store.details import known_history, make_months
from connector.store.held import Held
from connector.store.landing import ACCESS, BY_COURSE, LANDING, MANY, copy_rows, values_of
from connector.store.merging import Merging

_PEOPLE: LiteralString = (
    "person_id, hr_key, moodle_id, unit, unit_name, units_above, job_role, manager_id, status, hired_on, left_on, "
    "timezone, firstname, lastname, email"
)
_ASSIGNED: LiteralString = "grant_id, person_id, requirement, assigned_on, due_on, withdrawn_at"


class Facts:
    """``database`` is that of the reports, which may be another than the connector's own."""

    def __init__(self, database: Database, site: str, course_fields: CourseFields = USUAL) -> None:
        self._database = database
        self._site = site
        self._course_fields = course_fields
        self.held = Held(database)

    def lock(self) -> AbstractContextManager[bool]:
        return self._database.lock("facts")

    def start(self, extent: Extent, reader: str, now: datetime) -> int:
        if other := self._database.row("facts.other_site", site=self._site):
            raise SettingsError(
                f"The facts in this database are of {other['site']}, and there is no place for a second Moodle: "
                "give this one a database of its own (CONNECTOR_REPORTING__URL)."
            )
        with self._database.transaction() as connection:
            connection.execute(query("facts.drop_landing"))
            self.held.begin(connection)
            connection.execute(query("facts.abandon"), {"now": now})
            values = {"site": self._site, "kind": extent.value, "reader": reader, "now": now}
            load: int = one(connection, "facts.start", **values)["load_id"]
        return load

    def finish(self, load: int, status: str, detail: str, now: datetime) -> None:
        self._database.run("facts.finish", load=load, status=status, detail=detail, now=now)

    def read_until(self) -> datetime | None:
        row = self._database.row("facts.hop", name="changes")
        moment: datetime | None = row["reached_at"] if row else None
        return moment

    def course_idnumbers(self) -> set[str]:
        """Idnumbers of Moodle's courses."""
        return {row["idnumber"] for row in self._database.rows("imported.courses")}

    def known_history(self) -> KnownHistory:
        return known_history(self._database)

    # ------------------------------------------------------------ landing
    def land(self, load: int, page: Page) -> None:
        with self._database.transaction() as connection:
            for fact, (table, columns, types) in LANDING.items():
                if rows := getattr(page, fact):
                    told = rows if isinstance(rows[0], tuple) else map(values_of(type(rows[0])), rows)
                    copy_rows(connection, table, columns, ((load, *row) for row in told), types)
            for held in page.held:
                self.held.land(connection, held)

    def land_gone(self, load: int, gone: HeldRows) -> None:  # noqa: ARG002 - what landed is of one load
        with self._database.transaction() as connection:
            self.held.land_gone(connection, gone)

    def land_accesses(self, load: int, accesses: Sequence[ReadAccess]) -> None:
        if accesses:
            with self._database.transaction() as connection:
                rows = ((load, one.user_id, one.at) for one in accesses)
                copy_rows(connection, "landing_access", "load_id, moodle_id, accessed_at", rows, ACCESS)

    def forget(self, load: int, course_ids: Sequence[int]) -> dict[str, int]:
        values = {"load": load, "courses": list(course_ids)}
        with self._database.transaction() as connection:
            return {fact: connection.execute(query(f"facts.forget_{fact}"), values).rowcount for fact in BY_COURSE}

    def vanished(self, load: int, course_ids: Sequence[int]) -> list[int]:
        return [row["course_id"] for row in self._by_sets("facts.vanished", load=load, courses=list(course_ids))]

    def knows_courses(self, load: int) -> bool:
        return not self._database.one("facts.unknown_courses", load=load)["there"]

    def samples(self, load: int, *, unknown: bool = False) -> dict[int, int]:
        found = self._by_sets("facts.samples", load=load, unknown=unknown)
        return {row["course_id"]: row["moodle_id"] for row in found}

    def _by_sets(self, name: str, **values: object) -> list[Row]:
        """The rows of a query that compares all that landed."""
        with self._database.transaction() as connection:
            connection.execute(query("facts.by_sets"))
            return connection.execute(query(name), values).fetchall()

    def unenrolled(self, since: datetime) -> Iterator[list[Gone]]:
        for rows in self._database.stream("facts.unenrolled", since=since):
            yield [Gone(row["moodle_id"], row["course_id"], row["read_at"]) for row in rows]

    def completed(self, course_ids: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
        for rows in self._database.stream("facts.completed", courses=list(course_ids)):
            yield [(row["person_id"], row["course_id"]) for row in rows]

    def take(self, staff: Staff, basis: str, now: datetime) -> bool:
        before = self._database.row("facts.hop", name="people")
        if before and before["basis"] == basis and self._database.row("facts.taken"):
            return False
        with self._database.transaction() as connection:
            connection.execute(query("facts.drop_staff"))
            people = (member for some in staff.people(now) for member in some)
            copy_rows(connection, "landing_person", _PEOPLE, map(values_of(Member), people))
            assigned = (one for some in staff.assignments() for one in some)
            copy_rows(connection, "landing_assignment", _ASSIGNED, map(values_of(Assigned), assigned))
            leaves = (one for some in staff.leaves() for one in some)
            copy_rows(connection, "landing_leave", "person_id, first_on, last_on", map(values_of(Away), leaves))
        return True

    # ------------------------------------------------------------ merging
    def merge(self, load: int, read: Read, staff: Staff, terms: Terms, now: datetime) -> Merged:
        now = self._after_the_last(now)
        before = self._database.row("facts.hop", name="people")
        basis, fed = _basis(staff, terms, now), staff.fed_at()  # before people are read: what comes later is news
        taken = self.take(staff, basis, now)
        make_months(self._database, {"load": load, "now": now})
        whole = read.extent is Extent.EVERYTHING
        with ThreadPoolExecutor(1) as beside, self._database.transaction() as connection:
            merging = Merging(connection, load, read, now)
            merging.check()
            ready = beside.submit(self.held.make_ready) if whole else None
            many = whole or sum(read.landed.values()) >= MANY
            if taken or many:
                connection.execute(query("facts.by_sets"))
            if taken:
                merging.people()
            if not many:  # all people are new, and what has happened since is little
                connection.execute(query("facts.by_either"))
            if taken:
                merging.hand_over()
            if read.courses is not None:
                merging.courses(read.courses, self._course_fields)
            if read.grade_items or read.courses is not None:
                merging.grade_items()
            merging.requirements(staff, terms)
            merging.waivers(staff)
            merging.lost(staff)
            merging.certificates(staff, terms, before)
            over = taken or read.extent is Extent.EVERYTHING
            if over:
                merging.brought_over(staff).land_certificates(terms)
            merging.asked()
            for fact in ("enrolments", "completions", "grades", "certificates"):
                merging.learned(fact)
            merging.details()
            if over:
                merging.count("completions", *merging.brought_over(staff).completions())
            if taken:
                connection.execute(query("facts.by_sets"))
            if taken or merging.moved:
                merging.assignments(everybody=taken)
            if not many:
                connection.execute(query("facts.by_either"))
            merging.reach("people", now, basis)
            if fed is not None:
                merging.reach("feed", fed)
            if read.extent is Extent.EVERYTHING or read.compared:
                merging.reach("everything", read.until)
            merging.reach("changes", read.until)
            listed = {"now": now, "cause": read.listed} if read.listed else {}
            scopes = bool(read.landed.get("scopes"))
            if ready:
                ready.result()
            self.held.merge(connection, load, whole=whole, scopes=scopes, **listed)
            connection.execute(query("follows.heal"), {"load": load, "now": now})
            merged = Merged(merging.tally(), merging.whose_learning(taken=taken))
            if read.extent is not Extent.EVERYTHING:
                connection.execute(query("facts.by_either"))
            if taken or merging.moved or read.extent is Extent.EVERYTHING or read.compared:
                merging.summaries(taken=taken)
            connection.execute(query("facts.drop_landing"))
        return merged

    # ------------------------------------------------------------ proving
    def unlike(self, before: datetime, now: datetime) -> Iterator[Difference]:
        return following.unlike(self._database, before, now)

    def sizes(self) -> Mapping[str, int]:
        return following.sizes(self._database)

    def note(self, load: int, proved: Sequence[Proved], found: Sequence[Difference], now: datetime) -> None:
        with self._database.transaction() as connection:
            following.note(connection, load, proved, found, now)

    def compared_at(self) -> datetime | None:
        moment: datetime | None = self._database.one("follows.last")["finished_at"]
        return moment

    def _after_the_last(self, now: datetime) -> datetime:
        """A clock may be put back; a version never ends before it began."""
        last = self._database.row("facts.hop", name="people")
        return max(now, last["reached_at"] + timedelta(microseconds=1)) if last else now


def _basis(staff: Staff, terms: Terms, now: datetime) -> str:
    return hashlib.sha256(f"{staff.basis(now)} {terms.digest}".encode()).hexdigest()
