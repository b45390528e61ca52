"""One planning under way: what every part of it needs, and the cases that it finds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from connector.domain.cases import Case, Decisions, are_two, choice_of
from connector.domain.decisions import Assignable
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Moodle


@dataclass
class Planning:
    """Handed to each part. ``settled`` is what people decided, by kind and subject of the case."""

    plan: int
    scope: Scope
    moodle: Moodle
    plans: PlanStore
    settled: Decisions
    protected: frozenset[str]
    roles: Mapping[str, int]
    by_cohort: frozenset[tuple[str, str]] = frozenset()
    cases: list[Case] = field(default_factory=list)
    undecided: set[int] = field(default_factory=set)
    """People without an account who may be somebody else: they get none before a person has decided."""

    def decided(self, kind: str, subject: str, choice: str) -> bool:
        """Has a person settled this case by that choice?"""
        return bool(choice_of(self.settled, kind, subject, choice))

    def are_two(self, one: str, other: str, accounts: Collection[int]) -> bool:
        """Has a person said that these two keys, which have these accounts, are two people?"""
        return are_two(self.settled, one, other, accounts)

    def chosen_accounts(self, subject: str) -> list[int]:
        """Accounts that a person has named for this person, whatever the case was."""
        return self._chosen.get(subject, [])

    def chosen_for_others(self, subject: str) -> set[int]:
        """Accounts that a person has named for somebody else."""
        return {account for other, accounts in self._chosen.items() if other != subject for account in accounts}

    @cached_property
    def _chosen(self) -> dict[str, list[int]]:
        chosen: dict[str, list[int]] = {}
        for kind, subject in self.settled:
            account = choice_of(self.settled, kind, subject, "account")
            if isinstance(account, int):
                chosen.setdefault(subject, []).append(account)
        return chosen

    def case(self, kind: str, subject: str, reason: str, candidates: tuple[int, ...] = ()) -> None:
        """A person must decide; once somebody said that this one is to be ignored, it stays so."""
        if not self.decided(kind, subject, "ignore"):
            self.cases.append(Case(kind, subject, reason, candidates))


@dataclass(frozen=True, slots=True)
class Rules:
    """What planning takes from a mapping: accounts that are never touched, Moodle's ids of roles by name, and what
    people may assign.

    ``by_cohort``: of paths by cohort each cohort with each course. No grant names these courses, and requirements need
    to know which they are.
    ``authoritative``: sources that name people.
    """

    digest: str
    protected: frozenset[str]
    roles: Mapping[str, int]
    assignable: Assignable
    by_cohort: frozenset[tuple[str, str]] = frozenset()
    authoritative: tuple[str, ...] = ()
