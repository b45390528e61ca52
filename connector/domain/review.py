"""What a person sees who decides on a held plan, and the port to it. Nothing here alters a plan."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.plan import Action, Change, GuardClass, HoldState, Window, standing_of

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def full_name(first: str, last: str, language: str = "") -> str:
    """A name in the order of its bearer: Chinese names are joined, Vietnamese ones begin with the family's."""
    if _CHINESE.search(last) and _CHINESE.search(first):
        return last + first
    parts = (last, first) if language.partition("_")[0] == "vi" else (first, last)
    return " ".join(part for part in parts if part)


def plan_path(plan_hash: str) -> str:
    """The page of a held plan, below the console's address: a mail about a hold leads there."""
    return f"/holds/{plan_hash}"


@dataclass(frozen=True, slots=True)
class HeldClass:
    """A class of a plan that a person decides on.

    ``people`` of them are concerned; ``base`` is what the guard's share is of, as many as there are now.
    ``done`` is True where nothing of it is left to be carried out.
    """

    guard: GuardClass
    digest: str
    count: int
    limit: int
    people: int
    base: int
    actions: Mapping[Action, int]
    state: HoldState
    decided_by: str
    decided_at: datetime | None
    expires_at: datetime | None
    done: bool
    window: Window = Window.PLAN
    spent: int = 0

    @property
    def share(self) -> float:
        """Of the base: 0.25 is a quarter."""
        return self.count / self.base if self.base else 1.0

    def is_open(self, now: datetime) -> bool:
        """Whether a person's word is still wanted: nobody has said anything, or it has expired."""
        if self.done or self.state is HoldState.SUPERSEDED:
            return False
        return standing_of(self.state, self.expires_at, now) in (HoldState.WAITING, HoldState.EXPIRED)


@dataclass(frozen=True, slots=True)
class ReviewedPlan:
    """A plan with its held classes. ``size``: all its changes, held or not."""

    number: int
    hash: str
    created_at: datetime
    status: str
    size: int
    held: tuple[HeldClass, ...]

    @property
    def is_superseded(self) -> bool:
        return self.status == "superseded"

    def of(self, guard: GuardClass) -> HeldClass | None:
        return next((one for one in self.held if one.guard is guard), None)


@dataclass(frozen=True, slots=True)
class ReviewedChange:
    """A change with the person whom it concerns, as HR says: all "" for what concerns nobody, such as a cohort."""

    ordinal: int
    change: Change
    name: str
    unit: str
    unit_name: str
    state: str
    """Of its operation: "" where it was not attempted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes are looked for: "" and None are no condition. ``person`` is a part of a key or name."""

    guards: Collection[GuardClass] | None = None
    action: Action | None = None
    person: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of changes in order. ``before`` and ``after``: the ordinals to go on from; None where there are none."""

    changes: tuple[ReviewedChange, ...]
    total: int
    before: int | None
    after: int | None


class Stage(StrEnum):
    """How far the question that a held class asks has come, in whatever plan it stands by now."""

    WAITING = "waiting"
    REJECTED = "rejected"
    APPROVED = "approved"
    """It will be carried out by the next run."""
    APPLYING = "applying"
    DONE = "done"
    SUPERSEDED = "superseded"
    """The changes are not those of any plan that is current."""


@dataclass(frozen=True, slots=True)
class Standing:
    guard: GuardClass
    stage: Stage
    total: int
    done: int
    refused: int


class Reviews(Protocol):
    """Reads held plans. Bound to one site. Every method is one transaction."""

    def waiting(self) -> list[ReviewedPlan]:
        """Plans with a held class that is not carried out, the newest first."""
        ...

    def find(self, plan_hash: str) -> ReviewedPlan | None:
        """The newest plan with exactly this hash."""
        ...

    def successor(self, plan: ReviewedPlan) -> str | None:
        """The hash of the newest plan of everybody that came after a superseded one."""
        ...

    def units(self, plan: ReviewedPlan, limit: int = 500) -> list[tuple[str, str]]:
        """Units (key, name) of the people whom held changes concern."""
        ...

    def changes(
        self, plan: ReviewedPlan, wanted: Wanted, *, after: int = 0, before: int | None = None, limit: int = 50
    ) -> ChangePage: ...

    def people(self, plan: ReviewedPlan, guards: Collection[GuardClass]) -> int:
        """How many people the changes of these classes concern."""
        ...

    def standings(self, plan: ReviewedPlan, now: datetime) -> list[Standing]: ...
