"""What was asked before, of two thousand people: the guard looks it up in each plan that has guarded changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.domain.plan import GuardClass, HoldState
from connector.store.database import Database, query

SITE = "learn.example.com"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = 2000
G, S = GuardClass, HoldState
BEFORE = (
    (G.SUSPEND, S.REJECTED, PEOPLE, 1, 9),
    (G.IDENTITY, S.REJECTED, PEOPLE // 2, 1, 9),
    (G.MANAGER, S.REJECTED, PEOPLE, 3, 9),
    (G.MANAGER, S.APPROVED, PEOPLE, 2, 9),
    (G.REMOVE_GRANT, S.REJECTED, PEOPLE, 30, -6),
    (G.AUTH, S.WAITING, PEOPLE, 0, 0),
    (G.CREATE, S.APPROVED, PEOPLE, 1, 9),
)
"""Of earlier plans: class, word, changes, decided so many hours ago, and valid for so many hours more."""
PLAN = "INSERT INTO connector.plan (site, basis, created_at) VALUES (%s, '', %s) RETURNING number"
CHANGES = """
    INSERT INTO connector.change (plan, ordinal, phase, action, subject, target, before, after, reason, level, ref,
                                  guard_class, digest)
    SELECT %s, %s + n, 1, '', 'E' || n, '', '{}', '{}', '', '', '', %s, md5(%s || n)
    FROM generate_series(1, %s) AS n"""
HOLD = """
    INSERT INTO connector.hold (plan, guard_class, count, "limit", digest, state, decided_by, decided_at, expires_at)
    VALUES (%s, %s, %s, 1, '', %s, %s, %s, %s)"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


def plans(database: Database) -> int:
    """Earlier plans with what people said of them, and one made just now, of which PostgreSQL has no figures yet."""
    with database.transaction() as connection:
        for guard, state, count, ago, valid in BEFORE:
            [earlier] = connection.execute(PLAN, (SITE, NOW)).fetchall()
            connection.execute(CHANGES, (earlier["number"], 0, guard, guard, count))
            word = ("Ada", NOW - timedelta(hours=ago), NOW + timedelta(hours=valid)) if ago else ("", None, None)
            connection.execute(HOLD, (earlier["number"], guard, count, state, *word))
        connection.execute("ANALYZE connector.change, connector.hold, connector.plan")
        [ours] = connection.execute(PLAN, (SITE, NOW)).fetchall()
        for place, guard in enumerate(dict.fromkeys(guard for guard, *_ in BEFORE)):
            connection.execute(CHANGES, (ours["number"], place * PEOPLE, guard, guard, PEOPLE))
    return int(ours["number"])


def is_large(node: dict[str, Any]) -> bool:
    """Does this part of an execution read changes, or what was made of them?"""
    return node.get("Relation Name") == "change" or "CTE Name" in node or any(map(is_large, node.get("Plans", ())))


def pairs(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Nested loops that go through changes once for each of other changes."""
    below = node.get("Plans", ())
    if node["Node Type"] == "Nested Loop" and all(is_large(one) for one in below if "Subplan Name" not in one):
        yield node
    for one in below:
        yield from pairs(one)


def test_what_was_rejected_or_waits_is_asked_again(database: Database) -> None:
    """By the newest valid word on each change; rejected is a class only where all of it was. And never by comparing
    each change with all others, which took minutes."""
    values = {"site": SITE, "plan": plans(database), "now": NOW}
    asked = {}
    for some in (False, True):
        with database.transaction() as connection:
            explain = "EXPLAIN (FORMAT JSON) " + query("holds.asked_before")
            [explained] = connection.execute(explain, {**values, "some": some}).fetchall()
        execution = explained["QUERY PLAN"][0]["Plan"]
        assert is_large(execution)
        assert list(pairs(execution)) == []
        rows = database.rows("holds.asked_before", **values, some=some)
        asked[some] = {row["guard_class"]: (row["rejected"], row["decided_by"]) for row in rows}
    assert asked[False] == {G.SUSPEND: (True, "Ada"), G.IDENTITY: (False, "Ada")}
    assert asked[True] == {**asked[False], G.AUTH: (False, "")}
