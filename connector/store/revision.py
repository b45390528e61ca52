"""The revision of the tables. Every command asks for it, so Alembic, which takes long to load, is not used here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import psycopg

from connector.domain.errors import StorageError
from connector.store.database import URL


@dataclass(frozen=True, slots=True)
class Line:
    """One line of migrations: ``folder`` has them, ``version_table`` is where the database keeps its revision."""

    name: str
    folder: str
    version_table: str


CONNECTOR = Line("connector", "versions", "connector_schema_version")
"""The tables of the way in."""
REPORTING = Line("reporting", "reporting", "reporting_schema_version")
"""Facts and views, which may live in a database of their own."""


def current(url: str, line: Line = CONNECTOR, setting: str = URL) -> tuple[str | None, str]:
    """The revision of the database at ``url`` (None: empty) and the newest one of this package.

    Raises StorageError where the database cannot be reached or read; it names ``setting``, which says where it is.
    """
    try:
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [line.version_table]).fetchone()
            there = found and found[0]
            row = connection.execute(_version(line)).fetchone() if there else None
    except psycopg.Error as error:
        raise unusable(error, setting) from error
    return (row[0] if row else None), newest(line)


def newest(line: Line = CONNECTOR) -> str:
    """Of the migrations, whose files begin with their revisions."""
    names = (one.name for one in (files("connector.store") / "migrations" / line.folder).iterdir())
    return max(name.partition("_")[0] for name in names if name[0].isdigit() and name.endswith(".py"))


def _version(line: Line) -> bytes:
    return f"SELECT version_num FROM {line.version_table}".encode()


def unusable(error: BaseException | None, setting: str) -> StorageError:
    """What the driver said in its first line: host, port, user and database, never the password."""
    said = str(error).partition("\n")[0].strip()
    return StorageError(f"The database cannot be used ({said}). Check {setting} and the server.")
