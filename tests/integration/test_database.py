"""Transactions that are in each other's way, and whose database a message is about."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from connector.bootstrap import Connector
from connector.domain.errors import CannotKeep, StorageError
from connector.domain.ports import Account
from connector.domain.reading import AccountsPage
from connector.settings.parts import ReportingSettings
from connector.settings.whole import Settings
from connector.store.accounts import Accounts
from connector.store.database import ATTEMPTS, Connection, Database, part
from connector.store.plans import Plans

SITE = "learn.example.com"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COLLISIONS = {"40P01": "DeadlockDetected", "40001": "SerializationFailure"}
NOWHERE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        opened.transact(lambda connection: connection.execute("CREATE TABLE tally (name text PRIMARY KEY, n int)"))
        opened.transact(lambda connection: connection.execute("INSERT INTO tally VALUES ('a', 0), ('b', 0)"))
        yield opened


def add(connection: Connection, name: str) -> None:
    connection.execute("UPDATE tally SET n = n + 1 WHERE name = %s", [name])


def tally(database: Database) -> dict[str, int]:
    with database.transaction() as connection:
        return {row["name"]: row["n"] for row in connection.execute("SELECT * FROM tally").fetchall()}


# ---------------------------------------------------------------- collisions
class Crossing:
    """Two transactions that want the same two rows, each the other's first one last; they deadlock the first time."""

    def __init__(self) -> None:
        self.both_hold_one = threading.Barrier(2, timeout=30)
        self.attempts = 0

    def work(self, first: str, last: str) -> Callable[[Connection], None]:
        met = False

        def once(connection: Connection) -> None:
            nonlocal met
            self.attempts += 1
            add(connection, first)
            if not met:
                met = True
                self.both_hold_one.wait()
            add(connection, last)

        return once


def test_a_transaction_that_deadlocks_is_done_anew(database: Database) -> None:
    """Both are done in the end, each once; nobody is told."""
    crossing = Crossing()
    with ThreadPoolExecutor(2) as pool:
        ways = [crossing.work("a", "b"), crossing.work("b", "a")]
        assert list(pool.map(database.transact, ways)) == [None, None]
    assert tally(database) == {"a": 2, "b": 2}
    assert crossing.attempts == 3


@pytest.mark.parametrize(("code", "error"), COLLISIONS.items())
def test_a_collision_that_lasts_is_told_as_what_it_is(database: Database, code: str, error: str) -> None:
    """After a few attempts, all undone: the database is well, and trying again is right."""
    attempts = []

    def work(connection: Connection) -> None:
        attempts.append(code)
        add(connection, "a")
        connection.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$".encode())

    with pytest.raises(StorageError) as caught:
        database.transact(work)
    assert len(attempts) == ATTEMPTS
    assert tally(database) == {"a": 0, "b": 0}
    assert re.search(rf"each other's way \({error}\).* undone .*try again", str(caught.value))
    assert "does not answer" not in str(caught.value)


@pytest.mark.parametrize("statement", ["INSERT INTO tally VALUES ({long}, 1)", "SELECT 'x'::int"])
def test_a_value_that_cannot_be_kept_is_told_as_such(database: Database, statement: str) -> None:
    """The database is well: neither its server nor its disk is to be looked at."""
    long = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n)"
    with pytest.raises(CannotKeep, match="The database is well") as caught:
        database.transact(lambda connection: connection.execute(statement.format(long=long).encode()))
    assert "does not answer" not in str(caught.value)


def test_a_transaction_that_cannot_be_done_anew_tells_the_collision(database: Database) -> None:
    """A block of a caller is run once; its error says the same."""
    crossing = Crossing()

    def block(first: str, last: str) -> str:
        try:
            with database.transaction() as connection:
                crossing.work(first, last)(connection)
        except StorageError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(block, "ab", "ba"))
    assert said[1] == "done"
    assert "each other's way (DeadlockDetected)" in said[0]
    assert tally(database) == {"a": 1, "b": 1}


def test_a_part_of_a_transaction_is_done_anew_by_itself(database: Database) -> None:
    """What was done before it in the same transaction stays, and is committed with it; once."""
    crossing = Crossing()

    def block(first: str, last: str) -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO tally VALUES (%s, 1)", [first * 2])
            part(connection, crossing.work(first, last))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(block, "ab", "ba")) == [None, None]
    assert tally(database) == {"a": 2, "b": 2, "aa": 1, "bb": 1}
    assert crossing.attempts == 3


def test_other_errors_are_not_tried_again(database: Database) -> None:
    """A statement that is wrong is wrong every time."""
    attempts = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        connection.execute("SELECT 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        database.transact(work)
    assert attempts == [1]


# ---------------------------------------------------------------- at one go
def test_queries_that_go_out_together_are_done_all_or_none(database: Database) -> None:
    """The second is refused: nothing of the first is kept, and the next finds the connection as it was."""
    link = {"digest": b"x", "site": SITE, "now": NOW, "by": "Ada", "expires_at": NOW + timedelta(days=1)}
    with pytest.raises(psycopg.errors.UniqueViolation):
        database.together(("lti.invite", "lti.invite"), **link)
    take = {"digest": b"x", "site": SITE, "now": NOW}
    assert database.row("lti.take_invitation", **take) is None
    database.together(("lti.end_platform", "lti.invite"), **link, platform_id=1)
    assert database.row("lti.take_invitation", **take) == {"created_by": "Ada"}


def test_what_is_asked_at_one_go_is_answered_by_name(database: Database) -> None:
    """Each query has its own values and rows; where one fails, it is told as if it had been asked alone."""
    asked = {"lti.platforms": {"site": SITE}, "attempts.places": {"attempt_id": 1}}
    for _ in range(7):  # PostgreSQL keeps the plan of what is asked often
        assert database.rows_of(asked) == {"lti.platforms": [], "attempts.places": [{"place": 0}]}
    with pytest.raises(CannotKeep):
        database.rows_of({**asked, "attempts.places": {"attempt_id": "one"}})
    assert len(database.rows_of(asked)) == 2


def test_plans_of_before_an_upgrade_are_made_anew(database: Database) -> None:
    """A process that runs on while another one alters the tables answers as before, and at once."""
    for _ in range(7):
        assert database.row("attempts.one", site=SITE, attempt_id=1) is None
    with database.transaction() as connection:
        connection.execute("ALTER TABLE connector.attempt ADD COLUMN added int")
    for _ in range(7):
        assert database.row("attempts.one", site=SITE, attempt_id=1) is None


# ---------------------------------------------------------------- accounts
def page(ids: Sequence[int]) -> AccountsPage:
    """Every other account has changed."""
    changed = [Account(one, f"u{one}", "", "", False, "manual", {"username": f"u{one}"}) for one in ids[::2]]
    return AccountsPage(list(ids), changed, {one.id: b"mark" for one in changed})


def deadlocks(url: str) -> int:
    """How many there ever were in this database, once everybody else has left it."""
    with psycopg.connect(url, autocommit=True) as connection:
        until = time.monotonic() + 20
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while (row := connection.execute(others).fetchone()) and row[0] and time.monotonic() < until:
            time.sleep(0.05)
        found = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_nobody_deadlocks_over_accounts(database_url: str) -> None:
    """The mirror, a sync's refresh and a plan keep the same accounts at once, each in an order of its own."""
    with Database(database_url) as one, Database(database_url) as other:
        Accounts(one, SITE).remember(page(range(1, 301)), NOW)

        def mirror(database: Database, ids: Sequence[int]) -> None:
            book = Accounts(database, SITE)
            for _ in range(25):
                book.remember(page(ids), NOW)
                book.mark_lost(ids, NOW)

        def plan(ids: Sequence[int]) -> None:
            for _ in range(25):
                Plans(one, SITE).remember(page(ids).accounts, NOW)

        shuffled = random.Random(7).sample(range(1, 401), 400)
        with ThreadPoolExecutor(4) as pool:
            done = [
                pool.submit(mirror, one, range(1, 351)),
                pool.submit(mirror, other, range(400, 50, -1)),
                pool.submit(mirror, other, shuffled),
                pool.submit(plan, shuffled[::-1]),
            ]
            for each in done:
                each.result(120)
    assert deadlocks(database_url) == 0


# ---------------------------------------------------------------- whose database it is
def connector(url: str, reporting: SecretStr) -> Connector:
    return Connector(Settings(database_url=SecretStr(url), reporting=ReportingSettings(url=reporting)))


def test_a_reporting_database_that_is_away_is_named_by_its_setting(database_url: str) -> None:
    """Whoever looks for the fault looks at the right server: from commands, migrations and connections in use."""
    with connector(database_url, NOWHERE) as one:
        assert one.database.one("plans.state", site=SITE, plan=None)
        for attempt in (lambda: one.reporting, one.databases.upgrade, one.databases.revisions):
            with pytest.raises(StorageError, match="CONNECTOR_REPORTING__URL") as caught:
                attempt()
            assert "CONNECTOR_DATABASE_URL" not in str(caught.value)


def test_a_reporting_database_that_goes_away_is_named_by_its_setting(database_url: str) -> None:
    """The connection was good and is cut off; the connector's own, in the same words, is named by its own."""
    cut = "SELECT pg_terminate_backend(pg_backend_pid())"
    with connector(database_url, SecretStr(f"{database_url}&application_name=reports")) as one:
        with pytest.raises(StorageError, match="CONNECTOR_REPORTING__URL"):
            one.reporting.transact(lambda connection: connection.execute(cut))
        with pytest.raises(StorageError, match="CONNECTOR_DATABASE_URL"):
            one.database.transact(lambda connection: connection.execute(cut))


def test_facts_beside_the_rest_are_named_by_the_one_setting_there_is(database_url: str) -> None:
    """Without a database of their own their fault is that of the connector's database."""
    away = connector(NOWHERE.get_secret_value(), SecretStr(""))
    with away as one, pytest.raises(StorageError, match="CONNECTOR_DATABASE_URL"):
        one.reporting  # noqa: B018 - a property that looks
    with connector(database_url, SecretStr("")) as one:
        assert one.reporting is one.database
