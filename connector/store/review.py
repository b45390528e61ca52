"""Held plans as people read them; see ``connector.domain.review.Reviews``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from connector.domain.guard import LIMITS
from connector.domain.plan import Action, GuardClass, HoldState, Window, standing_of
from connector.domain.review import (
    ChangePage,
    HeldClass,
    ReviewedChange,
    ReviewedPlan,
    Stage,
    Standing,
    Wanted,
    full_name,
)
from connector.store.changes import change_of
from connector.store.database import Connection, Database, Row, one, query


class Reviews:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def waiting(self) -> list[ReviewedPlan]:
        with self._database.transaction() as connection:
            rows = connection.execute(query("review.waiting"), {"site": self._site}).fetchall()
            return [self._plan(connection, row) for row in rows]

    def find(self, plan_hash: str) -> ReviewedPlan | None:
        with self._database.transaction() as connection:
            row = connection.execute(query("review.find"), {"site": self._site, "hash": plan_hash}).fetchone()
            return self._plan(connection, row) if row else None

    def successor(self, plan: ReviewedPlan) -> str | None:
        row = self._database.row("review.successor", site=self._site, plan=plan.number)
        return row["hash"] if row else None

    def units(self, plan: ReviewedPlan, limit: int = 500) -> list[tuple[str, str]]:
        guards = [held.guard.value for held in plan.held]
        rows = self._database.rows("review.units", plan=plan.number, guards=guards, limit=limit)
        return [(row["unit"], row["unit_name"]) for row in rows]

    def changes(
        self, plan: ReviewedPlan, wanted: Wanted, *, after: int = 0, before: int | None = None, limit: int = 50
    ) -> ChangePage:
        back = before is not None
        start = before if before is not None else after
        values = {"plan": plan.number, "back": back, "from": start, "limit": limit + 1, **_condition(wanted)}
        rows = self._database.rows("review.page", **values)
        total = rows[0]["total"] if rows else 0
        more, rows = len(rows) > limit, rows[:limit]
        if back:
            rows.reverse()
        earlier, later = (more, True) if back else (after > 0, more)
        return ChangePage(
            tuple(_change(row) for row in rows),
            total,
            rows[0]["ordinal"] if rows and earlier else None,
            rows[-1]["ordinal"] if rows and later else None,
        )

    def people(self, plan: ReviewedPlan, guards: Collection[GuardClass]) -> int:
        people: int = self._database.one("review.people", plan=plan.number, guards=[guard.value for guard in guards])[
            "people"
        ]
        return people

    def standings(self, plan: ReviewedPlan, now: datetime) -> list[Standing]:
        rows = self._database.rows("review.standings", site=self._site, plan=plan.number)
        return [_standing(row, now) for row in rows]

    def _plan(self, connection: Connection, row: Row) -> ReviewedPlan:
        base = {
            **one(connection, "holds.managed_people", site=self._site),
            **one(connection, "holds.active_grants", site=self._site),
        }
        actions: dict[str, dict[Action, int]] = {}
        for each in connection.execute(query("review.actions"), {"plan": row["number"]}):
            actions.setdefault(each["guard_class"], {})[Action(each["action"])] = each["count"]
        held = connection.execute(query("review.held"), {"plan": row["number"]}).fetchall()
        return ReviewedPlan(
            row["number"],
            row["hash"],
            row["created_at"],
            row["status"],
            sum(row["counts"].values()),
            tuple(sorted((_held(each, base, actions.get(each["guard_class"], {})) for each in held), key=_severity)),
        )


def _severity(held: HeldClass) -> int:
    """Those that take most from people first."""
    order = (GuardClass.DELETE, GuardClass.SUSPEND, GuardClass.REMOVE_ROLE, GuardClass.REMOVE_GRANT)
    return order.index(held.guard) if held.guard in order else len(order)


def _held(row: Row, base: Row, actions: dict[Action, int]) -> HeldClass:
    guard = GuardClass(row["guard_class"])
    of_grants = base["roles"] if guard is GuardClass.REMOVE_ROLE else base["grants"]
    return HeldClass(
        guard,
        row["digest"],
        row["count"],
        row["limit"],
        row["people"],
        of_grants if LIMITS[guard].of_grants else base["people"],
        actions,
        HoldState(row["state"]),
        row["decided_by"],
        row["decided_at"],
        row["expires_at"],
        row["done"],
        Window(row["window"]),
        row["spent"],
    )


def _condition(wanted: Wanted) -> dict[str, Any]:
    literal = wanted.person.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {
        "guards": None if wanted.guards is None else [guard.value for guard in wanted.guards],
        "action": wanted.action.value if wanted.action else None,
        "unit": wanted.unit,
        "person": f"%{literal}%" if literal else "",
    }


def _change(row: Row) -> ReviewedChange:
    name = full_name(row["first"], row["last"], row["language"])
    return ReviewedChange(row["ordinal"], change_of(row), name, row["unit"], row["unit_name"], row["state"])


def _standing(row: Row, now: datetime) -> Standing:
    return Standing(GuardClass(row["guard_class"]), _stage(row, now), row["total"], row["done"], row["refused"])


def _stage(row: Row, now: datetime) -> Stage:
    if row["done"] + row["refused"] == row["total"]:
        return Stage.DONE
    if row["superseded"] or row["state"] == HoldState.SUPERSEDED:
        return Stage.SUPERSEDED
    standing = standing_of(HoldState(row["state"]), row["expires_at"], now)
    if standing in (HoldState.WAITING, HoldState.EXPIRED):
        return Stage.WAITING
    if standing is HoldState.REJECTED:
        return Stage.REJECTED
    return Stage.APPLYING if row["running"] else Stage.APPROVED
