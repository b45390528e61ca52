"""scim token add, list, rotate, revoke: which identity systems may push people here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from connector.bootstrap import Connector
from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, minute, say, table

app = typer.Typer(help="Identity systems that push people by SCIM.", no_args_is_help=True)
token = typer.Typer(help="Their tokens.", no_args_is_help=True)
app.add_typer(token, name="token")

Client = Annotated[str, typer.Argument(metavar="CLIENT", help="The identity system, such as entra-id.")]
Days = Annotated[float, typer.Option(help="How many days the token is good.")]


@token.command()
def add(client: Client, by: By, days: Days = 365, config: Config = None, json: Json = False) -> None:
    """Make a client with a directory of its own, and print its token, which is shown this once."""
    with installation(config) as connector:
        _tell(connector, client, connector.scim_access.add(client, days, by), json)


@token.command("list")
def list_tokens(config: Config = None, json: Json = False) -> None:
    """Show all clients with their tokens: when made, until when good, when last used."""
    with installation(config) as connector:
        tokens = connector.scim_access.all()
    if json:
        as_json([{**asdict(one), "state": state.value} for one, state in tokens])
    elif not tokens:
        say("There is no client yet. `moodle-connector scim token add` makes one.")
    else:
        table(
            "SCIM tokens",
            ("client", "token", "state", "made", "by", "good until", "last used"),
            (
                (
                    one.client,
                    str(one.token_id),
                    state.value,
                    minute(one.created_at),
                    one.created_by,
                    minute(one.expires_at),
                    minute(one.used_at),
                )
                for one, state in tokens
            ),
        )


@token.command()
def rotate(
    client: Client,
    by: By,
    days: Days = 365,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How many hours the old token stays good.")] = 24,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print a new token; the old one stays good for a while, so that nothing is missed."""
    with installation(config) as connector:
        _tell(connector, client, connector.scim_access.rotate(client, days, overlap_hours, by), json)


@token.command()
def revoke(
    client: Client,
    by: By,
    number: Annotated[int | None, typer.Option("--token", help="Only this one, by its number in the list.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """End the tokens of a client at once; its directory stays as it is."""
    with installation(config) as connector:
        ended = connector.scim_access.revoke(client, number, by)
    if json:
        as_json({"client": client, "revoked": ended})
    else:
        say(f"Revoked: {ended}. Nobody comes in by it any more.")


def _tell(connector: Connector, client: str, secret: str, json: bool) -> None:
    address = f"{connector.settings.console.url or 'https://YOUR-ADDRESS'}/scim/v2"
    if json:
        as_json({"client": client, "address": address, "token": secret})
        return
    say(f"Token: {secret}")
    say(f"Give it to {client} with the address {address} by a safe way. It is shown this once.")
