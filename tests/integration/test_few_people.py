"""A plan of few people looks at few rows, however many people a company has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.store.database import query
from tests.bench.settle import settle
from tests.support import House, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
MANY, FEW = 1500, 100
OF_EVERYBODY = frozenset({"person", "account", "binding", "ledger"})


def looked_at(plan: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """(table, rows) of every scan of a table in which everybody stands."""
    if plan.get("Relation Name") in OF_EVERYBODY and "Scan" in plan["Node Type"]:
        once = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield plan["Relation Name"], round(once * plan["Actual Loops"])
    for below in plan.get("Plans", ()):
        yield from looked_at(below)


async def test_what_is_asked_about_few_is_found_by_indexes(house: House) -> None:
    """Names that are taken, keys alike, managers who are missing, grants that differ: none of it reads everybody."""
    people = [{**one, "earlier": "OLD" if number < 3 else ""} for number, one in enumerate(rows(MANY, unit="Field"))]
    await house.take(people)
    connector = house.connector
    settle(connector.database, connector.site, house.clock())
    await house.plan([*people, row("NEW", unit="Field", earlier="E0007", manager="NOBODY")])
    plan = await house.plan()
    ids = [
        one["person_id"] for one in house.sql("SELECT person_id FROM connector.person WHERE key IN ('E0007', 'NEW')")
    ]
    values = {
        "site": connector.site, "now": house.clock(), "ahead": 30, "ids": ids, "plan": plan.number, "days": 7,
        "grace": 0, "archive": None, "usernames": ["admin"],
    }  # fmt: skip
    for name in (
        "plans.shared_emails", "plans.shared_keys", "plans.protected_people", "plans.compare_grants",
        "plans.take_blocked_identities", "moves.merges", "moves.missing_managers", "moves.returned",
    ):  # fmt: skip
        with connector.database.transaction() as connection:
            connection.execute("ANALYZE connector.person")
            [explained] = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query(name), values).fetchall()
        most = max((count for _, count in looked_at(explained["QUERY PLAN"][0]["Plan"])), default=0)
        assert most < FEW, (name, most)
