"""The schedule: each job has a thread that waits for its time, or for somebody who wants it soon.

Once in LOOK seconds the clock is looked at, so that a computer that slept or a clock that was put right delays
nothing for long: however many times were missed, the job runs once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic

import structlog

from connector.domain.errors import StorageError
from connector.domain.jobs import JobOutcome, JobState
from connector.domain.quarantine import LADDER
from jobs.running import Job, Running

LOOK = 20.0
"""Seconds between two looks at the clock, at most."""
RETRY = timedelta(minutes=15)
"""After so long a job that failed is tried again, where its time is later."""
MISSED = (JobOutcome.FAILED, JobOutcome.REFUSED, JobOutcome.PARTLY, JobOutcome.ASIDE, JobOutcome.BROKEN)
"""Outcomes of which nothing came that may come soon."""
AGAIN = 5.0
"""Seconds after which a job that somebody wants is tried again while another process is at it."""

log = structlog.get_logger("jobs")


@dataclass
class _Line:
    """One job, its thread, and whether somebody waits for it."""

    name: str
    job: Job
    running: Running
    due: datetime | None
    stopping: Event
    wanted: bool = False
    news: bool = False
    """Something came for it, and nobody waits in front of a screen."""
    busy: bool = False
    ended: datetime | None = None
    """When it last ran here."""
    failing: bool = False
    """It is tried by the ladder, and its times pause."""
    wake: Event = field(default_factory=Event)
    after: Callable[[], None] = lambda: None

    def soon(self) -> None:
        self.wanted = True
        self.wake.set()

    def came(self) -> None:
        self.news = True
        self.wake.set()

    def waits(self) -> bool:
        """Is it time, and has it not begun?"""
        return self.wanted or (not self.busy and self.due is not None and self.due <= self.running.clock())

    def live(self) -> None:
        """Until told to stop: wait, and run."""
        seen = self.running.clock()
        while not self.stopping.is_set():
            now = self.running.clock()
            if now < seen:
                self.due = self._next(now)  # the clock was put back: what was computed from later times is void
            elif self.failing and self._released():
                self.due = now
            seen = now
            if self.news:
                self._heed_news(now)
            if self.wanted or (self.due is not None and self.due <= now):
                self._run()
            else:
                self._wait((self.due - now).total_seconds() if self.due else LOOK)

    def _heed_news(self, now: datetime) -> None:
        """What came is wanted once the job has rested; while it fails, once the first pause of the ladder is over."""
        last = self._failing() if self.failing else None
        ended, pause = (self.ended, self.job.rest) if last is None else (last.ended_at, LADDER[0])
        at = now if ended is None else min(ended, now) + pause
        if at <= now:
            self.wanted, self.news = True, False
        elif self.due is None or at < self.due:
            self.due = at

    def _run(self) -> None:
        asked, self.wanted, self.busy = self.wanted, False, True
        outcome = self.running.run(self.name, self.job, asked=asked)
        self.busy, self.due, self.ended = False, self._after(outcome), self.running.clock()
        if outcome not in (JobOutcome.ELSEWHERE, JobOutcome.ASIDE):
            self.after()
        elif asked:
            self.wanted = True  # what the other process read may be older than the wish
            self._wait(AGAIN)

    def _after(self, outcome: JobOutcome) -> datetime | None:
        """The next time; sooner where a job failed or stepped aside: a night without it would be a day without it."""
        now = self.running.clock()
        due = self._next(now)
        if self.failing:  # another process may be at it, whose outcome is not known yet
            nothing_done = outcome in (JobOutcome.ELSEWHERE, JobOutcome.ASIDE)
            return due and max(due, now + LADDER[0]) if nothing_done else due
        if outcome in MISSED and (due is not None or self.job.ladder):
            return min(due or now + RETRY, now + RETRY)
        return due

    def _next(self, now: datetime) -> datetime | None:
        """Its time; while it fails, when the ladder says that it is tried again, even where it has no times."""
        last = self._failing()
        self.failing = last is not None
        if last is not None:
            return last.next_try(now)
        return self.job.times.after(now) if self.job.times else None

    def _failing(self) -> JobState | None:
        """How its last run went, where the ladder says when it is tried again."""
        last = _last(self.running).get(self.name) if self.job.ladder else None
        return last if last is not None and last.tries else None

    def _released(self) -> bool:
        """Has a person, or a good run elsewhere, ended the failing? Looked at each time that the clock is."""
        self.failing = self._failing() is not None
        return not self.failing

    def _wait(self, seconds: float) -> None:
        self.wake.wait(min(LOOK, max(0.0, seconds)))
        self.wake.clear()


class Schedule:
    """The jobs of one process. ``soon``, ``came`` and ``waiting`` may be called from any thread."""

    def __init__(self, lines: Mapping[str, _Line]) -> None:
        self._lines = lines

    def soon(self, name: str) -> None:
        """Run this job as soon as possible: once more after the run under way, however often it is asked for."""
        self._lines[name].soon()

    def came(self, name: str) -> None:
        """Something came for this job: as ``soon``, but it rests between runs, a minute while it fails."""
        self._lines[name].came()

    def waiting(self) -> int:
        """How many jobs wait to begin although it is time."""
        return sum(line.waits() for line in self._lines.values())


@contextmanager
def scheduled(
    jobs: Mapping[str, Job], running: Running, stopping: Event | None = None, stop_seconds: float = 30.0
) -> Iterator[Schedule]:
    """Run jobs while the block lasts.

    At its end ``stopping`` is set, which jobs heed at their next border, and they are waited for. What has not ended
    ``stop_seconds`` later is left behind as if it were killed; that is safe, and the next start goes on from there.
    """
    stopping = stopping or Event()
    last = _last(running)
    lines = {
        name: _Line(
            name,
            job,
            running,
            first_time(job, last.get(name), running.clock()),
            stopping,
            failing=job.ladder and name in last and last[name].tries > 0,
        )
        for name, job in jobs.items()
    }
    schedule = Schedule(lines)
    for name, line in lines.items():
        line.after = _asking(schedule, jobs[name].then)
    threads = [Thread(target=line.live, name=f"job-{name}", daemon=True) for name, line in lines.items()]
    for thread in threads:
        thread.start()
    try:
        yield schedule
    finally:
        stopping.set()
        for line in lines.values():
            line.wake.set()
        until = monotonic() + stop_seconds
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))
        if left := [thread.name.removeprefix("job-") for thread in threads if thread.is_alive()]:
            log.warning("left behind", jobs=left)


def first_time(job: Job, last: JobState | None, now: datetime) -> datetime | None:
    """When a job runs first after a start.

    At once where its last run did not end well or a time was missed, and an interval that never ran; else at its time.
    What fails is not tried more often because somebody starts the service again.
    """
    if job.ladder and last is not None and last.tries:
        return last.next_try(now)
    if job.times is None:
        return None
    if last is None or last.started_at > now:
        return now if job.at_start else job.times.after(now)
    if last.outcome is not JobOutcome.DONE:
        return now
    return job.times.after(last.started_at)


def _last(running: Running) -> Mapping[str, JobState]:
    try:
        return running.store.states()
    except StorageError as error:
        log.warning("unknown", message=str(error))
        return {}


def _asking(schedule: Schedule, names: tuple[str, ...]) -> Callable[[], None]:
    def ask() -> None:
        for name in names:
            schedule.soon(name)

    return ask
