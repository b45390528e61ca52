"""What a sample company is: who works there, what its two deliveries tell, and how its HR system writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

E = TypeVar("E")
"""One row of the company's export."""

Account = Mapping[str, str]
"""An account in Moodle, by Moodle's own field names."""

LEAST = 60
"""People that the story of each company needs."""


@dataclass(frozen=True, slots=True)
class Story:
    """What happens between the two deliveries, event by event, by source key; nobody stands in two events.

    ``own``: what only this company tells. ``bad``: who is rejected in the second delivery, and in which fields;
    None is a row without a key. ``missing``: who is not in it, and stays until a later delivery says so too.
    """

    joiners: tuple[str, ...]
    movers: tuple[str, ...]
    leavers: tuple[str, ...]
    own: Mapping[str, tuple[str, ...]]
    bad: Mapping[str | None, tuple[str, ...]]
    missing: tuple[str, ...] = ()

    def changed(self) -> Iterator[str]:
        """Who was there before, and is told otherwise now."""
        return chain(self.movers, self.leavers, *self.own.values())


def _nobody(people: int, today: date, seed: int) -> Sequence[Account]:
    """No account is in Moodle before the first delivery."""
    del people, today, seed
    return ()


@dataclass(frozen=True, slots=True)
class SampleCompany(Generic[E]):
    """A company that ships with the product, beside its mapping: what ``demo`` shows and ``init`` can begin with.

    ``name``: its folder in ``mappings.companies``. ``title``: what it is, in words. ``people``: how many ``demo``
    gives it. ``timezone``: the one whose day both deliveries are made on; of several the furthest west, where the
    other day begins last. ``files``: names of the two deliveries. ``tells``: what the second one brings, in words.
    ``staff``, ``later`` and ``accounts`` take the number of people, the day on which both deliveries are made, and a
    seed; the same arguments give the same people. ``staff``: all rows of the first delivery. ``later``: all rows of
    the second, and its story. ``accounts``: who is in Moodle already before the first. ``write``: rows to a file as
    the company's HR system writes it.
    """

    name: str
    title: str
    people: int
    timezone: str
    files: tuple[str, str]
    tells: str
    staff: Callable[[int, date, int], Sequence[E]]
    later: Callable[[int, date, int], tuple[Sequence[E], Story]]
    write: Callable[[Path, Sequence[E]], None]
    accounts: Callable[[int, date, int], Sequence[Account]] = field(default=_nobody)

    def first_feed(self, path: Path, people: int, today: date, seed: int = 1) -> None:
        """Write the first delivery to ``path``: ``people`` rows. Raises ValueError under ``LEAST`` people."""
        self.write(path, self.staff(people, today, seed))

    def second_feed(self, path: Path, people: int, today: date, seed: int = 1) -> Story:
        """Write the second delivery, after what the story tells. Give both the same arguments."""
        rows, story = self.later(people, today, seed)
        self.write(path, rows)
        return story
