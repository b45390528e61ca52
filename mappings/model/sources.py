"""How a source's deliveries are read, and when one is not to be trusted."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from mappings.model.words import Code, Strict, Text, known_encoding


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


def _listed(words: tuple[str, ...], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


class Gates(Strict):
    """When a feed as a whole is not to be trusted. Shares are of one: 0.9 is 90 %."""

    min_share: Annotated[float, Field(ge=0, le=1)] = 0.9
    max_duplicate_share: Annotated[float, Field(ge=0, le=1)] = 0.005
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    max_age_hours: Annotated[float, Field(gt=0)] | None = None
    min_rows: Annotated[int, Field(ge=0)] = 1


_ONLY_FOR = {
    ("csv", "tsv"): ("delimiter", "columns", "skip_lines", "trailer"),
    ("xml", "json"): ("record", "fields"),
    ("xml",): ("namespaces",),
    ("json",): ("separator",),
}
"""Options of a source that belong to some formats."""


class SourceSettings(Strict):
    """How the source's deliveries are read.

    ``file``: which files, as a shell pattern. ``encoding``: a Python codec, or ``auto`` for a byte-order mark and else
    UTF-8. ``columns``: names by position, for files without a header row. ``skip_lines``: before the header.
    ``trailer``: a regular expression for the last row with its cells joined by the delimiter; a group ``count`` in it
    has to equal the number of rows. ``record`` and ``fields``: paths, XPaths for XML and JMESPaths for JSON, where
    without ``record`` each line is an object. ``separator``: what stands between several values of JSON.
    ``authoritative``: who stands in it is a person of the company; of several sources some may only say more of people
    whom others name.
    """

    name: Code
    format: Literal["csv", "tsv", "xml", "json", "scim"]
    file: Text = "*"
    encoding: Annotated[str, AfterValidator(known_encoding)] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    columns: tuple[Text, ...] = ()
    skip_lines: Annotated[int, Field(ge=0)] = 0
    trailer: Annotated[str, AfterValidator(_expression)] | None = None
    record: Text | None = None
    fields: dict[Text, Text] = Field(default_factory=dict)
    namespaces: dict[Text, Text] = Field(default_factory=dict)
    separator: Text | None = None
    complete: bool = True
    authoritative: bool = True
    timezone: Text = "UTC"
    gates: Gates = Gates()

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.format == "xml" and self.record is None:
            raise ValueError("format xml needs record: the XPath of one person")
        for formats, names in _ONLY_FOR.items():
            if self.format not in formats and any(getattr(self, name) for name in names):
                raise ValueError(f"{_listed(names, 'and')}: for format {_listed(formats, 'or')} only")
        return self
