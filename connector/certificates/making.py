"""Making the files of certificates: set as a page, put where files lie, and noted with their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.domain.certifying import Certificate, CertificateStore, FileState, FileStore, file_name
from connector.domain.errors import SetAside, SettingsError, Stopped

BATCH = 50


@dataclass(frozen=True, slots=True)
class Making:
    """``render`` gives a PDF, the same bytes for the same certificate, or raises SetAside where there can be none.

    Nothing is claimed: two processes that make one at the same moment write the same file.
    """

    store: CertificateStore
    files: FileStore
    render: Callable[[Certificate], bytes]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False

    def all(self) -> Mapping[str, int]:
        """Make every file that waits; gives how many were made, and how many cannot be. Raises what ``files`` does."""
        came = dict.fromkeys((FileState.MADE, FileState.REFUSED), 0)
        while waiting := self.store.unmade(BATCH):
            for one in waiting:
                if self.stopping():
                    raise Stopped("Told to stop; the other files are made by the next run.")
                came[self._make(one)] += 1
        return {"made": came[FileState.MADE], "refused": came[FileState.REFUSED]}

    def one(self, certificate: Certificate) -> Certificate:
        """Make the file of this one; gives it as it is then, made or not. Raises what ``files`` does."""
        self._make(certificate)
        return self.store.find(certificate.number) or certificate

    def again(self, number: str) -> Certificate:
        """Make the file of this certificate anew, whatever became of it. Raises SettingsError where it cannot be."""
        if (known := self.store.find(number)) is not None and not known.name:
            raise SettingsError(f"{number}: its name has gone, by erasing or retention; it has no file any more.")
        if not self.store.renew(number, self.clock()) or (one := self.store.find(number)) is None:
            raise SettingsError(f"There is no number {number}. `moodle-connector certificate list` shows them.")
        found = self.one(one)
        if found.file is not FileState.MADE:
            raise SettingsError(f"{number}: {found.file_message or 'it is gone.'}")
        return found

    def _make(self, one: Certificate) -> FileState:
        try:
            content = self.render(one)
        except SetAside as error:
            self.store.refuse(one.certificate_id, str(error)[:200], self.clock())
            return FileState.REFUSED
        self.files.put(file_name(one), content)
        if not self.store.made(one.certificate_id, hashlib.sha256(content).hexdigest(), self.clock()):
            self.files.delete(file_name(one))  # somebody was erased meanwhile, and would be named again
            return FileState.REFUSED
        return FileState.MADE
