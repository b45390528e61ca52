"""Migrations of the database: upgrade and downgrade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from connector.domain.errors import SettingsError
from connector.store.database import URL
from connector.store.revision import CONNECTOR, Line, unusable

_LOCK = 7_203_611  # any number of our own: two processes must not migrate at once


def upgrade(url: str, line: Line = CONNECTOR, revision: str = "head", *, setting: str = URL) -> None:
    """Bring the database at ``url``, which ``setting`` names, to ``revision``.

    Raises StorageError where it cannot be reached.
    """
    with _config(url, line, setting) as config:
        command.upgrade(config, revision)


def downgrade(url: str, revision: str, line: Line = CONNECTOR, *, setting: str = URL) -> None:
    """Take the database back to ``revision`` ("base" removes everything). Data of later revisions is lost."""
    with _config(url, line, setting) as config:
        command.downgrade(config, revision)


@contextmanager
def _config(url: str, line: Line, setting: str) -> Iterator[Config]:
    """An Alembic configuration bound to one connection that holds the migration lock.

    The driver is named here, because people write postgresql:// and SQLAlchemy would load psycopg2 for it.
    """
    address = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool)
    try:
        with as_file(files("connector.store") / "migrations") as scripts, engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            connection.commit()
            config = Config()
            config.set_main_option("script_location", str(scripts))
            config.set_main_option("path_separator", "os")
            config.set_main_option("version_locations", str(scripts / line.folder))
            config.attributes["connection"] = connection
            config.attributes["version_table"] = line.version_table
            yield config
            connection.commit()
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.ProgrammingError) as error:
        raise unusable(error.orig, setting) from error
    except CommandError as error:
        raise SettingsError(f"{error}. `moodle-connector db current` shows the revisions.") from error
    finally:
        engine.dispose()
