"""mirror, reconcile: the way back."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, Where, installation, run
from connector.cli.output import as_json, note, progress, say, table
from connector.domain.facts import Extent, Loaded
from connector.mirror.reconciling import Reconciled, Reconciling


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
    """Prove that the facts equal Moodle, and put right what does not; read all of Moodle where no plugin can count."""
    with installation(config) as connector:
        done = run(lambda: _reconciled(connector, give_again))
    if json:
        as_json(_told(done))
    else:
        show_loaded(done.loaded)
        _show_proof(done)
    if done.equal is False:
        raise typer.Exit(1)


async def _reconciled(connector: Connector, give_again: bool) -> Reconciled:
    async with connector.mirroring(Extent.EVERYTHING) as way:
        with progress("Comparing with Moodle") as advance:
            return await Reconciling(way).reconcile(lambda _, rows: advance(rows), give_again=give_again)


def _told(done: Reconciled) -> dict[str, Any]:
    causes = Counter((one.dataset, one.cause) for one in done.differences)
    return {
        "equal": done.equal,
        "as_of": done.as_of,
        "restored": done.restored,
        "facts": [asdict(one) for one in done.loaded],
        "compared": [asdict(one) for one in done.proved.values()],
        "differences": [
            {"dataset": dataset, "cause": cause, "found": found} for (dataset, cause), found in sorted(causes.items())
        ],
    }


def _show_proof(done: Reconciled) -> None:
    if done.as_of is None:
        say("Moodle was read as a whole. That it is equal can be proved with the plugin for Moodle only.")
        return
    causes = Counter((one.dataset, one.cause) for one in done.differences)
    table(
        "Compared with Moodle",
        ("what", "rows", "buckets", "differences", "equal"),
        (
            (one.dataset, one.rows, one.buckets or "", found.get(one.dataset, 0), "yes" if one.equal else "no")
            for found in (Counter(one.dataset for one in done.differences),)
            for one in done.proved.values()
        ),
    )
    if causes:
        rows = ((dataset, cause, found) for (dataset, cause), found in sorted(causes.items()))
        table("Differences, put right", ("what", "cause", "found"), rows)
    if done.restored:
        say("Moodle was put back to an older state: all of it was read again. Plan, and look at what it gives again.")
    if done.equal:
        say(f"Equal to Moodle as of {done.as_of:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        note("Not all is equal to Moodle: run reconcile again while little happens there.")


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
