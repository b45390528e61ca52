"""What is held of people: erasing them, writing it out for them, and how long it is kept."""

from __future__ import annotations

from connector.bootstrap.certifying import Certifying
from connector.bootstrap.inlets import Inlets
from connector.privacy.erasing import Erasing
from connector.privacy.exporting import Exporting
from connector.privacy.retaining import Retaining
from connector.store.erased_facts import ErasableFactTables
from connector.store.retention import Retention
from connector.store.subject import SubjectTables


class Privacy(Certifying, Inlets):
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
        tables = SubjectTables(self.database, self.reporting, self.site, self.scim_clients)
        return Exporting(tables, self.erasures.identity, self.erasures.told, self.site, self.clock)

    @property
    def retaining(self) -> Retaining:
        """How what is old enough goes."""
        days = self.settings.retention.model_dump()
        store = Retention(self.database, self.site, self.scim_clients)
        return Retaining(days, store, self.put_away, self.file_store, self.erasing, self.clock)
