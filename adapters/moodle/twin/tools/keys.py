"""Public keys of tools, by which the platform verifies what they sign."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

FetchKeys = Callable[[str], Awaitable[Mapping[str, Any]]]
"""Gives the key set at an address."""


async def fetch_keys(url: str) -> Mapping[str, Any]:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        found: Mapping[str, Any] = (await client.get(url)).json()
        return found
