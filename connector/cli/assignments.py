"""assign, waive; assignment list, withdraw: what people decide beside the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from connector.cli.common import By, Config, Json, Where, installation
from connector.cli.output import as_json, say, table
from connector.domain.decisions import Decision, DecisionKind
from connector.sync.deciding import Decider

app = typer.Typer(help="What people assigned and waived beside the rules.", no_args_is_help=True)

DAY = "%Y-%m-%d"
Person = Annotated[str, typer.Argument(metavar="PERSON", help="The person's key in HR's data.")]
Reason = Annotated[str, typer.Option(help="Why; kept on record.")]
From = Annotated[datetime | None, typer.Option("--from", metavar="DAY", formats=[DAY], help="First day; else today.")]
Until = Annotated[
    datetime | None, typer.Option(metavar="DAY", formats=[DAY], help="Last day; a manager must name one.")
]
AsHr = Annotated[bool, typer.Option("--as-hr", help="HR decides: --by is any name, not a manager's key.")]


def add_to(root: typer.Typer) -> None:
    root.command()(assign)
    root.command()(waive)


def assign(
    person: Person,
    code: Annotated[str, typer.Argument(metavar="PATH|REQUIREMENT", help="Its code in the mapping.")],
    by: By,
    reason: Reason,
    from_: From = None,
    until: Until = None,
    as_hr: AsHr = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Assign a learning path or requirement to somebody. --by is the key of somebody above the person."""
    _decide(DecisionKind.ASSIGN, person, code, Decider(by, as_hr), reason, from_, until, config, json=json)


def waive(
    person: Person,
    code: Annotated[str, typer.Argument(metavar="REQUIREMENT", help="Its code in the mapping.")],
    by: By,
    reason: Reason,
    from_: From = None,
    until: Until = None,
    as_hr: AsHr = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Waive a requirement of somebody for a time. --by is the key of somebody above the person."""
    _decide(DecisionKind.WAIVE, person, code, Decider(by, as_hr), reason, from_, until, config, json=json)


@app.command("list")
def list_assignments(
    everything: Annotated[bool, typer.Option("--all", help="Those too that are over or withdrawn.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what people assigned and waived, and until when."""
    with installation(config) as connector:
        now = connector.clock()
        found = connector.decisions.all() if everything else connector.decisions.standing(now)
    if json:
        as_json(found)
    elif not found:
        say("Nobody has assigned or waived anything.")
    else:
        show_decisions(found)


def show_decisions(found: Sequence[Decision]) -> None:
    """Decisions, one in a line."""
    table(
        "Decisions",
        ("number", "what", "person", "by", "until", "in force", "reason"),
        (
            (
                str(one.number),
                f"{one.kind} {one.code}",
                one.person,
                f"HR ({one.decided_by})" if one.by_hr else one.decided_by,
                one.ends_on.isoformat() if one.ends_on else "",
                "withdrawn" if one.withdrawn_at else "yes" if one.in_force else "no",
                one.reason,
            )
            for one in found
        ),
    )


@app.command()
def withdraw(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `assignment list` numbers it.")],
    by: By,
    as_hr: AsHr = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take back what was assigned or waived; the next plan goes by the rules alone again."""
    with installation(config) as connector:
        decision = connector.deciding.withdraw(number, Decider(by, as_hr))
    if json:
        as_json({"withdrawn": decision, "by": by})
    else:
        say(f"Withdrawn: {decision.kind} {decision.code} of {decision.person}. The next plan goes by it.")


def _decide(
    kind: DecisionKind,
    person: str,
    code: str,
    by: Decider,
    reason: str,
    from_: datetime | None,
    until: datetime | None,
    config: Where | None,
    *,
    json: bool,
) -> None:
    with installation(config) as connector:
        decision = connector.deciding.decide(kind, person, code, by, reason, _day(from_), _day(until))
    if json:
        as_json({"decided": decision})
    else:
        done = "Assigned" if kind is DecisionKind.ASSIGN else "Waived"
        say(f"{done}: {code}, number {decision.number}. The next plan goes by it.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
