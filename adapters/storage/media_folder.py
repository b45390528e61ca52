"""A folder in which videos lie."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from adapters.storage.within import inside, told
from connector.domain.videos import PART, TRIAL

SETTING = "video.folder"
PIECE = 256 * 1024
"""Bytes that are read at once."""


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """A ``MediaStore``. Parts are written to their place in one hidden file, which gets its name at the end."""

    folder: Path

    def begin(self, name: str) -> str:
        part = self._part(name)
        with told(SETTING):
            part.parent.mkdir(parents=True, exist_ok=True)
            part.touch()
        return part.name

    def add(self, name: str, upload: str, number: int, content: bytes) -> str:
        with told(SETTING):
            file = os.open(self._upload(name, upload), os.O_WRONLY)
            try:
                os.pwrite(file, content, (number - 1) * PART)
                os.fsync(file)
            finally:
                os.close(file)
        return str(number)

    def complete(self, name: str, upload: str, tags: Mapping[int, str]) -> None:  # noqa: ARG002 - all lie in one file
        with told(SETTING):
            self._upload(name, upload).replace(self._path(name))

    def abandon(self, name: str, upload: str) -> None:
        part = self._upload(name, upload)
        with told(SETTING):
            part.unlink(missing_ok=True)
            with suppress(OSError):
                part.parent.rmdir()

    def size(self, name: str) -> int | None:
        with told(SETTING):
            try:
                return self._path(name).stat().st_size
            except FileNotFoundError:
                return None

    def read(self, name: str, first: int, last: int) -> Iterator[bytes]:
        left = last - first + 1
        with told(SETTING), self._path(name).open("rb") as file:
            file.seek(first)
            while left > 0 and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        yield self._path(name)

    def take(self, name: str, path: Path) -> None:
        file = self._path(name)
        part = self._part(name)
        with told(SETTING):
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, part)
            part.replace(file)

    def delete(self, name: str) -> None:
        with told(SETTING):
            self._path(name).unlink(missing_ok=True)

    def delete_folder(self, name: str) -> None:
        with told(SETTING), suppress(FileNotFoundError):
            shutil.rmtree(self._path(name))

    def check(self) -> str:
        self.abandon(TRIAL, self.begin(TRIAL))
        return f"folder {self.folder}"

    def _upload(self, name: str, upload: str) -> Path:
        return self._path(str(PurePosixPath(name).with_name(upload)))

    def _part(self, name: str) -> Path:
        path = self._path(name)
        return path.with_name(f".{path.name}.part")

    def _path(self, name: str) -> Path:
        return inside(self.folder, name, SETTING)
