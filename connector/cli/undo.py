"""undo: what a run did is taken back, as a plan like any other."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, installation, run
from connector.cli.feeds import HELD, head_of, show_plan
from connector.cli.output import as_json, say, step, table
from connector.domain.errors import SettingsError
from connector.domain.undo import Left
from connector.domain.undo_store import DoneRun
from connector.sync.apply import held_classes
from connector.sync.make_undo import Undo
from jobs.undo import undo as take_back

Run = Annotated[int | None, typer.Argument(metavar="[RUN]", help="The run of apply to take back.")]
Listed = Annotated[bool, typer.Option("--list", help="Show the last runs that did something instead.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many runs to list.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who asks for it; kept on record.", envvar="USER")]
Show = Annotated[int, typer.Option("--show", min=0, help="How many changes to print, and how many that are left out.")]


def add_to(app: typer.Typer) -> None:
    app.command()(undo)


def undo(
    number: Run = None,
    listed: Listed = False,
    limit: Limit = 20,
    by: By = "",
    show: Show = 20,
    config: Config = None,
    json: Json = False,
) -> None:
    """Plan the opposite of what a run did, for `apply`. What was changed again since is left out and named."""
    if listed == (number is not None):
        raise SettingsError("Give the number of a run, or --list to see the last ones.")
    if number is not None and not by.strip():
        raise SettingsError("--by: say who asks for it.")
    with installation(config) as connector:
        if number is None:
            show_runs(connector.undos.runs(limit), json)
            return
        made = plan_undo(connector, number, by)
        show_undo(connector, made, show, json)
        held = held_classes(made.plan, connector.clock())
    raise typer.Exit(HELD if held else 0)


def plan_undo(connector: Connector, number: int, by: str) -> Undo:
    """The plan that takes a run back, and what it leaves."""

    async def work() -> Undo:
        async with connector.entering() as way:
            with step("Planning") as part:
                return await take_back(way, connector.undos, number, by, part)

    return run(work)


def show_runs(runs: list[DoneRun], json: bool) -> None:
    """The last runs: when, of which plan, what they did, and whether they were taken back."""
    if json:
        as_json({"runs": runs})
        return
    if not runs:
        say("Nothing was ever applied.")
        return
    columns = ("run", "began", "plan", "state", "did", "")
    table("Runs", columns, ((r.number, r.started_at, r.plan_hash[:12], r.status, _did(r), _about(r)) for r in runs))


def _did(done: DoneRun) -> str:
    return ", ".join(f"{count:,} {action}" for action, count in sorted(done.done.items())) or "nothing"


def _about(done: DoneRun) -> str:
    took = f"took back run {done.undoes}" if done.undoes else ""
    taken = f"taken back by run {done.undone_by}" if done.undone_by else ""
    return ", ".join(part for part in (took, taken) if part)


def show_undo(connector: Connector, made: Undo, show: int, json: bool) -> None:
    """The plan, what it leaves, and what comes next."""
    if json:
        left = [_named(one) for one in made.left]
        numbered = connector.plans.changes(made.plan.number, limit=show) if show else []
        changes = [{**asdict(each.change), "ordinal": each.ordinal} for each in numbered]
        as_json({"undoes": made.plan.undoes, "plan": head_of(made.plan), "changes": changes, "left": left})
        return
    if not made.plan.size:
        say(f"Plan {made.plan.hash[:12]}: there is nothing of run {made.plan.undoes} to take back.", style="bold")
    else:
        show_plan(connector, made.plan, None, show, None, False)
    if made.left:
        rows = [(one.change.action.value, one.change.subject, one.change.target, one.why) for one in made.left[:show]]
        if rows:
            table("Left as it is", ("change", "who", "what", "why"), rows)
        if len(made.left) > show:
            say(f"… and {len(made.left) - show:,} more that are left; --show N prints more of them.", style="dim")
    if made.plan.size:
        say(f"Carry it out with: moodle-connector apply {made.plan.hash[:12]}")
        say(DONE_AGAIN if made.of_undo else AFTERWARDS, style="dim")


AFTERWARDS = (
    "HR still says the same, so the next plans want it again. They hold just that, as class undone, until somebody "
    "approves it or HR says otherwise."
)
DONE_AGAIN = "It does again what was taken back: nothing is held for that afterwards."


def _named(one: Left) -> dict[str, object]:
    change = one.change
    return {"action": change.action.value, "subject": change.subject, "target": change.target, "why": one.why}
