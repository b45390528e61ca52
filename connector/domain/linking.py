"""Identities of OAuth 2 providers, linked with accounts, so that the first sign-in asks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Identity = Literal["email", "username", "idnumber"]
"""Which field of an account is the username at the provider."""


@dataclass(frozen=True, slots=True)
class Link:
    """An account and its identity at a service of OAuth 2; ``puts``: to be linked, else no longer."""

    account_id: int
    issuer_id: int
    username: str
    email: str
    puts: bool
