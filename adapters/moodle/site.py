"""One Moodle site: the port ``Moodle`` by core's plain web-service functions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from adapters.moodle import groups
from adapters.moodle import rows as read
from adapters.moodle.accounts import AT_ONCE, BY_FIELD, look_up
from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.messages import send_messages
from adapters.moodle.together import together
from adapters.moodle.wire import chunks
from connector.domain.errors import AccessRefused, AnswerLost, ConnectorError
from connector.domain.ports import (
    Account,
    Category,
    Cohort,
    Course,
    CourseProgress,
    Group,
    ManualEnrolment,
    Participant,
    RoleContext,
    SiteInfo,
    Warned,
)

ENROLLED = "core_enrol_get_enrolled_users"
PAGE = 1000
PEOPLE_A_CALL = 100
ENGLISH_IN_UTC = ("en", "UTC")
"""Language and time zone of the service account where reports are read: they tell times in those."""


_METHOD = re.compile(r"/auth/([a-z0-9_]+)/")


@dataclass(frozen=True, slots=True)
class LoginPage:
    """``methods``: those with a provider on the login page. ``by_email``: an address may stand for the username."""

    methods: frozenset[str]
    by_email: bool


class MoodleSite:
    """The port ``connector.domain.ports.Moodle`` on top of a ``MoodleClient``."""

    def __init__(self, client: MoodleClient, info: SiteInfo | None = None) -> None:
        """``info``: what another connection was told just before."""
        self._client = client
        self._info = info
        if info is not None:
            client.knows(info.functions)
        self.speaks_otherwise = False
        """Whether ``check_sight`` saw that Moodle writes for this account in another language or time zone."""

    @property
    def client(self) -> MoodleClient:
        """The client, for what reads this site in other ways."""
        return self._client

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._client.aclose()

    async def site_info(self) -> SiteInfo:
        """Release, token user and functions; asked once for a connection."""
        if self._info is None:
            function = "core_webservice_get_site_info"
            row = await self._client.call(function)
            with foreseen(function):
                self._info = read.site_info(row)
            self._client.knows(self._info.functions)
        return self._info

    async def login_page(self) -> LoginPage:
        """What Moodle shows to whoever wants to sign in. Not in the port: only the doctor asks.

        The form is that of ``get_public_config`` in Moodle's admin/tool/mobile/classes/api.php; providers, of which
        there is no list where there are none, are known by the folder of their method in their address,
        ``/auth/oauth2/login.php``.
        """
        function = "tool_mobile_get_public_config"
        row = await self._client.call(function)
        with foreseen(function):
            paths = [urlsplit(str(provider["url"])).path for provider in row.get("identityproviders", ())]
            found = {match[1] for path in paths if (match := _METHOD.search(path))}
            return LoginPage(frozenset(found), bool(int(row["authloginviaemail"])))

    async def check_sight(self) -> None:
        """Raise AccessRefused where the token does not see usernames or e-mail addresses of others.

        Moodle answers look-ups by what a token may not see with nobody, and no error: everybody would be created anew.
        Looked at are the guest and the first administrator, whom every site has.
        """
        own = (await self.site_info()).user_id
        ids = dict.fromkeys(["1", "2", str(own)])
        rows = await self._client.call(BY_FIELD, {"field": "id", "values": list(ids)})
        with foreseen(BY_FIELD):
            told = {int(row.get("id", 0)): (row.get("lang"), row.get("timezone")) for row in rows}
            others = [row for row in rows if row.get("id") != own or own in (1, 2)]
        self.speaks_otherwise = own in told and told[own] != ENGLISH_IN_UTC
        seen = [name for name in others[0] if all(name in row for row in others)] if others else []
        for name, capability in (
            ("id", "moodle/user:viewdetails"),
            ("username", "moodle/user:viewalldetails"),
            ("email", "moodle/course:useremail"),
        ):
            if name not in seen:
                raise AccessRefused(
                    f"The token does not see the {name} of other accounts, so it would make people a second time. "
                    f"Give the service account's role {capability} in the system context."
                )

    # ------------------------------------------------------------ accounts
    async def accounts_by(self, field: str, values: Sequence[str]) -> list[Account]:
        """See the port. 500 values a call, 4 calls at once; see ``adapters.moodle.accounts.look_up``."""
        info = await self.site_info()
        with foreseen("core_user_get_users_by_field"):
            return await look_up(self._client, field, values, admin=info.is_admin)

    async def create_accounts(self, accounts: Sequence[Mapping[str, object]]) -> dict[str, int]:
        """See the port. An answer without all of the usernames is AnswerLost: PHP may have dropped variables."""
        if not accounts:
            return {}
        rows = await self._client.call("core_user_create_users", {"users": list(accounts)})
        with foreseen("core_user_create_users"):
            ids = {str(row["username"]): int(row["id"]) for row in rows}
        if len(ids) < len(accounts):
            text = f"core_user_create_users: Moodle answers for {len(ids)} of {len(accounts)} accounts; look them up"
            raise AnswerLost(text)
        return ids

    async def update_accounts(self, accounts: Sequence[Mapping[str, object]]) -> list[Warned]:
        """See the port. ``code`` is Moodle's own, ``passwordpolicy`` for a refused password."""
        if not accounts:
            return []
        answer = await self._client.call("core_user_update_users", {"users": list(accounts)})
        with foreseen("core_user_update_users"):
            return [Warned(int(w["itemid"]), str(w["warningcode"]), str(w["message"])) for w in answer["warnings"]]

    # ------------------------------------------------------------ courses, categories, cohorts
    async def courses(self, refs: Sequence[str]) -> dict[str, list[Course]]:
        """See the port."""
        found = await self._courses_by("idnumber", refs)
        found |= await self._courses_by("shortname", [ref for ref in found if not found[ref]])
        return found

    async def _courses_by(self, field: str, refs: Sequence[str]) -> dict[str, list[Course]]:
        function = "core_course_get_courses_by_field"
        answers = await self._ask(refs, lambda ref: (function, {"field": field, "value": ref}))
        with foreseen(function):
            return {
                ref: [read.course(row) for row in answer["courses"]] if answer else []
                for ref, answer in answers.items()
            }

    async def categories(self, refs: Sequence[str]) -> dict[str, list[Category]]:
        """Course categories by idnumber; every ref is a key. Needs moodle/category:manage."""
        function = "core_course_get_categories"

        def call(ref: str) -> Call:
            return function, {"criteria": [{"key": "idnumber", "value": ref}], "addsubcategories": False}

        answers = await self._ask(refs, call)
        with foreseen(function):
            return {
                ref: [Category(int(row["id"]), ref, str(row["name"])) for row in answer or ()]
                for ref, answer in answers.items()
            }

    async def cohorts(self) -> list[Cohort]:
        """All cohorts of the site that the service account may see."""
        rows = await self._client.call("core_cohort_get_cohorts")
        with foreseen("core_cohort_get_cohorts"):
            return [read.cohort(row) for row in rows]

    async def create_cohorts(self, cohorts: Sequence[tuple[str, str]]) -> list[Cohort]:
        """See the port. A duplicate idnumber is Moodle's plain ``invalidparameter``: BatchRefused."""
        if not cohorts:
            return []
        system = {"type": "system", "value": ""}
        wanted = [{"categorytype": system, "idnumber": idnumber, "name": name} for idnumber, name in cohorts]
        rows = await self._client.call("core_cohort_create_cohorts", {"cohorts": wanted})
        with foreseen("core_cohort_create_cohorts"):
            return [read.cohort(row) for row in rows]

    async def cohort_members(self, cohort_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Ids of the members of each cohort; a cohort that is gone is left out."""
        function = "core_cohort_get_cohort_members"
        answers = await self._ask([str(i) for i in cohort_ids], lambda ref: (function, {"cohortids": [ref]}))
        with foreseen(function):
            rows = [row for answer in answers.values() for row in answer or ()]
            return {int(row["cohortid"]): frozenset(map(int, row["userids"])) for row in rows}

    async def add_cohort_members(self, members: Sequence[tuple[int, int]]) -> list[Warned]:
        """See the port. Where the cohort itself is gone each of its members comes back, with code 2."""
        if not members:
            return []
        wanted = [
            {"cohorttype": {"type": "id", "value": cohort}, "usertype": {"type": "id", "value": user}}
            for cohort, user in members
        ]
        answer = await self._client.call("core_cohort_add_cohort_members", {"members": wanted})
        with foreseen("core_cohort_add_cohort_members"):
            return list(dict.fromkeys(w for row in answer["warnings"] for w in read.cohort_warnings(row, members)))

    async def remove_cohort_members(self, members: Sequence[tuple[int, int]]) -> None:
        """Each (cohort id, user id); who is no member is no error, an unknown id fails the batch: Missing."""
        wanted = [{"cohortid": cohort, "userid": user} for cohort, user in members]
        await self._write("core_cohort_delete_cohort_members", "members", wanted)

    # ------------------------------------------------------------ groups: see ``adapters.moodle.groups``
    async def course_groups(self, course_ids: Sequence[int]) -> dict[int, list[Group]]:
        """See the port."""
        return await groups.course_groups(self._client, course_ids)

    async def create_group(self, course_id: int, idnumber: str, name: str) -> int:
        """See the port."""
        return await groups.create_group(self._client, course_id, idnumber, name)

    async def group_members(self, group_ids: Sequence[int]) -> dict[int, frozenset[int] | None]:
        """See the port."""
        return await groups.group_members(self._client, group_ids)

    async def add_group_members(self, members: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        await groups.add_members(self._client, members)

    async def remove_group_members(self, members: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        await groups.remove_members(self._client, members)

    async def delete_accounts(self, account_ids: Sequence[int]) -> None:
        """See the port."""
        if account_ids:
            await self._client.call("core_user_delete_users", {"userids": list(account_ids)})

    # ------------------------------------------------------------ roles and enrolments
    async def assign_roles(self, roles: Sequence[RoleContext]) -> None:
        """All or nothing; who has the role already is no error."""
        await self._write("core_role_assign_roles", "assignments", [read.role(role) for role in roles])

    async def unassign_roles(self, roles: Sequence[RoleContext]) -> None:
        """All or nothing; who has not the role is no error."""
        await self._write("core_role_unassign_roles", "unassignments", [read.role(role) for role in roles])

    async def enrol(self, enrolments: Sequence[ManualEnrolment]) -> None:
        """All or nothing; who is enrolled gets these times and this status."""
        wanted = [
            {
                "roleid": e.role_id,
                "userid": e.user_id,
                "courseid": e.course_id,
                "timestart": e.timestart,
                "timeend": e.timeend,
                "suspend": e.suspended,
            }
            for e in enrolments
        ]
        await self._write("enrol_manual_enrol_users", "enrolments", wanted)

    async def unenrol(self, enrolments: Sequence[tuple[int, int]]) -> None:
        """Each (user id, course id). Deletes the person's grades there: suspend where the record matters."""
        wanted = [{"userid": user, "courseid": course} for user, course in enrolments]
        await self._write("enrol_manual_unenrol_users", "enrolments", wanted)

    # ------------------------------------------------------------ messages
    async def send_messages(self, messages: Sequence[tuple[int, str]]) -> list[str | ConnectorError]:
        """See the port. At most some dozens, in one request."""
        return await send_messages(self._client, messages)

    # ------------------------------------------------------------ the way back
    async def participants(self, course_id: int, suspended_only: bool = False) -> AsyncIterator[list[Participant]]:
        """Everybody in a course, in pages by id. Who may not enter now, suspended or expired, is asked first.

        Whoever changes from one to the other while this reads is in the list of all, and comes once.
        """
        suspended: set[int] = set()
        async for rows in self._enrolled(course_id, {"onlysuspended": 1}):
            page = _participants(course_id, rows, active=lambda _: False)
            suspended.update(one.user_id for one in page)
            if suspended_only:
                yield page
        if not suspended_only:
            async for rows in self._enrolled(course_id, {}):
                yield _participants(course_id, rows, active=lambda user_id: user_id not in suspended)

    async def _enrolled(self, course_id: int, which: Mapping[str, object]) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Pages by offset, made safe: each begins with the last row of the page before, so that a person who was
        unenrolled meanwhile does not push another one out of sight."""
        start, last = 0, 0
        while True:
            options = {
                **which, "userfields": "id,roles", "sortby": "id", "limitfrom": start, "limitnumber": PAGE,
            }  # fmt: skip
            named = [{"name": name, "value": value} for name, value in options.items()]
            rows = await self._client.call(ENROLLED, {"courseid": course_id, "options": named})
            with foreseen(ENROLLED):
                ids = [int(row["id"]) for row in rows]
            if start and (not ids or ids[0] > last):
                start = max(0, start - PAGE // 2)
                continue
            if ids and ids[-1] > last:
                yield [row for row, user_id in zip(rows, ids, strict=True) if user_id > last]
                last = ids[-1]
            if len(rows) < PAGE:
                return
            start += len(rows) - 1

    async def progress(self, user_ids: Sequence[int]) -> AsyncIterator[list[CourseProgress]]:
        """See the port. Active enrolments only; 100 people a request, 4 requests at once."""
        window = PEOPLE_A_CALL * AT_ONCE
        for start in range(0, len(user_ids), window):
            people = user_ids[start : start + window]
            jobs = [partial(self._progress, chunk) for chunk in chunks(people, PEOPLE_A_CALL)]
            for page in await together(jobs):
                yield page

    async def _progress(self, people: Sequence[int]) -> list[CourseProgress]:
        function = "core_enrol_get_users_courses"
        calls: list[Call] = [(function, {"userid": user, "returnusercount": 0}) for user in people]
        answers = await self._client.call_many(calls, at_once=PEOPLE_A_CALL)
        with foreseen(function):
            return [
                read.progress(user, row)
                for user, answer in zip(people, answers, strict=True)
                for row in read.unless_missing(answer) or ()
            ]

    # ------------------------------------------------------------ shared
    async def _write(self, function: str, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            await self._client.call(function, {name: list(rows)})

    async def _ask(self, refs: Sequence[str], call: Callable[[str], Call]) -> dict[str, Any]:
        """The answer for each ref, None where what it names does not exist. Raises for any other error."""
        keys = list(dict.fromkeys(refs))
        answers = await self._client.call_many([call(key) for key in keys], at_once=50) if keys else []
        return {key: read.unless_missing(answer) for key, answer in zip(keys, answers, strict=True)}


def _participants(
    course_id: int, rows: Sequence[Mapping[str, Any]], active: Callable[[int], bool]
) -> list[Participant]:
    with foreseen(ENROLLED):
        return [Participant(int(row["id"]), course_id, read.role_ids(row), active(int(row["id"]))) for row in rows]
