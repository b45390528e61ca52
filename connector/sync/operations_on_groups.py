"""Operations on groups within courses."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.errors import SetAside
from connector.domain.journal import Outcome, Pending
from connector.domain.ports import Moodle
from connector.sync.operations_on_grants import OfAccount, account_of, done, place_of_change


class GroupCreation:
    """Make groups, one in a call: see ``Moodle.create_group``."""

    batch = 1

    def __init__(self, moodle: Moodle) -> None:
        self._moodle = moodle

    async def send(self, batch: Sequence[Pending]) -> list[Outcome]:
        return [
            done(one, await self._moodle.create_group(_course(one), _idnumber(one), str(one.change.after["name"])))
            for one in batch
        ]

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
    """Add to groups. All or nothing in Moodle; who is in one already is no error."""

    def __init__(self, moodle: Moodle) -> None:
        self._moodle = moodle

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome]:
        await self._moodle.add_group_members([(place_of_change(one), account_of(one)) for one in batch])
        return [done(one) for one in batch]

    async def cause(self, one: Pending, error: SetAside) -> str:
        if error.code == "invalidparameter":
            return "Moodle takes into a group only who is enrolled in its course, and this person is not."
        return await super().cause(one, error)


class GroupRemoval(OfAccount):
    """Remove from groups; Moodle says nothing where the person was not in it."""

    def __init__(self, moodle: Moodle) -> None:
        self._moodle = moodle

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome]:
        await self._moodle.remove_group_members([(place_of_change(one), account_of(one)) for one in batch])
        return [done(one) for one in batch]


def _course(one: Pending) -> int:
    return int(one.change.after["course"])


def _idnumber(one: Pending) -> str:
    return str(one.change.after["idnumber"])
