"""Ready mappings for HR systems, each a folder of data: ``mapping.yaml``, and an example of what the system delivers.

They are made from what the vendors have published, and not tried against them.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

EXAMPLE = "people.xml"


def names() -> list[str]:
    """The systems for which there is a mapping."""
    return sorted(entry.name for entry in files(__name__).iterdir() if (entry / "mapping.yaml").is_file())


def folder(name: str) -> Traversable:
    """The folder of a system. Raises LookupError where there is no mapping for it."""
    if name not in names():
        raise LookupError(f"There is no mapping for {name}; there are {', '.join(names())}.")
    return files(__name__) / name
