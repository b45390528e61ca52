"""mapping check, try."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, counted, fields, say, table
from connector.domain.errors import SettingsError
from connector.domain.people import Rejection

app = typer.Typer(help="The mapping: what a row of HR becomes.", no_args_is_help=True)


@app.command()
def check(config: Config = None, json: Json = False) -> None:
    """Load every mapping file and name each mistake with file, line and field."""
    with installation(config) as connector:
        mapping = connector.mapping
        systems = [one.name for one in connector.former_systems]
    found = {
        "sources": list(mapping.sources),
        "paths": [path.code for path in mapping.paths],
        "requirements": [requirement.code for requirement in mapping.requirements],
        **({"imports": systems} if systems else {}),
        "digest": mapping.digest,
    }
    if json:
        as_json(found)
    else:
        say(
            f"The mapping is good: {_sources(mapping.sources)}, {counted(len(mapping.paths), 'learning path')}, "
            f"{counted(len(mapping.requirements), 'requirement')}."
        )


def _sources(names: Iterable[str]) -> str:
    found = list(names)
    return f"source{'s' if len(found) > 1 else ''} {', '.join(found)}"


@app.command("try")
def try_row(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file as HR gives it, or JSON of users as SCIM has them.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", help="Of which source it is, where there are several.")
    ] = None,
    line: Annotated[
        int | None, typer.Option("--line", min=1, help="The row that begins at this line of the file.")
    ] = None,
    row: Annotated[int, typer.Option("--row", min=1, help="The row by number, 1 is the first.")] = 1,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what one row of a file becomes: each field, each rule, each grant. Nothing is written."""
    with installation(config) as connector:
        mapping = connector.mapping
        name, records = connector.rows(file, source)
        wanted = (
            next((record for record in records if record.line == line), None)
            if line is not None
            else next(islice(records, row - 1, None), None)
        )
    if wanted is None:
        raise SettingsError(f"{file.name}: no row begins at line {line}." if line else f"{file.name}: no row {row}.")
    if isinstance(wanted, Rejection):
        raise SettingsError(f"{file.name}: {wanted}")
    explanation = mapping.mapping_try(name, wanted)
    if json:
        as_json(explanation)
        return
    say(f"{file.name}, line {wanted.line}")
    table(
        "Fields",
        ("field", "raw", "steps", "value"),
        (
            (
                trace.field,
                trace.raw,
                " → ".join(f"{name}: {value}" for name, value in trace.steps),
                trace.refused or trace.value,
            )
            for trace in explanation.fields
        ),
    )
    for rejection in explanation.rejections:
        say(str(rejection), style="red")
    if explanation.removed:
        say("The row says that the person is gone.")
        return
    if explanation.person is None:
        say("The row is rejected." if explanation.rejections else "The person is out of the mapping's scope.")
        return
    table("Rules", ("rule", "when", "fired"), ((rule.rule, rule.when, rule.fired) for rule in explanation.rules))
    table(
        "Grants",
        ("kind", "target", "terms", "rule"),
        ((grant.kind.value, grant.target, fields(grant.terms), grant.rule) for grant in explanation.grants),
    )
