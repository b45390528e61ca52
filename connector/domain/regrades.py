"""Attempts of a course that are marked anew, by versions of now: who asked, when and why, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol
from uuid import UUID

from connector.domain.assessments import Answer
from connector.domain.attempting import Attempt, Newest, Outcome
from connector.domain.contents import Maker
from connector.domain.lti_scores import Scored

LONGEST_REASON = 1000
"""Characters."""
LONG = timedelta(minutes=15)
"""Most regrades are done in seconds: after that some attempt may be one that cannot be marked."""


@dataclass(frozen=True, slots=True)
class Regrade:
    """``asked_by`` is the platform's subject; ``attempts``: how many there were to be marked when it was asked for;
    ``changed``: how many of those that are ``done`` have another result; ``sending``: scores of it wait for the
    gradebook."""

    regrade_id: int
    by: Newest
    platform_id: int
    course: str
    asked_by: str
    reason: str
    asked_at: datetime
    attempts: int
    done: int
    changed: int
    ended_at: datetime | None
    sending: bool = False

    @property
    def all(self) -> int:
        """Attempts that were submitted in the meantime may have come to those that there were."""
        return max(self.attempts, self.done)

    def lasts(self, now: datetime) -> bool:
        """Whether it is under way for so long that no page need wait for its end."""
        return self.ended_at is None and now - self.asked_at > LONG


@dataclass(frozen=True, slots=True)
class Remarked:
    """What all attempts of one person in one activity come to: each that is marked anew, and what the gradebook is to
    have, None where that is not another score."""

    outcomes: Mapping[int, Outcome]
    told: Scored | None


Remarking = Callable[[Sequence[Attempt], Mapping[int, Mapping[str, Answer]]], Remarked]
"""From the attempts of one person in one activity, and what was answered in each."""


class Regrades(Protocol):
    """Regrades of one site."""

    def banks(self, content_id: UUID, platform_id: int, course: str) -> Sequence[str]:
        """Those from which attempts of a course were drawn, by their ids."""
        ...

    def old(self, by: Newest, platform_id: int, course: str) -> int:
        """How many attempts of a course are marked by earlier versions. Of who was erased nothing is left to mark."""
        ...

    def ask(self, by: Newest, maker: Maker, reason: str, now: datetime) -> bool:
        """Keep what somebody asks for, and wake who does it; False, and nothing done, while that is under way there
        by the same versions. One by others ends, and what it has left is marked by these.

        What is submitted from now on is marked by these versions, and results that are being found in this moment are
        waited for. The versions are used from now on.
        """
        ...

    def of_course(self, content_id: UUID, platform_id: int, course: str) -> Sequence[Regrade]:
        """The newest first, and not all."""
        ...

    def under_way(self) -> Sequence[Regrade]:
        """The oldest first."""
        ...

    def left(self, regrade: Regrade, behind: int, most: int) -> Sequence[Attempt]:
        """Attempts that are to be marked anew and are not yet: the first of them with ids higher than ``behind``."""
        ...

    def remark(self, regrade: Regrade, attempt: Attempt, find: Remarking, now: datetime) -> int:
        """Mark all that the person of an attempt has submitted in this activity, count it, and send the score, all of
        it or nothing; gives how many were marked. Nobody else finds results of these meanwhile."""
        ...

    def end(self, regrade: Regrade, now: datetime) -> None: ...

    def heard(self, ended: Event) -> Iterator[None]:
        """Something once it listens, and then whenever one is asked for, until ``ended`` is set."""
        ...
