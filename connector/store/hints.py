"""Hints of Moodle that something has changed: the last one is kept, and whoever listens is woken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from connector.store.database import Database

CHANNEL = "connector_hint"
"""PostgreSQL notifies it with each hint; the payload is the site."""


@dataclass(frozen=True, slots=True)
class Hint:
    """The last hint: when Moodle sent it and when it came, and how many there have been."""

    sent_at: datetime
    came_at: datetime
    times: int


class Hints:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def note(self, sent_at: datetime, now: datetime) -> None:
        """One has come: all processes that listen hear of it. Raises StorageError."""
        self._database.run("hints.note", site=self._site, sent_at=sent_at, now=now)

    def last(self) -> Hint | None:
        row = self._database.row("hints.last", site=self._site)
        return Hint(**row) if row else None

    def heard(self, ended: Event) -> Iterator[None]:
        """Something once it listens, and then with each hint, until ``ended`` is set. Raises StorageError."""
        return self._database.heard(CHANNEL, ended, self._site)
