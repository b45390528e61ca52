"""Logins of the reporting database: one of a unit sees nobody of another, whatever it tries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from connector.bootstrap import Connector
from connector.cli import command
from connector.domain.errors import SettingsError, StorageError
from connector.settings.parts import ReportingSettings
from connector.settings.whole import Settings
from connector.store.database import Database
from connector.store.embedded import server
from connector.store.logins import Logins
from connector.store.migrate import upgrade
from connector.store.revision import REPORTING
from tests.integration.facts import fill, summarise

NOW = datetime.now(UTC)
IN, OUT = "North", "South"


@dataclass
class Place:
    """A database with two units, and how to come to it as somebody."""

    url: str
    logins: Logins
    name: str

    def as_(self, login: str) -> psycopg.Connection[Any]:
        """Through the socket, where the system's user may be any role."""
        return psycopg.connect(self.url.replace("//postgres@", f"//{login}@"), autocommit=True)

    def owner(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(text.encode(), values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def place(database_url: str) -> Iterator[Place]:
    fill(database_url, NOW)
    name = database_url.partition("?")[0].rpartition("/")[2].replace("test_", "reader_")
    with Database(database_url) as database:
        there = Place(database_url, Logins(database), name)
        there.logins.grant(name, IN, NOW)
        yield there
        for login in there.logins.list():
            there.logins.revoke(login.name)


def asked(place: Place) -> list[tuple[str, str]]:
    """Every view, and every function with arguments that reach for the other unit: found by the catalogue."""
    views = place.owner(
        "SELECT relname FROM pg_class "
        "WHERE relnamespace = 'reporting'::regnamespace AND relkind IN ('v', 'm', 'r', 'f')"
    )
    functions = place.owner(
        "SELECT proname, array_agg(format_type(t.type, NULL) ORDER BY t.place) FROM pg_proc p "
        "CROSS JOIN LATERAL unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (type, place) "
        "WHERE pronamespace = 'reporting'::regnamespace GROUP BY p.oid, proname"
    )
    tried = {
        "text": [f"'{IN}'", f"'{OUT}'", "'Top'", "'S-boss'", "'N-boss'", "'S1'", "'N-moved'", "''"],
        "timestamp with time zone": ["now()", "now() - interval '40 days'", "now() - interval '3 days'"],
    }
    told = [(name, f"SELECT * FROM reporting.{name}") for (name,) in views]
    for name, types in functions:
        rows = [""]
        for kind in types:
            rows = [f"{row}, {value}" if row else value for row in rows for value in tried[kind]]
        told += [(name, f"SELECT * FROM reporting.{name}({row})") for row in rows]
    return told


def strangers(place: Place) -> set[str]:
    """All that could tell somebody of another unit, and units that are not below."""
    people = place.owner(
        "SELECT p.hr_key, n.firstname, n.lastname, n.email, p.moodle_id::text FROM facts.dim_person p "
        "JOIN facts.person_name n USING (person_id) "
        "WHERE p.valid_to = 'infinity' AND p.unit NOT IN ('North', 'North-1')"
    )
    return {value for one in people for value in one if value} | {OUT, "South-1", "Top", "Südwerk", "Whole company"}


def test_a_login_sees_nobody_of_another_unit(place: Place) -> None:
    """Every view and function, by the catalogue: keys, names, e-mails, units and managers of others never come."""
    hidden = strangers(place)
    seen, empty = set(), set()
    with place.as_(place.name) as connection:
        for name, text in asked(place):
            rows = connection.execute(text.encode()).fetchall()
            (seen if rows else empty).add(name)
            leaks = {str(value) for row in rows for value in row if value is not None} & hidden
            inside = {word for row in rows for value in row for word in hidden if len(word) > 3 and word in str(value)}
            assert not leaks | inside, (text, leaks, inside)
    assert empty - seen == {"data_quality", "reconciliation"}, "a view in which this login sees nothing proves nothing"


def test_the_owner_sees_all_of_it(place: Place) -> None:
    """The same views hold the others for who may see them: the hunt before would have found them."""
    with psycopg.connect(place.url) as connection:
        told = {str(v) for _, text in asked(place) for row in connection.execute(text.encode()) for v in row}
    assert strangers(place) - {"Südwerk"} <= told | {"Whole company"}


def test_sums_are_those_of_the_unit(place: Place) -> None:
    """What is added up for a login equals a plain count of its people, and so for the owner."""
    for login, units in (
        (place.name, ("North", "North-1")),
        ("postgres", ("North", "North-1", "South", "South-1", "Top")),
    ):
        with place.as_(login) as connection:
            [(people, enrolled, assigned)] = connection.execute(
                "SELECT people, enrolled, assigned FROM reporting.executive_overview"
            ).fetchall()
            assert (
                people
                == place.owner(
                    "SELECT count(*) FROM facts.dim_person "
                    "WHERE unit = ANY(%s) AND status = 'active' AND valid_to = 'infinity'",
                    list(units),
                )[0][0]
            )
            rows = connection.execute("SELECT state, unit FROM reporting.compliance_now").fetchall()
            assert assigned == len(rows) > 0
            assert {unit for _, unit in rows} <= set(units)
            [(active,)] = connection.execute("SELECT count(*) FROM reporting.enrolments WHERE active").fetchall()
            assert enrolled == active > 0
            [(counted,)] = connection.execute("SELECT sum(enrolled) FROM reporting.course_performance").fetchall()
            assert counted == active


ATTEMPTS = [
    "SELECT * FROM facts.dim_person", "SELECT * FROM facts.access", "SELECT * FROM facts.sight",
    "SELECT * FROM facts.compliance_history_seen", "SELECT * FROM facts.summary_overview",
    "SELECT * FROM connector.person", "SELECT * FROM public.reporting_schema_version",
    "UPDATE facts.access SET unit = ''", "INSERT INTO facts.access VALUES (session_user, '', now())",
    "CREATE TABLE reporting.mine (x int)", "CREATE TABLE public.mine (x int)", "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE SCHEMA mine", "CREATE FUNCTION reporting.f() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE VIEW reporting.v AS SELECT 1", "DROP VIEW reporting.people", "DELETE FROM reporting.people",
    "UPDATE reporting.units SET unit_name = 'x'", "INSERT INTO reporting.unit_closure VALUES ('x', 'x', 0)",
    "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('/')", "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY (SELECT 1) TO '/tmp/x'", "SELECT lo_import('/etc/passwd')", "CREATE EXTENSION vector",
    "SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "RESET ROLE; SET ROLE pg_read_all_data",
    "CREATE ROLE mine", "ALTER ROLE postgres SET search_path = 'x'", "ALTER ROLE postgres PASSWORD 'x'",
    "SELECT rolpassword FROM pg_authid", "ALTER SYSTEM SET log_statement = 'all'",
]  # fmt: skip


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_login_can_do_nothing_else(place: Place, attempt: str) -> None:
    """Facts, the connector's own tables, files, roles and writing: refused, in a session that may write, too."""
    with place.as_(place.name) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(
            (
                psycopg.errors.InsufficientPrivilege,
                psycopg.DataError,
                psycopg.errors.ObjectNotInPrerequisiteState,
                psycopg.errors.WrongObjectType,
                psycopg.errors.FeatureNotSupported,
            )
        ):
            connection.execute(attempt.encode())


def test_sessions_begin_read_only_and_bounded(place: Place) -> None:
    """Read only, the schema first in the path, an end to every statement."""
    with place.as_(place.name) as connection:
        names = ("default_transaction_read_only", "search_path", "statement_timeout")
        found = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
        assert found == [("on",), ("reporting",), ("1min",)]


def test_settings_and_roles_widen_nothing(place: Place) -> None:
    """Asking for another unit shows nothing of it; the role of all readers sees nobody; a unit below is less."""

    def keys(connection: psycopg.Connection[Any]) -> set[str]:
        return {row[0] for row in connection.execute("SELECT hr_key FROM reporting.people").fetchall()}

    with place.as_(place.name) as connection:
        mine = keys(connection)
        assert mine
        for unit in (OUT, "Top", "nowhere", "' OR true --"):
            connection.execute("SELECT set_config('reporting.unit', %s, false)", [unit])
            assert keys(connection) == set(), unit
        connection.execute("SET reporting.unit = 'North-1'")
        assert set() < keys(connection) < mine
        connection.execute("RESET reporting.unit")
        connection.execute(f"SET ROLE connector_reader_{connection.info.dbname}".encode())
        assert keys(connection) == mine, "the session is still the same one's"
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("SET reporting.unit = 'North'")
        assert keys(connection) == mine
        connection.execute("RESET reporting.unit")
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(place.name)))
        assert keys(connection) == mine, "who owns the database can look through another's eyes"


@pytest.mark.parametrize(
    "trick",
    [
        "SELECT * FROM reporting.people WHERE (hr_key || ' ' || email)::int = 1",
        "SELECT * FROM reporting.people WHERE 1 / (length(lastname) - length(lastname)) = 1",
        "SELECT * FROM reporting.compliance_now WHERE (lastname || firstname)::date > now()",
        "SELECT * FROM reporting.grade_changes WHERE xmlparse(content '<' || hr_key) IS NOT NULL",
        "SELECT * FROM reporting.units WHERE unit_name::int = 1",
        "SELECT * FROM reporting.compliance_as_of(now(), now()) WHERE (hr_key || manager_key)::int = 1",
    ],
)
def test_errors_tell_nothing_of_others(place: Place, trick: str) -> None:
    """A condition that fails on a value tells a value that is in sight."""
    with place.as_(place.name) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(trick.encode())
    assert not [word for word in strangers(place) if len(word) > 1 and word in str(caught.value)]


def test_statistics_tell_nothing(place: Place) -> None:
    """What the planner knows of the values of facts is not shown."""
    place.owner("ANALYZE facts.dim_person, facts.person_name")
    with place.as_(place.name) as connection:
        assert connection.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'facts'").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM pg_statistic")


def test_a_granted_login_can_be_widened_and_revoked(place: Place) -> None:
    """Everything is everybody; a revoked login is no role any more, and a name can be given again."""
    with place.as_(place.name) as connection:
        before = connection.execute("SELECT count(*) FROM reporting.people").fetchone()
        place.logins.grant(place.name, "", NOW)
        after = connection.execute("SELECT count(*) FROM reporting.people").fetchone()
        assert before is not None and after is not None
        assert after[0] > before[0]
        assert [(one.name, one.unit, one.there) for one in place.logins.list()] == [(place.name, "", True)]
        place.logins.revoke(place.name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        place.as_(place.name)
    with pytest.raises(SettingsError, match="reporting list"):
        place.logins.revoke(place.name)
    place.logins.grant(place.name, IN, NOW)


@pytest.mark.parametrize("name", ["Reader", "pg_reader", "a b", 'x"; DROP', "", "postgres"])
def test_names_that_cannot_be(place: Place, name: str) -> None:
    """Refused before anything is made, and so is a role that may do other things."""
    with pytest.raises(SettingsError):
        place.logins.grant(name, IN, NOW)
    with pytest.raises(SettingsError, match="no unit"):
        place.logins.grant("reader_x", "Nowhere", NOW)


def test_where_no_role_may_be_made_the_administrator_is_told_how(place: Place) -> None:
    """The sentence is SQL that works, and then the same command does the rest."""
    owner, name = f"{place.name}_owner", f"{place.name}_bi"
    place.owner(f"CREATE ROLE {owner} LOGIN")
    try:
        database = place.url.partition("?")[0].rpartition("/")[2]
        place.owner(f"ALTER DATABASE {database} OWNER TO {owner}")
        for schema in ("facts", "reporting"):
            place.owner(f"ALTER SCHEMA {schema} OWNER TO {owner}")
            for kind, relation in place.owner(
                "SELECT CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, format('%%I.%%I', %s::text, relname) "
                "FROM pg_class "
                "WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'v')",
                schema,
                schema,
            ):
                place.owner(f"ALTER {kind} {relation} OWNER TO {owner}")
        with Database(place.url.replace("//postgres@", f"//{owner}@")) as database_of_owner:
            logins = Logins(database_of_owner)
            with pytest.raises(StorageError, match="administrator") as caught:
                logins.grant(name, IN, NOW)
            assert [one.name for one in logins.list()] == [place.name]
            for line in str(caught.value).splitlines():
                if line.startswith("  ") and "password" not in line:
                    place.owner(line)
            assert logins.grant(name, IN, NOW) is None, "its password is the administrator's"
            with place.as_(name) as connection:
                assert {row[0] for row in connection.execute("SELECT unit FROM reporting.people")} == {
                    "North",
                    "North-1",
                }
            with pytest.raises(StorageError, match="DROP ROLE"):
                logins.revoke(name)
    finally:
        place.owner(f"REASSIGN OWNED BY {owner} TO postgres")
        place.owner(f"DROP OWNED BY {owner}")
        place.owner(f"DROP ROLE IF EXISTS {name}")
        place.owner(f"DROP ROLE {owner}")


def test_bi_tools_reach_the_embedded_server_by_password_only(server_folder: Path, free_port: int) -> None:
    """On loopback by scram-sha-256: the right password, no wrong one, no trust, and never the owner."""
    settings = Settings(
        database_url=SecretStr(""), data_dir=server_folder / "pg", reporting=ReportingSettings(listen_port=free_port)
    )
    with Connector(settings) as connector:
        fill(connector.databases.reporting_url, NOW)
        password = connector.logins.grant("bi_tool", IN, NOW)
        address = connector.login_address("bi_tool", password)
        assert address == f"postgresql://bi_tool:{password}@127.0.0.1:{free_port}/postgres"
        with psycopg.connect(address) as connection:
            assert connection.info.host == "127.0.0.1"
            found = connection.execute("SELECT count(*) FROM people").fetchone()
            assert found is not None and found[0] > 0
        assert password is not None
        where = f"127.0.0.1:{free_port}/postgres?sslmode=disable"
        for who in ("bi_tool:wrong", "bi_tool", "postgres", "postgres:wrong", f"postgres:{password}"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(f"postgresql://{who}@{where}", connect_timeout=5)
        with connector.reporting.transaction() as rules:
            hosts = rules.execute("SELECT auth_method FROM pg_hba_file_rules WHERE type LIKE 'host%'").fetchall()
            assert {one["auth_method"] for one in hosts} == {"reject", "scram-sha-256"}
            [secret] = rules.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'bi_tool'").fetchall()
            assert secret["rolpassword"].startswith("SCRAM-SHA-256$")


def test_an_owner_that_is_no_superuser(server_folder: Path) -> None:
    """A user that owns the database and may make roles does all of it by itself, and so may its own work go on."""
    with server(server_folder / "pg") as running:
        with psycopg.connect(running.url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE keeper LOGIN CREATEROLE")
            connection.execute("CREATE DATABASE hr OWNER keeper")
        url = running.url("hr").replace("//postgres@", "//keeper@")
        upgrade(url, REPORTING)
        fill(url, NOW)
        with Database(url) as database:
            logins = Logins(database)
            assert logins.grant("north", IN, NOW)
            assert logins.grant("board", "", NOW)
            seen = {}
            for login in ("keeper", "north", "board"):
                with psycopg.connect(url.replace("//keeper@", f"//{login}@")) as connection:
                    found = connection.execute("SELECT count(*) FROM reporting.people").fetchone()
                    seen[login] = found and found[0]
            assert seen == {"keeper": 10, "north": 5, "board": 10}
            logins.revoke("north")
            assert [one.name for one in logins.list()] == ["board"]
        summarise(url, NOW)


def test_the_commands(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Grant shows the password once and how to connect, list shows no password, revoke ends it."""
    fill(database_url, NOW)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    name = database_url.partition("?")[0].rpartition("/")[2].replace("test_", "tool_")

    def said(*words: str, status: int = 0) -> str:
        assert command(["reporting", *words]) == status
        both = capsys.readouterr()
        return " ".join((both.out + both.err).split())

    told = json.loads(said("grant", name, "--unit", IN, "--json"))
    assert (told["login"], told["unit"]) == (name, IN)
    assert told["password"] in told["address"]
    told_again = said("grant", name, "--everything")
    assert "Password, shown only now: " in told_again
    assert told["password"] not in told_again
    assert f"{name} everybody" in said("list")
    assert "either --unit UNIT or --everything" in said("grant", name, status=2)
    assert "either --unit UNIT or --everything" in said("grant", name, "--unit", IN, "--everything", status=2)
    assert said("revoke", name) == f"{name} is gone."
    assert "There are no logins" in said("list")
    assert "no login" in said("revoke", name, status=2)


def test_without_a_port_nobody_listens(server_folder: Path) -> None:
    """The embedded server answers its own account alone until it is told otherwise."""
    with Connector(Settings(database_url=SecretStr(""), data_dir=server_folder / "pg")) as connector:
        fill(connector.databases.reporting_url, NOW)
        password = connector.logins.grant("bi_tool", IN, NOW)
        assert connector.login_address("bi_tool", password) is None
        with connector.reporting.transaction() as connection:
            found = connection.execute("SHOW listen_addresses").fetchone()
            assert found == {"listen_addresses": ""}


def test_addresses_keep_what_a_connection_needs() -> None:
    """TLS settings of the connector's own address stay, its user and password do not."""
    with_tls = Database("postgresql://own:secret@db.example.com:6432/hr?sslmode=verify-full&application_name=x")
    assert Logins(with_tls).address("bi", "p/w") == "postgresql://bi:p%2Fw@db.example.com:6432/hr?sslmode=verify-full"
