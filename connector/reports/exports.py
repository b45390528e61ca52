"""Exports of the reporting views: streamed, whole or month by month.

A folder of months is laid out as ``VIEW/month=2026-10/VIEW.csv``, which DuckDB, Spark and Power BI read as one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from connector.domain.errors import SettingsError
from connector.domain.exports import Place, Selection, Views
from connector.reports.formats import FORMATS, Format

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, and where it lies."""

    view: str
    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, and how. ``by_month``: views of history are cut into months; the others are whole.

    ``name``: that of the file, where there is one; else files are named as their views are.
    """

    selections: tuple[Selection, ...]
    format: str
    to: Place
    by_month: bool = False
    bom: bool = False
    name: str = ""

    def check(self) -> str:
        """Can it be written? Gives where to. Raises what ``export`` does."""
        FORMATS[self.format].check()
        return self.to.check()


def export(views: Views, order: Order, progress: Progress) -> Iterator[Exported]:
    """Write one file after the other. Raises SettingsError for what cannot be, and what ``Place`` raises.

    Where all months of a view are written, those of which there is nothing any more go from the place.
    """
    kind = FORMATS[order.format]
    kind.check()
    for selection in order.selections:
        for part, name in _files(views, order, selection):
            yield Exported(part.view, order.to.shown(name), _write(views, order, part, name, kind, progress))


def _files(views: Views, order: Order, selection: Selection) -> Iterator[tuple[Selection, str]]:
    view = selection.view
    cut = views.month_column(view) is not None and (order.by_month or selection.month)
    if selection.month and not cut and len(order.selections) == 1:
        raise SettingsError(f"--month: {view} is no view of history and is exported as a whole.")
    file = f"{view}.{FORMATS[order.format].ending}"
    if not cut:
        yield replace(selection, month=""), order.name or file
        return
    months = [selection.month] if selection.month else views.months(view)
    for month in months:
        yield replace(selection, month=month), f"{view}/month={month}/{file}"
    if selection == Selection(view):
        order.to.keep(view, file, months)


def _write(views: Views, order: Order, part: Selection, name: str, kind: Format, progress: Progress) -> int:
    columns = views.columns(part.view)
    count = 0
    with order.to.file(name) as path, kind.open(path, columns, order.bom) as writer:
        for rows in views.stream(part):
            writer.write(rows)
            count += len(rows)
            progress(len(rows))
    return count
