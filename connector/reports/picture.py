"""All that one report shows, gathered from the views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.facts import Reports

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows by the names of the views' columns. ``overview``: None where nothing was mirrored yet."""

    overview: Mapping[str, Any] | None
    people: Mapping[str, int]
    compliance: Rows
    units: Rows
    managers: Rows
    courses: Rows
    weeks: Rows
    months: Rows
    expiring: Rows
    quality: Rows
    freshness: Rows


def gather(reports: Reports) -> Picture:
    """Ask every view once."""
    return Picture(
        overview=reports.overview(),
        people=reports.people(),
        compliance=reports.compliance(),
        units=reports.by_unit(),
        managers=reports.overdue_by_manager(10),
        courses=reports.courses(),
        weeks=reports.trend("week", 26),
        months=reports.trend("month", 12),
        expiring=reports.expiring(),
        quality=reports.quality(),
        freshness=reports.freshness(),
    )
