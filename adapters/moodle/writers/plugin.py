"""The writer by our plugin in Moodle: an outcome for each row, with the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from adapters.moodle import rows as read
from adapters.moodle.client import MoodleClient
from adapters.moodle.errors import error_of_row, foreseen
from connector.domain.errors import ConnectorError
from connector.domain.writing import Answers, Created, ManualEnrolment, NewGroup, RoleContext

T = TypeVar("T")
Row = Mapping[str, object]

WRITE = "local_connector_write"


class PluginWriter:
    """The port ``Writer`` by ``local_connector``. Each row is a transaction of its own."""

    name = "plugin"

    def __init__(self, client: MoodleClient) -> None:
        self._client = client

    # ------------------------------------------------------------ accounts
    async def create_accounts(self, accounts: Sequence[Mapping[str, object]]) -> list[Created | ConnectorError]:
        """See the port."""
        return await self._write("create_people", accounts, _created)

    async def update_accounts(self, accounts: Sequence[Mapping[str, object]]) -> Answers:
        """See the port."""
        return await self._write("update_people", accounts, _done)

    async def delete_accounts(self, account_ids: Sequence[int]) -> Answers:
        """See the port."""
        return await self._write("delete_people", [{"id": one} for one in account_ids], _done)

    # ------------------------------------------------------------ cohorts
    async def create_cohorts(self, cohorts: Sequence[tuple[str, str]]) -> list[int | ConnectorError]:
        """See the port."""
        return await self._write("create_cohorts", [{"idnumber": key, "name": name} for key, name in cohorts], _id)

    async def add_cohort_members(self, members: Sequence[tuple[int, int]]) -> list[bool | ConnectorError]:
        """See the port."""
        return await self._write("add_cohort_members", [_in_cohort(one) for one in members], _is_new)

    async def remove_cohort_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """See the port."""
        return await self._write("remove_cohort_members", [_in_cohort(one) for one in members], _done)

    # ------------------------------------------------------------ groups
    async def create_groups(self, groups: Sequence[NewGroup]) -> list[int | ConnectorError]:
        """See the port."""
        wanted = [{"courseid": one.course_id, "idnumber": one.idnumber, "name": one.name} for one in groups]
        return await self._write("create_groups", wanted, _id)

    async def add_group_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """See the port."""
        return await self._write("add_group_members", [read.in_group(one) for one in members], _done)

    async def remove_group_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """See the port."""
        return await self._write("remove_group_members", [read.in_group(one) for one in members], _done)

    # ------------------------------------------------------------ roles and enrolments
    async def assign_roles(self, roles: Sequence[RoleContext]) -> Answers:
        """See the port."""
        return await self._write("assign_roles", [read.role(role) for role in roles], _done)

    async def unassign_roles(self, roles: Sequence[RoleContext]) -> Answers:
        """See the port."""
        return await self._write("unassign_roles", [read.role(role) for role in roles], _done)

    async def enrol(self, enrolments: Sequence[ManualEnrolment]) -> Answers:
        """See the port."""
        return await self._write("enrol", [read.enrolment(one) for one in enrolments], _done)

    async def unenrol(self, enrolments: Sequence[tuple[int, int]]) -> Answers:
        """See the port."""
        return await self._write(
            "unenrol", [{"userid": user, "courseid": course} for user, course in enrolments], _done
        )

    async def _write(
        self, operation: str, rows: Sequence[Row], told: Callable[[Mapping[str, Any]], T]
    ) -> list[T | ConnectorError]:
        return await carry_out(self._client, WRITE, rows, told, operation)


async def carry_out(
    client: MoodleClient,
    function: str,
    rows: Sequence[Row],
    told: Callable[[Mapping[str, Any]], T],
    operation: str = "",
) -> list[T | ConnectorError]:
    """Call a function of the plugin that takes rows; for each what ``told`` reads, or why it is refused."""
    if not rows:
        return []
    named = {"operation": operation} if operation else {}
    answer = await client.call(function, {**named, "rows": orjson.dumps(list(rows)).decode()})
    with foreseen(function):
        outcomes = orjson.loads(answer["json"])
        return [
            told(outcome) if outcome["ok"] else error_of_row(operation or function, outcome)
            for _, outcome in zip(rows, outcomes, strict=True)
        ]


def _done(_: Mapping[str, Any]) -> None:
    return None


def _id(outcome: Mapping[str, Any]) -> int:
    return int(outcome["id"])


def _created(outcome: Mapping[str, Any]) -> Created:
    return Created(int(outcome["id"]), tuple(map(str, outcome.get("dropped", ()))))


def _is_new(outcome: Mapping[str, Any]) -> bool:
    return not outcome.get("already", False)


def _in_cohort(member: tuple[int, int]) -> Row:
    cohort, user = member
    return {"cohortid": cohort, "userid": user}
