"""One run of a job: by one process at a time, written down, told to the log and to whoever observes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import uuid4

import structlog
from structlog.contextvars import bound_contextvars

from connector.domain.errors import (
    AccessRefused,
    Busy,
    ConnectorError,
    FeedRefused,
    HoldClass,
    MappingError,
    SettingsError,
    Stopped,
)
from connector.domain.jobs import JobObserver, JobOutcome, JobStore
from jobs.times import Every, Times

log = structlog.get_logger("jobs")

Came = Mapping[str, object]
"""What came of a run: names and figures for the log, and nothing of a person.

``failed`` is the type of what went wrong with one of several sources, where all else was done; ``message`` says it.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` at ``times`` (None: only when somebody asks); the jobs in ``then`` are wanted after each run.

    ``ladder``: while it fails it is tried as ``connector.domain.quarantine`` says, and its times pause. So is one that
    only runs when somebody asks: the wish is not forgotten. ``rest``: so long after a run what comes is gathered, and
    done at one go.
    """

    run: Callable[[], Came]
    times: Times | None = None
    then: tuple[str, ...] = ()
    ladder: bool = False
    rest: timedelta = timedelta(0)

    @property
    def at_start(self) -> bool:
        """An interval begins at once, a time of the day is waited for."""
        return isinstance(self.times, Every)


KEPT = {
    JobOutcome.ASIDE: JobOutcome.STOPPED,
    JobOutcome.HELD: JobOutcome.FAILED,
    JobOutcome.REFUSED: JobOutcome.FAILED,
    JobOutcome.PARTLY: JobOutcome.FAILED,
}
"""What is written down of outcomes that matter to the schedule only."""


@dataclass(frozen=True, slots=True)
class Running:
    """Runs jobs. Nothing that a job does or meets ends the service: it is tried again the next time."""

    store: JobStore
    clock: Callable[[], datetime]
    observer: JobObserver

    def run(self, name: str, job: Job, *, asked: bool = False) -> JobOutcome:
        """Run a job that is due, or that somebody ``asked`` for; gives what became of it."""
        with bound_contextvars(job=name, run=uuid4().hex[:12]):
            begun = monotonic()
            try:
                outcome, came = self._alone(name, job, asked)
            except Exception as error:  # what came of it could not be written down
                outcome, came = told(error), {}
            if outcome is not JobOutcome.ELSEWHERE:
                self.observer.ran(name, outcome, monotonic() - begun, came)
            return outcome

    def _alone(self, name: str, job: Job, asked: bool) -> tuple[JobOutcome, Came]:
        with self.store.lock(name) as free:
            if not free or not (asked or self._is_due(name, job)):
                log.debug("elsewhere")
                return JobOutcome.ELSEWHERE, {}
            last = self.store.states().get(name)
            self.store.begin(name, self.clock())
            outcome, error, came = attempt(job.run)
            now = self.clock()
            again = job.ladder and outcome is JobOutcome.FAILED and (last is None or last.climbs(now))
            recovered = outcome is JobOutcome.PARTLY
            self.store.end(name, KEPT.get(outcome, outcome), error, now, try_again=again, recovered=recovered)
            return outcome, came

    def _is_due(self, name: str, job: Job) -> bool:
        """Whether no other process has just done it."""
        last, now = self.store.states().get(name), self.clock()
        if job.ladder and last is not None and last.tries and last.ended_at is not None and last.ended_at <= now:
            again = last.next_try(now)
            return again is not None and again <= now
        if last is None or job.times is None or last.outcome is not JobOutcome.DONE or last.started_at > now:
            return True
        return job.times.after(last.started_at) <= now


FAILURES: tuple[tuple[tuple[type[ConnectorError], ...], JobOutcome], ...] = (
    ((HoldClass,), JobOutcome.HELD),
    ((FeedRefused, AccessRefused, SettingsError, MappingError), JobOutcome.REFUSED),
)
"""What only a person can mend: trying by the ladder helps nobody, and what is mended is found at the next time."""


def attempt(run: Callable[[], Came]) -> tuple[JobOutcome, str, Came]:
    """Run, and log how it went; gives the outcome, the error's type and what came of it."""
    begun = monotonic()
    try:
        came = run()
    except Exception as error:
        return told(error), type(error).__name__, {}
    seconds = round(monotonic() - begun, 3)
    if failed := came.get("failed"):
        log.error("done in part", seconds=seconds, **came)
        return JobOutcome.PARTLY, str(failed), came
    say = log.warning if came.get("unusable") else log.info
    say("done", seconds=seconds, **came)
    return JobOutcome.DONE, "", came


def told(error: Exception) -> JobOutcome:
    """Log an error, without its text where it is not one of ours: that may hold personal data."""
    kind = type(error).__name__
    if isinstance(error, Stopped):
        log.info("stopped early", message=str(error))
        return JobOutcome.STOPPED
    if isinstance(error, Busy):
        log.info("stepped aside", message=str(error))
        return JobOutcome.ASIDE
    if isinstance(error, ConnectorError):
        log.error("failed", error=kind, message=str(error))
        return next((outcome for types, outcome in FAILURES if isinstance(error, types)), JobOutcome.FAILED)
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("broken", error=kind, where=f"{Path(place.filename).name}:{place.lineno}")
    return JobOutcome.BROKEN
