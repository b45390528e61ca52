"""The plan: an immutable value that says before and after for each change.

Preview, approval, apply and audit all use this one object. A dry run means that nobody calls apply.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any

from connector.domain.grants import GrantKind, Place, place_of


class GuardClass(StrEnum):
    """Classes of change that are held for a person where there are too many of them."""

    CREATE = "create"
    SUSPEND = "suspend"
    IDENTITY = "identity"
    """Username, e-mail or idnumber."""
    AUTH = "auth"
    MANAGER = "manager"
    REMOVE_ROLE = "remove_role"
    REMOVE_GRANT = "remove_grant"
    """Unenrol, or remove from a cohort or a group."""
    DELETE = "delete"
    UNDONE = "undone"
    """What a person had taken back, and HR still says: whatever class it would be otherwise."""


BY_NAME = frozenset({GuardClass.DELETE})
"""Classes that are approved by their own name only: who approves a plan has not said that somebody is deleted."""
DESTRUCTIVE = frozenset({GuardClass.SUSPEND, GuardClass.REMOVE_ROLE, GuardClass.REMOVE_GRANT, GuardClass.DELETE})
"""Classes that take something away."""


class Phase(IntEnum):
    """The order in which changes are carried out: each phase ends before the next begins."""

    COHORTS = 1
    RELEASE = 2
    """Identifiers that another person takes over in this plan move to a temporary value first."""
    IDENTITY = 3
    ACCOUNTS = 4
    ACCOUNT_FIELDS = 5
    MANAGERS = 6
    UNENROLMENTS = 7
    """Before roles are given: with an enrolment Moodle takes every role that the person has in the course."""
    GRANTS_COHORT = 8
    GRANTS_ROLE = 9
    GRANTS_ENROLMENT = 10
    GRANTS_GROUP = 11
    """After enrolments: Moodle takes into a group only who is in its course."""
    REMOVALS = 12
    BINDINGS = 13
    """What is taken from an account is taken while it is known whose it is."""
    DELETIONS = 14


class Action(StrEnum):
    """What a change does. Names are those of the screen, the journal and the reports."""

    CREATE_COHORT = "create_cohort"
    CREATE_GROUP = "create_group"
    RELEASE_IDENTITY = "release_identity"
    CHANGE_IDENTITY = "change_identity"
    CREATE_ACCOUNT = "create_account"
    ADOPT_ACCOUNT = "adopt_account"
    """Bind a person to an account that is already in Moodle."""
    GIVE_UP_ACCOUNT = "give_up_account"
    """The opposite, where an adoption is taken back: our note of whose it is ends."""
    UPDATE_ACCOUNT = "update_account"
    CHANGE_AUTH = "change_auth"
    SUSPEND_ACCOUNT = "suspend_account"
    REACTIVATE_ACCOUNT = "reactivate_account"
    CHANGE_MANAGER = "change_manager"
    ADD_TO_COHORT = "add_to_cohort"
    RECOGNISE_COHORT = "recognise_cohort"
    """Put into the cohort by somebody else: noted, and never removed by us."""
    ASSIGN_ROLE = "assign_role"
    ENROL = "enrol"
    CHANGE_ENROLMENT = "change_enrolment"
    """New dates, or active again after a suspension."""
    RECOGNISE_ENROLMENT = "recognise_enrolment"
    """Enrolled by somebody else: noted, and never removed by us."""
    RECOGNISE_ROLE = "recognise_role"
    """Assigned by somebody else, in a course: noted, and never removed by us."""
    ADD_TO_GROUP = "add_to_group"
    RECOGNISE_GROUP = "recognise_group"
    """Put into the group by somebody else: noted, and never removed by us."""
    ASSIGN_REQUIREMENT = "assign_requirement"
    CHANGE_REQUIREMENT = "change_requirement"
    REMOVE_FROM_COHORT = "remove_from_cohort"
    REMOVE_FROM_GROUP = "remove_from_group"
    UNASSIGN_ROLE = "unassign_role"
    SUSPEND_ENROLMENT = "suspend_enrolment"
    UNENROL = "unenrol"
    WITHDRAW_REQUIREMENT = "withdraw_requirement"
    NOTE_TERMS = "note_terms"
    """What the ledger says of a grant, and Moodle does not know: until when it is kept though no rule gives it."""
    DELETE_ACCOUNT = "delete_account"
    """For good, with all grades: of an account that was made here, long after its person left."""
    FORGET_GRANT = "forget_grant"
    """A grant that was never ours is not wanted any more: only our note of it ends."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where an action stands in the order, and which guard watches it."""

    phase: Phase
    guard: GuardClass | None = None


RULES: Mapping[Action, Rule] = {
    Action.CREATE_COHORT: Rule(Phase.COHORTS),
    Action.CREATE_GROUP: Rule(Phase.COHORTS),
    Action.RELEASE_IDENTITY: Rule(Phase.RELEASE, GuardClass.IDENTITY),
    Action.CHANGE_IDENTITY: Rule(Phase.IDENTITY, GuardClass.IDENTITY),
    Action.CREATE_ACCOUNT: Rule(Phase.ACCOUNTS, GuardClass.CREATE),
    Action.ADOPT_ACCOUNT: Rule(Phase.COHORTS),
    Action.GIVE_UP_ACCOUNT: Rule(Phase.BINDINGS),
    Action.UPDATE_ACCOUNT: Rule(Phase.ACCOUNT_FIELDS),
    Action.CHANGE_AUTH: Rule(Phase.ACCOUNT_FIELDS, GuardClass.AUTH),
    Action.SUSPEND_ACCOUNT: Rule(Phase.ACCOUNT_FIELDS, GuardClass.SUSPEND),
    Action.REACTIVATE_ACCOUNT: Rule(Phase.ACCOUNT_FIELDS),
    Action.CHANGE_MANAGER: Rule(Phase.MANAGERS, GuardClass.MANAGER),
    Action.ADD_TO_COHORT: Rule(Phase.GRANTS_COHORT),
    Action.RECOGNISE_COHORT: Rule(Phase.GRANTS_COHORT),
    Action.ASSIGN_ROLE: Rule(Phase.GRANTS_ROLE),
    Action.ENROL: Rule(Phase.GRANTS_ENROLMENT),
    Action.CHANGE_ENROLMENT: Rule(Phase.GRANTS_ENROLMENT),
    Action.RECOGNISE_ENROLMENT: Rule(Phase.GRANTS_ENROLMENT),
    Action.RECOGNISE_ROLE: Rule(Phase.GRANTS_ROLE),
    Action.ADD_TO_GROUP: Rule(Phase.GRANTS_GROUP),
    Action.RECOGNISE_GROUP: Rule(Phase.GRANTS_GROUP),
    Action.ASSIGN_REQUIREMENT: Rule(Phase.GRANTS_ENROLMENT),
    Action.CHANGE_REQUIREMENT: Rule(Phase.GRANTS_ENROLMENT),
    Action.REMOVE_FROM_COHORT: Rule(Phase.REMOVALS, GuardClass.REMOVE_GRANT),
    Action.REMOVE_FROM_GROUP: Rule(Phase.REMOVALS, GuardClass.REMOVE_GRANT),
    Action.UNASSIGN_ROLE: Rule(Phase.REMOVALS, GuardClass.REMOVE_ROLE),
    Action.SUSPEND_ENROLMENT: Rule(Phase.REMOVALS, GuardClass.REMOVE_GRANT),
    Action.UNENROL: Rule(Phase.UNENROLMENTS, GuardClass.REMOVE_GRANT),
    Action.WITHDRAW_REQUIREMENT: Rule(Phase.REMOVALS),
    Action.NOTE_TERMS: Rule(Phase.REMOVALS),
    Action.FORGET_GRANT: Rule(Phase.REMOVALS),
    Action.DELETE_ACCOUNT: Rule(Phase.DELETIONS, GuardClass.DELETE),
}


@dataclass(frozen=True)
class Change:
    """One change of one thing.

    ``subject`` is the person's source key (for a cohort its idnumber, for a group ``COURSE:GROUP``), ``person_id``
    our own number for that person (None for a cohort or group). ``target`` is the grant's target, "" for the account
    itself. ``before`` and ``after`` hold JSON values of just the fields that the change concerns. ``reason`` names
    the rule or row. ``kind`` is that of the grant, None where the change is of something else.
    """

    action: Action
    subject: str
    target: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    person_id: int | None = None
    reason: str = ""
    kind: GrantKind | None = None

    @property
    def place(self) -> Place:
        """Where in Moodle the grant holds."""
        return place_of(self.kind, self.target) if self.kind else Place()

    @property
    def phase(self) -> Phase:
        return RULES[self.action].phase

    @property
    def guard(self) -> GuardClass | None:
        """The guard that watches this change; a first manager is no change of manager, and with a new role of an
        enrolment the old one goes.
        """
        if self.action is Action.CHANGE_ENROLMENT and self.replaced_role:
            return GuardClass.REMOVE_ROLE
        if self.action is Action.CHANGE_MANAGER and not self.before.get("manager"):
            return None
        return RULES[self.action].guard

    @property
    def replaced_role(self) -> str:
        """The role of an enrolment that another takes the place of, "" where it stays."""
        role = str(self.before.get("role", ""))
        return role if self.kind is GrantKind.ENROLMENT and self.after.get("role", role) != role else ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the change does; the same change in a later plan has the same digest."""
        content = [self.action, self.kind, self.subject, self.target, dict(self.before), dict(self.after)]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def digest_of(digests: Iterable[str]) -> str:
    """The hash over many changes, in the order given."""
    total = hashlib.sha256()
    for digest in digests:
        total.update(digest.encode())
    return total.hexdigest()


class HoldState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    """A newer plan took this one's place."""
    EXPIRED = "expired"
    """A person has decided, and it does not count any more: it is asked about again. Derived, and never kept."""


def standing_of(state: HoldState, expires_at: datetime | None, now: datetime) -> HoldState:
    """What a decision is worth by now."""
    decided = state in (HoldState.APPROVED, HoldState.REJECTED)
    return HoldState.EXPIRED if decided and expires_at is not None and expires_at <= now else state


class Window(StrEnum):
    """Over what a limit is counted."""

    PLAN = "plan"
    DAY = "day"
    """24 hours up to now."""
    WEEK = "week"
    """7 days up to now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A class of changes of a plan that waits for a person. ``digest`` is over the changes of that class.

    ``spent`` changes of the class were carried out within ``window`` without anybody's word: with them it is more
    than ``limit``.
    """

    guard: GuardClass
    count: int
    limit: int
    digest: str
    state: HoldState = HoldState.WAITING
    plan_hash: str = ""
    decided_by: str = ""
    expires_at: datetime | None = None
    window: Window = Window.PLAN
    spent: int = 0

    def at(self, now: datetime) -> Hold:
        """The same with what its decision is worth by now."""
        return replace(self, state=standing_of(self.state, self.expires_at, now))

    @property
    def is_open(self) -> bool:
        """Whether a person's word is wanted."""
        return self.state in (HoldState.WAITING, HoldState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Plan:
    """The head of a stored plan; its changes are read as a stream.

    ``people``: keys of the only people whom it is about; None: everybody.
    ``basis`` is a digest of what the plan was made from (feed, mapping, last applied run): when it no longer
    holds, the plan is made again and never applied. ``counts`` is by action.
    """

    number: int
    hash: str
    people: frozenset[str] | None
    feed_id: int | None
    basis: str
    created_at: datetime
    counts: Mapping[str, int]
    holds: tuple[Hold, ...] = ()
    status: str = "planned"
    undoes: int | None = None
    """The run that it takes back; None where it is made of what HR says."""

    @property
    def size(self) -> int:
        return sum(self.counts.values())
