"""When a job runs: a cron expression in a time zone, or an interval.

Cron means what it means on Debian (``cronsim``): five fields, Sunday is 0 or 7, and where both days are given either
will do. In a night without 02:30 a job of 02:30 runs as soon as the clock has jumped; in one with two of them, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, and a day that comes",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7 (0 and 7 are Sunday), or SUN to SAT",
}
"""The fields of a cron expression in their order, and what may stand there."""
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
LONGEST = timedelta(days=366)


class Times(Protocol):
    """When something is to happen. Moments are aware."""

    def after(self, moment: datetime) -> datetime:
        """The next time that is later than ``moment``."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again, so long after it was last begun."""

    span: timedelta

    def after(self, moment: datetime) -> datetime:
        return moment + self.span


@dataclass(frozen=True, slots=True)
class Cron:
    """By the clock on the wall of ``zone``."""

    expression: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        local = moment.astimezone(self.zone)
        for found in CronSim(self.expression, local):
            later = found.astimezone(UTC)
            if later > moment:  # when an hour is there twice, its first half has been
                return later
        raise AssertionError("a cron expression has always a next time")


def read_times(text: str, zone: ZoneInfo) -> Times | None:
    """``every 15 minutes``, a cron expression, or nothing for never. Raises ValueError, naming the mistake."""
    words = text.split()
    if not words:
        return None
    if words[0].lower() == "every":
        return Every(_span(text))
    if len(words) != len(FIELDS):
        raise ValueError(
            f"give five fields ({', '.join(FIELDS)}) as in '30 2 * * *', or an interval as in 'every 15 minutes', "
            f"or '' for never; here are {len(words)}"
        )
    try:
        CronSim(text, datetime.now(UTC))
    except CronSimError as error:
        name = str(error).removeprefix("Bad ")
        given = words[list(FIELDS).index(name)]
        raise ValueError(f"the field {name} cannot be '{given}'; it takes {FIELDS[name]}") from None
    return Cron(text, zone)


def read_zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"there is no time zone '{name}'; its name is one such as Asia/Taipei or UTC") from None


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"\s*every\s+(?:(\d{1,6})\s+)?(second|minute|hour|day)s?\s*", text, re.IGNORECASE)
    span = timedelta(seconds=int(found[1] or 1) * UNITS[found[2].lower()]) if found else timedelta()
    if not timedelta() < span <= LONGEST:
        raise ValueError("an interval is written as 'every 15 minutes', in seconds, minutes, hours or days")
    return span
