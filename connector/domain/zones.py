"""In whose time zone a moment becomes a day: one rule for all that is launched. Pure.

That of who looks: as their account in Moodle has it, else as HR says, else as their browser says; where nobody says
any, that of the installation (``service.timezone``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

QUARTER = 900
"""Seconds. Everywhere on earth a day begins at a quarter of an hour, that of Greenwich."""
DAY = "day"
"""The precision of what was brought over, where a file has nothing but days."""
_HOUR = timedelta(hours=1)
_HALF_A_DAY = timedelta(hours=12)
_WEEKS = [timedelta(weeks=number) for number in range(-60, 61)]
"""What pages tell of, before and after now."""
_INSTANT = timedelta(microseconds=1)


def known_zone(name: str) -> str:
    """The name of a time zone; "" for anything else, such as 99, by which Moodle means that of the server."""
    return name if name in _names() else ""


def days_of(moments: Iterable[datetime], zone: ZoneInfo) -> set[date]:
    """The days, where somebody is, on which these moments were."""
    return {one.astimezone(zone).date() for one in moments}


def same_days(one: ZoneInfo, other: ZoneInfo, now: datetime) -> bool:
    """Whether a moment of these years is on the same day in both: zones have several names, as Saigon's has."""
    weeks = [now + week for week in _WEEKS]
    return all(at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset() for at in weeks)


def told_on(at: datetime, precision: str) -> date:
    """When something was, to be shown: a moment, or a day where no more is known of it.

    A day is kept as its noon where it was written down, and is that day for whoever looks: an hour after noon, from
    Hawaii to New Zealand in its summer, it is the same day in Greenwich.
    """
    return (at.astimezone(UTC) + _HOUR).date() if precision == DAY else at


def good_until(end: datetime, precision: str) -> date:
    """The last day, or moment, of what is over at ``end``; of days that is the midnight after the last one."""
    return told_on(end - _HALF_A_DAY, DAY) if precision == DAY else end - _INSTANT


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
