"""Routes for machines that bring a token."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request


class ByToken(Enum):
    """Who may call: who brings a token."""

    SCIM = "a SCIM client, by its token"
    API = "who has a token of the API with the scope that is asked for, or the token of a launch: see endpoints"


@dataclass(frozen=True, slots=True)
class Named:
    """The pattern of a route, for the log and the metrics: FastAPI notes that of its own routes only."""

    path: str


def bearer(request: Request) -> str:
    """The token that was sent (RFC 6750), "" where none was."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def sender(request: Request) -> str:
    """The address from which a request comes."""
    return request.client.host if request.client else ""
