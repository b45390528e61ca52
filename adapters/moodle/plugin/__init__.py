"""Our plugin for Moodle, ``local_connector``: the folder ``connector`` is put under Moodle's ``local``."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

FOLDER = "connector"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of each file in a zip, so that the same plugin is the same bytes."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A zip as Moodle's page "Install plugins" takes it."""

    name: str
    content: bytes


def version() -> int:
    """The plugin's own number, as Moodle tells it."""
    return int(_said("version"))


def packed() -> Plugin:
    """The plugin of this version; the same bytes each time."""
    folder = files(__package__) / FOLDER
    release = _said("release")
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, file in _files(folder, FOLDER):
            about = ZipInfo(name, EARLIEST)
            about.external_attr = 0o644 << 16
            about.create_system = 3  # Unix, wherever it is packed
            archive.writestr(about, file.read_bytes(), ZIP_DEFLATED)
    return Plugin(f"local_connector-{release}.zip", buffer.getvalue())


def _said(what: str) -> str:
    """What the plugin's version.php says of itself."""
    text = (files(__package__) / FOLDER / "version.php").read_text("utf-8")
    (said,) = re.findall(rf"\$plugin->{what} = '?(.+?)'?;", text)
    return str(said)


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from _files(one, f"{path}/{one.name}")
        else:
            yield f"{path}/{one.name}", one
