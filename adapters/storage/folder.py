"""A folder in which files of certificates lie."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from connector.domain.errors import SettingsError, Unavailable

TRIAL = "connector-check.txt"
"""What ``check`` writes."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A ``FileStore``. Files are closed to others, as they name people."""

    folder: Path

    def put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        with _told():
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
        with _told():
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        path = self._path(name)
        with _told():
            path.unlink(missing_ok=True)
            for part in path.parent.glob(".*.part"):  # of a process that was killed; it may be of this one
                if part.stat().st_mtime < time.time() - HOUR:
                    part.unlink(missing_ok=True)

    def names(self, folder: str) -> Iterator[str]:
        root = self.folder.resolve()
        with _told():
            for path in self._path(folder).rglob("*"):
                if path.is_file() and not path.name.startswith("."):
                    yield path.relative_to(root).as_posix()

    def check(self) -> str:
        self.put(TRIAL, b"written by moodle-connector doctor\n")
        self.delete(TRIAL)
        return f"folder {self.folder}"

    def _path(self, name: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise SettingsError("certificates.folder: a file would lie outside of it.")
        return path


@contextmanager
def _told() -> Iterator[None]:
    """Translates errors of the system: what a person must mend, and what may pass, such as a full disk."""
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        raise SettingsError(f"certificates.folder: cannot be written to ({error.strerror}).") from error
    except OSError as error:
        raise Unavailable(
            f"certificates.folder: {error.strerror or type(error).__name__}; tried again later."
        ) from error
