"""Erasing people from the facts, which may be in a database of their own; see ``connector.domain.erasing``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager

from connector.domain.erasing import Counts
from connector.store.database import Connection, Database, query

STEPS = {
    "examples": "facts.summary_quality",
    "names": "facts.person_name",
    "people": "facts.dim_person",
    "enrolments": "facts.fact_enrolment",
    "completions": "facts.fact_completion",
    "grades": "facts.fact_grade",
    "activity_completions": "facts.fact_activity_completion",
    "item_grades": "facts.fact_item_grade",
    "grade_history": "facts.fact_grade_history",
    "grades_of_others": "facts.fact_grade_history",
    "history_read": "facts.history_read",
    "certificates": "facts.fact_certificate",
    "landed_people": "facts.landing_person",
    "landed_enrolments": "facts.landing_enrolment",
    "landed_completions": "facts.landing_completion",
    "landed_grades": "facts.landing_grade",
    "landed_certificates": "facts.landing_certificate",
    "landed_activity_completions": "facts.landing_activity_completion",
    "landed_item_grades": "facts.landing_item_grade",
    "landed_grade_history": "facts.landing_grade_history",
    "landed_earlier_completions": "facts.landing_earlier_completion",
    "landed_accesses": "facts.landing_access",
    "landed_scopes": "facts.landing_scope",
    "held": "landing.held",
    "came": "landing.came",
    "differences": "facts.reconciliation_difference",
}
"""What erasing does, in this order, and the table whose rows it counts."""


class ErasableFactTables:
    """Implements ``connector.domain.erasing.ErasableFacts``; what is erased already is not counted again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lock(self) -> AbstractContextManager[bool]:
        """Nobody mirrors meanwhile."""
        return self._database.lock("facts")

    def preview(self, pseudonyms: Mapping[int, str]) -> Counts:
        def work(connection: Connection) -> Counts:
            with connection.transaction(force_rollback=True):
                return _erase(connection, pseudonyms)

        return self._database.transact(work)

    def erase(self, pseudonyms: Mapping[int, str]) -> Counts:
        return self._database.transact(lambda connection: _erase(connection, pseudonyms))


def _erase(connection: Connection, pseudonyms: Mapping[int, str]) -> Counts:
    values = {"ids": list(pseudonyms), "pseudonyms": list(pseudonyms.values())}
    for step in ("begin", "begin_accounts"):
        connection.execute(query(f"erasing_facts.{step}"), values)
    counts: Counter[str] = Counter()
    for step, table in STEPS.items():
        counts[table] += connection.execute(query(f"erasing_facts.{step}"), values).rowcount
    for name in ("erasing", "erased_account"):
        connection.execute(f"DROP TABLE {name}".encode())
    return {table: rows for table, rows in counts.items() if rows}
