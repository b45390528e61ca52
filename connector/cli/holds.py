"""hold list, approve, reject."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from connector.bootstrap import Connector
from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, say, table
from connector.domain.errors import SettingsError
from connector.domain.feeds import RefusedFeed
from connector.domain.plan import BY_NAME, GuardClass, HoldState

app = typer.Typer(help="What waits for a person's word.", no_args_is_help=True)

Hash = Annotated[str, typer.Argument(metavar="HASH", help="The beginning of a plan's hash, or of a refused feed's.")]
Class = Annotated[GuardClass | None, typer.Option("--class", help="Only this class of changes.")]
SHORTEST = 6
"""Letters of a hash that a decision must name, so that nobody approves by a slip."""


@app.command("list")
def list_holds(config: Config = None, json: Json = False) -> None:
    """Show classes of changes that are held, and feeds that were refused."""
    with installation(config) as connector:
        now = connector.clock()
        holds, feeds = [hold.at(now) for hold in connector.plans.holds()], connector.feeds.refused()
    if json:
        as_json({"holds": holds, "feeds": feeds})
        return
    if not holds and not feeds:
        say("Nothing is held.")
    if holds:
        table(
            "Held",
            ("plan", "class", "changes", "limit", "state", "by"),
            ((h.plan_hash[:12], h.guard.value, h.count, h.limit, h.state.value, h.decided_by) for h in holds),
        )
    if any(hold.is_open for hold in holds):
        say("Approve with: moodle-connector hold approve PLAN --by NAME; reject likewise.", style="dim")
    if any(hold.state is HoldState.EXPIRED for hold in holds):
        say("What has expired was decided over 24 hours ago: decide again.", style="dim")
    if any(hold.is_open and hold.guard in BY_NAME for hold in holds):
        say(f"By name only, with --class: {', '.join(sorted(BY_NAME))}.", style="dim")
    if feeds:
        table(
            "Refused feeds",
            ("hash", "file", "received", "may pass", "reasons"),
            (
                (f.digest[:12], f.name, f.received_at, "if approved" if f.releasable else "never", " ".join(f.reasons))
                for f in feeds
            ),
        )


@app.command()
def approve(hash_: Hash, by: By, guard: Class = None, config: Config = None, json: Json = False) -> None:
    """Let the held changes of a plan go within 24 hours, or a refused feed be read. Deletions go by --class only."""
    _checked(hash_)
    with installation(config) as connector:
        now = connector.clock()
        approved = connector.plans.decide_hold(hash_, guard, HoldState.APPROVED, by, now)
        named = [] if guard else _by_name(connector, hash_, now)
        feed = None if approved or named else _release(connector, hash_, by)
    apart = [f"moodle-connector hold approve {hash_} --class {each.value}" for each in named]
    if not approved and named:
        raise SettingsError(f"Nothing was approved: this is by name only. Give: {'; '.join(apart)}.")
    if not approved and feed is None:
        raise SettingsError(f"Nothing that waits begins with {hash_}. `moodle-connector hold list` shows what waits.")
    if json:
        as_json({"approved": approved, "released": feed, "by": by, "waiting": named})
    elif feed is None:
        say(f"Approved: {', '.join(approved)}. `moodle-connector apply {hash_}` carries it out within 24 hours.")
        if named:
            say(f"Still waiting, because it is approved by name only: {'; '.join(apart)}", style="yellow")
    else:
        say(f"Released: {feed.name}. Give it to `plan` or `sync` again, or put it back into the drop folder.")


@app.command()
def reject(hash_: Hash, by: By, guard: Class = None, config: Config = None, json: Json = False) -> None:
    """Say no to the held changes of a plan; the same changes are not asked about again for 24 hours."""
    _checked(hash_)
    with installation(config) as connector:
        rejected = connector.plans.decide_hold(hash_, guard, HoldState.REJECTED, by, connector.clock())
    if not rejected:
        raise SettingsError(f"No plan that waits begins with {hash_}. `moodle-connector hold list` shows what waits.")
    if json:
        as_json({"rejected": rejected, "by": by})
    else:
        say(f"Rejected: {', '.join(rejected)}.")


def _by_name(connector: Connector, hash_: str, now: datetime) -> list[GuardClass]:
    """Classes of the plan that still wait because nobody has named them."""
    holds = [hold.at(now) for hold in connector.plans.holds() if hold.plan_hash.startswith(hash_)]
    return sorted({hold.guard for hold in holds if hold.guard in BY_NAME and hold.is_open})


def _release(connector: Connector, hash_: str, by: str) -> RefusedFeed | None:
    """Let the newest refused feed with this hash pass. Raises SettingsError where it could not pass all the same."""
    for feed in connector.feeds.refused():
        if feed.digest.startswith(hash_):
            if not feed.releasable:
                why = " ".join(feed.reasons)
                raise SettingsError(
                    f"Nothing was released: no word lets {feed.name} pass, it needs a better file. {why}"
                )
            connector.feeds.release(feed.source, feed.digest, by, connector.clock())
            return feed
    return None


def _checked(hash_: str) -> None:
    if len(hash_) < SHORTEST:
        raise SettingsError(f"Give at least {SHORTEST} letters of the hash.")
