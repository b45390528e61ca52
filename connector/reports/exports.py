"""Exports of the reporting views: streamed, written under another name first, whole or month by month.

A folder of months is laid out as ``VIEW/month=2026-10/VIEW.csv``, which DuckDB, Spark and Power BI read as one table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from connector.domain.errors import SettingsError, StorageError
from connector.domain.exports import Selection, Views
from connector.reports.formats import FORMATS, Format

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    view: str
    file: Path
    rows: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, and how. ``by_month``: views of history are cut into months; the others are whole."""

    selections: tuple[Selection, ...]
    format: str
    to: Path
    by_month: bool = False
    bom: bool = False


def export(views: Views, order: Order, progress: Progress) -> Iterator[Exported]:
    """Write one file after the other. Raises SettingsError for what cannot be, StorageError where writing fails."""
    kind = FORMATS[order.format]
    kind.check()
    for selection, file in _files(views, order, kind):
        yield Exported(selection.view, file, _write(views, selection, file, kind, order.bom, progress))


def _files(views: Views, order: Order, kind: Format) -> Iterator[tuple[Selection, Path]]:
    one = len(order.selections) == 1
    for selection in order.selections:
        cut = views.month_column(selection.view) if order.by_month or selection.month else None
        if selection.month and cut is None and one:
            raise SettingsError(f"--month: {selection.view} is no view of history and is exported as a whole.")
        name = f"{selection.view}.{kind.ending}"
        if cut is None:
            whole = replace(selection, month="")
            yield whole, _place(order, name, one)
            continue
        for month in [selection.month] if selection.month else views.months(selection.view):
            yield replace(selection, month=month), order.to / selection.view / f"month={month}" / name


def _place(order: Order, name: str, one: bool) -> Path:
    """A file where one view is wanted and no folder is named."""
    named = one and not order.to.is_dir() and order.to.suffix != ""
    return order.to if named else order.to / name


def _write(views: Views, selection: Selection, file: Path, kind: Format, bom: bool, progress: Progress) -> int:
    columns = views.columns(selection.view)
    count = 0
    with _unfinished(file) as path, kind.open(path, columns, bom) as writer:
        for rows in views.stream(selection):
            writer.write(rows)
            count += len(rows)
            progress(len(rows))
    return count


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """A name beside the file, which becomes the file once all is written: nobody reads half of it."""
    path = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield path
        os.replace(path, file)
    except OSError as error:
        raise StorageError(f"{file}: cannot be written ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):
            path.unlink()
