"""job list, release: how the jobs of the service stand."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, say, table
from connector.domain.errors import SettingsError

app = typer.Typer(help="The jobs of the service.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The job, such as sync.")]


@app.command("list")
def list_jobs(config: Config = None, json: Json = False) -> None:
    """Show how the last run of each job went, and when one that fails is tried again."""
    with installation(config) as connector:
        now, states = connector.clock(), list(connector.jobs.states().values())
    again = {state.name: state.next_try(now) if state.tries else None for state in states}
    if json:
        as_json({"jobs": states, "standing": {s.name: s.standing for s in states}, "next_try": again})
        return
    if not states:
        say("No job has run yet.")
        return
    table(
        "Jobs",
        ("job", "began", "ended", "error", "failures", "now", "next try"),
        (
            (
                s.name,
                s.started_at,
                s.outcome.value,
                s.error,
                s.failures,
                s.standing or "",
                again[s.name],
            )
            for s in states
        ),
    )


@app.command()
def release(name: Name, config: Config = None, json: Json = False) -> None:
    """Try a failing job again now, as if it had not failed before; a service that runs does so within a minute."""
    with installation(config) as connector:
        released = connector.jobs.release(name)
    if not released:
        raise SettingsError(f"No job {name} is failing. `moodle-connector job list` shows how they stand.")
    if json:
        as_json({"released": name})
    else:
        say(f"Released: {name}. The service tries it at once.")
