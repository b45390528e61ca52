"""The revision of the tables. Every command asks for it, so Alembic, which takes long to load, is not used here."""

from __future__ import annotations

from importlib.resources import files

import psycopg

from connector.domain.errors import StorageError

VERSION_TABLE = "connector_schema_version"


def current(url: str) -> tuple[str | None, str]:
    """The revision of the database at ``url`` (None: empty) and the newest one of this package.

    Raises StorageError where the database cannot be reached or read.
    """
    try:
        with psycopg.connect(url) as connection:
            [there] = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [VERSION_TABLE]).fetchone() or [False]
            row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() if there else None
    except psycopg.Error as error:
        raise unusable(error) from error
    return (row[0] if row else None), newest()


def newest() -> str:
    """Of the migrations, whose files begin with their revisions."""
    names = (one.name for one in (files("connector.store") / "migrations" / "versions").iterdir())
    return max(name.partition("_")[0] for name in names if name[0].isdigit() and name.endswith(".py"))


def unusable(error: BaseException | None) -> StorageError:
    """What the driver said in its first line: host, port, user and database, never the password."""
    said = str(error).partition("\n")[0].strip()
    return StorageError(f"The database cannot be used ({said}). Check CONNECTOR_DATABASE_URL and the server.")
