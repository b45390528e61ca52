"""Options that many commands share, and how a command gets its installation."""

from __future__ import annotations

import gc
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import anyio
import typer

from connector.bootstrap import Connector
from connector.domain.errors import SettingsError
from connector.settings.reading import load_settings

T = TypeVar("T")

CONFIG_HELP = "Settings file. Default: CONNECTOR_CONFIG, or config/connector.toml."
SITE_HELP = "Which Moodle, where the settings have several sites. Default: CONNECTOR_SITE."
JSON_HELP = "Print one JSON document."


@dataclass(frozen=True, slots=True)
class Where:
    """Which installation a command is about: its settings file, and of several sites which; None is the default."""

    config: Path | None
    site: str | None = None


def _config(context: typer.Context, after: Where | None) -> Where:
    """The file after the command, or the one before it, with the site that is named there."""
    before = context.find_root().params
    config = before.get("config")
    return Where(after.config if after else Path(config) if config else None, before.get("site"))


def _file(text: str) -> Where:
    return Where(Path(text))


def _json(context: typer.Context, after: bool) -> bool:
    return after or bool(context.find_root().params.get("json"))


def _name(by: str) -> str:
    """Who decides must be told: an empty name in the record says nothing."""
    if not by.strip():
        raise SettingsError("--by: say who decides.")
    return by.strip()


Config = Annotated[
    Where | None,
    typer.Option("--config", metavar="PATH", help=CONFIG_HELP, parser=_file, callback=_config, show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help=JSON_HELP, callback=_json)]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who decides; kept on record.", envvar="USER", callback=_name)
]


def installation(where: Where | None) -> Connector:
    """The installation that the settings describe: of several sites the one that is named."""
    where = where or Where(None)
    settings = load_settings(where.config)
    return Connector(settings.of(where.site or settings.site or None))


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what talks to Moodle to its end.

    What was imported stays: that the collector need not look at it each time is half of the work of reading many rows.
    """
    gc.freeze()
    return anyio.run(work)
