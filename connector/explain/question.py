"""What is asked about a person, and what it is answered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.domain.decide import Status
from connector.domain.explaining import ChangeTold, Dossier, Learned, LedgerTold, RuleSeen, Wanted
from connector.domain.grants import GrantKind
from connector.explain.focus import Focus


@dataclass(frozen=True, slots=True)
class Question:
    """``rules``: what the mapping of today makes of the person. ``learned``: None where it cannot be reached."""

    dossier: Dossier
    focus: Focus
    rules: Sequence[RuleSeen]
    learned: Learned | None = None

    @property
    def has_left(self) -> bool:
        return self.dossier.person is not None and self.dossier.person.status is Status.LEFT

    def held(self, kind: GrantKind, target: str) -> LedgerTold | None:
        """The grant that is in the ledger now."""
        found = (one for one in self.dossier.ledger if (one.kind, one.target) == (kind, target) and not one.ended_at)
        return next(found, None)

    def ended(self, kind: GrantKind, target: str) -> LedgerTold | None:
        """The last grant that ended."""
        found = [one for one in self.dossier.ledger if (one.kind, one.target) == (kind, target) and one.ended_at]
        return found[-1] if found else None

    def wanted(self, kind: GrantKind, target: str) -> Wanted | None:
        return next((one for one in self.dossier.wanted if (one.kind, one.target) == (kind, target)), None)

    def last_change(self, kind: GrantKind, target: str) -> ChangeTold | None:
        """The newest change of a grant."""
        found = [one for one in self.dossier.changes if (one.change.kind, one.change.target) == (kind, target)]
        return found[-1] if found else None
