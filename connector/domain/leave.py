"""Leave: while somebody is away no deadline runs. Pure, on days of the person's own time zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Leave:
    """The first and the last day away; ``last`` is None while nobody knows when the person returns."""

    first: date
    last: date | None = None


def on_leave(leaves: Sequence[Leave], day: date) -> bool:
    """Whether the person is away on that day."""
    return any(one.first <= day and (one.last is None or day <= one.last) for one in leaves)


def days_away(leaves: Sequence[Leave], first: date, last: date) -> int:
    """Days from ``first`` to ``last``, both included, on which the person is away, each counted once."""
    return sum((until - since).days + 1 for since, until in _apart(leaves, first, last))


def after_leave(due: date, since: date, leaves: Sequence[Leave]) -> date:
    """``due``, moved on by each day of leave from ``since`` on that lies before it or moves it further.

    Between ``since`` and the result lie as many days at work as between ``since`` and ``due``. A leave without an end
    is not counted until it ends. The last day that there is bounds the result.
    """
    ended = [one for one in leaves if one.last is not None]
    for first, last in _apart(ended, since, date.max):
        if first > due:
            break
        due += min((last - first) + DAY, date.max - due)
    return due


def _apart(leaves: Sequence[Leave], first: date, last: date) -> Iterator[tuple[date, date]]:
    """The leaves within two days, in order, without what an earlier one has covered."""
    for one in sorted(leaves, key=lambda leave: leave.first):
        begins, ends = max(one.first, first), min(one.last or last, last)
        if begins <= ends:
            yield begins, ends
            if ends == date.max:
                return
            first = ends + DAY
