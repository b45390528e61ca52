"""SCIM clients and their tokens, and the port to where they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from connector.domain.errors import SettingsError

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST = timedelta(days=3650)


class TokenState(StrEnum):
    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A token of a client; the token itself is known to nobody but the client."""

    client: str
    token_id: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> TokenState:
        if self.revoked_at is not None:
            return TokenState.REVOKED
        return TokenState.EXPIRED if self.expires_at <= now else TokenState.GOOD


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that somebody came with, as it is kept."""

    token: ClientToken
    client_id: int
    digest: bytes


class ClientTokens(Protocol):
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

    def presented(self, digest: bytes) -> Presented | None: ...

    def used(self, token_id: int, now: datetime) -> None: ...


def client_name(given: str) -> str:
    """A name that a client may have. Raises SettingsError."""
    if not NAME.fullmatch(given):
        raise SettingsError("CLIENT: up to 63 small letters, digits and hyphens between them, such as entra-id.")
    return given


def lifetime(days: float) -> timedelta:
    """How long a token is good. Raises SettingsError."""
    if not 0 < days <= LONGEST.days:
        raise SettingsError(f"--days: more than 0 and at most {LONGEST.days}.")
    return timedelta(days=days)
