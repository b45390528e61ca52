"""The port to what runs did, for those who take them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connector.domain.plan import Change


@dataclass(frozen=True, slots=True)
class DoneRun:
    """A run of apply: ``done`` counts what it carried out, by action.

    ``undoes`` is the run that it took back itself, ``undone_by`` the last one that took it back; None: none.
    """

    number: int
    plan: int
    plan_hash: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    done: Mapping[str, int]
    undoes: int | None = None
    asked_by: str = ""
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class DoneToAccount:
    """A change of an account or a manager that was done, and what is known of them by now."""

    change: Change
    account_id: int | None
    known: Mapping[str, Any]
    manager: str


@dataclass(frozen=True, slots=True)
class DoneToGrant:
    """A change of a grant that was done, and what the ledger holds by now (``terms`` None: nothing).

    ``place_id`` is Moodle's id of the cohort, course or category; None where there is none.
    """

    change: Change
    account_id: int | None
    terms: Mapping[str, Any] | None
    ours: bool
    suspended: bool
    place_id: int | None


class UndoStore(Protocol):
    """Reads the journal of runs. Bound to one site."""

    def runs(self, limit: int = 20) -> list[DoneRun]:
        """The last runs that did or tried something, the newest first."""
        ...

    def run(self, number: int) -> DoneRun | None: ...

    def begin(self, plan: int, run: int, by: str) -> None:
        """The plan under way takes this run back, because ``by`` asked for it."""
        ...

    def to_people(self, run: DoneRun) -> Iterator[list[DoneToAccount]]:
        """Person by person, in the order in which it was done. A person may go on in the next list."""
        ...

    def to_grants(self, run: DoneRun) -> Iterator[list[DoneToGrant]]:
        """Place by place. A place may go on in the next list."""
        ...

    def granted_otherwise(self, run: DoneRun, person_ids: Sequence[int]) -> set[int]:
        """Those of these people who hold something of ours in Moodle that this run did not give."""
        ...
