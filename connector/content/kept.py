"""The JSON of a version of content as values, or what is to be said where it is none of this version's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connector.domain.errors import Unreadable


def read(adapter: TypeAdapter[Any], body: Mapping[str, Any]) -> Any:
    """Raises Unreadable, which is a fault of whoever wrote the body: pages write none that is wrong."""
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()})[:3])
        raise Unreadable(f"The body of content is not as it was written; wrong are: {wrong or 'all of it'}.") from None
