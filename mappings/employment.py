"""Of several sources that name somebody, whose word counts on the employment: days of two are never mixed.

It asks for no date of today, so that what is put together holds on later days too: somebody is at work while one of
them says so. Where days lie between two employments, the later one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connector.domain.people import Said

ENDING = ("ends", "active")
SPELL = ("starts", *ENDING)
EMPLOYMENT = (*SPELL, "leave_from", "leave_until", "on_leave")
"""What is taken from one source, as far as it says it."""


@dataclass(frozen=True, slots=True)
class Employments:
    """``tellers``: the sources that name people and tell when that ends, in the order in which they are believed."""

    tellers: Sequence[str]

    def leading(self, said: Mapping[str, Said]) -> str | None:
        """The source by which somebody stays longest; where all say that it has ended, the first that says any."""
        there = [source for source in self.tellers if source in said]
        working = _working(there, said)
        if working:
            return max(working, key=lambda source: _last(said[source]))
        return next((source for source in there if any(said[source].get(name) for name in SPELL)), None)

    def begun(self, said: Mapping[str, Said], leading: str) -> str:
        """The source whose first day is that of an employment which goes on without a day between in ``leading``."""
        working, begun = _working(self.tellers, said), leading
        while earlier := [source for source in working if _leads_on(said[source], said[begun])]:
            begun = min(earlier, key=lambda source: said[source].get("starts", ""))
        return begun


def _working(sources: Sequence[str], said: Mapping[str, Said]) -> list[str]:
    return [source for source in sources if source in said and said[source].get("active") != "false"]


def _last(said: Said) -> date:
    return date.fromisoformat(said["ends"]) if said.get("ends") else date.max


def _leads_on(earlier: Said, later: Said) -> bool:
    """Does the one begin before the other, and last at least until the day before it?"""
    starts = later.get("starts", "")
    if not starts or earlier.get("starts", "") >= starts:
        return False
    return (date.fromisoformat(starts) - _last(earlier)).days <= 1
