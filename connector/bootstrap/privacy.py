"""What is held of people: erasing them, writing it out for them, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping

from connector.bootstrap.certifying import Certifying
from connector.bootstrap.inlets import Inlets
from connector.bootstrap.videos import Videos
from connector.privacy.erasing import Erasing
from connector.privacy.exporting import Exporting
from connector.privacy.retaining import OldFiles, Retaining
from connector.store.erased_facts import ErasableFactTables
from connector.store.retention import Retention
from connector.store.subject import SubjectTables


class Privacy(Certifying, Videos, Inlets):
    """What people may ask for."""

    @property
    def erasing(self) -> Erasing:
        """How somebody is erased."""
        facts, known = ErasableFactTables(self.reporting), self.erasures
        return Erasing(
            known, facts, self.file_store, self.content_files, self.site, known.erased, known.marker, self.clock
        )

    @property
    def exporting(self) -> Exporting:
        """How all that is held of a person is written out."""
        tables = SubjectTables(self.database, self.reporting, self.site, self.scim_clients, self.settings.moodle.url)
        return Exporting(tables, self.erasures.identity, self.erasures.told, self.site, self.clock)

    @property
    def kept_days(self) -> Mapping[str, int | None]:
        """How long things are kept, by the settings under ``retention``: what has a number though none was given is
        of launched content, and counts where some is. What there is not here stays."""
        retention, launches = self.settings.retention, bool(self.settings.lti.url)
        days = {name: value if launches or name in retention.model_fields_set else None for name, value in retention}
        places = {"videos_days": self.has_videos, "pictures_days": self.content_files is not None}
        return {name: value if places.get(name, True) else None for name, value in days.items()}

    @property
    def retaining(self) -> Retaining:
        """How what is old enough goes."""
        days = self.kept_days
        store = Retention(self.database, self.site, self.scim_clients)
        files: dict[str, OldFiles] = {"files_days": self.put_away}
        if self.has_videos:
            files["videos_days"] = self.cleaning
        if picturing := self.picturing:
            files["pictures_days"] = picturing
        return Retaining(days, store, files, self.file_store, self.erasing, self.clock)
