"""Lists that grow with the number of people are shown page by page."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import QueryParams

PAGE = 50
"""People that are shown at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page of this number, from 1 to ``last``."""

    number: int
    last: int

    @property
    def first(self) -> int:
        """The place of the first that is shown, from 0."""
        return (self.number - 1) * PAGE

    @property
    def part(self) -> slice:
        """What of a whole list is shown."""
        return slice(self.first, self.first + PAGE)


def page_of(asked: QueryParams, count: int) -> Page:
    """The page that is asked for, of so many people; the first where none is, the last where there are not so many."""
    wanted, last = asked.get("page", ""), max(1, -(-count // PAGE))
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 7 else 1
    return Page(min(max(1, number), last), last)
