"""In whose time zone a moment becomes a day: one rule for all that is launched. Pure.

That of who looks: as their account in Moodle has it, else as HR says, else as their browser says; where nobody says
any, that of the installation (``service.timezone``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

QUARTER = 900
"""Seconds. Everywhere on earth a day begins at a quarter of an hour, that of Greenwich."""


def known_zone(name: str) -> str:
    """The name of a time zone; "" for anything else, such as 99, by which Moodle means that of the server."""
    return name if name in _names() else ""


def days_of(moments: Iterable[datetime], zone: ZoneInfo) -> set[date]:
    """The days, where somebody is, on which these moments were."""
    return {one.astimezone(zone).date() for one in moments}


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
