"""The first reading of a Moodle fills empty tables, and what everything brought is made ready beside the facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connector.domain.facts import Extent
from connector.domain.held import HeldRow, HeldRows, Range
from connector.domain.reading import Page
from connector.store.database import Database
from connector.store.facts import Facts
from connector.store.landing import filling

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
INDEXES = (
    "SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS what, i.indisprimary AS key, i.indisvalid AS valid "
    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %(table)s::regclass "
    "OR i.indrelid IN (SELECT relid FROM pg_partition_tree(%(table)s::regclass)) ORDER BY what"
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


@pytest.mark.parametrize("table", ["fact_enrolment", "fact_grade_history"])
def test_a_table_has_all_its_indexes_again_once_it_is_filled(database: Database, table: str) -> None:
    """Its key too, and those of the tables of months; while it is filled there are none."""
    with database.transaction() as connection:
        connection.execute("SELECT facts.make_months('fact_grade_history', ARRAY['2026-03-01'::date])")
        before = connection.execute(INDEXES, {"table": f"facts.{table}"}).fetchall()
        with filling(connection, table):
            assert not connection.execute(INDEXES, {"table": f"facts.{table}"}).fetchall()
        after = connection.execute(INDEXES, {"table": f"facts.{table}"}).fetchall()
    assert any(one["key"] for one in before) and all(one["valid"] for one in before)
    assert after == before


def test_what_was_made_ready_by_a_load_that_was_killed_is_dropped(database: Database) -> None:
    """The next load brings everything again, and holds it; of a row that came twice the last holds."""
    facts = Facts(database, "learn.example.com")
    for _ in range(2):
        load = facts.start(Extent.EVERYTHING, "plugin", NOW)
        rows = [HeldRow(key, 7, 1, b"[%d,%d]" % (key, place)) for place, key in enumerate((1, 2, 1))]
        facts.land(load, Page(held=[HeldRows("enrolments", ("id", "userid"), rows)]))
        facts.held.make_ready()
    with database.transaction() as connection:
        facts.held.merge(connection, load, whole=True)
    assert [row.row for row in facts.held.rows("enrolments", Range(0, 9))] == [b"[1,2]", b"[2,1]"]
    with database.transaction() as connection:
        names = {row["name"] for row in connection.execute(INDEXES, {"table": "landing.held"})}
        assert not connection.execute(INDEXES, {"table": "landing.came"}).fetchall()
    assert names == {"held_key", "held_owner", "held_course"}
