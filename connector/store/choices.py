"""How a Moodle was found to be best read: kept, because finding out takes Moodle longer than reading what is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.store.database import Database, dumps


class Choices:
    """Bound to one site. ``wanted`` is the setting that the choice was made by."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def kept(self, wanted: str, now: datetime) -> Mapping[str, Any] | None:
        """What was told of the last choice, None where it holds no longer."""
        row = self._database.row("choices.kept", site=self._site, wanted=wanted, now=now)
        told: Mapping[str, Any] | None = row["told"] if row else None
        return told

    def keep(self, wanted: str, told: Mapping[str, Any], now: datetime, until: datetime) -> None:
        """Keep a choice in place of the one before."""
        text = dumps(dict(told)).decode()
        self._database.run("choices.keep", site=self._site, wanted=wanted, told=text, now=now, until=until)

    def forget(self) -> None:
        """The next one who reads looks anew."""
        self._database.run("choices.forget", site=self._site)
