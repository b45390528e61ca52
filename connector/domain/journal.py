"""The journal: each operation attempted, with its outcome, and the port to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.plan import Action, Change, GuardClass, Phase


class OutcomeState(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    """Moodle, or the state of things, does not allow it: set aside with its cause, planned again next time."""
    WAITING = "waiting"
    """Something it needs is not there yet."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that is still to be carried out.

    ``account_id`` is the person's Moodle account (None: none yet). ``uncertain`` is True where it was sent and
    the answer is not known: it may have happened. ``place_id`` is Moodle's id of the cohort, course or category that
    a grant concerns: the one where it was granted, for a new one the one that has the name (None: none yet).
    ``unclaimed``: nothing of ours is there yet, nor was the account made by this plan; what Moodle has by now somebody
    else gave. ``keeps_role``: where the role of an enrolment changes, the ledger has the old one there otherwise too.
    """

    ordinal: int
    change: Change
    account_id: int | None
    uncertain: bool
    place_id: int | None = None
    unclaimed: bool = False
    keeps_role: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """A grant that was sent by a run and never confirmed. ``held``: the ledger has it all the same."""

    plan: int
    run: int
    pending: Pending
    held: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one change. ``moodle_id`` is the id of what was created."""

    ordinal: int
    state: OutcomeState
    moodle_id: int | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a plan stands: changes by state. ``held`` wait for approval, ``unsent`` were not attempted yet."""

    done: int = 0
    refused: int = 0
    waiting: int = 0
    uncertain: int = 0
    unsent: int = 0
    held: int = 0


class Journal(Protocol):
    """Writes down before and after each call what was attempted. Bound to one site."""

    def lock(self) -> AbstractContextManager[bool]:
        """One apply at a time: gives False where another process is at it."""
        ...

    def start(self, plan: int, now: datetime) -> int:
        """Begin a run; gives its number."""
        ...

    def finish(self, run: int, status: str, detail: str, now: datetime) -> None: ...

    def pending(
        self, plan: int, phase: Phase, held: Collection[GuardClass], run: int, after: int, limit: int
    ) -> list[Pending]:
        """Changes of a phase in order that are neither done nor refused, and not yet waiting in this run."""
        ...

    def doubts(self) -> list[Doubt]:
        """Grants in doubt of all plans, where Moodle can tell whether it has them, run by run."""
        ...

    def sent(self, run: int, plan: int, ordinals: Sequence[int], now: datetime, before: str) -> None:
        """About to be sent: from now on it may have happened. ``before`` says why it must be sent again, if so."""
        ...

    def record(self, run: int, plan: int, action: Action, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Outcomes of one action, and all that follows (bindings, accounts, ledger), in one transaction."""
        ...

    def tally(self, plan: int, held: Collection[GuardClass]) -> Tally: ...

    def refusals(self, plan: int, limit: int = 20) -> list[tuple[Change, str, str]]:
        """Each (change, code, message) that was set aside."""
        ...
