"""Names, codes and texts that all files use; unknown names are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[a-z0-9]+)*$", max_length=30)]
ShortName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=255)]
OverlapDays = Annotated[int, Field(ge=0, le=3650)]
"""Days that something is kept after no rule gives it any more."""
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Transform = str | dict[str, object]
"""A transform without options by its name, or ``{name: options}``."""


def known_encoding(value: str) -> str:
    """Refuse what is neither ``auto`` nor a codec."""
    if value != "auto":
        try:
            b"a".decode(value, errors="replace")
        except LookupError:
            raise ValueError("must be auto or an encoding such as utf-8, utf-16, big5, cp950 or cp1252") from None
    return value


class Strict(BaseModel):
    """Nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
