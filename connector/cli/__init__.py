"""The command line: ``moodle-connector``. Exit status 0 done, 1 failure, 2 wrong option or settings, 3 held."""

from __future__ import annotations

import sys

import typer

from connector.bootstrap import end_cleanly_on_term
from connector.cli import cases, database, demo, feeds, holds, mapping, mirror, service, setup
from connector.cli.output import err
from connector.domain.errors import ConnectorError

app = typer.Typer(
    name="moodle-connector",
    help="Keeps a Moodle equal to what HR says, and brings completions and grades back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (demo, setup, feeds, mirror, service):
    room.add_to(app)
app.add_typer(mapping.app, name="mapping")
app.add_typer(holds.app, name="hold")
app.add_typer(cases.app, name="case")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run a command; an error of the tree ends it with one clear sentence and its exit status."""
    end_cleanly_on_term()
    try:
        app()
    except ConnectorError as error:
        err.print(str(error), style="red", markup=False)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        err.print("Interrupted. What was begun is in the journal; the same command goes on from there.", style="red")
        sys.exit(130)
