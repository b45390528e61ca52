"""Folders in which files lie: names that stay inside, and errors of the system in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.domain.errors import SettingsError, Unavailable


def inside(folder: Path, name: str, setting: str) -> Path:
    """Where a file of this name lies. ``setting`` names the folder. Raises SettingsError where it is outside of it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise SettingsError(f"{setting}: a file would lie outside of it.")
    return path


@contextmanager
def told(setting: str) -> Iterator[None]:
    """Translates errors of the system: what a person must mend, and what may pass, such as a full disk."""
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        raise SettingsError(f"{setting}: cannot be written to ({error.strerror}).") from error
    except OSError as error:
        raise Unavailable(f"{setting}: {error.strerror or type(error).__name__}; tried again later.") from error
