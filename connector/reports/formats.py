"""The formats of exports: CSV, Excel and Parquet. Each takes rows in batches and keeps none of them."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

from connector.domain.errors import SettingsError
from connector.domain.exports import Column

Rows = Sequence[Sequence[Any]]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""A text that begins so would be reckoned by a spreadsheet that opens a CSV file; an apostrophe makes it text."""
SHEET = 1_048_575
"""Rows of one sheet of Excel, below its header."""


class Writer(Protocol):
    """Takes rows until its block ends."""

    def write(self, rows: Rows) -> None: ...


class Format(Protocol):
    """One format. ``open`` gives a writer to a new file while its block lasts."""

    @property
    def ending(self) -> str: ...

    def check(self) -> None:
        """Raises SettingsError where what it needs is not installed."""
        ...

    def open(self, path: Path, columns: Sequence[Column], bom: bool) -> Any: ...


def plain(value: Any) -> Any:
    """A value as files know it: spans in seconds, lists and names by language as JSON."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


@dataclass(frozen=True)
class Csv:
    """UTF-8, with a byte order mark if wanted; times as ISO 8601 with their zone; texts never reckon as formulas."""

    ending: str = "csv"

    def check(self) -> None:
        """It needs nothing."""

    @contextmanager
    def open(self, path: Path, columns: Sequence[Column], bom: bool) -> Iterator[Writer]:
        with path.open("w", newline="", encoding="utf-8-sig" if bom else "utf-8") as file:
            lines = csv.writer(file)
            lines.writerow([column.name for column in columns])
            yield _CsvRows(lines)


def csv_table(header: Sequence[str], rows: Rows) -> bytes:
    """A small table as a file that Excel opens; cells as in exports."""
    file = StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow(header)
    _CsvRows(lines).write(rows)
    return file.getvalue().encode("utf-8-sig")


@dataclass(frozen=True)
class _CsvRows:
    lines: Any

    def write(self, rows: Rows) -> None:
        self.lines.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


@dataclass(frozen=True)
class Xlsx:
    """A workbook with one sheet, and another where the rows are more than a sheet holds; times are UTC and say so."""

    ending: str = "xlsx"

    def check(self) -> None:
        """It is always there."""

    @contextmanager
    def open(self, path: Path, columns: Sequence[Column], bom: bool) -> Iterator[Writer]:  # noqa: ARG002
        import xlsxwriter  # only here: commands start sooner

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options) as book:
            yield _Sheets(book, [column.name for column in columns])


class _Sheets:
    def __init__(self, book: Any, header: list[str]) -> None:
        self._book, self._header = book, header
        self._bold = book.add_format({"bold": True})
        self._moment = book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss "UTC"'})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._new_sheet()

    def _new_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._header) - 1, 18)
        self._sheet.write_row(0, 0, self._header, self._bold)
        self._row = 0

    def write(self, rows: Rows) -> None:
        for row in rows:
            if self._row == SHEET:
                self._new_sheet()
            self._row += 1
            for place, value in enumerate(row):
                self._write_cell(place, plain(value))

    def _write_cell(self, place: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, datetime):
            self._sheet.write_datetime(self._row, place, value.astimezone(UTC).replace(tzinfo=None), self._moment)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._row, place, value, self._day)
        elif isinstance(value, bool):
            self._sheet.write_boolean(self._row, place, value)
        elif isinstance(value, int | float):
            self._sheet.write_number(self._row, place, value)
        else:
            self._sheet.write_string(self._row, place, str(value))


@dataclass(frozen=True)
class Parquet:
    """Columns with their types; times in UTC to the microsecond."""

    ending: str = "parquet"

    def check(self) -> None:
        if importlib.util.find_spec("pyarrow") is None:
            raise SettingsError(
                "Parquet needs the package pyarrow, which is large and not installed: "
                "`pip install -c constraints.txt '.[parquet]'` in the checkout, or export CSV."
            )

    @contextmanager
    def open(self, path: Path, columns: Sequence[Column], bom: bool) -> Iterator[Writer]:  # noqa: ARG002
        import pyarrow
        from pyarrow import parquet

        types = {
            "bigint": pyarrow.int64(),
            "integer": pyarrow.int32(),
            "smallint": pyarrow.int16(),
            "boolean": pyarrow.bool_(),
            "double precision": pyarrow.float64(),
            "interval": pyarrow.float64(),
            "date": pyarrow.date32(),
            "timestamp with time zone": pyarrow.timestamp("us", tz="UTC"),
        }
        schema = pyarrow.schema([(column.name, types.get(column.type, pyarrow.string())) for column in columns])
        with parquet.ParquetWriter(str(path), schema) as writer:
            yield _Batches(writer, schema)


@dataclass(frozen=True)
class _Batches:
    writer: Any
    schema: Any

    def write(self, rows: Rows) -> None:
        import pyarrow

        columns = zip(*([plain(value) for value in row] for row in rows), strict=True)
        arrays = [pyarrow.array(values, type=one.type) for values, one in zip(columns, self.schema, strict=True)]
        self.writer.write_batch(pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema))


FORMATS: Mapping[str, Format] = {"csv": Csv(), "xlsx": Xlsx(), "parquet": Parquet()}
