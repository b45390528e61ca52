"""Training records of former systems in PostgreSQL; see ``connector.domain.importing``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from connector.domain.erasing import Erased
from connector.domain.gates import LastGoodFeed
from connector.domain.importing import Batch, Delivered, ImportTotals, Issued, JudgedRow, Kept, Kind, Known, Roster
from connector.domain.people import Rejection
from connector.store.database import Connection, Database, Row, dumps, one, query

_RECORDS = (
    "COPY connector.import_record (import_id, line, person_id, key, email, courses, done_at, precision, score, "
    "score_max, template, number, expires_at) FROM STDIN"
)
_REJECTIONS = "COPY connector.import_rejection (import_id, line, key, field, reason) FROM STDIN"
_COUNTS = ("rows", "kept", "rejected", "set_aside", "erased", "left_out")


class Imports:
    """Implements ``connector.domain.importing.ImportStore``."""

    def __init__(self, database: Database, site: str, erased: Callable[[], Erased]) -> None:
        self._database = database
        self._site = site
        self._erased = erased

    def lock(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"feed {self._site}")

    def erased(self) -> Erased:
        return self._erased()

    def roster(self) -> Roster:
        found = self._database.stream("imports.roster", site=self._site)
        return Roster.of(Known(**row) for rows in found for row in rows)

    def issued(self, source: str) -> Iterator[Issued]:
        found = self._database.stream("imports.issued", site=self._site, source=source)
        return (Issued(**row) for rows in found for row in rows)

    def taken(self, source: str, digest: str) -> Batch | None:
        found = self._find(source=source, digest=digest)
        return found[0] if found else None

    def last(self, source: str, kind: Kind) -> LastGoodFeed | None:
        row = self._database.row("imports.last", site=self._site, source=source, kind=kind.value)
        return LastGoodFeed(**row) if row else None

    def batch(self, number: int) -> Batch | None:
        found = self._find(number=number)
        return found[0] if found else None

    def batches(self, limit: int) -> list[Batch]:
        return self._find(limit=limit)

    def _find(self, **values: object) -> list[Batch]:
        given = {"number": None, "digest": None, "source": None, "limit": 1, **values}
        return [_batch(row) for row in self._database.rows("imports.batches", site=self._site, **given)]

    def keep(
        self, file: Delivered, rows: Iterator[JudgedRow], verdict: Callable[[ImportTotals], Sequence[str]]
    ) -> Batch:
        """One transaction: killed anywhere within, nothing of the file is there."""
        with self._database.transaction() as connection:
            number = self._begin(connection, file)
            totals, rejections = ImportTotals(), list[Rejection]()
            with connection.cursor() as cursor, cursor.copy(_RECORDS.encode()) as copy:
                for row in rows:
                    totals = totals.plus(row)
                    if isinstance(row, Kept):
                        copy.write_row(_record(number, row))
                    elif isinstance(row, list):
                        rejections += row
            with connection.cursor() as cursor, cursor.copy(_REJECTIONS.encode()) as copy:
                for bad in rejections:
                    copy.write_row((number, bad.line, bad.key, bad.field, bad.reason))
            reasons = verdict(totals)
            if reasons:
                connection.execute(query("imports.drop_records"), {"number": number})
            self._judge(connection, number, totals, reasons)
        return self._find(number=number)[0]

    def refuse_unread(self, file: Delivered, reason: str) -> None:
        with self._database.transaction() as connection:
            self._judge(connection, self._begin(connection, file), ImportTotals(), [reason])

    def rejections(self, number: int, limit: int) -> list[Rejection]:
        rows = self._database.rows("imports.rejections", site=self._site, number=number, limit=limit)
        return [Rejection(**row) for row in rows]

    def set_aside(self, number: int, limit: int) -> list[tuple[int, str]]:
        rows = self._database.rows("imports.set_aside", site=self._site, number=number, limit=limit)
        return [(row["line"], row["key"]) for row in rows]

    def undo(self, number: int, by: str, now: datetime) -> bool:
        values: dict[str, Any] = {"site": self._site, "number": number, "by": by, "now": now}

        def work(connection: Connection) -> bool:
            done = connection.execute(query("imports.undo"), values).rowcount > 0
            for step in ("drop_records", "drop_rejections") if done else ():
                connection.execute(query(f"imports.{step}"), values)
            return done

        return self._database.transact(work)

    def _begin(self, connection: Connection, file: Delivered) -> int:
        identity = file.identity
        values = {"source": identity.source, "name": identity.name, "digest": identity.digest, "at": file.at}
        begun = one(connection, "imports.begin", site=self._site, kind=file.kind.value, by=file.by, **values)
        return int(begun["number"])

    def _judge(self, connection: Connection, number: int, totals: ImportTotals, reasons: Sequence[str]) -> None:
        values = {"number": number, "reasons": dumps(list(reasons)).decode(), "status": "taken", **asdict(totals)}
        if reasons:
            values |= {"status": "refused", "kept": 0}
        connection.execute(query("imports.judge"), values)


def _record(number: int, row: Kept) -> tuple[object, ...]:
    """By key and address a record is known only while nobody is."""
    one, nobody = row.record, row.person_id is None
    return (
        number, one.line, row.person_id, one.key if nobody else "", one.email if nobody else "", list(one.courses),
        one.done_at, one.precision, one.score, one.score_max, one.template, one.number, one.expires_at,
    )  # fmt: skip


def _batch(row: Row) -> Batch:
    totals = ImportTotals(**{name: row.pop(name) for name in _COUNTS})
    return Batch(**{**row, "reasons": tuple(row["reasons"])}, totals=totals)
