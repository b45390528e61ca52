"""Public keys of platforms, fetched from where each publishes them and remembered for a while."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import anyio

from adapters.lti.guarded import Answer, PlatformHttp, json_of
from connector.domain.errors import AccessRefused, Unavailable
from connector.domain.lti import Platform

WHAT = "The platform's keys"
FRESH = 3600.0
"""Seconds for which keys are believed; a key that a platform has withdrawn is believed no longer."""
MOST, WITHIN = 5, 60.0
"""So often in so many seconds is a platform asked for names that are unknown, however many come."""


@dataclass
class _Held:
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fetched_at: float = float("-inf")
    asked_at: deque[float] = field(default_factory=deque)
    lock: anyio.Lock = field(default_factory=anyio.Lock)


class FetchedKeys:
    """The port ``PlatformKeys`` over HTTP."""

    def __init__(self, http: PlatformHttp, clock: Callable[[], float] = monotonic) -> None:
        self._http = http
        self._clock = clock
        self._held: defaultdict[str, _Held] = defaultdict(_Held)

    async def find(self, platform: Platform, kid: str) -> Mapping[str, Any] | None:
        """See the port. A key that was replaced is found at once; who makes names up makes nobody ask for long."""
        held = self._held[platform.keys_url]
        if known := self._known(held, kid):
            return known  # nobody with a good key waits for others whose keys are looked for
        async with held.lock:
            if known := self._known(held, kid):
                return known
            now = self._clock()
            fresh = self._is_fresh(held)
            if not self._may_ask(held, now):
                if fresh:
                    return None
                raise Unavailable("The platform's keys were asked for too often; it is done again in a minute.")
            held.keys, held.fetched_at = await self._fetched(platform.keys_url), now
            return held.keys.get(kid)

    def _is_fresh(self, held: _Held) -> bool:
        return self._clock() < held.fetched_at + FRESH

    def _known(self, held: _Held, kid: str) -> Mapping[str, Any] | None:
        return held.keys.get(kid) if self._is_fresh(held) else None

    def _may_ask(self, held: _Held, now: float) -> bool:
        while held.asked_at and held.asked_at[0] <= now - WITHIN:
            held.asked_at.popleft()
        if len(held.asked_at) >= MOST:
            return False
        held.asked_at.append(now)
        return True

    async def _fetched(self, url: str) -> Mapping[str, Mapping[str, Any]]:
        try:
            return keys_of(await self._http.ask("GET", url, WHAT))
        except AccessRefused as error:  # a person cannot mend it by launching again, but IT can without us
            raise Unavailable(str(error)) from None


def keys_of(answer: Answer) -> Mapping[str, Mapping[str, Any]]:
    """The keys of a key set (RFC 7517) by their names. Raises Unavailable or AccessRefused."""
    told = json_of(answer, WHAT)
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(keys, list):
        raise Unavailable(f"{WHAT}: what is there is no key set.")
    return {str(key["kid"]): key for key in keys if isinstance(key, dict) and key.get("kid")}
