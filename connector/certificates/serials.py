"""Serials that stay behind numbers that were given, as after restoring an old backup: noticed, and raised.

A number is given once. What was issued after a backup is gone with the database that is put back, and its number would
be given to somebody else; files, and reports in a database of their own, still know it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from connector.domain.certificates import CertificateTemplate, number_of, serials_of
from connector.domain.certifying import FileStore, Reported, SerialStore, folder_of


@dataclass(frozen=True, slots=True)
class Behind:
    """A serial, and the highest number that is known elsewhere."""

    template: str
    year: int
    last: int
    known: int
    number: str


@dataclass(frozen=True, slots=True)
class Serials:
    """``files``: None where there is no place for files."""

    store: SerialStore
    reported: Reported
    files: FileStore | None
    templates: Sequence[CertificateTemplate]
    clock: Callable[[], datetime]

    def behind(self) -> list[Behind]:
        """Serials of this year from which a number would be given again. Raises what files and facts do."""
        now = self.clock()
        years = sorted({(now + timedelta(days=days)).year for days in (-1, 1)})  # where it is the new year already
        found = [self._look(template, year) for template in self.templates for year in years]
        return [one for one in found if one.known > one.last]

    def catch_up(self) -> list[Behind]:
        """Let those go on after the highest known number; gives what they were."""
        found = self.behind()
        for one in found:
            self.store.raise_serial(one.template, one.year, one.known)
        return found

    def _look(self, template: CertificateTemplate, year: int) -> Behind:
        pattern = serials_of(template.number, year)
        names = self.files.names(folder_of(template.code, year)) if self.files else ()
        matches = (re.match(pattern, PurePosixPath(name).stem) for name in names)
        filed = max((int(match[1]) for match in matches if match), default=0)
        known = max(filed, self.reported.highest(template.code, pattern))
        last = self.store.last_serial(template.code, year)
        return Behind(template.code, year, last, known, number_of(template.number, year, known))
