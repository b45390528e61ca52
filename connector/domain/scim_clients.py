"""SCIM clients and their tokens, and the port to where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.tokens import KeptToken, PresentedTokens, token_name


@dataclass(frozen=True, slots=True)
class ClientToken(KeptToken):
    """A token of a client."""

    client: str


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that a client came with, as it is kept."""

    token: ClientToken
    client_id: int
    digest: bytes


class ClientTokens(PresentedTokens[Presented], Protocol):
    """Clients and tokens. Every method is one transaction."""

    def all(self) -> list[ClientToken]: ...

    def add(self, client: str, digest: bytes, by: str, now: datetime, expires_at: datetime) -> bool:
        """A new token, and the client where there is none. False, and nothing done, where it has a good token."""
        ...

    def rotate(
        self, client: str, digest: bytes, by: str, now: datetime, expires_at: datetime, old_until: datetime
    ) -> bool:
        """A new token; good ones of before end at ``old_until``. False, and nothing done, where there is no client."""
        ...

    def revoke(self, client: str, token_id: int | None, now: datetime) -> int:
        """End one token, or all, at once; gives how many were not revoked before."""
        ...


def client_name(given: str) -> str:
    """A name that a client may have. Raises SettingsError."""
    return token_name(given, "CLIENT", "entra-id")
