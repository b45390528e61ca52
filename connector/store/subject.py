"""All that is held of one person, as rows of JSON; see ``connector.privacy.exporting``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.domain.erasing import Identity
from connector.store.database import Database


class SubjectTables:
    """Reads both databases. ``clients``: identity systems that push to this site; ``moodle``: the address of
    our own Moodle."""

    def __init__(
        self, database: Database, reporting: Database, site: str, clients: Sequence[str], moodle: str
    ) -> None:
        self._databases = {"subject": database, "subject_facts": reporting}
        self._site = site
        self._clients = list(clients)
        self._moodle = moodle.rstrip("/")

    def rows(self, query_name: str, identity: Identity) -> list[Any]:
        """What a query of ``subject`` or ``subject_facts`` finds of the person."""
        database = self._databases[query_name.partition(".")[0]]
        values = {"ids": list(identity.person_ids), "words": identity.words(), "site": self._site}
        values |= {"clients": self._clients, "moodle": self._moodle}
        return [row["found"] for row in database.rows(query_name, **values)]
