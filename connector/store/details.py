"""The steps of a merge that concern what happens within courses; see ``connector.store.facts``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from connector.domain.details import Detail, KnownHistory
from connector.domain.facts import Extent, Read
from connector.store.database import Connection, Database, query
from connector.store.landing import MANY, filling

DONE = ("activity_completions", "item_grades")
"""What people do within courses."""
LANDED = ("activities", "grade_items", *DONE)
HANDED_OVER = ("activity_completions", "item_grades", "grade_history")
"""What goes with an account that is somebody else's now."""
TABLES = {
    "activities": "dim_activity",
    "grade_items": "dim_grade_item",
    "activity_completions": "fact_activity_completion",
    "item_grades": "fact_item_grade",
    "grade_history": "fact_grade_history",
}


def known_history(database: Database) -> KnownHistory:
    """How far the history of grades is known."""
    row = database.row("history.known")
    if row is None:
        return KnownHistory()
    return KnownHistory(row["newest"], row["swept"], [one["moodle_id"] for one in database.rows("history.newcomers")])


def make_months(database: Database, values: Mapping[str, Any]) -> None:
    """The tables of months, in a transaction of its own: it waits for nobody, and who reads does not wait for it."""
    database.row("history.make_months", **values)


class Details:
    """One merge. ``begun`` and ``ended``: versions by fact."""

    def __init__(self, connection: Connection, values: Mapping[str, Any], read: Read) -> None:
        whole = read.extent is Extent.EVERYTHING
        self._connection = connection
        self._read = read
        self._values = {**values, "whole": whole and Detail.ACTIVITIES in read.details}
        self._whole = whole or read.compared
        self.begun: dict[str, int] = {}
        self.ended: dict[str, int] = {}

    def earlier_completions(self) -> int:
        """After completions, and before what follows from them; gives how many there are, which have ended too."""
        found = self._run("details.begin_earlier_completions")
        if found:
            self._run("details.number_attempts")
        return found

    def within(self, in_question: Collection[str]) -> None:
        """Activities and items, then what people have done in them: where some landed, or facts are ``in_question``.
        Enrolments have been merged."""
        landed = any(self._read.landed.get(name) for name in (*LANDED, "scopes"))
        if not self._whole and not landed and not any(fact in in_question for fact in DONE):
            return
        self._run("details.landed_activities", "details.weigh_activities")
        self._versions("activities")
        self._run("details.landed_grade_items", "details.weigh_grade_items")
        self._run("details.items_in_question", "details.weigh_items_in_question", "details.first_totals")
        self._versions("grade_items")
        for fact in DONE:
            self._run(f"details.landed_{fact}", f"details.index_{fact}")
            if not self._whole:
                self._run(f"details.weigh_{fact}")
            self._versions(fact)

    def history(self, *, moved: bool) -> None:
        """Changes that Moodle tells, then those that only the mirror saw, where grades ``moved`` with this merge."""
        read = self._read
        begun = 0
        landed = read.landed.get("grade_history")
        if landed:
            self._run("history.landed", "history.weigh")
            if self._whole and read.newest is not None:
                self._values["newest"] = read.newest
                self._run("history.undo", "history.chain")
            self.ended["grade_history"] = self._run("history.explain")
            with self._filling("grade_history"):
                begun = self._run("history.begin")
        elif moved:
            self._run("history.nothing_landed")
        if moved or landed:
            begun += self._run("history.begin_own")
        self.begun["grade_history"] = begun
        if Detail.HISTORY not in read.details:
            return
        first = self._whole and read.known.newest is None
        if read.newest is not None or first:
            newest = {"newest": read.newest or 0, "whole": self._whole}
            self._connection.execute(query("history.reach"), {**self._values, **newest})
        if first:
            self._run("history.read_first")
        elif read.known.newest is not None:
            newcomers = {"newcomers": list(read.known.newcomers)}
            self._connection.execute(query("history.read_newcomers"), newcomers)

    def _versions(self, fact: str) -> None:
        self.ended[fact] = self._run(f"details.close_{fact}")
        with self._filling(fact):
            self.begun[fact] = self._run(f"details.begin_{fact}")

    def _filling(self, fact: str) -> AbstractContextManager[None]:
        return filling(self._connection, TABLES[fact] if self._read.landed.get(fact, 0) >= MANY else "")

    def _run(self, *steps: str) -> int:
        for step in steps:
            cursor = self._connection.execute(query(step), self._values)
        return cursor.rowcount
