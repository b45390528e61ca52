"""console account add, list, disable, reset: who may sign in to the console."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.bootstrap import Connector
from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, say, table
from connector.domain.sign_in import SET_UP_LASTS, ConsoleAccount, Role

app = typer.Typer(help="The console.", no_args_is_help=True)
account = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)
app.add_typer(account, name="account")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that is given when signing in.")]


@account.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    by: By,
    display_name: Annotated[str, typer.Option(help="How the console names the person. Default: NAME.")] = "",
    language: Annotated[str, typer.Option(help="zh-TW, en, fr or vi. Default: what the browser asks for.")] = "",
    timezone: Annotated[str, typer.Option(help="In which times are shown, such as Asia/Taipei.")] = "UTC",
    config: Config = None,
    json: Json = False,
) -> None:
    """Make an account, and print the set-up code with which its owner chooses a password."""
    with installation(config) as connector:
        code = connector.setting_up.add(name, display_name, role, language, timezone, by)
        _tell(connector, name, code, json)


@account.command("list")
def list_accounts(config: Config = None, json: Json = False) -> None:
    """Show all accounts."""
    with installation(config) as connector:
        accounts = connector.console_accounts.all()
    if json:
        as_json(accounts)
    elif not accounts:
        say("There is no account yet. `moodle-connector console account add` makes one.")
    else:
        table(
            "Accounts",
            ("name", "person", "role", "state", "language", "time zone"),
            (
                (one.name, one.display_name, one.role.value, _state(one), one.language, one.timezone)
                for one in accounts
            ),
        )


@account.command()
def disable(name: Name, by: By, config: Config = None, json: Json = False) -> None:
    """Let an account sign in no more, and end its sessions; `reset` takes it back."""
    with installation(config) as connector:
        connector.setting_up.disable(name, by)
    if json:
        as_json({"disabled": name})
    else:
        say("Disabled. Its sessions have ended.")


@account.command()
def reset(name: Name, by: By, config: Config = None, json: Json = False) -> None:
    """Print a new set-up code; password, one-time codes and sessions of the account end at once."""
    with installation(config) as connector:
        _tell(connector, name, connector.setting_up.reset(name, by), json)


def _tell(connector: Connector, name: str, code: str, json: bool) -> None:
    address = f"{connector.settings.console.url}/set-up"
    hours = int(SET_UP_LASTS.total_seconds() // 3600)
    if json:
        as_json({"account": name, "address": address, "code": code, "hours": hours})
        return
    say(f"Set-up code: {code}")
    say(f"Give it to its owner by a safe way. It is good once, for {hours} hours, at {address}")


def _state(one: ConsoleAccount) -> str:
    return "disabled" if one.disabled else "ready" if one.ready else "not set up"
