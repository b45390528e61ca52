"""Operations: how each action of a plan is carried out in Moodle, a batch at a time.

An operation sends one batch (``send``), can say which of a batch have happened already although the answer was
lost (``found``), and names the cause when a single change is refused (``cause``). When to do which is decided in
``connector.sync.apply``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connector.domain.errors import SetAside
from connector.domain.journal import Outcome, OutcomeState, Pending
from connector.domain.plan import Action
from connector.domain.ports import Moodle
from connector.domain.writing import Writer
from connector.sync.operations_on_accounts import AccountCreation, AccountUpdate
from connector.sync.operations_on_enrolments import Enrolling, EnrolmentChange, Unenrolling
from connector.sync.operations_on_grants import (
    CohortAddition,
    CohortCreation,
    CohortRemoval,
    RoleAssignment,
)
from connector.sync.operations_on_groups import GroupAddition, GroupCreation, GroupRemoval
from connector.sync.operations_on_leavers import AccountDeletion
from connector.sync.refusals import Refusal


class Operation(Protocol):
    """How one kind of action is carried out. ``batch`` is the most changes that go in one call."""

    batch: int

    async def send(self, batch: Sequence[Pending]) -> Sequence[Outcome | Refusal]:
        """Do it; an outcome for each, or why Moodle refuses this one alone.

        Raises SetAside where it refused the batch as a whole, or TryAgain.
        """
        ...

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:
        """Outcomes of those that turn out to have happened; repeating one that is left out does no harm."""
        ...

    async def cause(self, one: Pending, error: SetAside) -> str:
        """Why Moodle refuses this one, found by looking Moodle's state up: it does not say so itself."""
        ...


class OwnModel:
    """Changes that concern our own model only: writing them down is carrying them out."""

    batch = 1000

    async def send(self, batch: Sequence[Pending]) -> list[Outcome]:
        return [Outcome(one.ordinal, OutcomeState.DONE) for one in batch]

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:  # noqa: ARG002
        return []

    async def cause(self, one: Pending, error: SetAside) -> str:  # noqa: ARG002
        return str(error)


def operations(
    moodle: Moodle, writer: Writer, roles: Mapping[str, int], clock: Callable[[], datetime]
) -> Mapping[Action, Operation]:
    """The table of operations. ``writer`` is that of ``moodle``; ``roles`` are Moodle's ids of roles by name."""
    own = OwnModel()
    update = AccountUpdate(moodle, writer)
    return {
        Action.CREATE_COHORT: CohortCreation(moodle, writer),
        Action.CREATE_GROUP: GroupCreation(moodle, writer),
        Action.CREATE_ACCOUNT: AccountCreation(moodle, writer),
        Action.ADOPT_ACCOUNT: own,
        Action.GIVE_UP_ACCOUNT: own,
        Action.RELEASE_IDENTITY: update,
        Action.CHANGE_IDENTITY: update,
        Action.UPDATE_ACCOUNT: update,
        Action.CHANGE_AUTH: update,
        Action.SUSPEND_ACCOUNT: update,
        Action.REACTIVATE_ACCOUNT: update,
        Action.CHANGE_MANAGER: own,
        Action.ADD_TO_COHORT: CohortAddition(writer),
        Action.REMOVE_FROM_COHORT: CohortRemoval(writer),
        Action.ADD_TO_GROUP: GroupAddition(writer),
        Action.REMOVE_FROM_GROUP: GroupRemoval(writer),
        Action.ASSIGN_ROLE: RoleAssignment(writer, roles),
        Action.UNASSIGN_ROLE: RoleAssignment(writer, roles),
        Action.ENROL: Enrolling(writer, roles),
        Action.CHANGE_ENROLMENT: EnrolmentChange(moodle, writer, roles, clock),
        Action.SUSPEND_ENROLMENT: Enrolling(writer, roles),
        Action.UNENROL: Unenrolling(writer),
        Action.RECOGNISE_COHORT: own,
        Action.RECOGNISE_ENROLMENT: own,
        Action.RECOGNISE_ROLE: own,
        Action.RECOGNISE_GROUP: own,
        Action.ASSIGN_REQUIREMENT: own,
        Action.CHANGE_REQUIREMENT: own,
        Action.WITHDRAW_REQUIREMENT: own,
        Action.NOTE_TERMS: own,
        Action.FORGET_GRANT: own,
        Action.DELETE_ACCOUNT: AccountDeletion(moodle, writer),
    }
