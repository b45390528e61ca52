"""Who is in a course, as its platform says (LTI NRPS 2.0)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector.domain.lti import TEACHING, Platform
from connector.lti.claims import roles_of

GOOD_FOR = timedelta(minutes=1)
"""So long a roster is used again: a page that is filtered and sorted asks for it each time."""


@dataclass(frozen=True, slots=True)
class Member:
    subject: str
    name: str
    teaches: bool


def teaching(members: Sequence[Member]) -> set[str]:
    """Who teaches, and may have looked at content in the role of a learner: what they do counts in no figure."""
    return {one.subject for one in members if one.teaches}


class Members(Protocol):
    def members(self, platform: Platform, url: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Page by page. Raises TryAgain and AccessRefused."""
        ...


class Rosters:
    """Rosters of all platforms, each used again for a while."""

    def __init__(self, services: Members, clock: Callable[[], datetime]) -> None:
        self._services = services
        self._clock = clock
        self._known: dict[tuple[int, str], tuple[datetime, Sequence[Member]]] = {}

    async def of(self, platform: Platform, url: str) -> Sequence[Member]:
        """Who is active in the course of this address. Raises TryAgain and AccessRefused."""
        key, now = (platform.platform_id, url), self._clock()
        self._known = {one: (until, who) for one, (until, who) in self._known.items() if until > now}
        if key not in self._known:
            pages = [page async for page in self._services.members(platform, url)]
            who = [_member(one) for page in pages for one in page if "user_id" in one and _is_active(one)]
            self._known[key] = (now + GOOD_FOR, who)
        return self._known[key][1]


def _is_active(told: Mapping[str, Any]) -> bool:
    return str(told.get("status") or "Active") == "Active"


def _member(told: Mapping[str, Any]) -> Member:
    roles = roles_of(str(one) for one in told.get("roles") or ())
    return Member(str(told["user_id"]), str(told.get("name") or ""), bool(roles & TEACHING))
