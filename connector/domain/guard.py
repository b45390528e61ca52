"""The guard: which classes of a plan are too many to go without a person's word. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connector.domain.plan import GuardClass, Window


@dataclass(frozen=True, slots=True)
class Limit:
    """A class is held above max(``floor``, ``share`` of the base)."""

    floor: int
    share: float
    of_grants: bool = False
    """True where the base is the active grants instead of the managed people."""

    def of(self, base: int) -> int:
        """The largest number that still goes without asking."""
        return max(self.floor, int(self.share * base))


LIMITS: Mapping[GuardClass, Limit] = {
    GuardClass.SUSPEND: Limit(10, 0.02),
    GuardClass.REMOVE_GRANT: Limit(25, 0.05, of_grants=True),
    GuardClass.REMOVE_ROLE: Limit(5, 0.05, of_grants=True),
    GuardClass.IDENTITY: Limit(10, 0.01),
    GuardClass.MANAGER: Limit(0, 0.20),
    GuardClass.AUTH: Limit(5, 0.01),
    GuardClass.CREATE: Limit(25, 0.10),
    GuardClass.DELETE: Limit(0, 0.0),
    GuardClass.UNDONE: Limit(0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Base:
    """What percentages are of: managed people, and active grants by guard class."""

    people: int
    grants: Mapping[GuardClass, int]


@dataclass(frozen=True, slots=True)
class Breach:
    """``count`` changes of a class, with ``spent`` that went within the window before, are more than ``limit``."""

    guard: GuardClass
    count: int
    limit: int
    window: Window = Window.PLAN
    spent: int = 0


Spent = Mapping[Window, Mapping[GuardClass, int]]
"""What was carried out by class within each window that ends now, without a person's word."""


def breaches(
    counts: Mapping[GuardClass, int],
    base: Base,
    spent: Spent | None = None,
    asked: Collection[GuardClass] = (),
) -> list[Breach]:
    """The classes that are above their limit, in the order of the table. ``counts`` is changes by class.

    Creating for sources whose first load is under way has no limit and is not counted. Many small plans are as bad as
    a large one: what went in a day, or in a week, has the limit of one plan. Of a class that is above several the
    shortest window is told. ``asked``: classes with a change that a person was asked about in another plan: it does
    not go by this one, so few they may be.
    """
    found = []
    for guard, limit in LIMITS.items():
        count = counts.get(guard, 0)
        if not count:
            continue
        allowed = limit.of(base.grants.get(guard, 0) if limit.of_grants else base.people)
        for window in Window:
            before = (spent or {}).get(window, {}).get(guard, 0)
            if count + before > allowed:
                found.append(Breach(guard, count, allowed, window, before))
                break
        else:
            if guard in asked:
                found.append(Breach(guard, count, 0))
    return found
