"""Rows of the reporting views, whole or filtered, through a cursor on the server: memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from connector.domain.errors import SettingsError
from connector.domain.exports import Column, Selection
from connector.store.database import Database

MONTHS: Mapping[str, str] = {
    "completion_history": "observed_at",
    "grade_changes": "observed_at",
    "compliance_daily": "day",
    "learning_events": "happened_at",
    "assessment_attempts": "started_at",
    "completions": "completed_at",
    "certificates": "issued_at",
}
"""Views that are cut by month, and the column that says when."""
BATCH = 5000


class ViewRows:
    """See ``connector.domain.exports.Views``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> list[str]:
        return sorted({row["view"] for row in self._database.rows("dictionary.columns")})

    def columns(self, view: str) -> list[Column]:
        rows = self._database.rows("dictionary.columns")
        found = [Column(row["name"], row["type"]) for row in rows if row["view"] == view]
        if not found:
            raise SettingsError(f"There is no view {view!r}: {', '.join(self.names())}.")
        return found

    def month_column(self, view: str) -> str | None:
        return MONTHS.get(view)

    def months(self, view: str) -> list[str]:
        column = sql.Identifier(MONTHS[view])
        statement = sql.SQL("SELECT DISTINCT to_char({}, 'YYYY-MM') AS month FROM {} WHERE {} IS NOT NULL ORDER BY 1")
        with self._database.transaction() as connection:
            found = connection.execute(statement.format(column, _named(view), column)).fetchall()
        return [row["month"] for row in found]

    def stream(self, selection: Selection) -> Iterator[Sequence[Sequence[Any]]]:
        statement, values = self._statement(selection)
        with (
            self._database.transaction() as connection,
            connection.cursor(name="export", row_factory=tuple_row) as cursor,
        ):
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute("SELECT set_config('reporting.unit', %s, true)", [selection.unit])
            try:
                cursor.execute(statement, values)
            except psycopg.DataError as error:
                raise SettingsError(f"--where: a value does not fit its column in {selection.view}.") from error
            while batch := cursor.fetchmany(BATCH):
                yield batch

    def _statement(self, selection: Selection) -> tuple[sql.Composed, list[Any]]:
        """Columns are looked up in the catalogue before they are named; values are bound."""
        types = {column.name: column.type for column in self.columns(selection.view)}
        parts: list[sql.Composable] = []
        values: list[Any] = []
        for name, value in selection.where:
            if name not in types:
                raise SettingsError(f"--where: {selection.view} has no column {name!r}: {', '.join(types)}.")
            if value == "":
                parts.append(sql.SQL("({0} IS NULL OR {0}::text = '')").format(sql.Identifier(name)))
            else:
                parts.append(sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(types[name])))
                values.append(value)
        if selection.month:
            month = sql.Identifier(MONTHS[selection.view])
            parts.append(sql.SQL("{0} >= %s::date AND {0} < %s::date + interval '1 month'").format(month))
            values += [f"{selection.month}-01"] * 2
        where = sql.SQL(" WHERE ") + sql.SQL(" AND ").join(parts) if parts else sql.SQL("")
        named = sql.SQL(", ").join(map(sql.Identifier, types))
        return sql.SQL("SELECT {} FROM {}").format(named, _named(selection.view)) + where, values


def _named(view: str) -> sql.Composable:
    return sql.Identifier("reporting", view)
