"""Operations on groups within courses."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.errors import SetAside
from connector.domain.journal import Outcome, Pending
from connector.domain.ports import Moodle
from connector.domain.writing import NewGroup, Writer
from connector.sync.operations_on_grants import OfAccount, account_of, as_done, done, place_of_change
from connector.sync.refusals import Refusal, came


class GroupCreation:
    """Make groups."""

    batch = 20

    def __init__(self, moodle: Moodle, writer: Writer) -> None:
        self._moodle = moodle
        self._writer = writer

    async def send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        wanted = [NewGroup(_course(one), _idnumber(one), str(one.change.after["name"])) for one in batch]
        return came(batch, await self._writer.create_groups(wanted), done)

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:
        """By idnumber. The list can show a group that is not there, but its members it cannot."""
        listed = await self._moodle.course_groups(sorted({_course(one) for one in batch}))
        ids = {(course, group.idnumber): group.id for course, groups in listed.items() for group in groups}
        named = [(one, ids[name]) for one in batch if (name := (_course(one), _idnumber(one))) in ids]
        members = await self._moodle.group_members([group_id for _, group_id in named])
        return [done(one, group_id) for one, group_id in named if members.get(group_id) is not None]

    async def cause(self, one: Pending, error: SetAside) -> str:  # noqa: ARG002
        if error.code == "invalidparameter":
            return (
                "Moodle refuses to make this group: another group of the course has its name, or the name has markup."
            )
        return f"Moodle refuses to make this group ({error.code}): an idnumber may have 100 characters, a name 254."


class GroupAddition(OfAccount):
    """Add to groups; who is in one already is no error."""

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        members = [(place_of_change(one), account_of(one)) for one in batch]
        return came(batch, await self._writer.add_group_members(members), as_done)

    async def cause(self, one: Pending, error: SetAside) -> str:
        if error.code == "invalidparameter":
            return "Moodle takes into a group only who is enrolled in its course, and this person is not."
        return await super().cause(one, error)


class GroupRemoval(OfAccount):
    """Remove from groups; Moodle says nothing where the person was not in it."""

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        members = [(place_of_change(one), account_of(one)) for one in batch]
        return came(batch, await self._writer.remove_group_members(members), as_done)


def _course(one: Pending) -> int:
    return int(one.change.after["course"])


def _idnumber(one: Pending) -> str:
    return str(one.change.after["idnumber"])
