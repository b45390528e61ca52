"""What every part of the composition root begins with: settings, clock, databases, the site and its mapping."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Self
from urllib.parse import urlsplit

from connector.databases import Databases
from connector.domain.errors import SettingsError
from connector.domain.observing import CallObserver
from connector.settings.sources import ScimSettings
from connector.settings.whole import Settings
from connector.store.database import Database
from connector.store.erasures import Erasures
from connector.sync.apply import Pace
from mappings.company import CompanyMapping
from mappings.loader import load

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Installation:
    """One site of an installation; a context manager. Parts are built when first asked for."""

    settings: Settings
    clock: Clock = utc_now
    pace: Pace | None = None
    observer: CallObserver | None = None

    def __post_init__(self) -> None:
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    @cached_property
    def databases(self) -> Databases:
        return self._exits.enter_context(Databases(self.settings))

    @property
    def database(self) -> Database:
        """The tables of the way in."""
        return self.databases.connector

    @property
    def reporting(self) -> Database:
        """Facts and views."""
        return self.databases.reporting

    @cached_property
    def erasures(self) -> Erasures:
        """Who was erased, and by what they are known again."""
        moodle = self.settings.moodle.url
        return Erasures(self.database, self.site, self.scim_clients, self.settings.privacy_secret, moodle)

    @property
    def scim_clients(self) -> list[str]:
        """Identity systems that push to this site."""
        sources = self.settings.sources.items()
        return [place.client or name for name, place in sources if isinstance(place, ScimSettings)]

    @property
    def site(self) -> str:
        """The name under which everything about this Moodle is kept: the given one, or its address without scheme."""
        if self.settings.site:
            return self.settings.site
        if not self.settings.moodle.url:
            raise SettingsError("moodle.url: there is no Moodle yet. Set CONNECTOR_MOODLE__URL to its address.")
        parts = urlsplit(self.settings.moodle.url)
        return parts.netloc.lower() + parts.path.rstrip("/")

    @cached_property
    def mapping(self) -> CompanyMapping:
        """The company's mapping. Raises MappingError with a line for each mistake."""
        if self.settings.mapping is None:
            raise SettingsError("mapping: name the folder with mapping.yaml; `moodle-connector init` makes one.")
        return load(self.settings.mapping)
