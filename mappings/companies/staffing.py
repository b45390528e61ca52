"""Tools for inventing staff: the same seed gives the same people, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from mappings.companies.sample import LEAST


def seeded(people: int, seed: int) -> Random:
    """A source of chance for a company of ``people``. Raises ValueError under ``LEAST``."""
    if people < LEAST:
        raise ValueError(f"a sample company needs at least {LEAST} people")
    return Random(seed)  # noqa: S311 - a story to tell, not a secret


def share(people: int, per_mille: float, least: int = 1) -> int:
    """So many of a thousand people, but ``least``."""
    return max(least, int(people * per_mille / 1000))


class Mailboxes:
    """Gives each person an e-mail address that nobody had before: ``name@domain``, ``name2@domain`` …"""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._numbers: dict[tuple[str, str], int] = {}

    def new(self, name: str, domain: str) -> str:
        number = self._numbers.get((name, domain), 0)
        while True:
            number += 1
            address = f"{name}{number if number > 1 else ''}@{domain}"
            if address not in self._taken:
                break
        self._numbers[name, domain] = number
        self._taken.add(address)
        return address


class Cast:
    """People for the events of a story, in an order by chance; nobody is taken twice."""

    def __init__(self, keys: Iterable[str], rng: Random) -> None:
        self._keys = list(keys)
        rng.shuffle(self._keys)

    def take(self, count: int, among: Iterable[str] | None = None) -> tuple[str, ...]:
        """The next ``count`` of them, or of those ``among``. Raises ValueError where there are fewer."""
        wanted = None if among is None else frozenset(among)
        taken = self._first(count, wanted)
        if len(taken) < count:
            raise ValueError(f"the story needs {count} people where there are {len(taken)}")
        chosen = frozenset(taken)
        self._keys = [key for key in self._keys if key not in chosen]
        return taken

    def _first(self, count: int, wanted: frozenset[str] | None) -> tuple[str, ...]:
        fitting: Sequence[str] = self._keys if wanted is None else [key for key in self._keys if key in wanted]
        return tuple(fitting[:count])
