"""The steps of a merge that concern records of former systems; see ``connector.store.facts``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.domain.facts import BroughtOver, Staff, Terms
from connector.store.database import Connection, query
from connector.store.landing import LANDING, copy_rows

SOURCE = "import"
"""The source of facts that were brought over."""


class BroughtOverFacts:
    """One merge. All records are compared: those of an import that was undone do not come any more."""

    def __init__(self, connection: Connection, values: Mapping[str, Any], staff: Staff) -> None:
        self._connection = connection
        self._values = values
        self._staff = staff

    def land_certificates(self, terms: Terms) -> None:
        """Before certificates are merged, and that they are all."""
        load = self._values["load"]
        rows = (
            (
                load,
                one.moodle_id,
                SOURCE,
                " / ".join((one.source, one.template, one.number)),
                one.template,
                terms.certificates.get(one.template, one.template),
                one.done_at,
                one.expires_at,
                False,
                one.precision,
            )
            for one in self._each()
            if one.template
        )
        table, columns, types = LANDING["certificates"]
        copy_rows(self._connection, table, columns, rows, types)
        table, columns, types = LANDING["scopes"]
        copy_rows(self._connection, table, columns, [(load, "certificates", None, None, SOURCE)], types)

    def completions(self) -> tuple[int, int]:
        """After Moodle's completions; gives how many came and went."""
        found = self._connection.execute(query("imported.courses")).fetchall()
        ids = {row["idnumber"]: row["course_id"] for row in found} | dict(self._staff.courses())
        self._connection.execute(query("imported.read"))
        with self._connection.cursor() as cursor, cursor.copy("COPY import_read FROM STDIN") as copy:
            for one in self._each():
                for course in (ids[ref] for ref in one.courses if ref in ids):
                    copy.write_row((one.moodle_id, course, one.done_at, one.precision, one.score, one.score_max))
        self._run("imported.wanted")
        self._run("imported.touched")
        gone = self._run("imported.drop")
        come = self._run("imported.begin")
        if gone or come:
            self._run("imported.number")
        return come, gone

    def _each(self) -> Iterator[BroughtOver]:
        return (one for some in self._staff.imports() for one in some)

    def _run(self, step: str) -> int:
        return self._connection.execute(query(step), self._values).rowcount
