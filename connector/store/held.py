"""Moodle's rows as they came, in PostgreSQL; see ``HeldStore`` of ``connector.domain.held``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.domain.held import GREATEST, WIDTH, Bucket, HeldRow, HeldRows, Range
from connector.store.database import Connection, Database, query

TYPES = ("int2", "int8", "int8", "int8", "bytea")
"""As they are copied: in PostgreSQL's binary format a text is its bytes."""
EVERY = Range(0, GREATEST)
READY = ("sort_in_memory", "index_keys", "once", "index_owners", "index_courses")
"""What everything brought is made like what is held: nobody looks at it yet."""
SWAP = ("set_aside", "hold", "make_room", "drop_keys", "name_keys", "hold_nothing", "hold_these")
"""It takes the place of what was held."""
CHANGE = (
    "other_columns", "complete", "weigh", "put_out_of_people", "put_out_of_courses", "put_out_of_all", "put_away",
    "put", "put_out",
)  # fmt: skip
SCOPES: Sequence[tuple[str, str, str]] = (
    ("people", "", "people"),
    ("methods", "", "enrolment_methods"),
    ("enrolments", "", "enrolments"),
    ("completions", "", "completions"),
    ("grades", "", "grades"),
    ("grade_items", "", "grade_items"),
    ("totals", "", "grade_items"),
    ("activities", "", "activities"),
    ("activity_completions", "", "activity_completions"),
    ("certificates", "badge", "badge_issues"),
    ("certificates", "tool_certificate", "certificate_issues"),
    ("certificates", "customcert", "customcert_issues"),
    ("templates", "badge", "badges"),
    ("templates", "tool_certificate", "certificate_templates"),
    ("templates", "customcert", "customcerts"),
)
"""Where a scope has all of a fact, by source, it has all rows of a dataset."""


class Held:
    """``database`` is that of the reports."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}
        self._coming: dict[str, tuple[str, ...]] = {}

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        return {row["name"]: tuple(row["columns"]) for row in self._database.rows("held.columns")}

    def buckets(self, dataset: str, within: Range | None = None) -> Iterator[list[Bucket]]:
        values = {"dataset": self._number(dataset), "width": WIDTH, **(within or EVERY)._asdict()}
        for rows in self._database.stream("held.buckets", **values):
            yield [Bucket(row["number"], row["rows"], row["checksum"]) for row in rows]

    def rows(self, dataset: str, within: Range) -> Sequence[HeldRow]:
        values = {"dataset": self._number(dataset), **within._asdict()}
        found = self._database.rows("held.rows", **values)
        return [HeldRow(row["key"], row["moodle_id"], row["course_id"], row["row"].encode()) for row in found]

    def newest(self, dataset: str) -> int | None:
        key: int | None = self._database.one("held.newest", dataset=self._number(dataset))["key"]
        return key

    def there(self, dataset: str, keys: Sequence[int]) -> set[int]:
        found = self._database.rows("held.there", dataset=self._number(dataset), keys=list(keys))
        return {row["key"] for row in found}

    # ------------------------------------------------------------ what a load brings
    def begin(self, connection: Connection) -> None:
        """Drop what an interrupted load had landed."""
        connection.execute(query("held.drop_came_keys"))
        connection.execute(query("held.drop_came"))
        self._coming.clear()

    def make_ready(self) -> None:
        """Sort what everything brought, in a transaction of its own, so that it can be done while facts are merged."""
        self._database.together([f"held.{step}" for step in READY])

    def land(self, connection: Connection, came: HeldRows) -> None:
        number = self._comes(connection, came)
        with connection.cursor() as cursor, cursor.copy(b"COPY landing.came FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(TYPES)
            for row in came.rows:
                copy.write_row((number, *row))

    def land_gone(self, connection: Connection, gone: HeldRows) -> None:
        """These rows are no more."""
        number = self._comes(connection, gone)
        with connection.cursor() as cursor, cursor.copy(b"COPY landing.gone FROM STDIN") as copy:
            for row in gone.rows:
                copy.write_row((number, row.key))

    def merge(self, connection: Connection, load: int, *, whole: bool, scopes: bool = False, **listed: object) -> None:
        """Hold what came, within the transaction of the facts; nothing where a reader of everything tells no rows.
        Of ``whole`` it has been made ready.

        ``scopes``: there are some, and what of them did not come is held no more. ``listed``: what differs from what
        was held is written down, with these values.
        """
        if not whole and not scopes and not self._coming:
            return
        if whole and listed:
            connection.execute(query("held.list"), {"load": load, **listed})
        facts, sources, names = (list(column) for column in zip(*SCOPES, strict=True))
        values = {"load": load, "facts": facts, "sources": sources, "names": names}
        for step in SWAP if whole else CHANGE:
            connection.execute(query(f"held.{step}"), values)
        connection.execute(query("held.drop_came"))
        self._coming.clear()

    def _comes(self, connection: Connection, some: HeldRows) -> int:
        number = self._number(some.dataset)
        if self._coming.get(some.dataset) != some.columns:
            connection.execute(query("held.coming"), {"dataset": number, "columns": list(some.columns)})
            self._coming[some.dataset] = some.columns
        return number

    def _number(self, dataset: str) -> int:
        if dataset not in self._numbers:
            self._database.run("held.add_dataset", name=dataset)
            self._numbers[dataset] = self._database.one("held.dataset", name=dataset)["dataset"]
        return self._numbers[dataset]
