"""reporting grant, list, revoke, dictionary: the reporting database as the company's."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, note, say, table
from connector.domain.errors import SettingsError

app = typer.Typer(help="Who may read the reporting views, and what is in them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The login: a-z, 0-9 and _.")]


@app.command()
def grant(
    name: Name,
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Sees this unit and all below it.")] = "",
    everything: Annotated[bool, typer.Option("--everything", help="Sees everybody.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a read-only login for a BI tool, or change what it sees; its new password is shown once."""
    if bool(unit) == everything:
        raise SettingsError("Say either --unit UNIT or --everything.")
    with installation(config) as connector:
        password = connector.logins.grant(name, unit, connector.clock())
        address = connector.login_address(name, password)
    if json:
        as_json({"login": name, "unit": unit or None, "password": password, "address": address})
        return
    say(f"{name} sees {f'the unit {unit} and all below it' if unit else 'everybody'}, by the views of `reporting`.")
    if password:
        say(f"Password, shown only now: {password}")
    if address:
        say(f"Connection: {address}")
    else:
        note(
            "The embedded PostgreSQL answers this account only. Set reporting.listen_port, for example to 5433, and "
            "start `moodle-connector serve` again; then BI tools on this machine reach it at 127.0.0.1."
        )


@app.command("list")
def list_logins(config: Config = None, json: Json = False) -> None:
    """Show logins, and what each sees."""
    with installation(config) as connector:
        logins = connector.logins.list()
    if json:
        as_json(logins)
    elif not logins:
        say("There are no logins; `moodle-connector reporting grant NAME --unit UNIT` makes one.")
    else:
        table(
            "Logins",
            ("login", "sees", "unit", "since", ""),
            (
                (o.name, o.unit or "everybody", o.unit_name or "", o.granted_at, "" if o.there else "the role is gone")
                for o in logins
            ),
        )


@app.command()
def revoke(name: Name, config: Config = None, json: Json = False) -> None:
    """Take a login away, and end its sessions."""
    with installation(config) as connector:
        connector.logins.revoke(name)
    if json:
        as_json({"revoked": name})
    else:
        say(f"{name} is gone.")


@app.command()
def dictionary(config: Config = None, json: Json = False) -> None:
    """Print what every view and column means, as Markdown."""
    with installation(config) as connector:
        if json:
            as_json(connector.dictionary.pages())
        else:
            print(connector.dictionary.markdown(), end="")
