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
from connector.domain.exports import Selection
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
    to: Annotated[Path, typer.Option("--to", metavar="PATH", help="A folder, or for one view a file.")],
    view: Annotated[str | None, typer.Argument(metavar="VIEW", show_default=False, help="Such as people.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every view, a file for each.")] = False,
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
        order = Order(chosen, form.value, to, by_month, bom)
        with progress("Exporting") as advance:
            written = list(write(connector.views, order, advance))
    _show(written, json)


def _show(written: list[Exported], json: bool) -> None:
    if json:
        as_json(written)
    else:
        table("Exported", ("view", "rows", "file"), ((one.view, one.rows, str(one.file)) for one in written))


def _known(connector: Connector, unit: str) -> str:
    if unit:
        connector.reports.of_unit(unit)
    return unit


def _conditions(where: list[str]) -> list[tuple[str, str]]:
    for condition in where:
        if "=" not in condition:
            raise SettingsError(f"--where {condition}: write COLUMN=VALUE.")
    return [(name.strip(), value) for name, _, value in (condition.partition("=") for condition in where)]
