"""Tokens of the API: what each may ask for, and of whom; and the port to where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.tokens import KeptToken, PresentedTokens


class Scope(StrEnum):
    """What a token may ask for."""

    COURSES = "courses:read"
    """The catalogue of courses."""
    ANALYTICS = "analytics:read"
    """Sums: how far people are, by unit, requirement and course."""
    CERTIFICATES = "certificates:read"
    """Certificates and badges that were issued, without names."""
    PROGRESS = "progress:read"
    """How far single people are, without names."""
    PEOPLE = "people:read"
    """Whose they are, where an answer tells of single people."""


@dataclass(frozen=True, slots=True)
class ApiToken(KeptToken):
    """``unit``: the token sees that one and all below it; "" is everybody."""

    name: str
    scopes: tuple[Scope, ...]
    unit: str

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class PresentedApiToken:
    """A token that somebody came with, as it is kept."""

    token: ApiToken
    digest: bytes


class ApiTokens(PresentedTokens[PresentedApiToken], Protocol):
    """Tokens of one site. Every method is one transaction."""

    def all(self) -> list[ApiToken]: ...

    def add(self, name: str, digest: bytes, scopes: Sequence[Scope], unit: str, by: str, now: datetime,
            expires_at: datetime) -> bool:  # fmt: skip
        """A new token. False, and nothing done, where a good one has this name."""
        ...

    def revoke(self, name: str, now: datetime) -> int:
        """End what has this name, at once; gives how many were not revoked before."""
        ...
