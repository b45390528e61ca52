"""export: the reporting views as files."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, progress, table
from connector.domain.errors import SettingsError
from connector.domain.exports import Place, Selection
from connector.reports.exports import Exported, Order
from connector.reports.exports import export as write


class Form(StrEnum):
    """The formats of files."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


def add_to(app: typer.Typer) -> None:
    app.command()(export)


def export(
    view: Annotated[str | None, typer.Argument(metavar="VIEW", show_default=False, help="Such as people.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every view, a file for each.")] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="PATH",
            show_default=False,
            help="A folder, a file for one view, or s3://BUCKET/PREFIX; by default as set in exports.",
        ),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="Of the files.")] = Form.CSV,
    where: Annotated[
        list[str] | None, typer.Option("--where", metavar="COLUMN=VALUE", help="Only such rows; may be repeated.")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Only this unit and all below it.")] = "",
    month: Annotated[str, typer.Option("--month", metavar="2026-10", help="Of a view of history, this month.")] = "",
    by_month: Annotated[bool, typer.Option("--by-month", help="A folder for each month of views of history.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte order mark, for Excel.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write reporting views to CSV, Excel or Parquet."""
    if (view is None) != everything:
        raise SettingsError("Name one VIEW, or give --all.")
    if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise SettingsError("--month: give year and month, for example 2026-10.")
    with installation(config) as connector:
        names = connector.views.names() if view is None else [view]
        chosen = tuple(Selection(name, _conditions(where or []), month, _known(connector, unit)) for name in names)
        place, name = _place(connector, to, one=len(chosen) == 1)
        order = Order(chosen, form.value, place, by_month, bom, name)
        with progress("Exporting") as advance:
            written = list(write(connector.views, order, advance))
    _show(written, json)


def _place(connector: Connector, to: str | None, *, one: bool) -> tuple[Place, str]:
    """Where files go, and the name of the file where that is given."""
    if to is None:
        if (place := connector.exported_to) is None:
            raise SettingsError("--to: say where, or set exports.folder or exports.s3.bucket.")
        return place, ""
    if to.startswith("s3://"):
        return connector.place_of(to), ""
    path = Path(to)
    if one and path.suffix and not path.is_dir():
        return connector.folder(path.parent), path.name
    return connector.folder(path), ""


def _show(written: list[Exported], json: bool) -> None:
    if json:
        as_json(written)
    else:
        table("Exported", ("view", "rows", "file"), ((one.view, one.rows, one.file) for one in written))


def _known(connector: Connector, unit: str) -> str:
    if unit:
        connector.reports.of_unit(unit)
    return unit


def _conditions(where: list[str]) -> list[tuple[str, str]]:
    for condition in where:
        if "=" not in condition:
            raise SettingsError(f"--where {condition}: write COLUMN=VALUE.")
    return [(name.strip(), value) for name, _, value in (condition.partition("=") for condition in where)]
