"""SQL against a real PostgreSQL: whole, exact, streamed, read only, and nothing where the connection is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import make_url

from adapters.drops.fetched import FetchedDrop
from adapters.fetchers.sql import SqlFetch
from adapters.sources.json import JsonSource
from connector.domain.errors import AccessRefused, ConnectorError, SettingsError, Unavailable
from connector.domain.people import Record

SECRET = "s3cret:/?@ word"


def source(database_url: str, query: str, **options: Any) -> SqlFetch:
    url = make_url(database_url)
    password = options.pop("password", url.password or "")
    return SqlFetch(url.set(password=None).render_as_string(), **{"password": password, "query": query, **options})


def fetched(tmp_path: Path, one: SqlFetch) -> list[dict[str, Any]]:
    (delivery,) = FetchedDrop(tmp_path, "hr", one).look().ready
    return [json.loads(line, parse_float=str) for line in delivery.path.read_text().splitlines()]


def refused(tmp_path: Path, one: SqlFetch) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        fetched(tmp_path, one)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(one)
    return caught.value


def test_values_of_each_type(database_url: str, tmp_path: Path) -> None:
    """Nothing is rounded and nothing is a Python word; the JSON source reads it back."""
    query = """
        SELECT 7 AS id, 'Ünï : %x' AS name, NULL AS nothing, true AS yes, 12345678901234567890.10::numeric AS exact,
               DATE '2026-01-31' AS day, TIMESTAMPTZ '2026-01-31 10:00+08' AT TIME ZONE 'UTC' AS moment,
               '\\xDEAD'::bytea AS bytes, ARRAY['a', 'b'] AS several, 'NaN'::numeric AS nan,
               '6f1d1c1e-0000-4000-8000-000000000001'::uuid AS uuid WHERE 'a%b' LIKE 'a\\%b';
    """
    one = source(database_url, query)
    assert fetched(tmp_path, one) == [
        {
            "id": 7,
            "name": "Ünï : %x",
            "nothing": None,
            "yes": True,
            "exact": "12345678901234567890.10",
            "day": "2026-01-31",
            "moment": "2026-01-31T02:00:00",
            "bytes": "dead",
            "several": ["a", "b"],
            "nan": "NaN",
            "uuid": "6f1d1c1e-0000-4000-8000-000000000001",
        }
    ]
    names = ["exact", "day", "yes", "several"]
    read = JsonSource(tmp_path / "hr.jsonl", name="hr", fields={name: name for name in names})
    texts = ["12345678901234567890.10", "2026-01-31", "true", "a,b"]
    assert list(read.records()) == [Record(1, dict(zip(names, texts, strict=True)))]


def test_days_that_no_calendar_has_are_told_with_their_row(database_url: str, tmp_path: Path) -> None:
    """They come as the database writes them, so that one of them is one rejected row, and not the end of a feed."""
    query = """
        SELECT DATE 'infinity' AS a, DATE '0044-03-15 BC' AS b, TIMESTAMP '-infinity' AS c,
               TIMESTAMPTZ 'infinity' AS d, TIMESTAMP '0044-03-15 10:00 BC' AS e, DATE '2026-01-31' AS f,
               ARRAY[DATE 'infinity'] AS g
    """
    days = {"a": "infinity", "b": "0044-03-15 BC", "c": "-infinity", "d": "infinity", "e": "0044-03-15 10:00:00 BC"}
    assert fetched(tmp_path, source(database_url, query)) == [{**days, "f": "2026-01-31", "g": ["infinity"]}]


def test_the_same_rows_are_the_same_feed(database_url: str, tmp_path: Path) -> None:
    """The digest tells that nothing is new; the query says the order."""
    drop = FetchedDrop(
        tmp_path, "hr", source(database_url, "SELECT g AS id FROM generate_series(1, 100) g ORDER BY 1")
    )
    assert drop.look().ready[0].digest == drop.look().ready[0].digest


def test_a_query_in_a_file(database_url: str, tmp_path: Path) -> None:
    """Longer ones are kept beside the settings."""
    (tmp_path / "people.sql").write_text("-- people\nSELECT 1 AS id;\n")
    one = source(database_url, "", query_file=tmp_path / "people.sql")
    assert fetched(tmp_path / "spool", one) == [{"id": 1}]


def test_nothing_is_ever_written(database_url: str, tmp_path: Path) -> None:
    """Whatever the query is, the transaction only reads."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE SEQUENCE numbers")
    error = refused(tmp_path, source(database_url, "SELECT nextval('numbers') AS id"))
    assert isinstance(error, SettingsError)
    assert "only reading is done" in str(error)


BAD_QUERIES: dict[str, tuple[str, type[ConnectorError], str]] = {
    "syntax": ("SELEKT 1", SettingsError, "does not understand it"),
    "no table": ("SELECT * FROM staff", SettingsError, "does not understand it"),
    "twice": ("SELECT 1 AS id, 2 AS id", SettingsError, "columns of the same name: id"),
    "no rows possible": ("SET client_encoding = 'UTF8'", SettingsError, ""),
    "slow": ("SELECT pg_sleep(20) AS id", Unavailable, "took longer than the statement may"),
}


@pytest.mark.parametrize("case", BAD_QUERIES)
def test_a_query_that_cannot_be_answered(database_url: str, tmp_path: Path, case: str) -> None:
    """Each mistake says whose it is; a statement that takes too long is ended."""
    query, kind, words = BAD_QUERIES[case]
    error = refused(tmp_path, source(database_url, query, timeout=0.3))
    assert isinstance(error, kind)
    assert words in str(error)


def test_a_value_in_an_error_is_not_repeated(database_url: str, tmp_path: Path) -> None:
    """Databases quote what they cannot read."""
    assert "Zoé" not in str(refused(tmp_path, source(database_url, "SELECT CAST('Zoé' AS int) AS id")))


def test_a_login_that_may_not_read(database_url: str, tmp_path: Path) -> None:
    """Who has no right to a table is told so."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE nobody_reads LOGIN")
        try:
            other = database_url.replace("//postgres@", "//nobody_reads@", 1)
            error = refused(tmp_path, source(other, "SELECT * FROM connector.person"))
        finally:
            connection.execute("DROP ROLE nobody_reads")
    assert isinstance(error, AccessRefused)
    assert "42501" in str(error)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """It may come back: try again later."""
    one = SqlFetch("postgresql://reader@127.0.0.1:1/hr", password=SECRET, query="SELECT 1 AS id")
    assert isinstance(refused(tmp_path, one), Unavailable)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "nonsense"}, "no address of a database"),
        ({"url": f"postgresql://a:{quote(SECRET, safe='')}@h/d"}, "leave the password out"),
        ({"query": ""}, "either query or query_file"),
        ({"query_file": Path("x")}, "either query or query_file"),
        ({"timeout": 0}, "more than 0"),
    ],
)
def test_wrong_settings(options: dict[str, Any], words: str) -> None:
    """They are told when it is built."""
    with pytest.raises(SettingsError, match=words):
        SqlFetch(**{"url": "postgresql://a@h/d", "query": "SELECT 1", **options})


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("mysql://a@h/d", "mysql"),
        ("mariadb://a@h/d", "mysql"),
        ("mssql://a@h/d", "mssql"),
        ("oracle://a@h/d", "oracle"),
    ],
)
def test_a_driver_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, extra: str) -> None:
    """The sentence says how to get it."""
    for module in ("pymysql", "pymssql", "oracledb"):
        monkeypatch.setitem(sys.modules, module, None)
    error = refused(tmp_path, SqlFetch(url, password=SECRET, query="SELECT 1"))
    assert f"pip install 'moodle-connector[{extra}]'" in str(error)


class Cutting:
    """Passes on what is written, and does something once after ``lines`` lines."""

    def __init__(self, one: SqlFetch, lines: int, then: Callable[[], object]) -> None:
        self.one, self.left, self.then = one, lines, then

    def fetch(self, into: Any, since: str, /) -> str:
        outer = self

        class Output:
            def write(self, content: bytes, /) -> int:
                if outer.left == 0:
                    outer.then()
                outer.left -= 1
                return int(into.write(content))

        return self.one.fetch(Output(), since)


@pytest.mark.parametrize("tenth", range(10))
def test_a_connection_that_is_lost_half_way(database_url: str, tmp_path: Path, tenth: int) -> None:
    """However far it came, it is no delivery."""

    def cut() -> None:
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    one = source(database_url, "SELECT g AS id, repeat('x', 500) AS x FROM generate_series(1, 10000) g", batch=200)
    with pytest.raises(Unavailable, match="lost on the way"):
        FetchedDrop(tmp_path, "hr", Cutting(one, tenth * 1000, cut)).look()
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import json, resource, sys
from adapters.fetchers.sql import SqlFetch

class Output:
    size = 0
    def write(self, content):
        self.size += len(content)
        return len(content)

options = json.loads(sys.stdin.read())
SqlFetch(**{**options, "query": "SELECT 1 AS id"}).fetch(Output(), "")  # everything is imported
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 40 * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
out = Output()
SqlFetch(**options).fetch(out, "")
print(out.size)
"""


@pytest.mark.slow
def test_memory_stays_flat(database_url: str) -> None:
    """Two hundred thousand people of a kilobyte pass through forty megabytes."""
    url = make_url(database_url)
    query = "SELECT g AS id, repeat('x', 1000) AS x FROM generate_series(1, 200000) g"
    options = {"url": url.set(password=None).render_as_string(), "password": url.password or "", "query": query}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], input=json.dumps(options), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 200_000_000
