"""Public keys of tools, by which the platform verifies what they sign."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any

import httpx

FetchKeys = Callable[[str], Awaitable[Mapping[str, Any]]]
"""Gives the key set at an address."""


@cache
def _trust() -> ssl.SSLContext:
    """To read the certificates that this computer believes takes longer than the request."""
    return ssl.create_default_context()


async def fetch_keys(url: str) -> Mapping[str, Any]:
    async with httpx.AsyncClient(timeout=10, trust_env=False, verify=_trust()) as client:
        found: Mapping[str, Any] = (await client.get(url)).json()
        return found
