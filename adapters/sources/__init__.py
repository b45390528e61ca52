"""Sources: how a feed is read.

To add one: a module here with a frozen dataclass that is a ``Source``, its line in the table, and its tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from adapters.sources.delimited import DelimitedSource
from adapters.sources.json import JsonSource
from adapters.sources.xml import XmlSource
from connector.domain.errors import MappingError
from connector.domain.ports import Source

SOURCES: dict[str, type[DelimitedSource] | type[XmlSource] | type[JsonSource]] = {
    "delimited": DelimitedSource,
    "xml": XmlSource,
    "json": JsonSource,
}
"""Format name, as a mapping writes it, to the class that reads it."""


def open_source(kind: str, path: Path, options: Mapping[str, object]) -> Source:
    """Build the source of ``kind`` for the file at ``path``; ``options`` are its other fields, ``name`` among them.

    Reads nothing yet. Raises MappingError, naming the option, where one is unknown, missing or of the wrong type.
    """
    made = SOURCES.get(kind)
    if made is None:
        raise MappingError(f"source: {kind} is not known. Known are: {', '.join(SOURCES)}.")
    known = [field.name for field in fields(made) if field.name != "path"]
    if unknown := [name for name in options if name not in known]:
        raise MappingError(f"{', '.join(unknown)}: not an option of {kind}. Known are: {', '.join(known)}.")
    try:
        return TypeAdapter[Source](made).validate_python({**options, "path": path})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise MappingError(f"{wrong} (source {kind})") from error
