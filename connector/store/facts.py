"""Facts in PostgreSQL: landing by COPY, merging with history in one transaction; see ``connector.domain.facts``."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, LiteralString

from connector.domain.catalogue import USUAL, CourseFields
from connector.domain.details import KnownHistory
from connector.domain.errors import SettingsError, StorageError
from connector.domain.facts import Assigned, Away, Extent, Loaded, Member, Read, Staff, Terms, Waiver
from connector.domain.leave import after_leave
from connector.domain.ports import Course
from connector.domain.proving import Difference, HeldRows, Proved
from connector.domain.reading import Gone, Page, ReadAccess
from connector.store import following
from connector.store.database import Connection, Database, Row, dumps, one, query
from connector.store.details import HANDED_OVER, Details, known_history, make_months
from connector.store.held import Held
from connector.store.imported import BroughtOverFacts
from connector.store.landing import ACCESS, BY_COURSE, LANDING, copy_rows, course_row, filling, values_of
from connector.store.leaves import leaves_of

_PEOPLE: LiteralString = (
    "person_id, hr_key, moodle_id, unit, unit_name, units_above, job_role, manager_id, status, hired_on, left_on, "
    "timezone, firstname, lastname, email"
)
_ASSIGNED: LiteralString = "grant_id, person_id, requirement, assigned_on, due_on, withdrawn_at"
_WAIVERS: LiteralString = "decision_id, person_id, requirement, by_hr, starts_on, ends_on"

_HELD: dict[str, LiteralString] = {
    "people": "dim_person",
    "units": "dim_org_unit",
    "courses": "dim_course",
    "enrolments": "fact_enrolment",
    "completions": "fact_completion",
    "grades": "fact_grade",
    "certificates": "fact_certificate",
    "assignments": "fact_assignment",
    "activities": "dim_activity",
    "grade_items": "dim_grade_item",
    "activity_completions": "fact_activity_completion",
    "item_grades": "fact_item_grade",
    "grade_history": "fact_grade_history",
}
"""The table of each fact that a load tells of."""

GRADED = ("grades", "item_grades")

OWN = "connector"
"""The source of the connector's own certificates."""
_UNSEEN = timedelta(hours=1)
"""What is committed may be so much older: it was written by a transaction that was not yet seen."""

MANY = 5_000
"""From so many rows on they are compared by sets, and PostgreSQL is told at once what a table has."""

LEARNED = ("enrolments", "completions", "grades")
"""Facts of a person in a course."""

SUMMARIES = (
    "touched_units", "weigh_units", "standing", "drop_own", "own", "drop_compliance", "compliance",
    "drop_managers", "managers",
    "touched_courses", "weigh_courses", "drop_courses", "courses", "drop_overview", "overview",
    "touched_days", "drop_activity", "activity",
)  # fmt: skip
"""What reports add up, in the order in which it is reckoned."""
QUALITY = ("drop_quality", "quality", "healed", "proof")
"""What looks wrong is looked for after a full reading only, and where people moved."""
KEPT = ("months", "keep_compliance", "keep_overview")
"""After a full reading its day keeps how it stood."""


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
                    values = values_of(type(rows[0]))
                    copy_rows(connection, table, columns, ((load, *values(row)) for row in rows), types)
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
    def merge(self, load: int, read: Read, staff: Staff, terms: Terms, now: datetime) -> list[Loaded]:
        now = self._after_the_last(now)
        before = self._database.row("facts.hop", name="people")
        basis, fed = _basis(staff, terms, now), staff.fed_at()  # before people are read: what comes later is news
        taken = self.take(staff, basis, now)
        make_months(self._database, {"load": load, "now": now})
        with self._database.transaction() as connection:
            merging = _Merging(connection, load, read, now)
            merging.check()
            if taken or read.extent is Extent.EVERYTHING or sum(read.landed.values()) >= MANY:
                connection.execute(query("facts.by_sets"))
            if taken:
                merging.people()
            if read.courses is not None:
                merging.courses(read.courses, self._course_fields)
            if read.grade_items:
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
            if taken or merging.moved:
                merging.assignments(everybody=taken)
            merging.reach("people", now, basis)
            if fed is not None:
                merging.reach("feed", fed)
            if read.extent is Extent.EVERYTHING or read.compared:
                merging.reach("everything", read.until)
            merging.reach("changes", read.until)
            listed = {"now": now, "cause": read.listed} if read.listed else {}
            scopes = bool(read.landed.get("scopes"))
            self.held.merge(connection, load, whole=read.extent is Extent.EVERYTHING, scopes=scopes, **listed)
            connection.execute(query("follows.heal"), {"load": load, "now": now})
            loaded = merging.tally()
            if read.extent is not Extent.EVERYTHING:
                connection.execute(query("facts.by_either"))
            if taken or merging.moved or read.extent is Extent.EVERYTHING or read.compared:
                merging.summaries(taken=taken)
            connection.execute(query("facts.drop_landing"))
        return loaded

    # ------------------------------------------------------------ proving
    def unlike(self, before: datetime, now: datetime) -> list[Difference]:
        return list(following.unlike(self._database, before, now))

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


class _Merging:
    """The steps of one merge, in one transaction. ``moved``: whether a fact began or ended so far."""

    def __init__(self, connection: Connection, load: int, read: Read, now: datetime) -> None:
        self._connection = connection
        self._read = read
        whole = read.extent is Extent.EVERYTHING
        self._values = {
            "load": load,
            "now": now,
            "whole": whole,
            "exhaustive": whole and read.exhaustive,
            "asked": None if read.asked is None else list(read.asked),
        }
        self._begun: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()

    @property
    def moved(self) -> bool:
        return any(self._begun.values()) or any(self._ended.values())

    def check(self) -> None:
        """A crash of PostgreSQL empties the landing."""
        there = one(self._connection, "facts.count_landed", load=self._values["load"])
        if any(there[fact] != self._read.landed.get(fact, 0) for fact in there):
            raise StorageError("What was read of Moodle is gone from the database; mirror it again.")

    def people(self) -> None:
        self._versions("people")
        self._run(*(f"hand_over_{fact}" for fact in ("enrolments", "completions", "grades", "certificates")))
        for fact in HANDED_OVER:
            self._connection.execute(query(f"details.hand_over_{fact}"), self._values)
        self._run("names")
        self._run("units_now")
        self._versions("units")
        for closure in ("unit_closure", "manager_closure"):
            self._run(f"{closure}_now", f"close_{closure}", f"begin_{closure}")

    def courses(self, courses: Sequence[Course], names: CourseFields) -> None:
        self._temporary("read_courses", "read_course", (course_row(one, names) for one in courses))
        self._versions("courses")
        self._run("refine_courses")

    def grade_items(self) -> None:
        items = ((i.item_id, i.course_id, i.minimum, i.maximum, i.pass_mark) for i in self._read.grade_items)
        self._temporary("read_grade_items", "read_grade_item", items)
        self._versions("grade_items")

    def requirements(self, staff: Staff, terms: Terms) -> None:
        ids = staff.courses()
        courses = {path.code: list(path.courses) for path in terms.paths}
        strict = {path.code for path in terms.paths if path.strict}
        rows = (
            (
                requirement.code,
                dumps(dict(requirement.name)).decode(),
                requirement.path,
                courses.get(requirement.path, []),
                [ids.get(ref) for ref in courses.get(requirement.path, [])],
                requirement.recertify_months,
                requirement.window_days if requirement.recertify_months else None,
                requirement.grace_days if requirement.recertify_months else None,
                requirement.path in strict,
            )
            for requirement in terms.requirements
        )
        self._temporary("read_requirements", "read_requirement", rows)
        self._versions("requirements")

    def waivers(self, staff: Staff) -> None:
        """A few rows, taken as they are."""
        self._run("drop_waivers")
        rows = (values_of(Waiver)(one) for some in staff.waivers() for one in some)
        copy_rows(self._connection, "waiver", _WAIVERS, rows)

    def lost(self, staff: Staff) -> None:
        """Accounts that were deleted, to tell that from those that only are nobody's any more."""
        rows = ((account_id,) for some in staff.lost_accounts() for account_id in some)
        self._temporary("read_lost_accounts", "lost_account", rows)
        self._run("shown_again")

    def certificates(self, staff: Staff, terms: Terms, before: Row | None) -> None:
        """The connector's own lie beside those of Moodle: all, or those since a while before the last merge."""
        whole = self._read.extent is Extent.EVERYTHING or before is None
        since = None if whole or before is None else before["reached_at"] - _UNSEEN
        rows = (
            (
                self._values["load"],
                one.moodle_id,
                OWN,
                one.number,
                one.template,
                terms.certificates.get(one.template, one.template),
                one.issued_at,
                one.expires_at,
                one.revoked,
                "second",
            )
            for some in staff.certificates(since)
            for one in some
        )
        table, columns, types = LANDING["certificates"]
        copy_rows(self._connection, table, columns, rows, types)

    def asked(self) -> None:
        """Of whom and what the facts are compared with what landed."""
        self._run("weigh_scopes", "in_question", "index_in_question", "weigh_in_question")

    def learned(self, fact: str) -> None:
        """Enrolments come first: the others look at who is enrolled."""
        if fact == "enrolments":
            self._run("accesses")
        if fact == "certificates":
            self._run("close_templates", "begin_templates")
        self._run(f"landed_{fact}")
        if fact in ("completions", "grades") and self._complete:
            self._run(f"silent_{fact}")
        self._run(f"index_{fact}")
        if fact == "completions":
            self._run("completed_days")
        if fact != "certificates" and not self._compares:
            self._begun[fact] = self._ended[fact] = 0
            return
        self._run("certificates_in_question" if fact == "certificates" else f"refine_{fact}")
        self._versions(fact)

    @property
    def _complete(self) -> bool:
        """Whether something was read completely, so that what did not come is no more."""
        return bool(self._values["exhaustive"] or self._read.landed.get("scopes"))

    @property
    def _compares(self) -> bool:
        """Whether there is something to compare the facts of courses with: most increments bring nothing."""
        landed = self._read.landed
        return bool(self._values["whole"]) or any(landed.get(name) for name in (*LEARNED, "scopes"))

    def details(self) -> None:
        """What happens within courses."""
        details = Details(self._connection, self._values, self._read)
        details.within()
        earlier = details.earlier_completions()
        self.count("completions", earlier, earlier)
        counts = ((self._begun, details.begun), (self._ended, details.ended))
        details.history(moved=any(count.get(fact) for fact in GRADED for pair in counts for count in pair))
        for mine, more in counts:
            mine.update(more)

    def brought_over(self, staff: Staff) -> BroughtOverFacts:
        """Records of former systems."""
        return BroughtOverFacts(self._connection, self._values, staff)

    def count(self, fact: str, begun: int, ended: int) -> None:
        """So many more versions began, and ended."""
        self._begun[fact] = self._begun.get(fact, 0) + begun
        self._ended[fact] = self._ended.get(fact, 0) + ended

    def assignments(self, *, everybody: bool) -> None:
        """Of everybody where more than completions can have moved."""
        requirements = self._begun["requirements"] or self._ended["requirements"]
        self._values["everybody"] = bool(everybody or self._values["whole"] or requirements)
        self._run("first_cycle")
        cycle = 1
        while self._connection.execute(query("facts.next_cycle"), {**self._values, "cycle": cycle}).rowcount:
            cycle += 1
            self._after_leave(cycle)
        self._run("pause", "index_assignments")
        self._versions("assignments")

    def _after_leave(self, cycle: int) -> None:
        """Leave moves what is due again too; of the first cycle the ledger has the day already."""
        rows = self._connection.execute(query("facts.due_with_leave"), {"cycle": cycle}).fetchall()
        due = [after_leave(row["due_on"], row["window_opens_on"], leaves_of(row["leaves"])) for row in rows]
        values = {"cycle": cycle, "grants": [row["grant_id"] for row in rows], "due": due}
        self._connection.execute(query("facts.move_due"), values)

    def summaries(self, *, taken: bool) -> None:
        """What reports add up, reckoned anew: all of it after a full reading or where people moved.

        Where all of Moodle was compared, sums of courses and days in which nothing differed are as they were.
        """
        moved = any(self._begun.get(fact) or self._ended.get(fact) for fact in ("people", "units"))
        everywhere = self._read.extent is Extent.EVERYTHING or moved
        whole = self._read.extent is Extent.EVERYTHING or self._read.compared
        values = {**self._values, "whole": whole or taken, "everywhere": everywhere}
        steps = (*SUMMARIES, *(QUALITY if whole or taken else ()), *(KEPT if whole else ()))
        for step in steps:
            self._connection.execute(query(f"summaries.{step}"), values)

    def reach(self, name: str, moment: datetime, basis: str = "") -> None:
        self._connection.execute(query("facts.reach"), {"name": name, "moment": moment, "basis": basis})

    def tally(self) -> list[Loaded]:
        """What came of each fact, written down too. Where nothing began or ended there is as much as before."""
        last = {row["fact"]: row["rows"] for row in self._connection.execute(query("facts.last_rows"))}
        loaded = []
        for fact, table in _HELD.items():
            begun, ended = self._begun.get(fact, 0), self._ended.get(fact, 0)
            same = fact in last and not begun and not ended
            if fact in last and fact == "grade_history":
                rows = last[fact] + begun - ended
            else:
                rows = last[fact] if same else _holding(self._connection, table)
            loaded.append(Loaded(fact, rows, begun, ended))
        with self._connection.cursor() as cursor:
            rows = [
                {**self._values, "fact": o.fact, "rows": o.rows, "begun": o.begun, "ended": o.ended} for o in loaded
            ]
            cursor.executemany(query("facts.loaded"), rows)
        return loaded

    def _versions(self, fact: str) -> None:
        """Close what holds no longer, then begin what holds instead."""
        self._ended[fact] = self._run(f"close_{fact}")
        with filling(self._connection, _HELD[fact] if self._read.landed.get(fact, 0) >= MANY else ""):
            self._begun[fact] = self._run(f"begin_{fact}")
        if self._begun[fact] >= MANY:  # for the sums that follow: autovacuum does not see what is written here
            self._connection.execute(f"ANALYZE facts.{_HELD[fact]}".encode())

    def _run(self, *steps: str) -> int:
        """Run steps; gives the rows of the last."""
        for step in steps:
            cursor = self._connection.execute(query(f"facts.{step}"), self._values)
        return cursor.rowcount

    def _temporary(self, create: str, table: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.execute(query(f"facts.{create}"))
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)


def _basis(staff: Staff, terms: Terms, now: datetime) -> str:
    return hashlib.sha256(f"{staff.basis(now)} {terms.digest}".encode()).hexdigest()


def _holding(connection: Connection, table: str) -> int:
    holds = "" if table == "fact_grade_history" else " WHERE valid_to = 'infinity'"
    statement = f"SELECT count(*) AS rows FROM facts.{table}{holds}"
    row = connection.execute(statement.encode()).fetchone()
    return int(row["rows"]) if row else 0
