"""The command line: ``moodle-connector``. Exit status 0 done, 1 failure, 2 wrong option or settings, 3 held."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from connector.bootstrap import end_cleanly_on_term
from connector.cli import (
    api,
    assignments,
    cases,
    certificates,
    console,
    database,
    demo,
    explain,
    export,
    feeds,
    holds,
    importing,
    jobs,
    lti,
    mapping,
    mirror,
    moodle,
    notices,
    person,
    report,
    reporting,
    retention,
    scim,
    service,
    setup,
    undo,
)
from connector.cli.common import CONFIG_HELP, JSON_HELP, SITE_HELP
from connector.cli.failures import INTERRUPTED, Failure, failure_of, tell

app = typer.Typer(
    name="moodle-connector",
    help="Keeps a Moodle equal to what HR says, and brings completions and grades back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (demo, setup, feeds, explain, assignments, undo, mirror, report, export, service):
    room.add_to(app)
app.add_typer(mapping.app, name="mapping")
app.add_typer(holds.app, name="hold")
app.add_typer(cases.app, name="case")
app.add_typer(assignments.app, name="assignment")
app.add_typer(certificates.app, name="certificate")
app.add_typer(importing.app, name="import")
app.add_typer(person.app, name="person")
app.add_typer(retention.app, name="retention")
app.add_typer(jobs.app, name="job")
app.add_typer(notices.app, name="notice")
app.add_typer(console.app, name="console")
app.add_typer(scim.app, name="scim")
app.add_typer(api.app, name="api")
app.add_typer(lti.app, name="lti")
app.add_typer(moodle.app, name="moodle")
app.add_typer(reporting.app, name="reporting")
app.add_typer(database.app, name="db")


@app.callback()
def before_the_command(
    config: str = typer.Option(None, "--config", metavar="PATH", help=CONFIG_HELP),
    json: bool = typer.Option(False, "--json", help=JSON_HELP),
    site: str = typer.Option(None, "--site", metavar="NAME", help=SITE_HELP),
) -> None:
    """Options that may stand before the command as well as after it; ``common`` looks for them here."""


def main() -> None:
    """Run a command; whatever goes wrong ends it with one clear sentence and its exit status."""
    end_cleanly_on_term()
    sys.exit(command(sys.argv[1:]))


def command(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status."""
    json = "--json" in arguments
    try:
        status = app(list(arguments), prog_name="moodle-connector", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return 1  # who read the output has closed it and is not told more
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:
        return tell(failure_of(error), json=json)
    if status == INTERRUPTED:
        text = "Interrupted. What was begun is in the journal; the same command goes on from there."
        return tell(Failure("Interrupted", text, INTERRUPTED), json=json)
    return int(status or 0)
