"""Migrations: up from nothing, down to nothing, and two processes that start at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from connector.bootstrap import Connector
from connector.domain.errors import StorageError
from connector.settings.whole import Settings
from connector.store.database import Database, query
from connector.store.embedded import EmbeddedServer, create_database, drop_database
from connector.store.migrate import downgrade, upgrade
from connector.store.revision import CONNECTOR, REPORTING, Line, current
from tests.integration.launched import Launched
from tests.integration.test_schedule import wait_for

LINES = {CONNECTOR: {"connector"}, REPORTING: {"facts", "reporting"}}
SCHEMAS = set.union(*LINES.values())


@pytest.fixture
def empty_url(postgres: EmbeddedServer) -> Iterator[str]:
    create_database(postgres.url(), "bare")
    yield postgres.url("bare")
    drop_database(postgres.url(), "bare")


def objects(url: str) -> list[tuple[str, ...]]:
    """All tables, columns, views, functions and indexes of ours."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ANY(%(s)s) "
            "UNION ALL SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes "
            "WHERE schemaname = ANY(%(s)s) "
            "UNION ALL SELECT n.nspname, p.proname, '', p.prosrc FROM pg_proc p "
            "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%(s)s) ORDER BY 1, 2, 3, 4",
            {"s": list(SCHEMAS)},
        ).fetchall()


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_up_down_and_up_again(empty_url: str, line: Line) -> None:
    """Down to nothing leaves nothing; up again is the same as the first time. Each line by itself."""
    assert current(empty_url, line)[0] is None
    upgrade(empty_url, line)
    revision, newest = current(empty_url, line)
    assert revision == newest is not None
    first = objects(empty_url)
    assert {row[0] for row in first} == LINES[line]
    upgrade(empty_url, line)
    assert objects(empty_url) == first
    downgrade(empty_url, "base", line)
    assert current(empty_url, line) == (None, newest)
    assert objects(empty_url) == []
    upgrade(empty_url, line)
    assert objects(empty_url) == first


def test_two_processes_upgrade_at_once(empty_url: str) -> None:
    """One does it, the others wait and find it done."""
    code = f"from connector.store.migrate import upgrade; upgrade({empty_url!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert ended == [("", 0)] * 3
    revision, newest = current(empty_url)
    assert revision == newest


def test_tables_of_another_version_are_not_used(empty_url: str) -> None:
    """The revision is compared before anything is read, and the message says what to run."""
    with Connector(Settings(database_url=empty_url)) as connector:  # type: ignore[arg-type]
        with pytest.raises(StorageError, match="db upgrade"):
            connector.database  # noqa: B018 - a property that looks
        connector.databases.upgrade()
        assert connector.database.rows("plans.references", site="x") == []


def test_missing_tables_are_told_in_one_sentence(empty_url: str) -> None:
    """Not a traceback of the driver."""
    with Database(empty_url) as database, pytest.raises(StorageError, match="db upgrade"):
        database.rows("plans.references", site="x")


def test_a_server_that_does_not_answer_is_told_in_one_sentence(empty_url: str) -> None:
    """For migrations and for queries."""
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"
    for attempt in (lambda: upgrade(nowhere), lambda: current(nowhere)):
        with pytest.raises(StorageError, match="CONNECTOR_DATABASE_URL"):
            attempt()


def test_a_query_that_must_give_a_row_says_so_when_it_does_not(database_url: str) -> None:
    """And a name that no file has is a mistake of ours."""
    with Database(database_url) as database, pytest.raises(StorageError, match=r"plans\.by_number"):
        database.one("plans.by_number", plan=99)
    with pytest.raises(KeyError):
        query("plans.no_such_query")


def test_an_error_inside_a_transaction_leaves_nothing(database_url: str) -> None:
    """All or nothing."""
    with Database(database_url) as database:
        with pytest.raises(ZeroDivisionError), database.transaction() as connection:
            connection.execute("CREATE TABLE half (a int)")
            raise ZeroDivisionError
        assert database.row("plans.find", site="x", hash=None) is None
        with database.transaction() as connection:
            assert connection.execute("SELECT to_regclass('half') AS there").fetchone() == {"there": None}


def test_days_that_were_kept_go_into_months_and_back(empty_url: str) -> None:
    """None is lost on the way, and views show the same before and after."""
    upgrade(empty_url, REPORTING, "0004")
    days = ["2025-11-30", "2025-12-01", "2026-02-28"]
    with psycopg.connect(empty_url) as connection:
        for day in days:
            connection.execute("INSERT INTO facts.fact_compliance_daily VALUES (%s, '', 'FIRE', 9, 5, 1)", [day])
            connection.execute("INSERT INTO facts.fact_overview_daily VALUES (%s, '', 9, 3, 9, 5, 70)", [day])

    def shown() -> list[tuple[object, ...]]:
        with psycopg.connect(empty_url) as connection:
            daily = connection.execute("SELECT * FROM reporting.compliance_daily ORDER BY day").fetchall()
            return daily + connection.execute("SELECT * FROM reporting.trend ORDER BY 1, 2").fetchall()

    before = shown()
    assert [str(row[0]) for row in before[:3]] == days
    upgrade(empty_url, REPORTING, "0009")
    assert shown() == before
    with psycopg.connect(empty_url) as connection:
        months = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'facts.fact_compliance_daily'::regclass"
        ).fetchall()
    assert sorted(months) == [(f"facts.fact_compliance_daily_{month}",) for month in ("2025_11", "2025_12", "2026_02")]
    downgrade(empty_url, "0004", REPORTING)
    assert shown() == before


def test_what_was_discarded_counts_nowhere_for_an_earlier_release(empty_url: str) -> None:
    """It stands among what was tried out, behind what stands there; what counts has its number, and can be begun."""
    upgrade(empty_url)
    with Database(empty_url) as database:
        kept = Launched(database, database)
        exam = kept.exam()
        actor = kept.actor(str(exam), 1)
        for number in (1, 2, 3):
            attempt = kept.start(exam, actor, number)
            if number == 2:
                kept.sql("UPDATE connector.attempt SET trial = true, number = 1 WHERE number = 2 RETURNING 1")
                kept.submit(attempt, actor, 10)
            else:
                kept.discard(attempt, actor)
        kept.submit(kept.start(exam, actor, 4), actor, 50)
        downgrade(empty_url, "0045")
        found = kept.sql("SELECT attempt_id, trial, number, percent FROM connector.attempt ORDER BY attempt_id")
        assert [tuple(one.values())[1:] for one in found] == [
            (True, 2, None), (True, 1, 10), (True, 3, None), (False, 4, 50),
        ]  # fmt: skip
        assert kept.sql("SELECT 1 FROM connector.attempt WHERE submitted_at IS NULL") == []
        kept.start(exam, actor, 5)


def test_average_scores_are_as_they_were_until_courses_are_summed_up_anew(empty_url: str) -> None:
    """What was summed up before persons' own maximums were known is of the course's; where none was known, nothing."""
    upgrade(empty_url, REPORTING, "0016")
    with psycopg.connect(empty_url) as connection:
        for course, average in ((11, 30), (12, 7)):
            connection.execute(
                "INSERT INTO facts.summary_course VALUES ('', %s, 9, 5, 4, %s, 2, 0, 0, 0, NULL, now())",
                [course, average],
            )
        connection.execute("INSERT INTO facts.dim_grade_item VALUES (1, 11, 10, 50, NULL, now())")
    upgrade(empty_url, REPORTING)
    with psycopg.connect(empty_url) as connection:
        found = connection.execute(
            "SELECT scored, average_score FROM facts.summary_course ORDER BY course_id"
        ).fetchall()
    assert found == [(4, 50), (0, None)]


def test_what_is_begun_while_tables_are_upgraded_uses_its_version_too(empty_url: str) -> None:
    """By a process of an earlier release, which says that of no version; what it began long before does as well."""
    upgrade(empty_url)
    with Database(empty_url) as database:
        kept = Launched(database, database)
        before, meanwhile = kept.exam(), kept.exam()
        kept.start(before, kept.actor(str(before), None), 1)
        downgrade(empty_url, "0037")
        kept.sql("UPDATE connector.attempt SET started_at = started_at - interval '9 days' RETURNING 1")
        kept.sql("UPDATE connector.content_version SET used = false RETURNING 1")
        with psycopg.connect(empty_url) as earlier, ThreadPoolExecutor() as pool:
            earlier.execute(
                "INSERT INTO connector.attempt (content_id, version, marked_version, banks, marked_banks, paper, "
                "platform_id, course, link, subject, trial, number, line_item, started_at) SELECT %s, 1, 1, '{}', "
                "'{}', '{}', platform_id, course, link, 'b', false, 1, '', now() FROM connector.attempt",
                [meanwhile],
            )
            upgrading = pool.submit(upgrade, empty_url)
            wait_for(lambda: bool(kept.sql("SELECT 1 FROM pg_locks WHERE NOT granted")))
            earlier.commit()
            upgrading.result()
        used = kept.sql("SELECT content_id FROM connector.content_version WHERE used")
    assert {one["content_id"] for one in used} == {before, meanwhile}
