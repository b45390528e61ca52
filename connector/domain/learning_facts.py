"""What happens in launched content, from the events that tell it to the facts: values and ports. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Protocol
from uuid import UUID

from connector.domain.assessments import Answer

Texts = Mapping[str, str]
"""A text by language."""


@dataclass(frozen=True, slots=True)
class Place:
    """In which activity of which Moodle: ``platform`` is its address, ``course`` and ``link`` are its own ids."""

    platform: str
    course: str
    link: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event that waits to become a fact; see ``connector.domain.learning_events.Event``."""

    event_id: int
    at: datetime
    verb: str
    place: Place
    person_id: int | None
    content: str
    attempt_id: int | None
    object: str
    result: Mapping[str, Any]

    def number(self, name: str) -> float | None:
        """A number of the result; None for anything else."""
        found = self.result.get(name)
        if isinstance(found, bool) or not isinstance(found, int | float):
            return None
        return float(found) if isfinite(found) else None


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt as it stands. ``series`` is the first attempt of the same person in the same activity; ``paper`` are
    its questions in their order, of ``version`` and ``banks``; they are marked by ``marked_version`` and
    ``marked_banks``. ``discarded_at``: it counts nowhere since."""

    attempt_id: int
    series: int
    number: int
    place: Place
    person_id: int | None
    content_id: UUID
    version: int
    banks: Mapping[str, int]
    marked_version: int
    marked_banks: Mapping[str, int]
    paper: Sequence[str]
    started_at: datetime
    submitted_at: datetime | None
    percent: float | None
    passed: bool | None
    answers: Mapping[str, Answer]
    answered_at: Mapping[str, datetime]
    discarded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What a question of an attempt gave: ``share`` from 0 to 1, None while that is not known."""

    attempt_id: int
    question_id: str
    place: int
    answered_at: datetime | None
    share: float | None
    confidence: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Named:
    """Content with its title, as it is now."""

    content: str
    kind: str
    title: Texts
    version: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that an assessment asks."""

    content: str
    question_id: str
    kind: str
    question: Texts
    weight: float


class Waiting(Protocol):
    """Events of one site that wait to become facts. Every method raises StorageError and nothing else."""

    def next(self, most: int, without: Collection[int] = ()) -> Sequence[Told]:
        """Those that have waited longest, ``without`` those of some attempts. One that was told earlier and committed
        later is among the next ones."""
        ...

    def tried(self, attempt_ids: Sequence[int]) -> Sequence[Tried]:
        """These attempts as they stand; one that is not there is left out."""
        ...

    def named(self, contents: Sequence[str]) -> Sequence[Named]:
        """Of these those that somebody made."""
        ...

    def carried(self, told: Sequence[Told]) -> None:
        """They are facts, and do not wait any more."""
        ...


class LearningFacts(Protocol):
    """Where they become facts. Every method is one transaction, and changes nothing when it is called once more."""

    def keep(
        self,
        told: Sequence[Told],
        tried: Sequence[Tried],
        responses: Sequence[Response],
        named: Sequence[Named],
        asked: Sequence[Asked],
        now: datetime,
    ) -> None: ...

    def reached(self, at: datetime) -> None:
        """All that was told until then is among the facts."""
        ...


def own_course(place: Place, moodle: str) -> int | None:
    """The course's id where the platform is our own Moodle, at the address ``moodle``: others number theirs alike."""
    is_own = place.platform.rstrip("/") == moodle.rstrip("/")
    return int(place.course) if is_own and place.course.isascii() and place.course.isdecimal() else None
