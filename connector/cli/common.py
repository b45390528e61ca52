"""Options that many commands share, and how a command gets its installation."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import anyio
import click
import typer

from connector.bootstrap import Connector
from connector.domain.errors import SettingsError
from connector.settings import load_settings

T = TypeVar("T")

CONFIG_HELP = "Settings file. Default: CONNECTOR_CONFIG, or config/connector.toml."
SITE_HELP = "Which Moodle, where the settings have several sites. Default: CONNECTOR_SITE."
JSON_HELP = "Print one JSON document."


def _config(context: typer.Context, after: Path | None) -> Path | None:
    """The one after the command, or the one before it."""
    before = context.find_root().params.get("config")
    return after or (Path(before) if before else None)


def _json(context: typer.Context, after: bool) -> bool:
    return after or bool(context.find_root().params.get("json"))


def _name(by: str) -> str:
    """Who decides must be told: an empty name in the record says nothing."""
    if not by.strip():
        raise SettingsError("--by: say who decides.")
    return by.strip()


Config = Annotated[
    Path | None, typer.Option("--config", metavar="PATH", help=CONFIG_HELP, callback=_config, show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help=JSON_HELP, callback=_json)]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who decides; kept on record.", envvar="USER", callback=_name)
]


def installation(config: Path | None) -> Connector:
    """The installation that the settings describe: of several sites the one that is named."""
    settings = load_settings(config)
    context = click.get_current_context(silent=True)
    named = context.find_root().params.get("site") if context else None
    return Connector(settings.of(named or settings.site or None))


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what talks to Moodle to its end."""
    return anyio.run(work)
