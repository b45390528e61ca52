"""What may be counted of calls to Moodle, and the state that a scrape shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class CallObserver(Protocol):
    """Is told of each request to Moodle: the function, how long it took in seconds, ``ok`` or the error's type."""

    def called(self, function: str, seconds: float, outcome: str) -> None: ...


class Unobserved:
    """Nobody counts."""

    def called(self, function: str, seconds: float, outcome: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Course:
    """How many are enrolled in a course, and how many of them have completed it."""

    name: str
    enrolled: int
    completed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand. ``lags`` are seconds since each fact was read, ``feed_age`` since the last good feed."""

    active_users: int = 0
    lags: Mapping[str, float] = field(default_factory=dict)
    feed_age: float | None = None
    holds: Mapping[str, int] = field(default_factory=dict)
    """Held classes that wait, and how many changes are in each."""
    refused_feeds: int = 0
    cases: Mapping[str, int] = field(default_factory=dict)
    """Open cases by kind."""
    unsent: int = 0
    """Changes of the newest plan that are neither done nor refused, held ones too."""
    succeeded: Mapping[str, float] = field(default_factory=dict)
    """When each job last ended well, in epoch seconds."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Runs of each job since then that failed."""
    quarantined: Mapping[str, int] = field(default_factory=dict)
    """1 for each job that failed so often that it is tried once a day at most."""


class FigureStore(Protocol):
    """Reads figures; cheap enough for every few seconds (``now``) and every minute (``courses``)."""

    def now(self) -> Figures: ...

    def courses(self, limit: int) -> list[Course]:
        """The courses with most people, at most ``limit``."""
        ...
