"""Scores on their way to a platform's gradebook: an outbox, so that none is lost and each arrives in its order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from connector.domain.lti import Platform


class ScoreState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"
    """The platform does not take it as things are: sent again by hand, or after enrolments were synchronised."""


class Progress(StrEnum):
    """How far an activity is (LTI AGS 2.0, section 3.4.7.2)."""

    INITIALIZED = "Initialized"
    """Not begun, or reset for this person."""
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"


@dataclass(frozen=True, slots=True)
class Scored:
    """What somebody has in a line item. ``value`` None: nothing to grade yet, or marked by a person later."""

    platform_id: int
    line_item: str
    subject: str
    value: float | None
    most: float
    progress: Progress
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A score in the outbox. ``stamp``: whole seconds, later than that of every score before it of this person and
    line item: Moodle refuses what is not (``scores.php``: 409)."""

    score_id: int
    scored: Scored
    stamp: datetime
    tries: int


class Answer(StrEnum):
    """What came of sending a score."""

    TAKEN = "taken"
    NOT_LATER = "not later"
    """The gradebook has one of the same second or a later one."""
    NOT_NOW = "not now"
    """Nobody answered, or with an error that passes."""
    NOT_ENROLLED = "not enrolled"
    """The person is not in the course, or in no role that is graded: that may be mended by the next sync."""
    REFUSED = "refused"
    """As things are it is not taken: the line item is gone, the tool may not."""


@dataclass(frozen=True, slots=True)
class Lying:
    """Scores that lie in the outbox for the same reason: how many, since when the first of them. "" of ``why``: they
    were not tried yet."""

    issuer: str
    state: ScoreState
    why: str
    scores: int
    since: datetime


class Standing(StrEnum):
    """How a score stands for whose it is."""

    UNDER_WAY = "under way"
    WAITS = "waits"
    """It was tried, and is tried again by itself."""
    ARRIVED = "arrived"
    NOT_ENROLLED = "not enrolled"
    REFUSED = "refused"


def standing(state: ScoreState, tries: int, answer: Answer | None, *, graded: bool) -> Standing | None:
    """How the newest score stands; None where nothing is graded yet. ``answer`` is that of the last time it was
    parked."""
    if not graded:
        return None
    if state is ScoreState.SENT:
        return Standing.ARRIVED
    if state is ScoreState.PARKED:
        return Standing.NOT_ENROLLED if answer is Answer.NOT_ENROLLED else Standing.REFUSED
    return Standing.WAITS if tries else Standing.UNDER_WAY


class ScoreStore(Protocol):
    """Scores of one site. Every method raises StorageError and nothing else."""

    def turn(self) -> AbstractContextManager[bool]:
        """Nobody else sends while the block lasts; gives False where somebody does."""
        ...

    def put(self, scored: Scored, now: datetime) -> Score:
        """Whoever hears the outbox is woken."""
        ...

    def due(self, now: datetime, most: int) -> Sequence[Score]:
        """Those whose turn it is: of each person and line item the first that waits, and no later one."""
        ...

    def next_due(self) -> datetime | None:
        """When the next one has its turn; None where nothing waits."""
        ...

    def sent(self, score_id: int, now: datetime) -> None: ...

    def stamp_again(self, score_id: int, now: datetime) -> None:
        """A later time for a score that was refused for its time."""
        ...

    def again(self, score_id: int, at: datetime, why: str) -> None: ...

    def park(self, score_id: int, answer: Answer, why: str, now: datetime) -> None: ...

    def unpark(self, now: datetime) -> int:
        """Try what was parked once more, whatever for, and wake whoever hears the outbox; gives how many."""
        ...

    def unpark_enrolled(self, now: datetime) -> int:
        """The same after enrolments were synchronised: what was parked for want of one, and not just before (REST)."""
        ...

    def standing(self, platform_id: int, line_item: str, subject: str) -> Standing | None:
        """How the newest score of somebody in a line item stands; None where there is none with a value."""
        ...

    def lying(self) -> Sequence[Lying]:
        """What waits, and what is parked and not overtaken by a later score."""
        ...


class Gradebook(Protocol):
    """Gradebooks of platforms."""

    async def send(self, platform: Platform, score: Score) -> tuple[Answer, str]:
        """Send a score; gives what came of it, and in few words why."""
        ...

    async def result(self, platform: Platform, line_item: str, subject: str) -> float | None:
        """What the gradebook has, as a share of what the line item is worth; None for nothing, and with some for 0.

        Raises TryAgain and AccessRefused.
        """
        ...


FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
REST = timedelta(minutes=30)
"""So long what was parked for want of an enrolment, again, is left alone by syncs: pushes come every few seconds."""
LONG = timedelta(minutes=30)
"""After so long a score should have arrived, whatever passes by itself."""
KEPT = timedelta(days=90)
"""So long a score is kept after it has arrived, and the last of a person and line item for good."""


def next_try(tries: int, now: datetime) -> datetime:
    """When to send again after so many tries: soon, then ever less often."""
    wait: timedelta = FIRST_WAIT * (1 << min(tries, 12))
    return now + min(LONGEST_WAIT, wait)


def is_same(wanted: Scored, share: float | None) -> bool:
    """Whether the gradebook has this score. Of 0 some tell nothing: older Moodles took it for none."""
    if wanted.value is None or share is None:
        return share is None and not wanted.value
    return abs(share - wanted.value / wanted.most) < NO_MORE


NO_MORE = 0.0001
"""Of a whole: gradebooks keep five decimals of their own points."""
