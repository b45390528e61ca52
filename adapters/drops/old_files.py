"""Files that were read or refused long ago, in folders of this computer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connector.domain.errors import SettingsError


@dataclass(frozen=True, slots=True)
class PutAway:
    """``folders``: those in which files were put away, ``done`` and ``refused``. One that is not there has none."""

    folders: tuple[Path, ...]

    def count(self, before: datetime) -> int:
        """How many were put away before."""
        return sum(1 for _ in self._old(before))

    def remove(self, before: datetime) -> int:
        """Remove them, with the reasons beside them. Raises SettingsError where that is not allowed."""
        removed = 0
        for path in list(self._old(before)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise SettingsError(
                    f"retention.files_days: {path} cannot be removed ({error.strerror}); let this service write there."
                ) from error
            removed += 1
        return removed

    def _old(self, before: datetime) -> Iterator[Path]:
        """By the change of the inode, which is when they were moved here: HR may give a file any time."""
        for folder in self.folders:
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.is_file() and not path.is_symlink() and path.stat().st_ctime < before.timestamp():
                    yield path
