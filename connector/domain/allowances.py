"""What one person is allowed in an activity beyond what all are, and the port to where that is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from connector.domain.learning_events import Actor


@dataclass(frozen=True, slots=True)
class Allowed:
    """More ``attempts`` than all have, and more ``minutes`` for each."""

    attempts: int = 0
    minutes: int = 0

    def attempts_of(self, usual: int | None) -> int | None:
        return None if usual is None else usual + self.attempts

    def minutes_of(self, usual: int | None) -> int | None:
        return None if usual is None else usual + self.minutes


NOTHING = Allowed()
"""What is usual."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody is allowed from now on. None: as before."""

    attempts: int | None = None
    minutes: int | None = None


class Allowances(Protocol):
    def of(self, content_id: UUID, actor: Actor) -> Allowed:
        """What somebody is allowed in an activity."""
        ...

    def of_activities(
        self, content_id: UUID, platform_id: int, links: Collection[str]
    ) -> Mapping[tuple[str, str], Allowed]:
        """By link and subject, of those who are allowed more than all are."""
        ...

    def give(self, content_id: UUID, actor: Actor, given: Given, by: str, now: datetime) -> None:
        """From now on; an attempt that is open goes on for so long, too, and its page is told."""
        ...
