"""Due dates in the calendars of learners in Moodle: what should be there, what is, and what has to be done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from zoneinfo import ZoneInfo

NOON = time(12)
"""When on its day an entry stands: so it is that day in every time zone in which somebody may look at it."""
LONGEST_REQUIREMENT = 180
"""Characters of a requirement's code that stand in a key as they are."""


@dataclass(frozen=True, slots=True)
class Due:
    """A requirement that a person has not met yet, and the day on which it is due. ``lang``: Moodle's pack."""

    person_id: int
    account_id: int
    requirement: str
    due_on: date
    timezone: str
    lang: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in somebody's calendar, or is to: ``due_on`` is its day, ``title`` and ``text`` are read there."""

    account_id: int
    requirement: str
    due_on: date
    timezone: str
    title: str
    text: str

    @property
    def moment(self) -> int:
        """Epoch seconds of the entry."""
        return int(datetime.combine(self.due_on, NOON, ZoneInfo(self.timezone)).timestamp())

    @property
    def digest(self) -> str:
        """Changes with what is read, and with its day."""
        said = "\0".join((self.due_on.isoformat(), self.timezone, self.title, self.text))
        return sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that was sent to Moodle. ``digest`` is "" where no answer says that it is there as it was sent."""

    account_id: int
    requirement: str
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """An entry to put where there is one, else the removal of the one that is known."""

    account_id: int
    requirement: str
    entry: Entry | None = None

    @property
    def puts(self) -> bool:
        return self.entry is not None

    @property
    def key(self) -> str:
        """By which Moodle's plugin knows the entry: the same again for the same account and requirement."""
        code = self.requirement
        if len(code) > LONGEST_REQUIREMENT:
            code = sha256(code.encode()).hexdigest()
        return f"due:{self.account_id}:{code}"


def changes(entries: Iterable[Entry], known: Mapping[tuple[int, str], Known], today: date) -> Iterator[Change]:
    """What has to be put, moved and removed.

    What was due before today is not put anew: nobody can do anything about a day that has gone by. What stands there
    already stays until it is done, and what Moodle refused is tried again when it says something else.
    """
    wanted = set()
    for entry in entries:
        place = entry.account_id, entry.requirement
        there = known.get(place)
        wanted.add(place)
        if there is None and entry.due_on < today:
            continue
        if there is None or there.digest != entry.digest:
            yield Change(*place, entry)
    yield from (Change(*place) for place in known.keys() - wanted)
