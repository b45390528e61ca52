"""case list, settle, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, fields, say, table
from connector.domain.cases import CHOICES, OF_LAUNCHES, Case
from connector.domain.errors import SettingsError

app = typer.Typer(help="What a person must decide.", no_args_is_help=True)


@app.command("list")
def list_cases(
    settled: Annotated[bool, typer.Option("--settled", help="Show what was decided.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show open cases and how each can be settled."""
    with installation(config) as connector:
        cases = connector.cases.settled() if settled else connector.cases.waiting()
    if json:
        as_json(cases)
    elif settled:
        table(
            "Decisions",
            ("number", "kind", "subject", "what", "decision", "by"),
            (
                (
                    str(case.case_id),
                    case.kind,
                    case.subject,
                    case.reason,
                    fields(case.settlement or {}),
                    case.settled_by,
                )
                for case in cases
            ),
        )
    elif not cases:
        say("There is nothing to decide.")
    else:
        show_cases(cases)


def show_cases(cases: Sequence[Case]) -> None:
    """Open cases and how each can be settled."""
    table(
        "Cases",
        ("number", "kind", "subject", "what", "candidates", "settle by"),
        (
            (
                str(case.case_id),
                case.kind,
                case.subject,
                case.reason,
                ", ".join(map(str, case.candidates)),
                ", ".join(f"--{choice}" for choice in CHOICES.get(case.kind, ("ignore",))),
            )
            for case in cases
        ),
    )


@app.command()
def settle(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The case, as `case list` numbers it.")],
    by: By,
    account: Annotated[int | None, typer.Option(help="The person's account is the one with this Moodle id.")] = None,
    course: Annotated[
        int | None, typer.Option(help="The course that is meant is the one with this Moodle id.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="It is nobody's: make a new account.")] = False,
    keep: Annotated[
        str | None, typer.Option(help="Of two keys this one: of a merge it stays, and the other has left.")
    ] = None,
    ignore: Annotated[bool, typer.Option("--ignore", help="Leave it as it is, and do not ask again.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Decide a case; the next plan, or launch, goes by it."""
    choices = {"account": account, "course": course, "create": create or None, "keep": keep, "ignore": ignore or None}
    settlement = {name: value for name, value in choices.items() if value is not None}
    if len(settlement) != 1:
        raise SettingsError("Give exactly one of --account, --course, --create, --keep, --ignore.")
    with installation(config) as connector:
        case = connector.cases.settle(number, settlement, by, connector.clock())
    if json:
        as_json({"settled": case, "by": by, "settlement": settlement})
    else:
        what = "launch" if case.kind in OF_LAUNCHES else "plan"
        say(f"Settled: {case.kind} of {case.subject}. The next {what} goes by it.")


@app.command()
def withdraw(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The case, as `case list --settled` numbers it.")],
    by: By,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take a decision back; the next plan asks again where it still matters. What was carried out stays."""
    with installation(config) as connector:
        case = connector.cases.withdraw(number, by, connector.clock())
    if json:
        as_json({"withdrawn": case, "by": by})
    else:
        say(
            f"Withdrawn: what was decided on {case.kind} of {case.subject}. Where it still matters the next plan asks."
        )
