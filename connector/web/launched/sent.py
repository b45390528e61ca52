"""What scripts of our pages send: bounded, and as we have written them to."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic import BaseModel, ValidationError

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble


async def body(request: Request, largest: int) -> bytes:
    """Raises LaunchRefused where it is larger, whatever it says of itself."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > largest:
            raise LaunchRefused("What was sent is too large.", Trouble.MALFORMED)
    return bytes(found)


def understood(model: type[BaseModel], content: bytes) -> Any:
    """A body as a model has it. Raises LaunchRefused."""
    try:
        return model.model_validate_json(content)
    except ValidationError:
        raise LaunchRefused("What was sent is not as our pages send it.", Trouble.MALFORMED) from None
