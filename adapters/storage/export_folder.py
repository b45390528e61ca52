"""A folder into which exports are written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from connector.domain.errors import StorageError


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A ``Place``. A file is written beside its name, hidden, and gets it at the end: nobody reads half of it."""

    folder: Path

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        file = self.folder / name
        path = file.with_name(f".{file.name}.part")
        with _told(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                yield path
                path.replace(file)
            finally:
                with suppress(OSError):
                    path.unlink()

    def shown(self, name: str) -> str:
        return str(self.folder / name)

    def keep(self, view: str, file: str, months: Collection[str]) -> None:
        wanted = {f"month={month}" for month in months}
        for path in list((self.folder / view).glob(f"month=*/{file}")):
            if path.parent.name not in wanted:
                with _told(path):
                    path.unlink()
                with suppress(OSError):  # something else may lie there
                    path.parent.rmdir()

    def check(self) -> str:
        with self.file("connector-check.txt") as path:
            path.write_text("written by moodle-connector doctor\n")
        (self.folder / "connector-check.txt").unlink()
        return f"folder {self.folder}"


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{file}: cannot be written ({error.strerror or error}).") from error
