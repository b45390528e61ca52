"""Cases: what a person must decide, because a machine could only guess."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to decide. ``subject`` is a person's source key or a course's reference.

    ``candidates`` are Moodle ids to choose from. ``settlement`` is what a person said: ``{"account": id}``,
    ``{"course": id}``, ``{"create": true}``, ``{"keep": key}`` or ``{"ignore": true}``. Of the kinds in ``OF_TWO``
    the subject is two keys, ``KEY + KEY``.
    """

    kind: str
    subject: str
    reason: str
    candidates: tuple[int, ...] = ()
    case_id: int = 0
    opened_at: datetime | None = None
    settlement: Mapping[str, Any] | None = None
    settled_by: str = ""


ANOTHER_KEY = "another_key"
"""A platform of LTI calls somebody by another person's key than that by which we know them."""
OF_LAUNCHES = (ANOTHER_KEY,)
"""Kinds that launches find: no plan looks for them, and so none ends them."""
OF_TWO = ("merge", ANOTHER_KEY)
"""Kinds that are about two keys; SQL that erases a person and writes out what is held knows them too."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "two_matches": ("account", "create", "ignore"),
    "already_bound": ("account", "create", "ignore"),
    "protected": ("account", "ignore"),
    "email_taken": ("account", "ignore"),
    "username_taken": ("account", "ignore"),
    "same_name": ("account", "create", "ignore"),
    "email_shared": ("ignore",),
    "merge": ("keep", "ignore"),
    "another_human": ("account", "create", "ignore"),
    ANOTHER_KEY: ("keep", "ignore"),
    "account_gone": ("create", "account", "ignore"),
    "suspended_by_hand": ("ignore",),
    "missing_course": ("course", "ignore"),
    "missing_category": ("ignore",),
    "manager_cycle": ("ignore",),
    "manager_missing": ("ignore",),
    "unknown_role": ("ignore",),
}
"""Every kind of case, and how it is settled; those that plans find also end by themselves once the cause is gone."""


def two_keys(one: str, other: str) -> str:
    """The subject of a case that is about two keys."""
    return f"{one} + {other}"


def other_of(subject: str, key: str) -> str | None:
    """Of the subject of such a case the key that is not ``key``; None where ``key`` is neither."""
    if subject.startswith(f"{key} + "):
        return subject.removeprefix(f"{key} + ")
    return subject.removesuffix(f" + {key}") if subject.endswith(f" + {key}") else None


Decisions = Mapping[tuple[str, str], Case]
"""The newest word of a person, by kind and subject of the case."""


def choice_of(decided: Decisions, kind: str, subject: str, choice: str) -> Any:
    """What a person chose for this case; None where nobody settled it by that choice."""
    case = decided.get((kind, subject))
    return (case.settlement or {}).get(choice) if case is not None else None


def merged_keys(decided: Decisions) -> dict[str, str]:
    """What people settled of two keys: by the key that goes the one that stays."""
    found = {}
    for kind, subject in decided:
        kept = choice_of(decided, kind, subject, "keep") if kind == "merge" else None
        if kept is not None and (other := other_of(subject, kept)):
            found[other] = kept
    return found


def are_two(decided: Decisions, one: str, other: str, accounts: Collection[int]) -> bool:
    """Has a person said that these keys, which have these ``accounts``, are two people, whatever the case was?

    A merge that is ignored says so, and a new account for one of them where the other's was there to be chosen.
    """

    def has_refused(key: str) -> bool:
        return any(
            subject == key and choice_of(decided, kind, subject, "create") and set(case.candidates) & set(accounts)
            for (kind, subject), case in decided.items()
        )

    ignored = choice_of(decided, "merge", two_keys(*sorted((one, other))), "ignore")
    return bool(ignored) or has_refused(one) or has_refused(other)


class LaunchCases(Protocol):
    """Cases that launches find, one at a time."""

    def ask(self, case: Case, now: datetime) -> None:
        """Open this case; where it is open already, it stays."""
        ...

    def word(self, kind: str, subject: str) -> Mapping[str, Any] | None:
        """What people decided last on this; None where they did not, or took it back."""
        ...


class CaseStore(LaunchCases, Protocol):
    def open(self, cases: Iterable[Case], now: datetime, people: Collection[str] | None = None) -> None:
        """The cases that a plan found: new ones are opened, open ones kept, and those not found again ended.

        ``people``: the plan was about these only, and so are the cases that end.
        """
        ...

    def waiting(self) -> list[Case]: ...

    def settle(self, case_id: int, settlement: Mapping[str, Any], by: str, now: datetime) -> Case:
        """Record a person's decision. Raises SettingsError where the case is not open or the choice does not fit."""
        ...

    def settled(self) -> list[Case]:
        """Decisions that hold; of those on one subject the newest last."""
        ...

    def withdraw(self, case_id: int, by: str, now: datetime) -> Case:
        """Take a decision back: the next plan asks again. Raises SettingsError where there is none."""
        ...
