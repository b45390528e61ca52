"""Every source of the mapping, from where it comes by the settings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from adapters.drops.old_files import PutAway
from connector.bootstrap.people import Admission
from connector.bootstrap.sources import client_of, drop_of, feed_in, gates_of, shared_folder
from connector.domain.errors import SettingsError
from connector.domain.people import Record, Rejection
from connector.domain.ports import Source
from connector.settings.sources import FolderSettings, ScimSettings
from connector.store.embedded import default_data_dir
from connector.sync.arrivals import DirectoryInlet, FileInlet, Inlet
from mappings.company import SourceMapping


class Inlets(Admission):
    """Sources, built."""

    def source(self, path: Path, name: str | None = None) -> Source:
        """The feed in a file, as the mapping says it is to be read. Raises SettingsError for an unknown source."""
        return feed_in(path, self._mapped(name))

    def rows(self, path: Path, name: str | None = None) -> tuple[str, Iterator[Record | Rejection]]:
        """The source that a file is to be tried for, and its rows: users as SCIM has them where people are pushed."""
        mapping = self._mapped(name)
        if mapping.settings.format == "scim":
            from connector.scim.user_files import users_in  # only here: the other commands start sooner

            return mapping.settings.name, users_in(path)
        return mapping.settings.name, feed_in(path, mapping).records()

    def inlets(self) -> tuple[Inlet, ...]:
        """Every source of the mapping, in its order. Raises SettingsError where the settings name another."""
        known = self.mapping.sources
        if unknown := sorted(self.settings.sources.keys() - known.keys()):
            raise SettingsError(f"sources.{unknown[0]}: the mapping has no such source; it has {', '.join(known)}.")
        return tuple(self._inlet(name, mapping) for name, mapping in known.items())

    @property
    def has_pushes(self) -> bool:
        """Whether one of the sources is pushed."""
        return any(isinstance(place, ScimSettings) for place in self.settings.sources.values())

    def _inlet(self, name: str, mapping: SourceMapping) -> Inlet:
        gates, place = gates_of(mapping), self.settings.sources.get(name)
        if isinstance(place, ScimSettings):
            return DirectoryInlet(name, gates, self.scim_sources, client_of(place, name))
        if place is not None:
            return FileInlet(name, gates, partial(feed_in, mapping=mapping), drop_of(place, mapping, self._spools))
        drop = shared_folder(self.settings.drop, mapping) if self.settings.drop.folder else None
        return FileInlet(name, gates, partial(feed_in, mapping=mapping), drop)

    @property
    def put_away(self) -> PutAway:
        """Where HR's files are, on this computer, once they were read or refused."""
        of_sources = [place.folder for place in self.settings.sources.values() if isinstance(place, FolderSettings)]
        folders = [*of_sources, *([self.settings.drop.folder] if self.settings.drop.folder else [])]
        own = (getattr(place, "spool", None) for place in self.settings.sources.values())
        spools = [self._spools, *self._spools.glob("*"), *(spool for spool in own if spool)]
        return PutAway(tuple(each / end for each in (*folders, *spools) for end in ("done", "refused")))

    @property
    def _spools(self) -> Path:
        folder = (self.settings.data_dir or default_data_dir()) / "spool"
        return folder / self.settings.site if self.settings.site else folder

    def _mapped(self, name: str | None) -> SourceMapping:
        known = self.mapping.sources
        if name is None and len(known) > 1:
            raise SettingsError(f"--source: say of which source it is: {', '.join(known)}.")
        if name is not None and name not in known:
            raise SettingsError(f"--source: the mapping knows {', '.join(known)} only.")
        return known[name] if name else next(iter(known.values()))
