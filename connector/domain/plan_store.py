"""The port to what plans are made from and kept in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connector.domain.decide import AccountPair, GrantPair
from connector.domain.decisions import Assignable
from connector.domain.grants import GrantKind
from connector.domain.leaving import AT_ONCE, Deletable, Leavers
from connector.domain.plan import Change, GuardClass, Hold, HoldState, Plan
from connector.domain.ports import Account, Group
from connector.domain.returning import Returned


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan is about: a site's people at one moment. ``ahead``: days an account is made before the start.

    ``people``: keys of the only people whom it is about; None: everybody. ``above``: those of them who are in it only
    because they manage others: nothing is taken away from them.
    """

    now: datetime
    ahead: int = 0
    people: frozenset[str] | None = None
    leavers: Leavers = AT_ONCE
    above: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonPair:
    """A person whose account is missing or differs; ``pair.current`` is the account as it was last known.

    Of a person without an account: ``earlier_keys`` are all keys that the same human had, ``former_accounts`` what is
    held under them. ``birth_date`` is an ISO date, "" where it is not known. ``released``: the username or e-mail that
    a person had who has a temporary one, because a plan was not carried out to its end.
    """

    pair: AccountPair
    earlier_keys: tuple[str, ...]
    unique_username: bool
    former_accounts: tuple[int, ...] = ()
    birth_date: str = ""
    released: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alike:
    """Two keys, in order, that look like one human: because one declares the other, or by what is said of them.

    ``waiting``: which of them has no account; None where both have one, whose ids ``accounts`` has.
    """

    one: str
    other: str
    declared: bool
    waiting: int | None
    accounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """What stands at more than one person who works here, with their keys, although it is to tell people apart.

    ``emails`` of everybody, in lower case; ``keys``, folded: idnumbers and earlier keys of those without an account.
    """

    emails: Mapping[str, Sequence[str]]
    keys: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class DifferingTarget:
    """What differing grants refer to. ``named``: it must be found by its name; ``new``: to people with an account."""

    kind: GrantKind
    target: str
    named: bool
    new: bool


class Reserve(Protocol):
    def __call__(self, person_id: int, base: str, suffixed: bool, taken: frozenset[str]) -> str | None:
        """A username for this person: ``base``, or ``base`` with the first free number where ``suffixed``.

        ``taken`` are usernames of other accounts in Moodle. None where it is not free.
        """
        ...


@dataclass(frozen=True, slots=True)
class Holder:
    """The person who has an account, with the identifiers that person is to have from now on."""

    account_id: int
    person_id: int
    key: str
    username: str
    email: str
    left: bool
    suspended_by_us: bool = False
    formerly: str = ""
    """The key that this human had until HR gave it to another one."""


@dataclass(frozen=True, slots=True)
class ManagerPair:
    person_id: int
    key: str
    was: str
    becomes: str
    line: int


@dataclass(frozen=True, slots=True)
class NumberedChange:
    """A change with its place in a plan."""

    ordinal: int
    change: Change


class PlanStore(Protocol):
    """Finds what differs, and keeps plans. Bound to one site. Every method is one transaction."""

    def chain(self, keys: Collection[str]) -> frozenset[str]:
        """These people, as far as they are known, and all managers above them, as HR says."""
        ...

    def turn(self) -> AbstractContextManager[bool]:
        """One way in at a time, from reading to applying: gives False where another process is at it."""
        ...

    # making a plan
    def lock(self) -> AbstractContextManager[bool]:
        """One planning at a time: gives False where another process is at it."""
        ...

    def basis(self, feed_id: int | None, mapping_digest: str, plan: int | None = None) -> str: ...

    def begin(self, scope: Scope, feed_id: int | None, basis: str) -> int: ...

    def add(self, plan: int, changes: Sequence[Change]) -> None: ...

    def account_pairs(self, scope: Scope) -> Iterator[list[PersonPair]]: ...

    def shared(self, scope: Scope) -> Shared:
        """Of a plan of some people: what they share with anybody, so that it asks where a plan of everybody asks."""
        ...

    def holders(self, account_ids: Sequence[int], scope: Scope) -> dict[int, Holder]: ...

    def administrators(self, account_ids: Collection[int]) -> set[int]:
        """Which of these accounts Moodle refused to change because an administrator has them, and nobody said since
        that it is none any more.
        """
        ...

    def mark_lost(self, account_ids: Sequence[int], now: datetime) -> None:
        """Moodle no longer has these accounts: what was known of them holds no more."""
        ...

    def unbind(self, person_ids: Sequence[int], now: datetime) -> None:
        """The accounts of these people are gone from Moodle for good, and with them all that was granted there."""
        ...

    def remember(self, accounts: Sequence[Account], now: datetime) -> None: ...

    def reserving(self) -> AbstractContextManager[Reserve]:
        """Reserve usernames for a batch of people, kept when the block ends well."""
        ...

    def take_doubled_adoptions(self, plan: int) -> dict[int, list[str]]:
        """Take changes of people out of the plan who would be bound to one account; gives their keys by account."""
        ...

    def take_colliding_identities(self, plan: int) -> list[Change]:
        """Take changes out of the plan whose present username or e-mail another person gets by it."""
        ...

    def take_blocked_identities(self, plan: int, scope: Scope) -> list[tuple[str, str]]:
        """Take changes out of the plan that need a username or e-mail whose holder keeps it: that one's own change
        is not in the plan. Gives keys with the name of the field.
        """
        ...

    def manager_pairs(self, scope: Scope) -> Iterator[list[ManagerPair]]: ...

    def manager_cycles(self, scope: Scope) -> list[str]: ...

    def weigh_decisions(self, assignable: Assignable, scope: Scope) -> None:
        """What people assigned and waived counts in this plan as it holds at the moment of ``scope``."""
        ...

    def note_moves(self, authoritative: Sequence[str], merged: Mapping[str, str], scope: Scope) -> None:
        """Find out who is named under another key now, and who has left, at the moment of ``scope``.

        ``authoritative``: sources that name people. ``merged``: what people settled, by the key that goes the one that
        stays.
        """
        ...

    def returned(self, scope: Scope) -> list[Returned]:
        """Who had left and is said to work here again."""
        ...

    def note_returned(self, others: Collection[int], newcomers: Collection[int], scope: Scope) -> None:
        """``others``: people whose key somebody else seems to have now, so that to us they have left, still.

        ``newcomers``: where a person said so. The one who left keeps account and history, under a key that no feed
        names; the key begins anew, without an account.
        """
        ...

    def merges(self, scope: Scope) -> list[Alike]:
        """Keys at work that look like one human, but for what people settled."""
        ...

    def missing_managers(self, scope: Scope, days: int) -> dict[str, int]:
        """Keys that have been named as a manager for so many days and are nobody's, with how many people name them."""
        ...

    def deletable(self, scope: Scope, protected: Collection[str]) -> list[Deletable]:
        """Accounts of those who left so long ago that they are to be deleted.

        Made by us, never adopted, suspended by us, with nothing of ours left to take.
        """
        ...

    def wanted_cohorts(self, scope: Scope) -> dict[str, str]: ...

    def compare_grants(self, plan: int, scope: Scope) -> None:
        """Find the grants that differ, for the methods that follow."""
        ...

    def differing_targets(self, plan: int) -> list[DifferingTarget]:
        """All but requirements, which are ours."""
        ...

    def wanted_groups(self, plan: int) -> dict[str, str]:
        """Names of the groups that differing grants would give to somebody, by target."""
        ...

    def remember_groups(self, groups: Mapping[str, Group], now: datetime) -> None:
        """Moodle's id and course of each group, by target."""
        ...

    def accounts_to_give(self, plan: int, level: str) -> list[int]:
        """Accounts that were there before this plan and get something new in a course, cohort or group (``level``)."""
        ...

    def protected_people(self, scope: Scope, usernames: Collection[str]) -> set[str]:
        """Keys of people who are bound to an account that is never touched, or is theirs no longer."""
        ...

    def note_present(self, plan: int, grants: Iterable[tuple[int, GrantKind, str, bool]]) -> None:
        """Each (account id, kind, target, active) that is in Moodle; ``active``: an enrolment lets the person in."""
        ...

    def grant_pairs(self, plan: int, by_cohort: Collection[tuple[str, str]]) -> Iterator[list[GrantPair]]:
        """``by_cohort``: each cohort with each course in which Moodle enrols its members."""
        ...

    def seal(self, plan: int, scope: Scope) -> Plan:
        """Put the changes in order, hash them, let the guard look, and make the plan known."""
        ...

    # ids of what mappings name
    def remember_references(self, kind: str, references: Mapping[str, int], now: datetime) -> int:
        """Gives the number of grants in courses whose names lead elsewhere now: they are wanted by nobody any more."""
        ...

    def references(self, kind: str) -> dict[str, int]: ...

    # reading and deciding
    def find(self, plan_hash: str | None = None) -> Plan | None:
        """The plan whose hash begins so, or the newest. Raises SettingsError where several begin so."""
        ...

    def read(self, number: int) -> Plan:
        """The plan with this number, and its holds as they stand."""
        ...

    def changes(
        self, plan: int, after: int = 0, limit: int = 1000, subject: str | None = None
    ) -> list[NumberedChange]: ...

    def holds(self) -> list[Hold]: ...

    def decide_hold(
        self, plan_hash: str, guard: GuardClass | None, state: HoldState, by: str, now: datetime
    ) -> list[GuardClass]:
        """A person's word on a class of the plan whose hash begins so, or on all of them; gives those that it is on.

        An approval without a class leaves those out that are approved by name only. Raises SettingsError where
        several plans that wait begin so.
        """
        ...
