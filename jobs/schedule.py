"""The schedule: jobs by the clock, in this process. A job that is still running is not started again."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from connector.domain.errors import ConnectorError

log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` every ``every``; the first time at once after the start."""

    run: Callable[[], Mapping[str, object]]
    every: timedelta


@contextmanager
def scheduled(jobs: Mapping[str, Job]) -> Iterator[None]:
    """Run jobs while the block lasts. What is under way at the end is waited for."""
    scheduler = BackgroundScheduler(timezone=UTC)
    for name, job in jobs.items():
        scheduler.add_job(
            _logged,
            IntervalTrigger(seconds=max(1, int(job.every.total_seconds())), timezone=UTC),
            args=(name, job.run),
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)


def _logged(name: str, run: Callable[[], Mapping[str, object]]) -> None:
    """A failed job is logged with its error's type and sentence; the next time it is tried again."""
    try:
        came = run()
        (log.warning if came.get("unusable") else log.info)("done", job=name, **came)
    except ConnectorError as error:
        log.error("failed", job=name, error=type(error).__name__, message=str(error))
    except Exception as error:  # its text may hold personal data: only its type and its place are told
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("broken", job=name, error=type(error).__name__, where=f"{Path(place.filename).name}:{place.lineno}")
