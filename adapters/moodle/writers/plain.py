"""The writer by core's plain functions: most of them refuse a batch as a whole, and do not say for which row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from adapters.moodle import rows as read
from adapters.moodle.accounts import look_up_rows
from adapters.moodle.client import MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.groups import create_group
from connector.domain.errors import AnswerLost, BatchRefused, ConnectorError, Missing, SetAside, TryAgain
from connector.domain.writing import Answers, Created, ManualEnrolment, NewGroup, RoleContext

CREATE, UPDATE = "core_user_create_users", "core_user_update_users"
ADD_TO_COHORT = "core_cohort_add_cohort_members"
ALREADY_THERE = "3"
"""Moodle's code for a member of a cohort who is there; any other one is for somebody, or a cohort, who is not."""


class PlainWriter:
    """The port ``Writer`` by functions that every Moodle has."""

    name = "plain"

    def __init__(self, client: MoodleClient) -> None:
        self._client = client

    # ------------------------------------------------------------ accounts
    async def create_accounts(self, accounts: Sequence[Mapping[str, object]]) -> list[Created | ConnectorError]:
        """See the port. All or nothing.

        Moodle takes no ``suspended`` here: those who have not started yet are updated at once. An answer without all
        of the usernames is AnswerLost, because PHP may have dropped variables; so is what fails once they are there.
        """
        if not accounts:
            return []
        wanted = [{name: value for name, value in row.items() if name != "suspended"} for row in accounts]
        rows = await self._client.call(CREATE, {"users": wanted})
        with foreseen(CREATE):
            made = {str(row["username"]): int(row["id"]) for row in rows}
        if len(made) < len(accounts):
            raise AnswerLost(f"{CREATE}: Moodle answers for {len(made)} of {len(accounts)} accounts; look them up")
        ids = [made[str(row["username"])] for row in accounts]
        try:
            early = [
                {"id": one, "suspended": 1} for one, row in zip(ids, accounts, strict=True) if row.get("suspended")
            ]
            await self.update_accounts(early)
            dropped = await self._dropped(accounts[0], ids[0])
        except TryAgain as error:
            raise AnswerLost(str(error)) from error
        return [Created(one, dropped) for one in ids]

    async def _dropped(self, row: Mapping[str, object], account_id: int) -> tuple[str, ...]:
        """Which custom fields Moodle dropped without a word, because it has none of that name.

        One account of a batch is looked at: a field is there for everybody or for nobody.
        """
        fields = row.get("customfields")
        wanted = {str(field["type"]) for field in fields if field["value"]} if isinstance(fields, list) else set()
        if not wanted:
            return ()
        shown = await look_up_rows(self._client, "id", [str(account_id)])
        with foreseen(CREATE):
            there = {str(field["shortname"]) for one in shown for field in one.get("customfields") or ()}
        return tuple(sorted(wanted - there)) if shown else ()

    async def update_accounts(self, accounts: Sequence[Mapping[str, object]]) -> Answers:
        """See the port. Good rows are applied, bad ones come back as warnings."""
        if not accounts:
            return []
        answer = await self._client.call(UPDATE, {"users": list(accounts)})
        with foreseen(UPDATE):
            warned = {int(w["itemid"]): str(w["warningcode"]) for w in answer["warnings"]}
        return [_refused(UPDATE, warned.get(int(str(row["id"])))) for row in accounts]

    async def delete_accounts(self, account_ids: Sequence[int]) -> Answers:
        """See the port. All or nothing."""
        if account_ids:
            await self._client.call("core_user_delete_users", {"userids": list(account_ids)})
        return [None] * len(account_ids)

    # ------------------------------------------------------------ cohorts
    async def create_cohorts(self, cohorts: Sequence[tuple[str, str]]) -> list[int | ConnectorError]:
        """See the port. All or nothing; an idnumber that is taken is Moodle's plain ``invalidparameter``."""
        if not cohorts:
            return []
        function = "core_cohort_create_cohorts"
        system = {"type": "system", "value": ""}
        wanted = [{"categorytype": system, "idnumber": idnumber, "name": name} for idnumber, name in cohorts]
        rows = await self._client.call(function, {"cohorts": wanted})
        with foreseen(function):
            ids = {str(row["idnumber"]): int(row["id"]) for row in rows}
            return [ids[idnumber] for idnumber, _ in cohorts]

    async def add_cohort_members(self, members: Sequence[tuple[int, int]]) -> list[bool | ConnectorError]:
        """See the port. One call for each cohort, because Moodle's warnings name the person only."""
        people: dict[int, list[int]] = defaultdict(list)
        for cohort, user in members:
            people[cohort].append(user)
        codes = {cohort: await self._add_to_cohort(cohort, users) for cohort, users in people.items()}
        return [_added(codes[cohort].get(user)) for cohort, user in members]

    async def _add_to_cohort(self, cohort: int, users: Sequence[int]) -> dict[int, str]:
        """Moodle's codes for those whom it does not add."""
        wanted = [
            {"cohorttype": {"type": "id", "value": cohort}, "usertype": {"type": "id", "value": user}}
            for user in users
        ]
        answer = await self._client.call(ADD_TO_COHORT, {"members": wanted})
        with foreseen(ADD_TO_COHORT):
            return {user: code for row in answer["warnings"] for user, code in read.cohort_warnings(row, users)}

    async def remove_cohort_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """See the port. All or nothing: an unknown id is Missing."""
        wanted = [{"cohortid": cohort, "userid": user} for cohort, user in members]
        return await self._write("core_cohort_delete_cohort_members", "members", wanted)

    # ------------------------------------------------------------ groups
    async def create_groups(self, groups: Sequence[NewGroup]) -> list[int | ConnectorError]:
        """See the port. One in a call: see ``adapters.moodle.groups.create_group``."""
        answers: list[int | ConnectorError] = []
        for group in groups:
            try:
                answers.append(await create_group(self._client, group.course_id, group.idnumber, group.name))
            except SetAside as error:
                answers.append(error)
        return answers

    async def add_group_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """See the port. All or nothing."""
        return await self._write("core_group_add_group_members", "members", [read.in_group(one) for one in members])

    async def remove_group_members(self, members: Sequence[tuple[int, int]]) -> Answers:
        """See the port. All or nothing."""
        return await self._write("core_group_delete_group_members", "members", [read.in_group(one) for one in members])

    # ------------------------------------------------------------ roles and enrolments
    async def assign_roles(self, roles: Sequence[RoleContext]) -> Answers:
        """See the port. All or nothing."""
        return await self._write("core_role_assign_roles", "assignments", [read.role(role) for role in roles])

    async def unassign_roles(self, roles: Sequence[RoleContext]) -> Answers:
        """See the port. All or nothing."""
        return await self._write("core_role_unassign_roles", "unassignments", [read.role(role) for role in roles])

    async def enrol(self, enrolments: Sequence[ManualEnrolment]) -> Answers:
        """See the port. All or nothing."""
        return await self._write("enrol_manual_enrol_users", "enrolments", [read.enrolment(one) for one in enrolments])

    async def unenrol(self, enrolments: Sequence[tuple[int, int]]) -> Answers:
        """See the port. All or nothing."""
        wanted = [{"userid": user, "courseid": course} for user, course in enrolments]
        return await self._write("enrol_manual_unenrol_users", "enrolments", wanted)

    async def _write(self, function: str, name: str, rows: Sequence[Mapping[str, object]]) -> Answers:
        if rows:
            await self._client.call(function, {name: list(rows)})
        return [None] * len(rows)


def _refused(function: str, code: str | None) -> ConnectorError | None:
    """A warning of Moodle's as the error of the one row, whatever its code says elsewhere."""
    return None if code is None else BatchRefused(f"{function}: Moodle warns of {code[:60]}", code)


def _added(code: str | None) -> bool | ConnectorError:
    if code in (None, ALREADY_THERE):
        return code is None
    return Missing(f"{ADD_TO_COHORT}: Moodle warns of {code}: the account or the cohort is not there (any more)", code)
