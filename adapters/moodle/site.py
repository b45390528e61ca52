"""One Moodle site: the port ``Moodle`` by core's plain web-service functions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.moodle import groups
from adapters.moodle import rows as read
from adapters.moodle.accounts import AT_ONCE, BY_FIELD, look_up
from adapters.moodle.calendar import due_dates
from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.logins import link_logins
from adapters.moodle.messages import send_messages
from adapters.moodle.together import together
from adapters.moodle.wire import chunks
from adapters.moodle.writers.choose import Chosen, Wanted, choose_writer
from connector.domain.calendar import Change
from connector.domain.errors import AccessRefused, ConnectorError
from connector.domain.linking import Link
from connector.domain.ports import (
    Account,
    Category,
    Cohort,
    Course,
    CourseProgress,
    Group,
    Participant,
    SiteInfo,
)
from connector.domain.writing import Writer

ENROLLED = "core_enrol_get_enrolled_users"
PAGE = 1000
PEOPLE_A_CALL = 100
ENGLISH_IN_UTC = ("en", "UTC")
"""Language and time zone of the service account where reports are read: they tell times in those."""


_METHOD = re.compile(r"/auth/([a-z0-9_]+)/")


@dataclass(frozen=True, slots=True)
class LoginPage:
    """``methods``: those with a provider on the login page. ``by_email``: an address may stand for the username.

    ``issuers`` are ids of services of OAuth 2 that are shown there.
    """

    methods: frozenset[str]
    by_email: bool
    issuers: frozenset[int] = frozenset()


class MoodleSite:
    """The port ``connector.domain.ports.Moodle`` on top of a ``MoodleClient``."""

    def __init__(self, client: MoodleClient, info: SiteInfo | None = None, writing: Wanted = "auto") -> None:
        """``info``: what another connection was told just before; ``writing``: the writer that is wanted."""
        self._client = client
        self._info = info
        self._writing = writing
        self._chosen: Chosen | None = None
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

    async def writer(self) -> Writer:
        """See the port."""
        return (await self.chosen_writer()).writer

    async def chosen_writer(self) -> Chosen:
        """What writes, and why not in the better way. Raises AccessRefused where what is wanted cannot be."""
        if self._chosen is None:
            self._chosen = await choose_writer(self._client, await self.site_info(), self._writing)
        return self._chosen

    async def login_page(self) -> LoginPage:
        """What Moodle shows to whoever wants to sign in. Not in the port: only the doctor asks.

        The form is that of ``get_public_config`` in Moodle's admin/tool/mobile/classes/api.php; providers, of which
        there is no list where there are none, are known by the folder of their method in their address,
        ``/auth/oauth2/login.php``.
        """
        function = "tool_mobile_get_public_config"
        row = await self._client.call(function)
        with foreseen(function):
            places = [urlsplit(str(provider["url"])) for provider in row.get("identityproviders", ())]
            shown = [(match[1], parse_qs(place.query)) for place in places if (match := _METHOD.search(place.path))]
            issuers = {int(one) for name, query in shown if name == "oauth2" for one in query.get("id", ())}
            methods = {name for name, _ in shown}
            return LoginPage(frozenset(methods), bool(int(row["authloginviaemail"])), frozenset(issuers))

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

    async def cohort_members(self, cohort_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Ids of the members of each cohort; a cohort that is gone is left out."""
        function = "core_cohort_get_cohort_members"
        answers = await self._ask([str(i) for i in cohort_ids], lambda ref: (function, {"cohortids": [ref]}))
        with foreseen(function):
            rows = [row for answer in answers.values() for row in answer or ()]
            return {int(row["cohortid"]): frozenset(map(int, row["userids"])) for row in rows}

    # ------------------------------------------------------------ groups: see ``adapters.moodle.groups``
    async def course_groups(self, course_ids: Sequence[int]) -> dict[int, list[Group]]:
        """See the port."""
        return await groups.course_groups(self._client, course_ids)

    async def group_members(self, group_ids: Sequence[int]) -> dict[int, frozenset[int] | None]:
        """See the port."""
        return await groups.group_members(self._client, group_ids)

    # ------------------------------------------------------------ messages
    async def send_messages(self, messages: Sequence[tuple[int, str]]) -> list[str | ConnectorError]:
        """See the port. At most some dozens, in one request."""
        return await send_messages(self._client, messages)

    # ------------------------------------------------------------ calendars, identities
    async def due_dates(self, changes: Sequence[Change]) -> list[ConnectorError | None]:
        """Put, move and remove due dates in calendars, by our plugin. At most some hundreds, in one request."""
        return await due_dates(self._client, changes)

    async def link_logins(self, links: Sequence[Link]) -> list[ConnectorError | None]:
        """Link identities with accounts, or end that, by our plugin. At most some hundreds, in one request."""
        return await link_logins(self._client, links)

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
