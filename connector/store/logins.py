"""Logins of the reporting database: each sees the views of one unit, or of everybody, and nothing else.

What a login may see is decided in the views, by ``facts.sight`` and the table ``facts.access``; what it may do, here.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from connector.domain.errors import SettingsError, StorageError
from connector.store.database import Connection, Database, one, query

READERS = "connector_reader_"
"""How the name of the role of a database's readers begins."""
LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL."""
"""The role, without a login, that may read the views; every login is a member."""

SETTINGS = {
    "default_transaction_read_only": "on",
    "search_path": "reporting",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "5min",
    "timezone": "UTC",
    "jit": "off",
}
"""What a login's sessions begin with."""
SESSIONS = 10
_NAME = re.compile("(?!pg_)[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Login:
    """Who may see what. ``unit``: that one and all below it, "" is everybody; ``there``: the server has the role."""

    name: str
    unit: str
    unit_name: str | None
    granted_at: datetime
    there: bool


class Logins:
    """``database`` is that of the reports, by the user that owns its schemas."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def grant(self, name: str, unit: str, now: datetime) -> str | None:
        """Make the login, or let it see another unit from now on; gives its new password.

        None where this user may not set passwords and an administrator has made the role.
        Raises SettingsError where name or unit cannot be, StorageError where an administrator has to make the role.
        """
        self._check(name, unit)
        password = secrets.token_urlsafe(24)
        with self._database.transaction() as connection:
            _check_stranger(connection, name)
            try:
                with connection.transaction():
                    _open_views(connection)
                set_by_us = _make(connection, name, password)
            except psycopg.errors.InsufficientPrivilege as error:
                raise StorageError(_by_an_administrator(connection, name)) from error
            connection.execute(query("logins.grant"), {"login": name, "unit": unit, "now": now})
        return password if set_by_us else None

    def list(self) -> list[Login]:
        return [Login(**row) for row in self._database.rows("logins.list")]

    def revoke(self, name: str) -> None:
        """Take the login away. Raises SettingsError where there is none of this name."""
        if not self._database.run("logins.revoke", login=name):
            raise SettingsError(f"There is no login {name!r}; `moodle-connector reporting list` shows them.")
        with self._database.transaction() as connection:
            if _role(connection, name) is None:
                return
            try:
                with connection.transaction():
                    connection.execute(query("logins.disconnect"), {"login": name})
                    connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.DependentObjectsStillExist) as error:
                raise StorageError(
                    f"{name} sees nothing any more, but the role could not be removed. As administrator: "
                    f"DROP ROLE {name};"
                ) from error

    def address(self, name: str, password: str | None, host: str = "", port: str = "") -> str:
        """The connection string of a login; ``host`` and ``port`` where they are other than the connector's."""
        known = conninfo_to_dict(self._database.url)
        place = host or str(known.pop("host", "") or "")
        number = port or str(known.pop("port", "") or "")
        rest = {key: str(known[key]) for key in ("sslmode", "sslrootcert", "channel_binding") if known.get(key)}
        if place.startswith("/"):
            rest["host"], place = place, ""
        where = f"[{place}]" if ":" in place else place
        who = f"{name}:{quote(password, safe='')}" if password else name
        database = quote(str(known.get("dbname") or known.get("user") or ""), safe="")
        options = f"?{urlencode(rest)}" if rest else ""
        return f"postgresql://{who}@{where}{f':{number}' if number else ''}/{database}{options}"

    def _check(self, name: str, unit: str) -> None:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"{name!r} cannot be a login: use a-z, 0-9 and _, and begin with a letter.")
        if unit and self._database.row("logins.unit", unit=unit) is None:
            raise SettingsError(f"There is no unit {unit!r}; `moodle-connector report` lists the units.")


def _reader(connection: Connection) -> str:
    """The role of all readers of this database: roles are the whole server's, where there may be other connectors."""
    return f"{READERS}{connection.info.dbname}"[:LONGEST_NAME]


def _role(connection: Connection, name: str) -> dict[str, Any] | None:
    return connection.execute(query("logins.role"), {"login": name}).fetchone()


def _check_stranger(connection: Connection, name: str) -> None:
    """A role that may do more than read the views is never made a login of ours: it would see more, too."""
    role = _role(connection, name)
    if role and (role["mighty"] or role["owns"] or set(role["member_of"]) - {_reader(connection)}):
        raise SettingsError(
            f"There is a role {name!r} that may do other things in this database: choose another name."
        )
    if role and not (role["known"] or _reader(connection) in role["member_of"]):
        raise SettingsError(f"There is a role {name!r} already that is no login of ours: choose another name.")


def _open_views(connection: Connection) -> None:
    """What the role of readers may do, and what nobody may do who was not told so."""
    if _role(connection, _reader(connection)) is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(_reader(connection))))
    for statement in _READS:
        connection.execute(_on_this(connection, statement))
    if not _closed(connection):
        for statement in _CLOSES:
            connection.execute(_on_this(connection, statement))


_READS = (
    "GRANT USAGE ON SCHEMA reporting TO {reader}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO {reader}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO {reader}",
    "GRANT SELECT ON facts.compliance_history_seen TO {reader}",
)
_CLOSES = (
    "GRANT TEMPORARY ON DATABASE {database} TO {user}",
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {reader}",
)
"""For the owner of the database only."""


def _make(connection: Connection, name: str, password: str) -> bool:
    """Make the role, or give it a new password; False where only an administrator may do that."""
    login = sql.Identifier(name)
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    new = _role(connection, name) is None
    verb = sql.SQL("CREATE ROLE" if new else "ALTER ROLE")
    statement = sql.SQL(
        "{} {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT {} PASSWORD {}"
    )
    if not new:
        statement = sql.SQL("{} {} LOGIN CONNECTION LIMIT {} PASSWORD {}")
    try:
        with connection.transaction():
            connection.execute(statement.format(verb, login, sql.Literal(SESSIONS), sql.Literal(verifier)))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(_reader(connection)), login))
            for setting, value in SETTINGS.items():
                line = sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}")
                parts = (login, _database(connection), sql.Identifier(setting), sql.Literal(value))
                connection.execute(line.format(*parts))
    except psycopg.errors.InsufficientPrivilege:
        role = _role(connection, name)
        if role and _reader(connection) in role["member_of"]:
            return False
        raise
    return True


def _on_this(connection: Connection, statement: str) -> sql.Composed:
    return sql.SQL(statement).format(
        reader=sql.Identifier(_reader(connection)),
        database=_database(connection),
        user=sql.Identifier(connection.info.user),
    )


def _closed(connection: Connection) -> bool:
    """Whether readers may connect to this database and make nothing in it, not even for a while."""
    return bool(one(connection, "logins.closed", reader=_reader(connection))["closed"])


def _database(connection: Connection) -> sql.Identifier:
    return sql.Identifier(connection.info.dbname)


def _by_an_administrator(connection: Connection, name: str) -> str:
    """What to run where this user may make no roles."""
    login, reader = sql.Identifier(name), sql.Identifier(_reader(connection))
    lines = []
    if _role(connection, _reader(connection)) is None:
        lines.append(sql.SQL("CREATE ROLE {} NOLOGIN").format(reader))
    if _role(connection, name) is None:
        lines.append(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT {}").format(login, sql.Literal(SESSIONS)))
    lines.append(sql.SQL("GRANT {} TO {}").format(reader, login))
    lines += [
        sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
            login, _database(connection), sql.Identifier(setting), sql.Literal(value)
        )
        for setting, value in SETTINGS.items()
    ]
    if _role(connection, _reader(connection)) is None or not _closed(connection):
        lines += [_on_this(connection, statement) for statement in _CLOSES]
    told = "\n".join(f"  {line.as_string(connection)};" for line in lines)
    return (
        "The user of the reporting database may not make roles. As administrator of the server run\n"
        f"{told}\n  \\password {name}\nand then give this command again."
    )
