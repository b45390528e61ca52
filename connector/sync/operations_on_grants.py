"""Operations on grants: cohorts and roles, and what all operations on grants share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from connector.domain.errors import Missing, SetAside
from connector.domain.grants import RoleTarget
from connector.domain.journal import Outcome, OutcomeState, Pending
from connector.domain.plan import Action
from connector.domain.ports import Moodle
from connector.domain.writing import RoleContext, Writer
from connector.sync.refusals import Refusal, came

TAKING = (
    Action.REMOVE_FROM_COHORT,
    Action.REMOVE_FROM_GROUP,
    Action.UNASSIGN_ROLE,
    Action.SUSPEND_ENROLMENT,
    Action.UNENROL,
)


class CohortCreation:
    """Create cohorts in the system context."""

    batch = 50

    def __init__(self, moodle: Moodle, writer: Writer) -> None:
        self._moodle = moodle
        self._writer = writer

    async def send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        wanted = [(one.change.subject, str(one.change.after["name"])) for one in batch]
        return came(batch, await self._writer.create_cohorts(wanted), done)

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:
        there = {cohort.idnumber: cohort.id for cohort in await self._moodle.cohorts()}
        return [done(one, there[one.change.subject]) for one in batch if one.change.subject in there]

    async def cause(self, one: Pending, error: SetAside) -> str:  # noqa: ARG002
        return f"Moodle refuses to create this cohort ({error.code})."


class OfAccount(ABC):
    """What operations on a person's grants share: what lacks its account or its place waits, the others are sent.

    Repeating such a call is harmless, so nothing is looked up after a lost answer.
    """

    batch = 200

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        waiting = [outcome for one in batch if (outcome := _lacking(one))]
        late = {outcome.ordinal for outcome in waiting}
        ready = [one for one in batch if one.ordinal not in late]
        return [*(await self._send(ready) if ready else []), *waiting]

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:  # noqa: ARG002
        return []

    async def cause(self, one: Pending, error: SetAside) -> str:  # noqa: ARG002
        return f"Moodle refuses it ({error.code}): {error}"

    @abstractmethod
    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]: ...


class CohortAddition(OfAccount):
    """Add to cohorts. Whoever is there already was put there by somebody else."""

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        members = [(place_of_change(one), account_of(one)) for one in batch]
        return came(batch, await self._writer.add_cohort_members(members), _added)


def _added(one: Pending, new: bool) -> Outcome:
    # somebody else's membership: noted, never taken away
    return done(one) if new or one.uncertain else done(one, 0)


class CohortRemoval(OfAccount):
    """Remove from cohorts."""

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        members = [(place_of_change(one), account_of(one)) for one in batch]
        return came(batch, await self._writer.remove_cohort_members(members), as_done)


class RoleAssignment(OfAccount):
    """Assign and unassign roles in the system, a category or a course."""

    def __init__(self, writer: Writer, roles: Mapping[str, int]) -> None:
        super().__init__(writer)
        self._roles = roles

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        assigns = batch[0].change.action is Action.ASSIGN_ROLE
        write = self._writer.assign_roles if assigns else self._writer.unassign_roles
        return came(batch, await write([self._context(one) for one in batch]), as_done)

    async def cause(self, one: Pending, error: SetAside) -> str:
        target = RoleTarget.parse(one.change.target)
        if error.code == "invalidparameter" and error.field in ("", "roleid"):
            return (
                f"Moodle does not let this token assign the role {target.role} in a {target.level}. Look in Site "
                "administration, Users, Define roles: the contexts in which that role may be assigned, and the roles "
                "that the token's own role may assign."
            )
        return await super().cause(one, error)

    def _context(self, one: Pending) -> RoleContext:
        target = RoleTarget.parse(one.change.target)
        level = {"category": "coursecat"}.get(target.level, target.level)
        instance = 0 if target.level == "system" else place_of_change(one)
        return RoleContext(self._roles[target.role], account_of(one), level, instance)


async def is_moot(moodle: Moodle, one: Pending) -> bool:
    """Is a refused change done all the same, because the course, cohort or group that it takes something from is gone?

    A course that is only hidden is refused otherwise than one that is gone.
    """
    if one.change.action not in TAKING or one.place_id is None:
        return False
    level = one.change.place.level
    if level == "cohort":
        return one.place_id not in {cohort.id for cohort in await moodle.cohorts()}
    if level == "group":
        return (await moodle.group_members([one.place_id])).get(one.place_id, ()) is None
    if level != "course":
        return False
    try:
        async for _ in moodle.participants(one.place_id, suspended_only=True):
            break
    except Missing:
        return True
    return False


def _lacking(one: Pending) -> Outcome | None:
    if one.account_id is None:
        return _waiting(one, "no_account", "The person has no Moodle account yet.")
    level = one.change.place.level
    if one.place_id is None and level != "system":
        return _waiting(one, f"no_{level}", f"The {level} is not in Moodle yet.")
    return None


def account_of(one: Pending) -> int:
    """Moodle's id of the account, which whoever sends has made sure of."""
    if one.account_id is None:
        raise ValueError("a change without an account was sent")
    return one.account_id


def place_of_change(one: Pending) -> int:
    """Moodle's id of where the grant holds, which whoever sends has made sure of."""
    if one.place_id is None:
        raise ValueError("a change without a place was sent")
    return one.place_id


def done(one: Pending, moodle_id: int | None = None) -> Outcome:
    """It has happened; ``moodle_id`` is that of what was made."""
    return Outcome(one.ordinal, OutcomeState.DONE, moodle_id)


def as_done(one: Pending, _: None) -> Outcome:
    """``done`` for what nothing is told of."""
    return done(one)


def _waiting(one: Pending, code: str, message: str) -> Outcome:
    return Outcome(one.ordinal, OutcomeState.WAITING, None, code, message)
