"""db upgrade, downgrade, current."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, say
from connector.databases import TABLES

app = typer.Typer(help="The database's tables.", no_args_is_help=True)


@app.command()
def upgrade(config: Config = None, json: Json = False) -> None:
    """Bring the tables up to this version. Run it once after installing and after each new version."""
    with installation(config) as connector:
        connector.databases.upgrade()
        revisions = connector.databases.revisions()
    _show(revisions, json)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help='As `db current` shows it, or "base".')],
    config: Config = None,
    reporting: Annotated[bool, typer.Option("--reporting", help="Facts and views, not the connector's own.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Take the tables back to a revision; "base" removes them all, with what is in them."""
    if not yes and sys.stdin.isatty():
        typer.confirm("What newer revisions keep is lost, and cannot be brought back. Go on?", abort=True, err=True)
    with installation(config) as connector:
        connector.databases.downgrade(revision, TABLES["reporting" if reporting else "connector"])
        revisions = connector.databases.revisions()
    _show(revisions, json)


@app.command()
def current(config: Config = None, json: Json = False) -> None:
    """Show which revision the tables have, and which this version needs."""
    with installation(config) as connector:
        revisions = connector.databases.revisions()
    _show(revisions, json)


def _show(revisions: dict[str, tuple[str | None, str]], json: bool) -> None:
    if json:
        as_json({name: {"current": found, "newest": newest} for name, (found, newest) in revisions.items()})
        return
    for name, (found, newest) in revisions.items():
        say(f"The {name} tables are at revision {found or 'none'}; the newest is {newest}.")
