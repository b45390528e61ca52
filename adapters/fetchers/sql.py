"""SQL: the answer to one query on any database that SQLAlchemy knows, read only and streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import DataError
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
from sqlalchemy import Connection, CursorResult, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from adapters.drops.fetched import Output
from adapters.fetchers.rows import json_line
from connector.domain.errors import AccessRefused, FeedRefused, SettingsError, Unavailable


@dataclass(frozen=True, slots=True)
class _Dialect:
    """``driver`` is used where the URL names none; ``extra`` installs it. ``options`` are of its connect, by seconds.

    ``on_connect``: statements for each connection. The transaction is made read only by one or the other.
    """

    driver: str
    extra: str
    options: Callable[[float], Mapping[str, Any]]
    on_connect: Callable[[float], tuple[str, ...]] = lambda _seconds: ()


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


DIALECTS = {
    "postgresql": _Dialect(
        "psycopg",
        "",
        lambda s: {
            "options": f"-c default_transaction_read_only=on -c statement_timeout={_milliseconds(s)}",
            "connect_timeout": 10,
        },
    ),
    "mysql": _Dialect(
        "pymysql",
        "mysql",
        lambda _: {"connect_timeout": 10},
        lambda s: ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION max_execution_time={_milliseconds(s)}"),
    ),
    "mariadb": _Dialect(
        "pymysql",
        "mysql",
        lambda _: {"connect_timeout": 10},
        lambda s: ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION max_statement_time={s}"),
    ),
    "mssql": _Dialect("pymssql", "mssql", lambda s: {"timeout": max(1, round(s)), "login_timeout": 10}),
    "oracle": _Dialect(
        "oracledb", "oracle", lambda _: {"tcp_connect_timeout": 10}, lambda _: ("SET TRANSACTION READ ONLY",)
    ),
    "sqlite": _Dialect("pysqlite", "", lambda _: {}, lambda _: ("PRAGMA query_only=ON",)),
}
"""SQL Server has no read-only transaction; there, and elsewhere too, give the login nothing but SELECT."""

_REFUSED = ("28000", "28P01", "1045", "1044", "18456", "ORA-01017", "42501")
"""SQLSTATEs and vendors' numbers of a login that is wrong, or may not read this."""


class _Date(DateLoader):
    """What no calendar of Python has, such as infinity or a year BC, stays text: the mapping rejects its row alone."""

    def load(self, data: Any) -> Any:
        return _or_text(super().load, data)


class _Moment(TimestampLoader):
    """As ``_Date``."""

    def load(self, data: Any) -> Any:
        return _or_text(super().load, data)


class _MomentOfZone(TimestamptzLoader):
    """As ``_Date``."""

    def load(self, data: Any) -> Any:
        return _or_text(super().load, data)


def _or_text(load: Callable[[Any], Any], data: Any) -> Any:
    try:
        return load(data)
    except DataError:
        return bytes(data).decode()


_LOADERS = {"date": _Date, "timestamp": _Moment, "timestamptz": _MomentOfZone}


@dataclass(frozen=True)
class SqlFetch:
    """A ``Fetch``: each row of the answer is a person, its columns by name.

    ``url``: SQLAlchemy's, without the password: ``postgresql://reader@db.example.com/hr``. ``query``: one SELECT, or
    ``query_file`` with it; let it end in ORDER BY, so that the same rows are the same feed. ``timeout``: seconds for
    the statement (SQL Server and Oracle: for each answer of the server). ``batch``: rows that are fetched at once.

    Raises SettingsError where they make no sense.
    """

    url: str
    password: str = field(default="", repr=False)
    query: str = ""
    query_file: Path | None = None
    timeout: float = 300.0
    batch: int = 1000

    def __post_init__(self) -> None:
        if bool(self.query.strip()) == (self.query_file is not None):
            raise SettingsError("sql: give either query or query_file.")
        if self.timeout <= 0 or self.batch < 1:
            raise SettingsError("sql: timeout and batch have to be more than 0.")
        if _parsed(self.url).password is not None:
            raise SettingsError("sql.url: leave the password out of the address; it is a secret of its own.")

    def fetch(self, into: Output, _since: str, /) -> str:
        """Write every row; see ``Fetch``. A connection that is lost on the way raises Unavailable."""
        with self._told(), self._connection() as connection:
            streaming = connection.execution_options(stream_results=True, yield_per=self.batch)
            with streaming.execute(text(self._query())) as answer:
                _write(answer, into)
        return ""

    @property
    def _url(self) -> URL:
        url = _parsed(self.url)
        known = DIALECTS.get(url.get_backend_name())
        if known is not None and "+" not in url.drivername:
            url = url.set(drivername=f"{url.drivername}+{known.driver}")
        return url.set(password=self.password) if self.password else url

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        url, known = self._url, DIALECTS.get(self._url.get_backend_name())
        try:
            engine = create_engine(
                url,
                poolclass=NullPool,
                hide_parameters=True,
                connect_args=dict(known.options(self.timeout)) if known else {},
            )
        except (NoSuchModuleError, ImportError) as error:
            how = f"pip install 'moodle-connector[{known.extra}]'" if known and known.extra else "install it"
            raise SettingsError(f"sql.url: the driver {url.drivername} is not there: {how}.") from error

        @event.listens_for(engine, "connect")
        def _prepare(raw: Any, _record: object) -> None:
            if url.get_backend_name() == "oracle":
                raw.call_timeout = _milliseconds(self.timeout)
            if url.drivername == "postgresql+psycopg":
                for of_type, loader in _LOADERS.items():
                    raw.adapters.register_loader(of_type, loader)
            cursor = raw.cursor()
            for statement in known.on_connect(self.timeout) if known else ():
                cursor.execute(statement)
            cursor.close()

        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _query(self) -> str:
        if self.query_file is None:
            query = self.query
        else:
            try:
                query = self.query_file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"sql.query_file: {self.query_file.name} cannot be read as UTF-8 text.") from error
        return query.strip().rstrip(";").replace(":", "\\:")  # no colon is a parameter of ours

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translate the driver's errors. They may quote rows and credentials, so only what is safe is repeated."""
        where = f"{self._url.host or self._url.get_backend_name()}"
        try:
            yield
        except DBAPIError as error:
            raise _translated(error, where) from None
        except SQLAlchemyError as error:
            raise SettingsError(f"sql: {where} cannot be asked ({type(error).__name__}).") from None


def _write(answer: CursorResult[Any], into: Output) -> None:
    if not answer.returns_rows:
        raise SettingsError("sql.query: this is no SELECT; it gives no rows.")
    names = list(answer.keys())
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"sql.query: columns of the same name: {', '.join(twice)}. Name them with AS.")
    for row in answer:
        into.write(json_line(dict(zip(names, row, strict=True))))


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError(
            "sql.url: this is no address of a database, such as postgresql://reader@db.example.com/hr."
        ) from None


def _translated(error: DBAPIError, where: str) -> Exception:
    original = error.orig
    first = original.args[0] if original is not None and original.args else ""
    said = str(original)
    code = str(getattr(original, "sqlstate", None) or (first if isinstance(first, int) else ""))
    kind = f"{type(original).__name__} {code}".strip()
    if code in _REFUSED or any(word in said for word in ("ORA-01017", "password authentication failed", "18456")):
        return AccessRefused(f"sql: {where} refuses the login, or it may not read what the query names ({kind}).")
    if code == "57014" or "imeout" in kind:
        return Unavailable(f"sql: {where} took longer than the statement may ({kind}).")
    if code == "25006":
        return SettingsError(f"sql.query: it would write; only reading is done here ({kind}).")
    lost = type(original).__name__ in ("OperationalError", "InterfaceError", "AdminShutdown")
    if error.connection_invalidated or lost:
        return Unavailable(f"sql: {where} cannot be reached, or the connection was lost on the way ({kind}).")
    if code[:2] == "42" or type(original).__name__ == "ProgrammingError":
        return SettingsError(f"sql.query: {where} does not understand it, or what it names is not there ({kind}).")
    return FeedRefused(f"sql: {where} could not answer the query wholly ({kind}).")
