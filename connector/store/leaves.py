"""Leave, as PostgreSQL keeps it: ranges of days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from psycopg.types.range import Range

from connector.domain.leave import DAY, Leave


def leaves_of(days: Iterable[Range[date]] | None) -> tuple[Leave, ...]:
    """The leaves of a person in order; a range has its first day and the day after its last one."""
    return tuple(
        Leave(one.lower, one.upper - DAY if one.upper else None) for one in days or () if one.lower is not None
    )
