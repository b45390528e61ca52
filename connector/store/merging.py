"""The steps of one merge of what landed into the facts, in the order in which ``connector.store.facts`` takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from connector.domain.catalogue import CourseFields
from connector.domain.certificates import OWN
from connector.domain.errors import StorageError
from connector.domain.facts import NAMED, Extent, Loaded, Read, Staff, Terms, Waiver
from connector.domain.leave import after_leave
from connector.domain.ports import Course
from connector.store.database import Connection, Row, dumps, one, query
from connector.store.details import HANDED_OVER, Details
from connector.store.imported import BroughtOverFacts
from connector.store.landing import LANDING, MANY, copy_rows, course_row, filling, values_of
from connector.store.leaves import leaves_of

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

OF_ALL = ("courses", "requirements")
"""What stands on the pages of more people than are named."""

_UNSEEN = timedelta(hours=1)
"""What is committed may be so much older: it was written by a transaction that was not yet seen."""

SUMMARIES = (
    "touched_units", "weigh_units", "standing", "drop_own", "own", "drop_compliance", "compliance",
    "drop_managers", "managers", "expiring_units", "weigh_expiring", "drop_expiring", "expiring",
    "touched_courses", "weigh_courses", "drop_courses", "courses", "drop_overview", "overview",
    "touched_days", "drop_activity", "activity",
)  # fmt: skip
"""What reports add up, in the order in which it is reckoned."""
QUALITY = ("drop_quality", "quality", "healed", "proof")
"""What looks wrong is looked for after a full reading only, and where people moved."""
KEPT = ("months", "keep_compliance", "keep_overview")
"""After a full reading its day keeps how it stood."""


class Merging:
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
        self._taken = False
        self._in_question: dict[str, bool] = {}

    @property
    def moved(self) -> bool:
        return any(self._begun.values()) or any(self._ended.values())

    def check(self) -> None:
        """A crash of PostgreSQL empties the landing."""
        there = one(self._connection, "facts.count_landed", load=self._values["load"])
        if any(there[fact] != self._read.landed.get(fact, 0) for fact in there):
            raise StorageError("What was read of Moodle is gone from the database; mirror it again.")

    def people(self) -> None:
        self._taken = True
        self._versions("people")
        self._run("names")
        self._run("units_now")
        self._versions("units")
        for closure in ("unit_closure", "manager_closure"):
            self._run(f"{closure}_now", f"close_{closure}", f"begin_{closure}")

    def hand_over(self) -> None:
        """What was done with an account that is somebody else's now is theirs."""
        if self._run("handed_over"):
            self._run("weigh_handed_over")
            self._run(*(f"hand_over_{fact}" for fact in ("enrolments", "completions", "grades", "certificates")))
            for fact in HANDED_OVER:
                self._connection.execute(query(f"details.hand_over_{fact}"), self._values)

    def courses(self, courses: Sequence[Course], names: CourseFields) -> None:
        self._temporary("read_courses", "read_course", (course_row(one, names) for one in courses))
        self._versions("courses")
        self._run("refine_courses")

    def grade_items(self) -> None:
        first = {one.course_id: one for one in sorted(self._read.grade_items, key=lambda one: -one.item_id)}
        items = ((i.item_id, i.course_id, i.minimum, i.maximum, i.pass_mark) for i in first.values())
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
        """Of whom and what the facts are compared with what landed, and whether that is all there is of them."""
        self._run("weigh_scopes", "in_question", "index_in_question")
        if self._may_unbind:
            self._run("unbound_in_question")
        if not self._values["whole"]:
            self._run("switched_on_in_question")
        self._run("weigh_in_question", "refined_courses")
        for row in self._connection.execute(query("facts.facts_in_question")):
            self._in_question[row["fact"]] = row["complete"]

    def learned(self, fact: str) -> None:
        """Enrolments come first: the others look at who is enrolled."""
        if fact == "enrolments":
            self._run("accesses")
        if fact == "certificates":
            self._run("close_templates", "begin_templates")
        self._run(f"landed_{fact}")
        if fact in ("completions", "grades") and (self._values["exhaustive"] or self._in_question.get(fact)):
            self._run(f"silent_{fact}")
        self._run(f"index_{fact}")
        if not self._values["whole"]:
            self._run(f"weigh_{fact}")
        if fact == "completions":
            self._run("completed_days")
        if fact == "certificates":
            self._run("certificates_in_question", *(["unbound_certificates"] if self._may_unbind else []))
            self._run("weigh_certificates_in_question")
        elif not self._values["whole"] and fact not in self._in_question:  # most increments bring nothing
            self._begun[fact] = self._ended[fact] = 0
            return
        else:
            self._run(f"refine_{fact}")
        self._versions(fact)

    @property
    def _may_unbind(self) -> bool:
        """Whether accounts may be nobody's any more; where everything was read nothing has to be named."""
        return self._taken and not self._values["whole"]

    def details(self) -> None:
        """What happens within courses."""
        details = Details(self._connection, self._values, self._read)
        details.within(self._in_question)
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
        self._run("concerned", "weigh_concerned", "first_cycle")
        cycle = 1
        while self._connection.execute(query("facts.next_cycle"), {**self._values, "cycle": cycle}).rowcount:
            cycle += 1
            self._after_leave(cycle)
        self._run("pause", "index_assignments", "weigh_assignments")
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

    def whose_learning(self, *, taken: bool) -> Collection[int] | None:
        """Of whom something is otherwise now, and who leads them; None where they are too many to be named."""
        moved = self._begun + self._ended
        whole = self._read.extent is Extent.EVERYTHING
        if whole and (moved.total() >= MANY or any(moved[fact] for fact in OF_ALL)):
            return None
        everywhere = [fact for fact, count in moved.items() if count] if whole else []
        values = {**self._values, "taken": taken, "everywhere": everywhere, "most": NAMED + 1}
        people = [row["person_id"] for row in self._connection.execute(query("facts.whose_learning"), values)]
        return people if len(people) <= NAMED else None

    def reach(self, name: str, moment: datetime, basis: str = "") -> None:
        self._connection.execute(query("facts.reach"), {"name": name, "moment": moment, "basis": basis})

    def tally(self) -> list[Loaded]:
        """What came of each fact, written down too. There is what there was, and what began less what ended; where all
        can have moved it is counted."""
        last = {row["fact"]: row["rows"] for row in self._connection.execute(query("facts.last_rows"))}
        counts = self._taken or self._values["whole"]
        loaded = []
        for fact, table in _HELD.items():
            begun, ended = self._begun.get(fact, 0), self._ended.get(fact, 0)
            if fact in last and (not counts or fact == "grade_history" or not (begun or ended)):
                rows = last[fact] + begun - ended
            else:
                rows = _holding(self._connection, table)
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


def _holding(connection: Connection, table: str) -> int:
    holds = "" if table == "fact_grade_history" else " WHERE valid_to = 'infinity'"
    statement = f"SELECT count(*) AS rows FROM facts.{table}{holds}"
    row = connection.execute(statement.encode()).fetchone()
    return int(row["rows"]) if row else 0
