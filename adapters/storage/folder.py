"""A folder in which files lie that people must not see: certificates, and what was handed in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from adapters.storage.within import inside, told

TRIAL = "connector-check.txt"
"""What ``check`` writes."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A ``FileStore``. Files are closed to others, as they name people. ``setting`` names the folder in messages."""

    folder: Path
    setting: str = "certificates.folder"

    def put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        with told(self.setting):
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
                written = Path(file.name)
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    written.replace(path)
                except BaseException:
                    written.unlink(missing_ok=True)
                    raise

    def get(self, name: str) -> bytes | None:
        with told(self.setting):
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        path = self._path(name)
        with told(self.setting):
            path.unlink(missing_ok=True)
            for part in path.parent.glob(".*.part"):  # of a process that was killed; it may be of this one
                if part.stat().st_mtime < time.time() - HOUR:
                    part.unlink(missing_ok=True)

    def names(self, folder: str) -> Iterator[str]:
        root = self.folder.resolve()
        with told(self.setting):
            for path in self._path(folder).rglob("*"):
                if path.is_file() and not path.name.startswith("."):
                    yield path.relative_to(root).as_posix()

    def check(self) -> str:
        self.put(TRIAL, b"written by moodle-connector doctor\n")
        self.delete(TRIAL)
        return f"folder {self.folder}"

    def _path(self, name: str) -> Path:
        return inside(self.folder, name, self.setting)
