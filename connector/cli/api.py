"""api token create, list, revoke: who may ask the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, minute, say, table
from connector.domain.errors import SettingsError

app = typer.Typer(help="The API, by which other systems read courses and figures.", no_args_is_help=True)
token = typer.Typer(help="Who may ask it.", no_args_is_help=True)
app.add_typer(token, name="token")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who will hold it, such as intranet.")]


@token.command()
def create(
    name: Name,
    by: By,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="What it may ask for; as often as needed."),
    ] = None,
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Sees this unit and all below it.")] = "",
    everything: Annotated[bool, typer.Option("--everything", help="Sees everybody.")] = False,
    days: Annotated[float, typer.Option(help="How many days the token is good.")] = 365,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    if bool(unit) == everything:
        raise SettingsError("Say either --unit UNIT or --everything.")
    with installation(config) as connector:
        secret = connector.api_access.create(name, scope or [], unit, days, by)
        address = f"{connector.settings.console.url or 'https://YOUR-ADDRESS'}/api/v1"
    if json:
        as_json({"name": name, "unit": unit or None, "scopes": scope, "address": address, "token": secret})
        return
    say(f"Token: {secret}")
    say(f"Give it to {name} with the address {address} by a safe way. It is shown this once.")


@token.command("list")
def list_tokens(config: Config = None, json: Json = False) -> None:
    """Show tokens: what each may ask for and of whom, until when it is good, when last used."""
    with installation(config) as connector:
        tokens = connector.api_access.all()
    if json:
        as_json([{**asdict(one), "state": state.value} for one, state in tokens])
    elif not tokens:
        say("There is no token yet. `moodle-connector api token create` makes one.")
    else:
        table(
            "Tokens of the API",
            ("name", "state", "may ask for", "sees", "made", "by", "good until", "last used"),
            (
                (
                    one.name,
                    state.value,
                    " ".join(one.scopes),
                    one.unit or "everybody",
                    minute(one.created_at),
                    one.created_by,
                    minute(one.expires_at),
                    minute(one.used_at),
                )
                for one, state in tokens
            ),
        )


@token.command()
def revoke(name: Name, by: By, config: Config = None, json: Json = False) -> None:
    """End a token at once."""
    with installation(config) as connector:
        connector.api_access.revoke(name, by)
    if json:
        as_json({"revoked": name})
    else:
        say(f"{name} asks no more.")
