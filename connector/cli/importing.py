"""import take, list, show, undo: training records of former systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, counted, progress, say, table
from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.importing import Batch, Kind, as_plain
from connector.sync.importing import Imported

app = typer.Typer(help="Training records of former systems.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `import list` shows it.")]


@app.command()
def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A delimited file of a former system.")],
    by: By,
    kind: Annotated[Kind | None, typer.Option(help="What its rows tell. Default: as imports.yaml says.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of which system, by its name in imports.yaml.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    accept: Annotated[
        str, typer.Option(metavar="HASH", help="Let a file pass that was refused: the hash that the refusal names.")
    ] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Bring the records of a file over: all of it or nothing. The facts have them with the next mirror."""
    with installation(config) as connector:
        records, reading, gates = connector.records_of(file, source, kind)
        importing = connector.importing
        with progress(f"Reading {file.name}") as advance:
            if dry_run:
                came = importing.look(records, reading, gates, accepted=accept, progress=advance)
            else:
                came = importing.take(records, reading, gates, by, accepted=accept, progress=advance)
    if json:
        as_json(came)
    else:
        _show(came)
    raise typer.Exit(FeedRefused.exit_status if came.reasons else 0)


@app.command("list")
def list_imports(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what was brought over, the newest first, and what was refused."""
    with installation(config) as connector:
        found = connector.imports.batches(limit)
    if json:
        as_json([as_plain(one) for one in found])
    elif not found:
        say("Nothing was imported yet.")
    else:
        table(
            "Imports",
            ("number", "source", "kind", "file", "when", "by", "state", "rows", "kept", "rejected", "set aside"),
            (
                (
                    str(one.number),
                    one.source,
                    one.kind,
                    one.name,
                    f"{one.imported_at:%Y-%m-%d %H:%M}",
                    one.imported_by,
                    one.status,
                    f"{one.totals.rows:,}",
                    f"{one.totals.kept:,}",
                    f"{one.totals.rejected:,}",
                    f"{one.totals.set_aside:,}",
                )
                for one in found
            ),
        )


@app.command()
def show(
    number: Number,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows of each.")] = 100,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show of one import the rows that could not be used, and those of nobody who is known."""
    with installation(config) as connector:
        batch = connector.imports.batch(number)
        rejections, aside = connector.imports.rejections(number, limit), connector.imports.set_aside(number, limit)
    if batch is None:
        raise SettingsError(f"NUMBER: there is no import {number}; `import list` shows all.")
    if json:
        lines = [{"line": line, "key": key} for line, key in aside]
        as_json({**as_plain(batch), "rejections": rejections, "set_aside_rows": lines})
        return
    say(_told(batch))
    for reason in batch.reasons:
        say(f"  {reason}", style="yellow")
    for rejection in rejections:
        say(f"  {rejection}", style="yellow")
    for line, key in aside:
        say(f"  line {line}: set aside, nobody is known {f'as {key}' if key else 'by this address'}.")


@app.command()
def undo(number: Number, by: By, config: Config = None, json: Json = False) -> None:
    """Take the records of an import away again; the facts follow with the next mirror."""
    with installation(config) as connector:
        connector.importing.undo(number, by)
    if json:
        as_json({"undone": number})
    else:
        say(f"Undone: import {number}. Its records are gone; the facts follow with the next mirror.")


def _show(came: Imported) -> None:
    totals = came.totals
    what = "the same as before, nothing is done" if came.unchanged else f"{totals.kept:,} kept"
    number = f" as import {came.number}" if came.number is not None else ", if it is imported"
    say(f"{came.name}: {counted(totals.rows, 'row')}, {what}{number}, {totals.rejected:,} rejected.", style="bold")
    if totals.set_aside:
        say(f"  Of nobody who is known: {totals.set_aside:,}; they are set aside, and no person is made of them.")
    if totals.erased:
        say(f"  Of people who were erased: {totals.erased:,}; nothing of them is kept.")
    if totals.left_out:
        say(f"  Of courses that are left out: {totals.left_out:,}.")
    for rejection in came.rejections:
        say(f"  {rejection}", style="yellow")
    for reason in came.reasons:
        say(f"Would be refused: {reason}", style="yellow")


def _told(batch: Batch) -> str:
    totals = batch.totals
    undone = f", undone {batch.undone_at:%Y-%m-%d} by {batch.undone_by}" if batch.undone_at else ""
    counts = f"{counted(totals.rows, 'row')}, {totals.kept:,} kept, {totals.rejected:,} rejected"
    return f"Import {batch.number} of {batch.source}, {batch.name}: {batch.status}{undone}; {counts}."
