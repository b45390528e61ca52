"""Feeds in PostgreSQL: staging by COPY, judging, and what HR last said of each person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import islice

from connector.domain.erasing import NOBODY, Erased
from connector.domain.errors import StorageError
from connector.domain.feeds import (
    FeedTotals,
    KnownFeed,
    KnownRow,
    Merging,
    RefusedFeed,
    SetAsideRow,
    StagedPerson,
    StagedRow,
    StagedSaying,
)
from connector.domain.gates import Reason
from connector.domain.grants import GrantSet
from connector.domain.people import FeedIdentity, Rejection, Removed
from connector.store.database import Connection, Database, dumps, one, query
from connector.store.statements import Statements

CHUNK = 50
"""Rows in memory at once."""
REJECTIONS = 10_000
"""Rejections in memory at once."""
GRANT_SETS = 1_000
"""Sets of grants in memory at once."""
MERGED = 500
"""People of several sources in memory at once."""
FEW = 100
"""After so few rows of a delta nothing is counted anew, and what is nobody's any more stays a while."""

_PEOPLE = (
    "COPY connector.staged (feed_id, line, key, source, said, row_digest, wanted, initial, grant_set, unit, "
    "unit_name, units_above, job_role, manager_key, starts, ends, active, timezone, earlier_keys, attributes, "
    "unique_username, leave_from, leave_until, on_leave) FROM STDIN"
)
_ACCEPTING = ("feeds.update_people", "feeds.insert_people", "leaves.note")
_SOLE = ("feeds.note_rows", "feeds.mark_present", "feeds.mark_removed", "feeds.mark_absent")
"""Where the rows of one source are the people."""
_NOTHING_NEW = (None,) * 21
_GONE = (*(None,) * 13, False, *(None,) * 7)
"""Nothing but that the person is not active."""
_NOT_A_PERSON = (None,) * 18
_REJECTIONS = "COPY connector.rejection (feed_id, line, key, field, reason) FROM STDIN"


class Feeds:
    """Keeps feeds; see ``connector.domain.feeds.FeedStore``."""

    def __init__(self, database: Database, site: str, erased: Callable[[], Erased] = lambda: NOBODY) -> None:
        self._database = database
        self._site = site
        self._erased = erased

    def erased(self) -> Erased:
        return self._erased()

    def lock(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"feed {self._site}")

    def latest(self, source: str, *, complete: bool = False) -> KnownFeed | None:
        row = self._database.row("feeds.latest_accepted", site=self._site, source=source, complete=complete)
        return KnownFeed(**row) if row else None

    def unheard(self, sources: Sequence[str]) -> list[str]:
        rows = self._database.rows("feeds.heard", site=self._site, stated=len(sources) > 1)
        heard = {row["source"] for row in rows}
        return [source for source in sources if source not in heard]

    def known(self, source: str, digests: Sequence[bytes], *, sole: bool) -> dict[bytes, str]:
        name = "feeds.known_rows" if sole else "statements.known_rows"
        rows = self._database.rows(name, site=self._site, source=source, digests=list(digests))
        return {row["row_digest"]: row["key"] for row in rows}

    def stage(
        self, identity: FeedIdentity, mapping_digest: str, rows: Iterable[StagedRow], now: datetime
    ) -> tuple[int, FeedTotals]:
        """Read all rows into the staging table; memory stays flat. Nothing is believed yet."""
        totals = FeedTotals()
        with self._database.transaction() as connection:
            connection.execute(query("feeds.clear_staged"), {"site": self._site, "source": identity.source})
            feed_id = self._begin(connection, identity, mapping_digest, now)
            stream = iter(rows)
            while chunk := list(islice(stream, CHUNK)):
                totals = self._copy(connection, feed_id, identity.source, chunk, stream, totals)
            connection.execute("ANALYZE connector.staged (feed_id, key)")
            connection.execute(query("feeds.respell"), {"site": self._site, "feed_id": feed_id})
            if not identity.complete:
                totals = totals.without_earlier(one(connection, "feeds.keep_last", feed_id=feed_id)["rows"])
            doubled = one(connection, "feeds.mark_duplicates", feed_id=feed_id)
        return feed_id, totals.with_duplicates(**doubled)

    def _begin(self, connection: Connection, identity: FeedIdentity, mapping_digest: str, now: datetime) -> int:
        begun = one(
            connection,
            "feeds.begin",
            site=self._site,
            source=identity.source,
            name=identity.name,
            digest=identity.digest,
            size=identity.size,
            modified=datetime.fromtimestamp(identity.modified, UTC),
            complete=identity.complete,
            mapping_digest=mapping_digest,
            now=now,
        )
        return int(begun["feed_id"])

    def refuse(self, feed_id: int, totals: FeedTotals, reasons: Sequence[Reason]) -> None:
        self._database.run("feeds.judge", **_judgement(feed_id, "refused", totals, reasons))

    def refuse_unread(self, identity: FeedIdentity, mapping_digest: str, reason: Reason, now: datetime) -> None:
        with self._database.transaction() as connection:
            feed_id = self._begin(connection, identity, mapping_digest, now)
            connection.execute(query("feeds.judge"), _judgement(feed_id, "refused", FeedTotals(), [reason]))

    def accept(
        self, feed_id: int, identity: FeedIdentity, totals: FeedTotals, now: datetime, merging: Merging | None = None
    ) -> FeedTotals:
        """Believe the staged feed: what it says of each person, and who is absent. One transaction."""
        # a row that nobody can be told from may be of anybody: then nobody is counted as absent
        absences = identity.complete and not totals.keyless

        def work(connection: Connection) -> FeedTotals:
            staged = one(connection, "feeds.count_staged", feed_id=feed_id)["rows"]
            if staged != totals.present:  # the table is emptied when PostgreSQL crashes: no rows is not "all left"
                raise StorageError("What was read of the feed is gone from the database; read it again.")
            if merging is None:
                connection.execute(query("statements.forget"), {"site": self._site})
                self._believe(connection, feed_id, identity, now, _SOLE if absences else _SOLE[:-1])
                judged = totals
            else:
                statements = Statements(connection, self._site, feed_id, identity, now, merging)
                statements.keep(absences=absences)
                judged = totals.with_unmade(self._stage_people(connection, feed_id, statements.people()))
                connection.execute(query("feeds.respell"), {"site": self._site, "feed_id": feed_id})
                self._believe(connection, feed_id, identity, now)
                statements.end()
            connection.execute(query("feeds.clear_staged"), {"site": self._site, "source": identity.source})
            if _is_much(identity, totals):
                connection.execute(query("feeds.drop_unused_grant_sets"), {"site": self._site})
            connection.execute(query("feeds.judge"), _judgement(feed_id, "accepted", judged, ()))
            return judged

        judged = self._database.transact(work)
        if _is_much(identity, totals):
            self._analyse()
        return judged

    def _believe(
        self, connection: Connection, feed_id: int, identity: FeedIdentity, now: datetime, more: Sequence[str] = ()
    ) -> None:
        values = {"feed_id": feed_id, "site": self._site, "source": identity.source, "now": now}
        for step in (*_ACCEPTING, *more):
            connection.execute(query(step), values)

    def _stage_people(
        self, connection: Connection, feed_id: int, people: Iterator[StagedPerson | SetAsideRow | list[Rejection]]
    ) -> int:
        """Stage people that were put together; gives how many could not be."""
        unmade = 0
        while chunk := list(islice(people, MERGED)):
            totals = self._copy(connection, feed_id, "", chunk, iter(()), FeedTotals())
            unmade += totals.rejected
        return unmade

    def _analyse(self) -> None:
        with self._database.transaction() as connection:
            # The columns that queries join and filter by: looking at the JSON of all people takes ten times as long.
            connection.execute(
                "ANALYZE connector.person (site, key, row_digest, grant_set, manager_key, manager_id, gone)"
            )
            connection.execute("ANALYZE connector.grant_set")

    def released(self, source: str, digest: str) -> bool:
        return self._database.row("feeds.released", site=self._site, source=source, digest=digest) is not None

    def release(self, source: str, digest: str, by: str, now: datetime) -> None:
        self._database.run("feeds.release", site=self._site, source=source, digest=digest, by=by, now=now)

    def refused(self) -> list[RefusedFeed]:
        return [
            RefusedFeed(
                row["source"], row["name"], row["digest"], row["received_at"], tuple(row["reasons"]), row["releasable"]
            )
            for row in self._database.rows("feeds.refused", site=self._site)
            if row["status"] == "refused"
        ]

    def rejections(self, feed_id: int, limit: int = 20) -> list[Rejection]:
        rows = self._database.rows("feeds.rejections", feed_id=feed_id, limit=limit)
        return [Rejection(**row) for row in rows]

    def _copy(
        self,
        connection: Connection,
        feed_id: int,
        source: str,
        chunk: Sequence[StagedRow],
        stream: Iterator[StagedRow],
        totals: FeedTotals,
    ) -> FeedTotals:
        """Copy ``chunk`` and what follows in ``stream``, until many rejections or grant sets are to be written.

        The next rows are read and mapped while PostgreSQL takes in the last ones.
        """
        rejections: list[Rejection] = []
        sets: dict[bytes, GrantSet] = {}
        with connection.cursor() as cursor, cursor.copy(_PEOPLE) as copy:
            while chunk:
                totals = totals.plus(chunk)
                for row in chunk:
                    if isinstance(row, StagedPerson):
                        sets[row.grants.digest] = row.grants
                        copy.write_row(_columns(feed_id, row))
                    elif isinstance(row, StagedSaying):
                        copy.write_row(_saying(feed_id, source, row))
                    elif isinstance(row, KnownRow):
                        copy.write_row((feed_id, row.line, row.key, *_NOTHING_NEW))
                    elif isinstance(row, SetAsideRow):
                        rejections.append(row.rejection)
                        copy.write_row((feed_id, row.line, row.key, *_NOTHING_NEW))
                    elif isinstance(row, Removed):
                        copy.write_row((feed_id, row.line, row.key, *_GONE))
                    elif row:
                        rejections += row
                        if row[0].key:
                            copy.write_row((feed_id, row[0].line, row[0].key, *_NOTHING_NEW))
                full = len(rejections) >= REJECTIONS or len(sets) >= GRANT_SETS
                chunk = [] if full else list(islice(stream, CHUNK))
        _copy_rejections(connection, feed_id, rejections)
        grants = [{"digest": digest.hex(), **grant} for digest, held in sets.items() for grant in held.values()]
        values = {"site": self._site, "grants": dumps(grants).decode()}
        connection.execute(query("feeds.write_grant_sets"), values)
        return totals


def _is_much(identity: FeedIdentity, totals: FeedTotals) -> bool:
    """Does it touch so many people that what is kept of everybody is worth a look?"""
    return identity.complete or totals.rows > FEW


def _judgement(feed_id: int, status: str, totals: FeedTotals, reasons: Sequence[Reason]) -> dict[str, object]:
    return {
        "feed_id": feed_id,
        "status": status,
        "reasons": dumps([reason.text for reason in reasons]).decode(),
        "releasable": all(reason.releasable for reason in reasons),
        "rows": totals.rows,
        "rejected": totals.rejected,
        "keyless": totals.keyless,
        "duplicate_keys": totals.duplicate_keys,
    }


def _copy_rejections(connection: Connection, feed_id: int, rejections: Sequence[Rejection]) -> None:
    with connection.cursor() as cursor, cursor.copy(_REJECTIONS) as copy:
        for rejection in rejections:
            copy.write_row((feed_id, rejection.line, rejection.key, rejection.field, rejection.reason))


def _columns(feed_id: int, row: StagedPerson) -> tuple[object, ...]:
    person = row.person
    return (
        feed_id,
        row.line,
        person.key,
        person.source,
        None,
        row.digest or None,
        dumps(row.wanted).decode(),
        dumps(row.initial).decode(),
        row.grants.digest if row.grants else None,
        person.unit,
        person.unit_name,
        list(person.units_above) or None,
        person.job_role,
        person.manager,
        person.starts,
        person.ends,
        person.active,
        person.timezone,
        list(person.earlier_keys) or None,
        dumps(person.attributes).decode(),
        person.unique_username,
        person.leave_from,
        person.leave_until,
        person.on_leave,
    )


def _saying(feed_id: int, source: str, row: StagedSaying) -> tuple[object, ...]:
    said = dumps(dict(row.said)).decode()
    return (feed_id, row.line, row.said["key"], source, said, row.digest, *_NOT_A_PERSON)
