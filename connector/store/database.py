"""The connection to PostgreSQL, and the named queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString, cast

import orjson
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from connector.domain.errors import StorageError

Row = dict[str, Any]
Connection = psycopg.Connection[Row]


def dumps(value: Any) -> bytes:
    """JSON as PostgreSQL takes it."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


set_json_dumps(dumps)
set_json_loads(orjson.loads)


@cache
def query(name: str) -> LiteralString:
    """The text of a named query: ``feeds.accept`` is the query ``accept`` of ``queries/feeds.sql``."""
    room, _, wanted = name.partition(".")
    text = (files("connector.store") / "queries" / f"{room}.sql").read_text("utf-8")
    for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        if head.strip() == wanted:
            return cast(LiteralString, body.strip())
    raise KeyError(name)


def one(connection: Connection, query_name: str, /, **values: Any) -> Row:
    """The one row that a named query always gives."""
    row = connection.execute(query(query_name), values).fetchone()
    if row is None:
        raise StorageError(f"The query {query_name} gave no row: the database was altered by somebody else.")
    return row


_OPTIONS = "-c timezone=UTC -c client_min_messages=warning -c cursor_tuple_fraction=1 -c work_mem=32MB -c jit=off"
"""Streams are read to their end: PostgreSQL would plan for their first tenth. All people are joined in memory."""


class Database:
    """A small pool of connections to one database; times are UTC everywhere."""

    def __init__(self, url: str, size: int = 12) -> None:
        self.url = url
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=size,
            open=False,
            timeout=15,
            connection_class=psycopg.Connection[Row],
            kwargs={"row_factory": dict_row, "options": _OPTIONS},
        )

    def __enter__(self) -> Database:
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or rolled back on an error.

        Raises StorageError where the database cannot be reached or used.
        """
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StorageError(
                f"The database does not answer ({type(error).__name__}). "
                "Check that the server of CONNECTOR_DATABASE_URL runs and has room on its disk."
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise StorageError(
                "The user of CONNECTOR_DATABASE_URL lacks a right in the database: make it the owner of the schemas "
                "connector, facts and reporting, or run `moodle-connector db upgrade` as this user from the beginning."
            ) from error
        except psycopg.errors.UndefinedTable as error:
            raise StorageError(
                "The database lacks the tables of this version: run `moodle-connector db upgrade`."
            ) from error

    def run(self, query_name: str, /, **values: Any) -> int:
        """Run a named query in a transaction of its own; gives the number of rows it touched."""
        with self.transaction() as connection:
            return connection.execute(query(query_name), values).rowcount

    def rows(self, query_name: str, /, **values: Any) -> list[Row]:
        """All rows of a named query. For results whose size does not grow with the number of people."""
        with self.transaction() as connection:
            return connection.execute(query(query_name), values).fetchall()

    def row(self, query_name: str, /, **values: Any) -> Row | None:
        """The first row of a named query, or None."""
        with self.transaction() as connection:
            return connection.execute(query(query_name), values).fetchone()

    def one(self, query_name: str, /, **values: Any) -> Row:
        """The one row that a named query always gives."""
        with self.transaction() as connection:
            return one(connection, query_name, **values)

    def stream(self, query_name: str, /, size: int = 2000, **values: Any) -> Iterator[list[Row]]:
        """The rows of a named query in lists of ``size``, through a cursor on the server: memory stays flat."""
        with self.transaction() as connection, connection.cursor(name="stream") as cursor:
            cursor.execute(query(query_name), values)
            while batch := cursor.fetchmany(size):
                yield batch

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Hold the advisory lock ``name`` while inside; gives False where another process has it."""
        with self.transaction() as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS got", [name]).fetchone()
            got = bool(row and row["got"])
            connection.commit()
            try:
                yield got
            finally:
                if got:
                    connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
