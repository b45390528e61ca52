"""Cases in PostgreSQL; see ``connector.domain.cases.CaseStore``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from connector.domain.cases import CHOICES, OF_LAUNCHES, Case, other_of
from connector.domain.errors import SettingsError
from connector.store.database import Database, Row, dumps, query


class Cases:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def open(self, cases: Iterable[Case], now: datetime, people: Collection[str] | None = None) -> None:
        found = []
        with self._database.transaction() as connection:
            for case in cases:
                found.append(f"{case.kind}:{case.subject}")
                connection.execute(query("cases.open"), self._values(case, now))
            about = None if people is None else sorted(people)
            values = {"site": self._site, "found": found, "now": now, "people": about, "others": list(OF_LAUNCHES)}
            connection.execute(query("cases.end_others"), values)

    def ask(self, case: Case, now: datetime) -> None:
        self._database.run("cases.open", **self._values(case, now))

    def word(self, kind: str, subject: str) -> Mapping[str, Any] | None:
        row = self._database.row("cases.word", site=self._site, kind=kind, subject=subject)
        return row["settlement"] if row else None

    def _values(self, case: Case, now: datetime) -> dict[str, Any]:
        candidates = dumps(list(case.candidates)).decode()
        told = {"kind": case.kind, "subject": case.subject, "reason": case.reason, "candidates": candidates}
        return {"site": self._site, **told, "now": now}

    def waiting(self) -> list[Case]:
        return [_case(row) for row in self._database.rows("cases.waiting", site=self._site)]

    def settle(self, case_id: int, settlement: Mapping[str, Any], by: str, now: datetime) -> Case:
        with self._database.transaction() as connection:
            row = connection.execute(query("cases.find"), {"site": self._site, "case_id": case_id}).fetchone()
            if row is None:
                raise SettingsError(
                    f"There is no open case {case_id}. `moodle-connector case list` shows the open ones."
                )
            case = _case(row)
            choices = CHOICES.get(case.kind, ("ignore",))
            if len(settlement) != 1 or next(iter(settlement)) not in choices:
                raise SettingsError(f"Case {case_id} ({case.kind}) can be settled by: {', '.join(choices)}.")
            kept = settlement.get("keep")
            if kept is not None and other_of(case.subject, str(kept)) is None:
                raise SettingsError(f"Case {case_id}: --keep is one of the two keys {case.subject}.")
            connection.execute(
                query("cases.settle"),
                {"case_id": case_id, "by": by, "now": now, "settlement": dumps(dict(settlement)).decode()},
            )
        return case

    def settled(self) -> list[Case]:
        return [_case(row) for row in self._database.rows("cases.settled", site=self._site)]

    def withdraw(self, case_id: int, by: str, now: datetime) -> Case:
        row = self._database.row("cases.withdraw", site=self._site, case_id=case_id, by=by, now=now)
        if row is None:
            raise SettingsError(
                f"There is no decision on a case {case_id}. `moodle-connector case list --settled` shows decisions."
            )
        return _case(row)


def _case(row: Row) -> Case:
    return Case(
        row["kind"],
        row["subject"],
        row["reason"],
        tuple(row["candidates"]),
        row["case_id"],
        row["opened_at"],
        row.get("settlement"),
        row.get("settled_by", ""),
    )
