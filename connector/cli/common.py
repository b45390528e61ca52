"""Options that many commands share, and how a command gets its installation."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import anyio
import typer

from connector.bootstrap import Connector
from connector.settings import load_settings

T = TypeVar("T")

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file. Default: CONNECTOR_CONFIG, or config/connector.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
By = Annotated[str, typer.Option("--by", help="Who decides; written into the record.", envvar="USER")]


def installation(config: Path | None) -> Connector:
    """The installation that the settings describe."""
    return Connector(load_settings(config))


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what talks to Moodle to its end."""
    return anyio.run(work)
