"""One of many that cannot be done holds no other up: the others are done, and what failed is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from connector.domain.errors import CannotKeep, Stop, TryAgain, raised_at

SHOWN = 20
"""Numbers of what failed that are told."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What goes wrong with one, by its number; ``what`` they are."""

    what: str
    failed: dict[int, Exception] = field(default_factory=dict)

    @contextmanager
    def one(self, number: int) -> Iterator[None]:
        """Do one within. Raises what concerns all: the database does not answer, or the process is told to end."""
        try:
            yield
        except Exception as error:
            if isinstance(error, Stop | TryAgain) and not isinstance(error, CannotKeep):
                raise
            self.failed.setdefault(number, error)

    def told(self) -> Mapping[str, object]:
        """What a job says of it, as ``jobs.running`` reads it; nothing where all went well. No text of an error, which
        may hold personal data."""
        if not self.failed:
            return {}
        first = next(iter(self.failed.values()))
        numbers = ", ".join(str(one) for one in [*self.failed][:SHOWN])
        more = f" and {len(self.failed) - SHOWN} others" if len(self.failed) > SHOWN else ""
        return {
            "failed": type(first).__name__,
            "message": f"{self.what}: {len(self.failed)} could not be done, with the numbers {numbers}{more} "
            f"({type(first).__name__}, {raised_at(first)}). All others are done, and the next run tries these again. "
            "If it stays like this, report it with this line.",
        }
