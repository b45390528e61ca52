"""Tokens that machines bring: each is shown once and known here by its digest, and good for a while."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from connector.domain.errors import SettingsError

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST = timedelta(days=3650)


class TokenState(StrEnum):
    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A token as it is kept; the token itself is known to nobody but its holder."""

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


class PresentedToken(Protocol):
    """A token that somebody came with, as it is kept."""

    @property
    def token(self) -> KeptToken: ...

    @property
    def digest(self) -> bytes: ...


P = TypeVar("P", bound=PresentedToken)
P_co = TypeVar("P_co", bound=PresentedToken, covariant=True)


class PresentedTokens(Protocol[P_co]):
    """Where tokens are looked up, by whoever answers those that bring them."""

    def presented(self, digest: bytes) -> P_co | None: ...

    def used(self, token_id: int, now: datetime) -> None: ...


def token_name(given: str, what: str, example: str) -> str:
    """A name that a holder of tokens may have. Raises SettingsError."""
    if not NAME.fullmatch(given):
        raise SettingsError(f"{what}: up to 63 small letters, digits and hyphens between them, such as {example}.")
    return given


def lifetime(days: float) -> timedelta:
    """How long a token is good. Raises SettingsError."""
    if not 0 < days <= LONGEST.days:
        raise SettingsError(f"--days: more than 0 and at most {LONGEST.days}.")
    return timedelta(days=days)
