"""explain: why somebody has something, or has not got it, from HR's row to the due date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, say, table
from connector.explain.explaining import Explanation
from connector.explain.texts import Event

Key = Annotated[str, typer.Argument(metavar="PERSON", help="The person's key in HR's data.")]


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    person: Key,
    course: Annotated[
        str | None, typer.Option("--course", metavar="REF", help="Why this course: its idnumber or short name.")
    ] = None,
    path: Annotated[
        str | None, typer.Option("--path", metavar="CODE", help="Why this learning path or requirement.")
    ] = None,
    show: Annotated[int, typer.Option("--show", min=0, help="How many of the newest events to print; 0: all.")] = 50,
    config: Config = None,
    json: Json = False,
) -> None:
    """Tell why a person has something, or has not got it: HR's rows, rules, grants, Moodle's answers, due dates.

    It shows personal data, and changes nothing.
    """
    with installation(config) as connector:
        explanation = connector.explaining.explain(person, course, path)
    if json:
        as_json(_document(explanation, show))
    else:
        _tell(explanation, show)


def _newest(events: Sequence[Event], show: int) -> Sequence[Event]:
    return events[-show:] if show else events


def _document(found: Explanation, show: int) -> dict[str, object]:
    return {
        "person": found.key,
        "why": [str(one) for one in found.why],
        "now": [str(one) for one in found.now],
        "grants": found.grants,
        "events": [
            {"at": one.at, "kind": one.kind, "text": one.sentence, "parts": one.parts}
            for one in _newest(found.events, show)
        ],
        "earlier_events": len(found.events) - len(_newest(found.events, show)),
    }


def _tell(found: Explanation, show: int) -> None:
    for answer in found.why:
        say(_sentence(str(answer)), style="bold")
    if found.why:
        say("")
    for one in found.now:
        say(_sentence(str(one)))
    if found.grants:
        say("")
        table(
            "What is granted",
            ("kind", "what", "rule", "state", "due"),
            ((one.kind, one.target, one.rule, one.state, one.due) for one in found.grants),
        )
    shown = _newest(found.events, show)
    if shown:
        say("")
        table("What happened", ("when", "what", "told"), ((one.at, one.kind.value, one.sentence) for one in shown))
    if len(shown) < len(found.events):
        say(f"… and {len(found.events) - len(shown):,} earlier; --show N prints more of them.", style="dim")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else text
