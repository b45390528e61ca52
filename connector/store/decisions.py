"""Decisions of people in PostgreSQL; see ``connector.domain.decisions.DecisionStore``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from connector.domain.decisions import Assignable, Decision, DecisionKind, Employee, Subject, Wish
from connector.store.database import Connection, Database, Row, dumps, query


class Decisions:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def employee(self, key: str, now: datetime) -> Employee | None:
        row = self._database.row("decisions.employee", site=self._site, key=key, now=now)
        return Employee(**row) if row else None

    def managers(self, person_id: int) -> Mapping[int, int | None]:
        rows = self._database.rows("decisions.managers", person_id=person_id)
        return {row["person_id"]: row["manager_id"] for row in rows}

    def keep(self, wish: Wish, now: datetime) -> int | None:
        values = {**asdict(wish), "now": now}

        def work(connection: Connection) -> int | None:
            connection.execute(query("decisions.lock_person"), values)
            row = connection.execute(query("decisions.keep"), values).fetchone()
            return int(row["decision_id"]) if row else None

        return self._database.transact(work)

    def find(self, number: int) -> Decision | None:
        row = self._database.row("decisions.find", site=self._site, number=number)
        return _decision(row) if row else None

    def standing(self, now: datetime) -> list[Decision]:
        return [_decision(row) for row in self._database.rows("decisions.list", site=self._site, now=now)]

    def all(self) -> list[Decision]:
        return [_decision(row) for row in self._database.rows("decisions.list", site=self._site, now=None)]

    def withdraw(self, number: int, by: str, now: datetime) -> bool:
        return self._database.run("decisions.withdraw", site=self._site, number=number, by=by, now=now) > 0


def weigh(connection: Connection, site: str, assignable: Assignable, now: datetime) -> None:
    """What is assignable by this mapping, and which decisions hold now: a plan goes by these."""
    connection.execute(query("decisions.drop_assignable"), {"site": site})
    rows = [
        {**grant, "terms": dumps(grant["terms"]).decode(), "site": site, "subject": subject.value, "code": code}
        for (subject, code), grants in assignable.items()
        for grant in grants.values()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(query("decisions.add_assignable"), rows)
    connection.execute(query("decisions.weigh"), {"site": site, "now": now})


def _decision(row: Row) -> Decision:
    return Decision(**{**row, "kind": DecisionKind(row["kind"]), "subject": Subject(row["subject"])})
