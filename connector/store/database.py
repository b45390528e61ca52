"""The connection to PostgreSQL, and the named queries."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from importlib.resources import files
from threading import Event
from typing import Any, LiteralString, TypeVar, cast

import orjson
import psycopg
from psycopg import sql
from psycopg.rows import args_row, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from connector.domain.errors import CannotKeep, StorageError

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
T = TypeVar("T")

URL = "CONNECTOR_DATABASE_URL"
"""The setting that says where the connector's own database is."""
COLLISIONS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
"""Two transactions were in each other's way, and PostgreSQL has undone all of this one."""
OUTDATED = psycopg.errors.FeatureNotSupported
"""What a connection has planned is of another table than there is now, as after an upgrade by another process."""
UNKEEPABLE = (
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StringDataRightTruncation,
    psycopg.errors.NumericValueOutOfRange,
    psycopg.errors.DatetimeFieldOverflow,
    psycopg.errors.InvalidTextRepresentation,
    psycopg.errors.CharacterNotInRepertoire,
    psycopg.errors.UntranslatableCharacter,
)
"""A value is what PostgreSQL cannot keep, such as a text that is too long for an index."""
ATTEMPTS = 5
LOOK = 1.0
"""Seconds between two looks at whether listening is to end."""
LONGEST_WAIT = 0.2
"""Seconds, at most, before a transaction that was undone is done anew; by chance, so that two do not meet again."""


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


def made(connection: Connection, make: Callable[..., T], query_name: str, /, **values: Any) -> list[T]:
    """What ``make`` makes of the columns of each row of a named query, in their order."""
    with connection.cursor(row_factory=args_row(make)) as cursor:
        return cursor.execute(query(query_name), values).fetchall()


_OPTIONS = (
    "-c timezone=UTC -c client_min_messages=warning -c cursor_tuple_fraction=1 -c work_mem=32MB -c temp_buffers=64MB "
    "-c jit=off"
)
"""Streams are read to their end: PostgreSQL would plan for their first tenth. All people are joined in memory, and
what a merge compares is read from there too."""


def part(connection: Connection, work: Callable[[Connection], T]) -> T:
    """Do a part of a transaction, and do it anew where another one was in its way: it gives back what it had locked.

    For a transaction that cannot be done anew as a whole. ``work`` is as for ``Database.transact``.
    """

    def once() -> T:
        with connection.transaction():
            return work(connection)

    done: T = _again()(once)
    return done


def _again(*others: type[psycopg.Error]) -> Retrying:
    return Retrying(
        retry=retry_if_exception_type((*COLLISIONS, *others)),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random(0, LONGEST_WAIT),
        reraise=True,
    )


class Database:
    """A small pool of connections to one database; times are UTC everywhere.

    ``setting`` says where the database is; messages name it. A query by itself is a transaction of its own, which
    nobody has to begin and end: PostgreSQL is asked once and not three times.
    """

    def __init__(self, url: str, size: int = 12, *, setting: str = URL) -> None:
        self.url = url
        self._setting = setting
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=size,
            open=False,
            timeout=15,
            connection_class=psycopg.Connection[Row],
            kwargs={"autocommit": True, "row_factory": dict_row, "options": _OPTIONS},
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
        with self._told(), self._connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """One of the pool; whose plans are outdated is given up."""
        with self._pool.connection() as connection:
            try:
                yield connection
            except OUTDATED:
                connection.close()
                raise

    def heard(self, channel: str, ended: Event, only: str | None = None) -> Iterator[None]:
        """Something once a channel is listened to, and then with each notice there, until ``ended`` is set.

        ``only``: those with this payload. The connection is one of its own. Raises StorageError as ``transaction``.
        """
        with (
            self._told(),
            psycopg.Connection[Row].connect(
                self.url, autocommit=True, row_factory=dict_row, options=_OPTIONS
            ) as connection,
        ):
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield
            while not ended.is_set():
                for notice in connection.notifies(timeout=LOOK, stop_after=1):
                    if only in (None, notice.payload):
                        yield

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` in a transaction of its own, and do it anew where another one was in its way.

        ``work`` must alter nothing but the database and use nothing up, so that an attempt leaves nothing behind.
        Raises StorageError as ``transaction`` does.
        """

        def whole(connection: Connection) -> T:
            with connection.transaction():
                return work(connection)

        return self._repeated(whole)

    def _repeated(self, work: Callable[[Connection], T]) -> T:
        """Do what is a transaction, and do it anew where another one was in its way."""
        with self._told():
            done: T = _again(OUTDATED)(self._once, work)
        return done

    def _once(self, work: Callable[[Connection], T]) -> T:
        with self._connection() as connection:
            return work(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translates errors of the driver. A collision is no TryAgain, by which calls of Moodle are made again."""
        try:
            yield
        except COLLISIONS as error:
            raise StorageError(
                f"Two transactions in the database of {self._setting} were in each other's way "
                f"({type(error).__name__}), and PostgreSQL has undone this one. The database is well: try again."
            ) from error
        except UNKEEPABLE as error:  # the driver counts the first of them among the errors of the server
            raise CannotKeep(
                f"A value is too long for the database of {self._setting}, or not of the kind that is kept there "
                f"({type(error).__name__}). The database is well, and nothing was written: shorten or mend the value."
            ) from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StorageError(
                f"The database does not answer ({type(error).__name__}). "
                f"Check that the server of {self._setting} runs and has room on its disk."
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise StorageError(
                f"The user of {self._setting} lacks a right in the database: make it the owner of the schemas "
                "connector, facts, landing and reporting, or run `moodle-connector db upgrade` as this user from the "
                "beginning."
            ) from error
        except psycopg.errors.UndefinedTable as error:
            raise StorageError(
                f"The database of {self._setting} lacks the tables of this version: run `moodle-connector db upgrade`."
            ) from error

    def together(self, query_names: Sequence[str], /, **values: Any) -> None:
        """Run named queries in one transaction of their own, with one answer of PostgreSQL to wait for."""

        def work(connection: Connection) -> None:
            with connection.pipeline(), connection.transaction():
                for name in query_names:
                    connection.execute(query(name), values)

        self._repeated(work)

    def run(self, query_name: str, /, **values: Any) -> int:
        """Run a named query in a transaction of its own; gives the number of rows it touched."""
        return self._repeated(lambda connection: connection.execute(query(query_name), values).rowcount)

    def rows(self, query_name: str, /, **values: Any) -> list[Row]:
        """All rows of a named query. For results whose size does not grow with the number of people."""
        return self._repeated(lambda connection: connection.execute(query(query_name), values).fetchall())

    def made(self, make: Callable[..., T], query_name: str, /, **values: Any) -> list[T]:
        """As ``rows``, but of each what ``make`` makes of its columns, in their order: for results of thousands."""
        return self._repeated(lambda connection: made(connection, make, query_name, **values))

    def row(self, query_name: str, /, **values: Any) -> Row | None:
        """The first row of a named query, or None."""
        return self._repeated(lambda connection: connection.execute(query(query_name), values).fetchone())

    def one(self, query_name: str, /, **values: Any) -> Row:
        """The one row that a named query always gives."""
        return self._repeated(lambda connection: one(connection, query_name, **values))

    def rows_of(self, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Row]]:
        """All rows of several named queries, each with its values, with one answer of PostgreSQL to wait for.

        As ``rows``, for results whose size does not grow with the number of people. It is for what pages ask again and
        again: PostgreSQL keeps the plans from the first time on, as planning takes longer than finding so little.
        """

        def work(connection: Connection) -> dict[str, list[Row]]:
            with connection.pipeline():
                cursors = {
                    name: connection.execute(query(name), values, prepare=True) for name, values in asked.items()
                }
            return {name: cursor.fetchall() for name, cursor in cursors.items()}

        return self._repeated(work)

    def stream(self, query_name: str, /, size: int = 2000, **values: Any) -> Iterator[list[Row]]:
        """The rows of a named query in lists of ``size``, through a cursor on the server: memory stays flat."""
        with self.transaction() as connection, connection.cursor(name="stream") as cursor:
            cursor.execute(query(query_name), values)
            while batch := cursor.fetchmany(size):
                yield batch

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Hold the advisory lock ``name`` while inside; gives False where another process has it."""
        with self._told(), self._pool.connection() as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS got", [name]).fetchone()
            got = bool(row and row["got"])
            try:
                yield got
            finally:
                if got:
                    connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])

    @asynccontextmanager
    async def hearing(self, channel: str) -> AsyncIterator[psycopg.AsyncConnection[Row]]:
        """A connection of its own within an event loop, which hears what is notified on a channel.

        Raises StorageError as ``transaction`` does.
        """
        with self._told():
            connecting = psycopg.AsyncConnection[Row].connect(
                self.url, autocommit=True, row_factory=dict_row, options=_OPTIONS
            )
            async with await connecting as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield connection
