"""What several sources say of people, and the people put together from it; inside the transaction of a feed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.domain.feeds import Merging, Sayings, SetAsideRow, StagedPerson
from connector.domain.people import FeedIdentity, Rejection
from connector.store.database import Connection, one, query

PAGE = 1000
"""People put together at once."""


class Statements:
    """The statements of one feed, in the order of the calls: ``keep``, then ``people`` to the end, then ``end``."""

    def __init__(
        self, connection: Connection, site: str, feed_id: int, identity: FeedIdentity, now: datetime, merging: Merging
    ) -> None:
        self._connection = connection
        self._merging = merging
        self._outside: list[str] = []
        self._values = {
            "site": site,
            "source": identity.source,
            "feed_id": feed_id,
            "now": now,
            "sources": list(merging.sources),
            "authoritative": list(merging.authoritative),
        }

    def keep(self, *, absences: bool) -> None:
        """Keep what the feed says, and find out who is to be put together anew.

        What a source said last that names nobody stays true: who is gone from a directory has not become nameless.
        """
        heard = one(self._connection, "statements.is_last_unheard", **self._values)
        self._run("begin")
        self._run("drop_others")
        names_people = self._values["source"] in self._merging.authoritative
        if absences and names_people:
            self._run("mark_absent")
        self._run("mark_present")
        if names_people:
            self._run("mark_removed")
        self._run("write")
        self._run("clear")
        self._run("stated")
        if heard["after"]:  # until all have been heard of, nobody is whole
            self._connection.execute("TRUNCATE merging")
        elif heard["before"]:
            self._run("everybody")

    def people(self) -> Iterator[StagedPerson | SetAsideRow | list[Rejection]]:
        """Everybody who is to be put together anew, or everything that is wrong with that; a page at a time."""
        after: str | None = ""
        while after is not None:
            page = {"after": after, "limit": PAGE}
            rows = self._connection.execute(query("statements.page"), {**self._values, **page}).fetchall()
            after = one(self._connection, "statements.last_of_page", **page)["key"]
            for row in rows:
                made = self._merging.merged(Sayings(row["key"], row["line"], row["said"]))
                if made == []:
                    self._outside.append(row["key"])
                else:
                    yield made

    def end(self) -> None:
        """Who is named by nobody any more, and who again; after ``people`` have been written."""
        self._connection.execute(query("statements.mark_gone"), {**self._values, "outside": self._outside})

    def _run(self, name: str) -> None:
        self._connection.execute(query(f"statements.{name}"), self._values)
