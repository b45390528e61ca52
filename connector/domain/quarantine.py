"""When a job that fails is tried again: soon, then later, then once a day, at last only when a person says so.

Pure. Times are aware; by the clock a pause is never shorter than it says, wherever the clock was put meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LADDER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""The pause after the first failure, the second, and so on. Whoever has failed once more is in quarantine."""
DAILY = timedelta(days=1)
"""The pause in quarantine."""
UNTIL = timedelta(days=28)
"""So long after the first failure nobody tries any more by himself."""


class Standing(StrEnum):
    """Where a job stands that has failed."""

    RETRYING = "retrying"
    QUARANTINED = "quarantined"
    GIVEN_UP = "given up"


def next_try(failures: int, first_failure: datetime, last_failure: datetime, now: datetime) -> datetime | None:
    """When a job that has failed so often in a row is tried again, None where only a person's word is waited for.

    Where the last failure lies in the future, because the clock was put back, the whole pause begins now.
    """
    last = min(last_failure, now)
    if failures <= len(LADDER):
        return last + LADDER[max(failures, 1) - 1]
    again = last + DAILY
    return again if last_failure - first_failure + DAILY <= UNTIL else None


def climbs(failures: int, first_failure: datetime, now: datetime) -> bool:
    """Whether a further failure is a step up: the ladder is climbed by the clock, and a try in between is none."""
    pauses = sum(LADDER[:failures], DAILY * max(failures - len(LADDER), 0))
    return now - first_failure >= pauses


def standing(failures: int, first_failure: datetime | None, last_failure: datetime | None) -> Standing | None:
    """Where a job stands with so many failures in a row; None where it has none."""
    if not failures or first_failure is None or last_failure is None:
        return None
    if failures <= len(LADDER):
        return Standing.RETRYING
    given_up = next_try(failures, first_failure, last_failure, last_failure) is None
    return Standing.GIVEN_UP if given_up else Standing.QUARANTINED
