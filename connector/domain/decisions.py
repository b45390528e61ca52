"""What people decide beside the rules: a path or requirement assigned to somebody, a requirement waived."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.errors import SettingsError
from connector.domain.grants import GrantSet

LONGEST_REASON = 500
"""Characters."""


class DecisionKind(StrEnum):
    ASSIGN = "assign"
    WAIVE = "waive"


class Subject(StrEnum):
    """What a decision is about."""

    PATH = "path"
    REQUIREMENT = "requirement"


Assignable = Mapping[tuple[Subject, str], GrantSet]
"""What each path and requirement of a mapping gives to whom a person assigns it, by its code.

Days count from the assignment. A requirement comes with the courses of its path, or nobody could satisfy it.
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision before it is kept. ``starts_on`` and ``ends_on`` (None: no end) are whole days of the person's own.

    ``decided_by``: a manager's key, or the name of who decides for HR; ``manager_id``: the manager, None for HR.
    """

    kind: DecisionKind
    subject: Subject
    code: str
    person_id: int
    reason: str
    decided_by: str
    manager_id: int | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that was kept. ``person`` is the source key; ``in_force``: the last plan went by it."""

    number: int
    kind: DecisionKind
    subject: Subject
    code: str
    person_id: int
    person: str
    reason: str
    decided_by: str
    by_hr: bool
    starts_on: date
    ends_on: date | None
    decided_at: datetime
    withdrawn_at: datetime | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class Employee:
    """A person as decisions see one: ``status`` as in ``connector.domain.decide.Status``."""

    person_id: int
    key: str
    status: str
    timezone: str


class DecisionStore(Protocol):
    def employee(self, key: str, now: datetime) -> Employee | None: ...

    def managers(self, person_id: int) -> Mapping[int, int | None]:
        """This person and everybody above, each with their manager (None: nobody)."""
        ...

    def keep(self, wish: Wish, now: datetime) -> int | None:
        """The decision's number; None where one on the same, not withdrawn, falls within the same days."""
        ...

    def find(self, number: int) -> Decision | None: ...

    def standing(self, now: datetime) -> list[Decision]:
        """Those that are not withdrawn and not over."""
        ...

    def all(self) -> list[Decision]: ...

    def withdraw(self, number: int, by: str, now: datetime) -> bool:
        """Whether there was anything to withdraw."""
        ...


def may_decide(decider: int, person: int, managers: Mapping[int, int | None]) -> bool:
    """May ``decider`` decide for ``person``: is the one above the other, directly or through others?

    ``managers`` has the manager of each person by id. Nobody decides for themselves, not even where managers stand in
    a circle, which is followed once.
    """
    seen = {person}
    above = managers.get(person)
    while above is not None and above not in seen:
        if above == decider:
            return True
        seen.add(above)
        above = managers.get(above)
    return False


def meant(kind: DecisionKind, code: str, offered: Collection[tuple[Subject, str]]) -> Subject:
    """What a code names: a requirement, else a path; only requirements are waived.

    A requirement of a path's name goes before it, and brings the path's courses with it. Raises SettingsError.
    """
    if (Subject.REQUIREMENT, code) in offered:
        return Subject.REQUIREMENT
    if (Subject.PATH, code) not in offered:
        codes = sorted(
            {name for subject, name in offered if kind is DecisionKind.ASSIGN or subject is not Subject.PATH}
        )
        raise SettingsError(f"The mapping has no such code; it has {', '.join(codes) or 'none'}.")
    if kind is DecisionKind.WAIVE:
        raise SettingsError(f"{code} is a path: only a requirement can be waived.")
    return Subject.PATH


def check(wish: Wish, today: date) -> None:
    """Is everything there that such a decision needs? ``today`` is the person's own. Raises SettingsError."""
    if not wish.reason:
        raise SettingsError("--reason: say why; it is kept on record.")
    if len(wish.reason) > LONGEST_REASON:
        raise SettingsError(f"--reason: give at most {LONGEST_REASON} characters.")
    if wish.ends_on is None and wish.manager_id is not None:
        raise SettingsError("--until: a manager's decision needs a last day.")
    if wish.ends_on is not None and wish.ends_on < max(today, wish.starts_on):
        raise SettingsError("--until: the last day must not lie before today or before the first day.")
