"""Jobs of the service: how each stands, and the port to what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.quarantine import Standing, climbs, next_try, standing


class JobOutcome(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """With an error of the tree: its sentence says what to do."""
    BROKEN = "broken"
    """With an error that nobody foresaw."""
    STOPPED = "stopped"
    """The process was told to end; what is left is done by the next start."""
    HELD = "held"
    """It failed, and waits for a person: trying sooner helps nobody. Kept as failed."""
    REFUSED = "refused"
    """What it was given is no good (a feed, the token, a setting): a person mends that, and its times go on. Kept as
    failed."""
    PARTLY = "partly"
    """One of several sources failed, and all else was done: its times go on. Kept as failed."""
    ELSEWHERE = "elsewhere"
    """Another process is at it, or has just done it. Never kept."""
    ASIDE = "aside"
    """It stepped aside for other work: nothing was done, and nothing failed. Kept as stopped."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job's last run went, in whichever process. ``failures`` counts runs since the last good one.

    ``tries`` are those of them that go by the ladder of ``connector.domain.quarantine``. ``failing_since`` is when the
    first of them ended, ``ended_at`` when the last run did.
    """

    name: str
    started_at: datetime
    outcome: JobOutcome
    failures: int = 0
    error: str = ""
    """The type of the last error."""
    succeeded_at: datetime | None = None
    tries: int = 0
    failing_since: datetime | None = None
    ended_at: datetime | None = None

    @property
    def standing(self) -> Standing | None:
        """Where it stands on the ladder; None where it is not failing."""
        return standing(self.tries, self.failing_since, self.ended_at)

    def climbs(self, now: datetime) -> bool:
        """Whether a failure now makes the pauses longer."""
        return not self.tries or self.failing_since is None or climbs(self.tries, self.failing_since, now)

    def next_try(self, now: datetime) -> datetime | None:
        """When it is tried again while it is failing; None: not before a person says so."""
        return next_try(self.tries, self.failing_since or now, self.ended_at or now, now)


class JobStore(Protocol):
    """What is kept of the jobs. Bound to one site; every method raises StorageError and nothing else."""

    def lock(self, name: str) -> AbstractContextManager[bool]:
        """One run of a job at a time: gives False where another process is at it."""
        ...

    def states(self) -> Mapping[str, JobState]: ...

    def begin(self, name: str, now: datetime) -> None: ...

    def end(
        self,
        name: str,
        outcome: JobOutcome,
        error: str,
        now: datetime,
        *,
        try_again: bool = False,
        recovered: bool = False,
    ) -> None:
        """``try_again``: a failure that makes the pauses of the ladder longer; ``recovered``: one that ends them."""
        ...

    def release(self, name: str) -> bool:
        """A person says that this job is to be tried again: its failures are forgotten. False where it had none."""
        ...


class JobObserver(Protocol):
    """Is told of each run: its outcome, how long it took, and what came of it."""

    def ran(self, name: str, outcome: JobOutcome, seconds: float, came: Mapping[str, object]) -> None: ...
