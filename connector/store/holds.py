"""Holds in PostgreSQL: the guard looks at a plan that is made, and people decide on what it holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from connector.domain.errors import SettingsError
from connector.domain.guard import LIMITS, Base, breaches
from connector.domain.plan import BY_NAME, GuardClass, Hold, HoldState, Window, digest_of
from connector.domain.plan_store import Scope
from connector.store.database import Connection, Row, one, query

DECISION_LASTS = timedelta(hours=24)


def add(connection: Connection, site: str, plan: int, scope: Scope, counted: Sequence[Row]) -> None:
    """Hold the classes of a plan that are too many, or that a person was asked about; ``counted``: its changes."""
    guards: dict[GuardClass, int] = {}
    for row in counted:
        if row["guard_class"]:
            guard = GuardClass(row["guard_class"])
            halves = row["halves"] if guard is GuardClass.IDENTITY else 0  # who swaps an identifier counts once
            guards[guard] = guards.get(guard, 0) + row["count"] - halves
    if exempt := one(connection, "holds.exempt", plan=plan)["count"]:
        guards[GuardClass.CREATE] -= exempt
    guarded = sorted(guard for guard, count in guards.items() if count)
    if not guarded:
        return
    about = {"site": site, "now": scope.now}
    spent: dict[Window, dict[GuardClass, int]] = {Window.DAY: {}, Window.WEEK: {}}
    for row in connection.execute(query("holds.spent"), {**about, "guards": guarded}):
        for window in spent:
            spent[window][GuardClass(row["guard_class"])] = row[window.value]
    some = {"plan": plan, "some": scope.people is not None}
    asked = {
        GuardClass(row["guard_class"]): row
        for row in connection.execute(query("holds.asked_before"), {**about, **some}).fetchall()
    }
    for breach in breaches(guards, base_of(connection, site, guarded), spent, asked):
        held = {"guard_class": breach.guard, "digest": hash_of(connection, plan, breach.guard)}
        decision = connection.execute(query("holds.decision"), {**about, **held}).fetchone()
        values = {
            "plan": plan,
            "count": breach.count,
            "limit": breach.limit,
            "window": breach.window,
            "spent": breach.spent,
            **held,
            **(decision or _asked_anew(asked.get(breach.guard))),
        }
        connection.execute(query("holds.add"), values)


def _asked_anew(before: Row | None) -> Row:
    """What nobody has decided as it stands: all of it was rejected as part of something else, or it waits."""
    if before is not None and before["rejected"]:
        return {"state": "rejected", **{name: before[name] for name in ("decided_by", "decided_at", "expires_at")}}
    return {"state": "waiting", "decided_by": "", "decided_at": None, "expires_at": None}


def base_of(connection: Connection, site: str, guards: Collection[GuardClass]) -> Base:
    """What percentages of these classes are of: all grants are counted only where one of them is of grants."""
    people = one(connection, "holds.managed_people", site=site)["people"]
    if not any(LIMITS[guard].of_grants for guard in guards):
        return Base(people, {})
    active = one(connection, "holds.active_grants", site=site)
    return Base(people, {GuardClass.REMOVE_ROLE: active["roles"], GuardClass.REMOVE_GRANT: active["grants"]})


def decide(
    connection: Connection,
    site: str,
    plan_hash: str,
    guard: GuardClass | None,
    state: HoldState,
    by: str,
    now: datetime,
) -> list[GuardClass]:
    """Write a person's word down; see ``connector.domain.plan_store.PlanStore.decide_hold``."""
    values = {
        "site": site,
        "hash": plan_hash,
        "guard_class": guard.value if guard else None,
        "by_name": sorted(BY_NAME) if state is HoldState.APPROVED else [],
        "state": state.value,
        "by": by,
        "now": now,
        "expires_at": now + DECISION_LASTS,
    }
    rows = connection.execute(query("holds.decide"), values).fetchall()
    if len({row["hash"] for row in rows}) > 1:
        raise SettingsError(f"Several plans that wait begin with {plan_hash}: give more of the hash.")
    return sorted({GuardClass(row["guard_class"]) for row in rows})


def hash_of(connection: Connection, plan: int, guard: GuardClass | None = None) -> str:
    """The hash over the changes in order, or over those of one class, read as a stream."""
    with connection.cursor(name="digests") as cursor:
        cursor.execute(query("plans.digests"), {"plan": plan, "guard_class": guard})
        return digest_of(row["digest"] for row in cursor)


def hold_of(row: Row) -> Hold:
    """A hold as it is kept."""
    return Hold(
        GuardClass(row["guard_class"]),
        row["count"],
        row["limit"],
        row["digest"],
        HoldState(row["state"]),
        row["plan_hash"] or "",
        row["decided_by"],
        row["expires_at"],
        Window(row["window"]),
        row["spent"],
    )
