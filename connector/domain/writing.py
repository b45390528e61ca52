"""The port of what is written to Moodle, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.domain.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Created:
    """An account that was made. ``dropped`` are custom fields that Moodle does not have."""

    id: int
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that is to be made. Moodle refuses an idnumber that is taken with AlreadyThere, a name otherwise."""

    course_id: int
    idnumber: str
    name: str


@dataclass(frozen=True, slots=True)
class RoleContext:
    """``level`` is system, coursecat or course; ``instance`` the id of the category or course (0 for system)."""

    role_id: int
    user_id: int
    level: str
    instance: int


@dataclass(frozen=True, slots=True)
class ManualEnrolment:
    """Times are epoch seconds, 0 for open."""

    user_id: int
    course_id: int
    role_id: int
    timestart: int = 0
    timeend: int = 0
    suspended: bool = False


Answers = list[ConnectorError | None]
"""For each row why it was not carried out; None where it was."""


class Writer(Protocol):
    """What is written to one Moodle site, one request's worth at a time: the caller makes batches and journals them.

    Each method gives an answer for each row, in their order: what came of it, or the error that says why this row was
    not carried out, the others being as they are. Where Moodle refuses all of them at once and does not say for which,
    SetAside is raised, and none was carried out.
    """

    @property
    def name(self) -> str: ...

    async def create_accounts(self, accounts: Sequence[Mapping[str, object]]) -> list[Created | ConnectorError]:
        """Rows of Moodle's own function, and ``suspended``."""
        ...

    async def update_accounts(self, accounts: Sequence[Mapping[str, object]]) -> Answers: ...

    async def delete_accounts(self, account_ids: Sequence[int]) -> Answers:
        """For good, with grades and all else."""
        ...

    async def create_cohorts(self, cohorts: Sequence[tuple[str, str]]) -> list[int | ConnectorError]:
        """Each (idnumber, name), in the system context; gives their ids."""
        ...

    async def add_cohort_members(self, members: Sequence[tuple[int, int]]) -> list[bool | ConnectorError]:
        """Each (cohort id, user id); gives whether somebody is new there, False for who was there before."""
        ...

    async def remove_cohort_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """Each (cohort id, user id); who is no member is no error."""
        ...

    async def create_groups(self, groups: Sequence[NewGroup]) -> list[int | ConnectorError]:
        """Gives their ids."""
        ...

    async def add_group_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """Each (group id, user id). Only who is enrolled; who is in it already is no error."""
        ...

    async def remove_group_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """Each (group id, user id); who is not in the group is no error."""
        ...

    async def assign_roles(self, roles: Sequence[RoleContext]) -> Answers:
        """Who has the role already is no error."""
        ...

    async def unassign_roles(self, roles: Sequence[RoleContext]) -> Answers:
        """Who has not the role is no error."""
        ...

    async def enrol(self, enrolments: Sequence[ManualEnrolment]) -> Answers:
        """Who is enrolled gets these times and this status."""
        ...

    async def unenrol(self, enrolments: Sequence[tuple[int, int]]) -> Answers:
        """Each (user id, course id); who is not enrolled is no error. Deletes the person's grades there."""
        ...
