"""plan, apply, sync: the way in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, installation, run
from connector.cli.failures import failure_of, tell
from connector.cli.output import as_json, counted, differences, note, progress, say, step, table
from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.feeds import Look
from connector.domain.plan import BY_NAME, Hold, HoldState, Plan, Window
from connector.domain.plan_store import NumberedChange
from connector.sync.apply import Applied, held_classes
from connector.sync.intake import Intake
from jobs.sync import Taken, WayIn

File = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="HR's file. Default: what HR last said.")]
Source = Annotated[str | None, typer.Option("--source", help="Of which source the file is, where there are several.")]
HELD = 3


def add_to(app: typer.Typer) -> None:
    app.command()(plan)
    app.command()(apply)
    app.command()(sync)


def plan(
    file: File = None,
    source: Source = None,
    show: Annotated[int, typer.Option("--show", min=0, help="How many changes to print; 0 prints none.")] = 20,
    person: Annotated[str | None, typer.Option("--person", help="Print the changes of one person or cohort.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Compare HR with Moodle and store a plan. The file is left where it is, and nothing in Moodle changes."""
    with installation(config) as connector:
        _check_source(connector, file, source)

        async def work() -> tuple[Intake | None, Plan]:
            async with connector.entering() as way:
                taken = _take(connector, way, file, source) if file else None
                return taken, await _make(way)

        taken, made = run(work)
        show_plan(connector, made, taken, show, person, json)
    raise typer.Exit(HELD if _waiting(connector, made) else 0)


def apply(
    plan_hash: Annotated[str | None, typer.Argument(metavar="[HASH]", help="The plan. Default: the newest.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Carry out a plan as it was shown, but for what is held. Killed half-way, it goes on where it stopped."""
    with installation(config) as connector:
        found = connector.plans.find(plan_hash)
        if found is None:
            what = f"No plan begins with {plan_hash}." if plan_hash else f"There is no plan yet for {connector.site}."
            raise SettingsError(f"{what} `moodle-connector plan` makes one.")
        if plan_hash is None and found.undoes is not None:
            raise SettingsError(
                f"The newest plan takes run {found.undoes} back, and is carried out by its hash only: "
                f"`moodle-connector apply {found.hash[:12]}`. `moodle-connector plan` makes one of what HR says."
            )

        async def work() -> Applied:
            async with connector.entering() as way:
                return await _carry_out(way, found)

        applied = run(work)
        show_applied(connector, found, applied, json)
        if applied.held and not json:
            _show_holds(connector.plans.read(found.number), connector.clock())
    raise typer.Exit(HELD if applied.held else 0)


def sync(
    file: File = None,
    source: Source = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="KEY", help="Only this person, and the managers above, at once.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take what has arrived, plan, and carry out what is not held. Files that were taken are moved to done or refused.

    With --person nothing but FILE and what was pushed is read: who it is about is as HR said last.
    """
    with installation(config) as connector:
        if person is not None:
            _sync_person(connector, person, file, source, json)
            return

        _check_source(connector, file, source)

        async def work() -> tuple[Taken, Plan, Applied]:
            async with connector.entering() as way, _turn(way):
                taken = _only(_take(connector, way, file, source)) if file else _take_arrived(way)
                made = await _make(way)
                return taken, made, await _carry_out(way, made)

        taken, made, applied = run(work)
        if taken.failed is None:
            connector.jobs.release("sync")
        if json:
            files = {"left": dict(taken.look.left), "unusable": dict(taken.look.unusable)}
            feeds = [_feed(feed) for feed in taken.feeds]
            failed = {"failed": asdict(failure_of(taken.failed))} if taken.failed else {}
            as_json({"feeds": feeds, "files": files, "plan": head_of(made), "applied": asdict(applied), **failed})
        else:
            for feed in taken.feeds[:-1]:
                show_intake(feed)
            show_plan(connector, made, taken.feeds[-1] if taken.feeds else None, 0, None, False)
            show_applied(connector, made, applied, False)
        if taken.failed is not None:
            raise typer.Exit(tell(failure_of(taken.failed), json=False))
    raise typer.Exit(FeedRefused.exit_status if taken.look.unusable else HELD if applied.held else 0)


@asynccontextmanager
async def _turn(way: WayIn) -> AsyncIterator[None]:
    with way.turn():
        yield


def _sync_person(connector: Connector, key: str, file: Path | None, source: str | None, json: bool) -> None:
    async def work() -> tuple[Intake | None, Plan, Applied]:
        async with connector.entering_for_some() as way:
            taken = _take(connector, way, file, source) if file else None
            return taken, *await way.sync_person(key)

    taken, made, applied = run(work)
    if json:
        as_json({"feeds": [_feed(taken)] if taken else [], "plan": head_of(made), "applied": asdict(applied)})
    else:
        show_plan(connector, made, taken, 100, None, False)
        show_applied(connector, made, applied, False)
    if applied.held:
        raise typer.Exit(HELD)


def _only(taken: Intake) -> Taken:
    """Nothing but the file that was given."""
    return Taken((taken,), Look((), {}))


def _take_arrived(way: WayIn) -> Taken:
    taken = way.take_arrived(lambda name: progress(f"Reading {name}"))
    for name, why in {**taken.look.left, **taken.look.unusable}.items():
        note(f"{name}: left where it is: {why}")
    return taken


def show_plan(
    connector: Connector, made: Plan, taken: Intake | None, show: int, person: str | None, json: bool
) -> None:
    """The plan's head, its first changes, and what must be decided."""
    numbered = connector.plans.changes(made.number, limit=show, subject=person) if show or person else []
    cases = connector.cases.waiting()
    if json:
        changes = [
            {**asdict(one.change), "ordinal": one.ordinal, "action": one.change.action.value} for one in numbered
        ]
        as_json({"feed": _feed(taken), "plan": head_of(made), "changes": changes, "cases": cases})
        return
    if taken is not None:
        show_intake(taken)
    if not made.size:
        say(f"Plan {made.hash[:12]}: nothing to do. Moodle is as HR says.", style="bold")
    else:
        table(f"Plan {made.hash[:12]}", ("change", "number"), sorted(made.counts.items()))
    if numbered:
        for one in numbered:
            show_change(one)
        if made.size > len(numbered) and person is None:
            say(f"… and {made.size - len(numbered):,} more; --show N prints more of them.", style="dim")
    elif person:
        say(f"No change of this plan is {person}'s.")
    _show_holds(made, connector.clock())
    if cases:
        say(f"{counted(len(cases), 'open case')} to decide: moodle-connector case list", style="yellow")


def show_change(one: NumberedChange) -> None:
    """A change in two lines: what is done to whom and why, and each field before and after."""
    change = one.change
    what = f" {change.target}" if change.target else ""
    why = f"  ({change.reason})" if change.reason else ""
    say(f"{one.ordinal:>6}  {change.action.value}  {change.subject}{what}{why}", style="bold")
    text = differences(change.before, change.after)
    if text:
        say(f"        {text}")


def show_intake(taken: Intake) -> None:
    """What was read, and each bad row."""
    totals = taken.totals
    again = ", the same as last time" if taken.unchanged else ""
    say(f"{taken.name}: {counted(totals.rows, 'row')}{again}, {totals.rejected:,} rejected.")
    if totals.keyless:
        say(f"  Without a key: {totals.keyless:,}. While there are such rows, nobody counts as absent.")
    for rejection in taken.rejections:
        say(f"  {rejection}", style="yellow")
    if totals.rejected > len(taken.rejections):
        say(f"  … and {totals.rejected - len(taken.rejections):,} more", style="yellow")


def show_applied(connector: Connector, made: Plan, applied: Applied, json: bool) -> None:
    """What came of a plan, and why some changes were set aside."""
    refusals = connector.journal.refusals(made.number)
    if json:
        as_json(
            {
                "plan": head_of(made),
                "applied": asdict(applied),
                "refused": [
                    {"action": change.action.value, "subject": change.subject, "target": change.target, "cause": cause}
                    for change, _, cause in refusals
                ],
            }
        )
        return
    tally = applied.tally
    say(
        f"Applied: {tally.done:,} done, {tally.refused:,} refused, {tally.waiting:,} waiting, {tally.held:,} held.",
        style="bold",
    )
    if refusals:
        table(
            "Set aside",
            ("change", "who", "what", "cause"),
            ((change.action.value, change.subject, change.target, cause) for change, _, cause in refusals),
        )


def _show_holds(made: Plan, now: datetime) -> None:
    holds = [hold.at(now) for hold in made.holds]
    for hold in holds:
        by = f" by {hold.decided_by}" if hold.decided_by else ""
        held = "Approved" if hold.state is HoldState.APPROVED else "Held"
        say(
            f"{held}: {hold.count:,} of class {hold.guard.value}{_gone_before(hold)}, the limit is {hold.limit:,} "
            f"({hold.state.value}{by}).",
            style="yellow",
        )
    waiting = [hold for hold in holds if hold.is_open]
    again = " again" if waiting and all(hold.state is HoldState.EXPIRED for hold in waiting) else ""
    if [hold for hold in waiting if hold.guard not in BY_NAME]:
        say(f"Approve{again} with: moodle-connector hold approve {made.hash[:12]} --by NAME", style="yellow")
    for hold in waiting:
        if hold.guard in BY_NAME:
            named = f"hold approve {made.hash[:12]} --class {hold.guard.value} --by NAME"
            say(f"Approve by name: moodle-connector {named}", style="yellow")


def _gone_before(hold: Hold) -> str:
    """What else counts, where many small plans came to too much."""
    spans = {Window.PLAN: "", Window.DAY: "24 hours", Window.WEEK: "7 days"}
    return f" with {hold.spent:,} in the last {spans[hold.window]}" if spans[hold.window] else ""


def _check_source(connector: Connector, file: Path | None, source: str | None) -> None:
    known = connector.mapping.sources
    if source is not None and source not in known:
        raise SettingsError(f"--source: there is no source {source}; the mapping has {', '.join(known)}.")
    if source is not None and file is None:
        raise SettingsError("--source: says of which source a FILE is; without one all sources are looked at.")


def _take(connector: Connector, way: WayIn, file: Path, source: str | None) -> Intake:
    feed = connector.source(file, source)
    with progress(f"Reading {file.name}") as advance:
        return way.take(feed, advance)


async def _make(way: WayIn) -> Plan:
    with step("Planning") as part:
        return await way.plan(part)


async def _carry_out(way: WayIn, made: Plan) -> Applied:
    with progress("Applying", made.size) as advance:
        return await way.apply(made, advance)


def _waiting(connector: Connector, made: Plan) -> bool:
    return bool(held_classes(made, connector.clock()))


def head_of(made: Plan) -> dict[str, Any]:
    """The plan without its changes."""
    return {
        "number": made.number,
        "hash": made.hash,
        "people": None if made.people is None else sorted(made.people),
        "created_at": made.created_at,
        "counts": dict(made.counts),
        "holds": list(made.holds),
    }


def _feed(taken: Intake | None) -> dict[str, Any] | None:
    return None if taken is None else asdict(taken)
