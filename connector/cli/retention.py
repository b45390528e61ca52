"""retention run: what is older than the settings want goes."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, say, table

app = typer.Typer(help="How long things are kept.", no_args_is_help=True)


@app.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and leave it.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Remove what is older than `retention` in the settings wants, as `serve` does by its clock."""
    with installation(config) as connector:
        retaining = connector.retaining
        found = (retaining.preview if dry_run else retaining.run)()
    if json:
        as_json({"dry_run": dry_run, "removed": found})
    elif not found:
        say("Nothing is removed: no `retention` is set. docs/privacy.md tells what there is.")
    else:
        title = "What would go" if dry_run else "What went"
        table(title, ("setting", "rows, files or people"), ((f"retention.{n}", c) for n, c in found.items()))
