"""Ready-made companies, each a folder of data: ``starter`` for ``init``, the samples for ``demo``."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def folder(name: str) -> Traversable:
    """The folder of a company that ships with the product. Raises LookupError where there is none of that name."""
    found = files(__name__) / name
    if not name.isidentifier() or not (found / "mapping.yaml").is_file():
        raise LookupError(f"no company {name} ships with this product; there are {', '.join(names())}")
    return found


def names() -> list[str]:
    """The companies that ship with the product."""
    return sorted(entry.name for entry in files(__name__).iterdir() if (entry / "mapping.yaml").is_file())
