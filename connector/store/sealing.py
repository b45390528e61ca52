"""A plan is made: its changes are put in order and hashed, the guard looks, and older plans give way."""

from __future__ import annotations

from connector.domain.plan import DESTRUCTIVE
from connector.domain.plan_store import Scope
from connector.store import holds
from connector.store.database import Connection, dumps, query

DROP_SCRATCH = ("plans.drop_present", "plans.drop_differing")
"""What is of use only while a plan is made."""


def seal(connection: Connection, site: str, plan: int, scope: Scope) -> None:
    """See ``connector.domain.plan_store.PlanStore.seal``."""
    people = None if scope.people is None else sorted(scope.people)
    for step in DROP_SCRATCH:
        connection.execute(query(step), {"plan": plan})
    if scope.above:
        rows = connection.execute(query("plans.ids"), {"site": site, "keys": sorted(scope.above)})
        above = {"above": [row["person_id"] for row in rows], "destructive": sorted(DESTRUCTIVE)}
        connection.execute(query("plans.spare_managers"), {"plan": plan, **above})
    connection.execute(query("plans.put_in_order"), {"plan": plan})
    if people is None:
        connection.execute(query("undo.forget"), {"site": site, "now": scope.now, "ahead": scope.ahead})
    for step in ("undo.hold_again", "undo.hold_release"):
        connection.execute(query(step), {"site": site, "plan": plan})
    counted = connection.execute(query("plans.counts"), {"plan": plan}).fetchall()
    holds.add(connection, site, plan, scope, counted)
    actions: dict[str, int] = {}
    for row in counted:
        actions[row["action"]] = actions.get(row["action"], 0) + row["count"]
    values = {"plan": plan, "hash": holds.hash_of(connection, plan), "counts": dumps(actions).decode()}
    connection.execute(query("plans.seal"), values)
    for step in ("plans.supersede", "holds.supersede"):
        connection.execute(query(step), {"site": site, "plan": plan, "people": people, "now": scope.now})
    if people is None:
        connection.execute("ANALYZE connector.change")
