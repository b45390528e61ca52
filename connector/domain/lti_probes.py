"""What can be asked of a platform to see whether launches and scores will work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.lti import Platform, Scope


@dataclass(frozen=True, slots=True)
class Shown:
    """How many keys a platform publishes that can be used, and its clock, where it tells the time."""

    keys: int
    clock: datetime | None


class PlatformProbe(Protocol):
    """Both raise what the platform's answers do: Unavailable, AccessRefused, SettingsError."""

    async def shown(self, platform: Platform) -> Shown: ...

    async def passes_header(self, platform: Platform) -> bool | None:
        """Whether an access token that was given for members is taken there; None where the platform is no Moodle."""
        ...

    async def refusal(self, platform: Platform, scope: Scope) -> str:
        """Why no access token can be had, in a word of RFC 6749 or what was answered; "" where one can be had."""
        ...
