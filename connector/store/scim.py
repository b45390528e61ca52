"""The seam from SCIM to the way in: a client's directory as a source, whole or what changed, and who waits.

Each change of a directory has a number. The way in reads ``directory(client)``, or ``changed(client)`` for what it has
not taken yet, and calls ``taken`` with the ``change`` of the source that it has believed. Who wants to act at once
listens on CHANNEL (the payload is the client's name), or asks ``pending`` now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from threading import Event

from connector.domain.errors import SettingsError
from connector.domain.people import FeedIdentity, Record, Rejection
from connector.domain.scim_records import record
from connector.store.database import Database, Row

CHANNEL = "connector_scim"
"""PostgreSQL notifies it with every transaction that changes a directory."""


@dataclass(frozen=True, slots=True)
class DirectorySource:
    """The users of a directory that changed after the change ``since``; 0 is all. A ``Source``.

    ``change`` is the number of the last change that is surely in it. ``records`` gives users as they are when it is
    called, so that one that changed in the meantime comes earlier than asked, and once more the next time.
    """

    database: Database
    client: int
    since: int
    change: int
    identity: FeedIdentity

    def records(self) -> Iterator[Record | Rejection]:
        """Every user, those that are gone as inactive; columns are those of ``connector.domain.scim_records``."""
        line = 0
        for rows in self.database.stream("scim.users_in", client=self.client, since=self.since):
            for row in rows:
                line += 1
                yield Record(line, record(row.pop("id"), **row))


class ScimSources:
    """Directories, for the way in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def directory(self, client: str, source: str = "", since: int | None = None) -> DirectorySource:
        """All users, or those that changed after the change ``since``. ``source`` names the feed; default: the client.

        Who is absent of all is gone; of what changed absence means nothing. Raises SettingsError without the client.
        """
        row = self._row(client, since or 0)
        of = (
            f"{client}, changes {since} to {row['changes']}"
            if since is not None
            else f"{client}, all to {row['changes']}"
        )
        identity = FeedIdentity(
            source=source or client,
            name=f"scim {of}",
            digest=sha256(f"scim {row['client_id']} {of}".encode()).hexdigest(),
            size=row["size"],
            modified=row["changed_at"].timestamp(),
            complete=since is None,
        )
        return DirectorySource(self._database, row["client_id"], since or 0, row["changes"], identity)

    def changed(self, client: str, source: str = "") -> DirectorySource:
        """Those that the way in has not taken yet."""
        known = self._database.row("scim.how_far", name=client)
        return self.directory(client, source, known["taken"] if known else 0)

    def pending(self, client: str) -> int:
        """How many users have changed since the way in last took the directory."""
        waiting: int = self._database.one("scim.pending", name=client)["users"]
        return waiting

    def taken(self, client: str, change: int) -> None:
        """The way in has believed everything up to this change."""
        self._database.run("scim.taken", name=client, change=change)

    def heard(self, ended: Event) -> Iterator[None]:
        """Something once it listens, and then with each change of a directory, until ``ended`` is set.

        Raises StorageError where the database cannot be reached any more.
        """
        return self._database.heard(CHANNEL, ended)

    def _row(self, client: str, since: int) -> Row:
        row = self._database.row("scim.counter", name=client, since=since)
        if row is None:
            raise SettingsError(f"There is no SCIM client {client}: `moodle-connector scim token add` makes one.")
        return row
