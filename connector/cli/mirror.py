"""mirror, reconcile: the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, Where, installation, run
from connector.cli.output import as_json, progress, table
from connector.domain.facts import Extent, Loaded


def add_to(app: typer.Typer) -> None:
    app.command()(mirror)
    app.command()(reconcile)


def mirror(config: Config = None, json: Json = False) -> None:
    """Read what is new in Moodle into the facts; all of it where no report tells what is new."""
    _read(Extent.CHANGES, config, json)


def reconcile(
    give_again: Annotated[
        bool, typer.Option("--give-again", help="However much was taken away by hand, the next plan gives it again.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Read all of Moodle into the facts, so that what no cursor shows is found: regrades, resets, deletions."""
    _read(Extent.EVERYTHING, config, json, give_again)


def _read(extent: Extent, config: Where | None, json: bool, give_again: bool = False) -> None:
    with installation(config) as connector:
        loaded = run(lambda: read(connector, extent, give_again))
    if json:
        as_json([asdict(one) for one in loaded])
    else:
        show_loaded(loaded)


async def read(connector: Connector, extent: Extent, give_again: bool = False) -> list[Loaded]:
    """Read Moodle into the facts, with progress."""
    async with connector.mirroring(extent) as way:
        with progress("Reading Moodle") as advance:
            return await way.read(extent, lambda _, rows: advance(rows), give_again=give_again)


def show_loaded(loaded: list[Loaded]) -> None:
    table(
        "Mirrored", ("fact", "rows", "begun", "ended"), ((one.fact, one.rows, one.begun, one.ended) for one in loaded)
    )
