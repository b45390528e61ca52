"""Feeds in PostgreSQL: staging by COPY, judging, and what HR last said of each person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import islice

from connector.domain.errors import StorageError
from connector.domain.feeds import FeedTotals, KnownFeed, KnownRow, RefusedFeed, StagedPerson, StagedRow
from connector.domain.gates import Reason
from connector.domain.grants import GrantSet
from connector.domain.people import FeedIdentity, Rejection
from connector.store.database import Connection, Database, dumps, one, query

CHUNK = 50
"""Rows in memory at once."""
REJECTIONS = 10_000
"""Rejections in memory at once."""
GRANT_SETS = 1_000
"""Sets of grants in memory at once."""

_PEOPLE = (
    "COPY connector.staged (feed_id, line, key, row_digest, wanted, initial, grant_set, unit, unit_name, units_above, "
    "job_role, manager_key, starts, ends, active, timezone, earlier_keys, attributes, unique_username, "
    "leave_from, leave_until, on_leave) FROM STDIN"
)
_ACCEPTING = (
    "update_people",
    "insert_people",
    "drop_unused_grant_sets",
    "note_rows",
    "mark_present",
    "mark_absent",
)
_NOTHING_NEW = (None,) * 19
_REJECTIONS = "COPY connector.rejection (feed_id, line, key, field, reason) FROM STDIN"


class Feeds:
    """Keeps feeds; see ``connector.domain.feeds.FeedStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lock(self, source: str) -> AbstractContextManager[bool]:
        return self._database.lock(f"feed {source}")

    def latest(self, source: str) -> KnownFeed | None:
        row = self._database.row("feeds.latest_accepted", source=source)
        return KnownFeed(**row) if row else None

    def known(self, source: str, digests: Sequence[bytes]) -> dict[bytes, str]:
        rows = self._database.rows("feeds.known_rows", source=source, digests=list(digests))
        return {row["row_digest"]: row["key"] for row in rows}

    def stage(
        self, identity: FeedIdentity, mapping_digest: str, rows: Iterable[StagedRow], now: datetime
    ) -> tuple[int, FeedTotals]:
        """Read all rows into the staging table; memory stays flat. Nothing is believed yet."""
        totals = FeedTotals()
        with self._database.transaction() as connection:
            connection.execute(query("feeds.clear_staged"), {"source": identity.source})
            begun = one(
                connection,
                "feeds.begin",
                source=identity.source,
                name=identity.name,
                digest=identity.digest,
                size=identity.size,
                modified=datetime.fromtimestamp(identity.modified, UTC),
                complete=identity.complete,
                mapping_digest=mapping_digest,
                now=now,
            )
            feed_id: int = begun["feed_id"]
            stream = iter(rows)
            while chunk := list(islice(stream, CHUNK)):
                totals = _copy(connection, feed_id, identity.source, chunk, stream, totals)
            connection.execute("ANALYZE connector.staged (feed_id, key)")
            doubled = one(connection, "feeds.mark_duplicates", feed_id=feed_id)
        return feed_id, totals.with_duplicates(**doubled)

    def refuse(self, feed_id: int, totals: FeedTotals, reasons: Sequence[Reason]) -> None:
        self._judge(feed_id, "refused", totals, reasons)

    def accept(self, feed_id: int, identity: FeedIdentity, totals: FeedTotals, now: datetime) -> None:
        """Believe the staged feed: what it says of each person, and who is absent. One transaction."""
        values = {"feed_id": feed_id, "source": identity.source, "now": now}
        # a row that nobody can be told from may be of anybody: then nobody is counted as absent
        steps = _ACCEPTING if identity.complete and not totals.keyless else _ACCEPTING[:-1]

        def work(connection: Connection) -> None:
            staged = one(connection, "feeds.count_staged", feed_id=feed_id)["rows"]
            if staged != totals.present:  # the table is emptied when PostgreSQL crashes: no rows is not "all left"
                raise StorageError("What was read of the feed is gone from the database; read it again.")
            for step in steps:
                connection.execute(query(f"feeds.{step}"), values)
            connection.execute(query("leaves.note"), values)
            connection.execute(query("feeds.clear_staged"), {"source": identity.source})
            connection.execute(query("feeds.judge"), _judgement(feed_id, "accepted", totals, ()))

        self._database.transact(work)
        with self._database.transaction() as connection:
            # The columns that queries join and filter by: looking at the JSON of all people takes ten times as long.
            connection.execute(
                "ANALYZE connector.person (source, key, row_digest, grant_set, manager_key, manager_id, gone)"
            )
            connection.execute("ANALYZE connector.grant_set")

    def released(self, source: str, digest: str) -> bool:
        return self._database.row("feeds.released", source=source, digest=digest) is not None

    def release(self, source: str, digest: str, by: str, now: datetime) -> None:
        self._database.run("feeds.release", source=source, digest=digest, by=by, now=now)

    def refused(self) -> list[RefusedFeed]:
        """Sources whose last feed was refused and may be released."""
        return [
            RefusedFeed(row["source"], row["name"], row["digest"], row["received_at"], tuple(row["reasons"]))
            for row in self._database.rows("feeds.refused")
            if row["status"] == "refused"
        ]

    def rejections(self, feed_id: int, limit: int = 20) -> list[Rejection]:
        rows = self._database.rows("feeds.rejections", feed_id=feed_id, limit=limit)
        return [Rejection(**row) for row in rows]

    def _judge(self, feed_id: int, status: str, totals: FeedTotals, reasons: Sequence[Reason]) -> None:
        self._database.run("feeds.judge", **_judgement(feed_id, status, totals, reasons))


def _judgement(feed_id: int, status: str, totals: FeedTotals, reasons: Sequence[Reason]) -> dict[str, object]:
    return {
        "feed_id": feed_id,
        "status": status,
        "reasons": dumps([reason.text for reason in reasons]).decode(),
        "rows": totals.rows,
        "rejected": totals.rejected,
        "keyless": totals.keyless,
        "duplicate_keys": totals.duplicate_keys,
    }


def _copy(
    connection: Connection,
    feed_id: int,
    source: str,
    chunk: list[StagedRow],
    stream: Iterator[StagedRow],
    totals: FeedTotals,
) -> FeedTotals:
    """Copy ``chunk`` and what follows in ``stream``, until many rejections or grant sets are to be written between.

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
                elif isinstance(row, KnownRow):
                    copy.write_row((feed_id, row.line, row.key, *_NOTHING_NEW))
                elif row:
                    rejections += row
                    if row[0].key:
                        copy.write_row((feed_id, row[0].line, row[0].key, *_NOTHING_NEW))
            full = len(rejections) >= REJECTIONS or len(sets) >= GRANT_SETS
            chunk = [] if full else list(islice(stream, CHUNK))
    _copy_rejections(connection, feed_id, rejections)
    grants = [{"digest": digest.hex(), **grant} for digest, held in sets.items() for grant in held.values()]
    connection.execute(query("feeds.write_grant_sets"), {"source": source, "grants": dumps(grants).decode()})
    return totals


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
        row.digest,
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
