"""A plan is made: its changes are put in order and hashed, the guard looks, and older plans give way."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from connector.domain.guard import LIMITS, Base, breaches
from connector.domain.plan import GuardClass, Window, digest_of
from connector.domain.plan_store import Scope
from connector.store.database import Connection, Row, dumps, one, query

DROP_SCRATCH = ("plans.drop_present", "plans.drop_differing")
"""What is of use only while a plan is made."""


def seal(connection: Connection, site: str, plan: int, scope: Scope) -> None:
    """See ``connector.domain.plan_store.PlanStore.seal``."""
    people = None if scope.people is None else sorted(scope.people)
    for step in DROP_SCRATCH:
        connection.execute(query(step), {"plan": plan})
    connection.execute(query("plans.put_in_order"), {"plan": plan})
    for step in ("undo.hold_again", "undo.hold_release"):
        connection.execute(query(step), {"site": site, "plan": plan})
    counted = connection.execute(query("plans.counts"), {"plan": plan}).fetchall()
    _add_holds(connection, site, plan, scope, counted)
    actions: dict[str, int] = {}
    for row in counted:
        actions[row["action"]] = actions.get(row["action"], 0) + row["count"]
    values = {"plan": plan, "hash": _hash(connection, plan), "counts": dumps(actions).decode()}
    connection.execute(query("plans.seal"), values)
    for step in ("plans.supersede", "plans.supersede_holds"):
        connection.execute(query(step), {"site": site, "plan": plan, "people": people})
    if people is None:
        connection.execute("ANALYZE connector.change")


def _add_holds(connection: Connection, site: str, plan: int, scope: Scope, counted: Sequence[Row]) -> None:
    guards: dict[GuardClass, int] = {}
    for row in counted:
        if row["guard_class"]:
            guard = GuardClass(row["guard_class"])
            guards[guard] = guards.get(guard, 0) + row["count"]
    about = {"site": site}
    exempt = one(connection, "plans.exempt", plan=plan)["count"]
    if exempt:
        guards[GuardClass.CREATE] -= exempt
    guarded = sorted(guard for guard, count in guards.items() if count)
    if not guarded:
        return
    spent: dict[Window, dict[GuardClass, int]] = {Window.DAY: {}, Window.WEEK: {}}
    for row in connection.execute(query("plans.spent"), {**about, "now": scope.now, "guards": guarded}):
        for window in spent:
            spent[window][GuardClass(row["guard_class"])] = row[window.value]
    for breach in breaches(guards, _base_of(connection, site, guarded), spent):
        digest = _hash(connection, plan, breach.guard)
        known = connection.execute(
            query("plans.approval"), {**about, "guard_class": breach.guard, "digest": digest, "now": scope.now}
        ).fetchone()
        decision = known or {"state": "waiting", "decided_by": "", "decided_at": None, "expires_at": None}
        connection.execute(
            query("plans.add_hold"),
            {
                "plan": plan,
                "guard_class": breach.guard,
                "count": breach.count,
                "limit": breach.limit,
                "window": breach.window,
                "spent": breach.spent,
                "digest": digest,
                **decision,
            },
        )


def _base_of(connection: Connection, site: str, guards: Collection[GuardClass]) -> Base:
    """What percentages of these classes are of: all grants are counted only where one of them is of grants."""
    people = one(connection, "plans.managed_people", site=site)["people"]
    if not any(LIMITS[guard].of_grants for guard in guards):
        return Base(people, {})
    active = one(connection, "plans.active_grants", site=site)
    return Base(people, {GuardClass.REMOVE_ROLE: active["roles"], GuardClass.REMOVE_GRANT: active["grants"]})


def _hash(connection: Connection, plan: int, guard: GuardClass | None = None) -> str:
    """The hash over the changes in order, read as a stream."""
    with connection.cursor(name="digests") as cursor:
        cursor.execute(query("plans.digests"), {"plan": plan, "guard_class": guard})
        return digest_of(row["digest"] for row in cursor)
