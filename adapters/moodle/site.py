"""One Moodle site: the port ``Moodle`` by core's plain web-service functions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from adapters.moodle.accounts import AT_ONCE, look_up
from adapters.moodle.client import Call, MoodleClient, function_names
from adapters.moodle.together import together
from adapters.moodle.wire import chunks
from connector.domain.errors import AnswerLost, ConnectorError, ProtocolError, SetAside
from connector.domain.ports import (
    Account,
    Category,
    Cohort,
    Course,
    CourseGrade,
    CourseProgress,
    ManualEnrolment,
    Participant,
    RoleContext,
    SiteInfo,
    Warned,
)

PAGE = 1000
PEOPLE_A_CALL = 100
_COHORT_GONE = re.compile(r"cohort id=(\d+) not exists")
_LAST_ID = re.compile(r"id=(\d+)\D*$")


class MoodleSite:
    """The port ``connector.domain.ports.Moodle`` on top of a ``MoodleClient``."""

    def __init__(self, client: MoodleClient) -> None:
        self._client = client
        self._info: SiteInfo | None = None

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._client.aclose()

    async def site_info(self) -> SiteInfo:
        """Release, token user and functions; asked anew each time."""
        row = await self._client.call("core_webservice_get_site_info")
        self._info = SiteInfo(
            sitename=str(row["sitename"]),
            release=str(row["release"]),
            version=str(row["version"]),
            user_id=int(row["userid"]),
            username=str(row["username"]),
            functions=function_names(row),
            is_admin=bool(row.get("userissiteadmin", False)),
        )
        return self._info

    # ------------------------------------------------------------ accounts
    async def accounts_by(self, field: str, values: Sequence[str]) -> list[Account]:
        """See the port. 500 values a call, 4 calls at once; see ``adapters.moodle.accounts.look_up``."""
        info = self._info or await self.site_info()
        return await look_up(self._client, field, values, admin=info.is_admin)

    async def create_accounts(self, accounts: Sequence[Mapping[str, object]]) -> dict[str, int]:
        """See the port. An answer without all of the usernames is AnswerLost: PHP may have dropped variables."""
        if not accounts:
            return {}
        rows = await self._client.call("core_user_create_users", {"users": list(accounts)})
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
        return [
            Warned(int(w.get("itemid", 0)), _plain_code(w["warningcode"]), str(w.get("message", ""))[:200])
            for w in (answer or {}).get("warnings", ())
        ]

    # ------------------------------------------------------------ courses, categories, cohorts
    async def courses(self, refs: Sequence[str]) -> dict[str, list[Course]]:
        """See the port."""
        found = await self._courses_by("idnumber", refs)
        found |= await self._courses_by("shortname", [ref for ref in found if not found[ref]])
        return found

    async def _courses_by(self, field: str, refs: Sequence[str]) -> dict[str, list[Course]]:
        function = "core_course_get_courses_by_field"
        answers = await self._ask(refs, lambda ref: (function, {"field": field, "value": ref}))
        return {ref: [_course(row) for row in answer["courses"]] if answer else [] for ref, answer in answers.items()}

    async def categories(self, refs: Sequence[str]) -> dict[str, list[Category]]:
        """Course categories by idnumber; every ref is a key. Needs moodle/category:manage."""
        answers = await self._ask(
            refs,
            lambda ref: (
                "core_course_get_categories",
                {"criteria": [{"key": "idnumber", "value": ref}], "addsubcategories": False},
            ),
        )
        return {
            ref: [Category(int(row["id"]), str(row.get("idnumber") or ref), str(row["name"])) for row in answer or ()]
            for ref, answer in answers.items()
        }

    async def cohorts(self) -> list[Cohort]:
        """All cohorts of the site that the service account may see."""
        return [_cohort(row) for row in await self._client.call("core_cohort_get_cohorts")]

    async def create_cohorts(self, cohorts: Sequence[tuple[str, str]]) -> list[Cohort]:
        """See the port. A duplicate idnumber is Moodle's plain ``invalidparameter``: BatchRefused."""
        if not cohorts:
            return []
        system = {"type": "system", "value": ""}
        wanted = [{"categorytype": system, "idnumber": idnumber, "name": name} for idnumber, name in cohorts]
        rows = await self._client.call("core_cohort_create_cohorts", {"cohorts": wanted})
        return [_cohort(row) for row in rows]

    async def cohort_members(self, cohort_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Ids of the members of each cohort; a cohort that is gone is left out."""
        answers = await self._ask(
            [str(i) for i in cohort_ids], lambda ref: ("core_cohort_get_cohort_members", {"cohortids": [int(ref)]})
        )
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
        return list(dict.fromkeys(w for row in answer["warnings"] for w in _cohort_warnings(row, members)))

    async def remove_cohort_members(self, members: Sequence[tuple[int, int]]) -> None:
        """Each (cohort id, user id); who is no member is no error, an unknown id fails the batch: Missing."""
        wanted = [{"cohortid": cohort, "userid": user} for cohort, user in members]
        await self._write("core_cohort_delete_cohort_members", "members", wanted)

    # ------------------------------------------------------------ roles and enrolments
    async def assign_roles(self, roles: Sequence[RoleContext]) -> None:
        """All or nothing; who has the role already is no error."""
        await self._write("core_role_assign_roles", "assignments", [_role(role) for role in roles])

    async def unassign_roles(self, roles: Sequence[RoleContext]) -> None:
        """All or nothing; who has not the role is no error."""
        await self._write("core_role_unassign_roles", "unassignments", [_role(role) for role in roles])

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

    # ------------------------------------------------------------ the way back
    async def participants(self, course_id: int) -> AsyncIterator[list[Participant]]:
        """Everybody in a course, in pages by id: first those who may enter now, then the suspended and expired.

        Who changes from one to the other while this reads can come twice or, rarely, not at all.
        """
        for option, active in (("onlyactive", True), ("onlysuspended", False)):
            async for rows in self._enrolled(course_id, option):
                yield [Participant(int(row["id"]), course_id, _role_ids(row), active) for row in rows]

    async def _enrolled(self, course_id: int, option: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Pages by offset, made safe: each begins with the last row of the page before, so that a person who was
        unenrolled meanwhile does not push another one out of sight."""
        start, last = 0, 0
        while True:
            options = {
                option: 1, "userfields": "id,roles", "sortby": "id", "limitfrom": start, "limitnumber": PAGE,
            }  # fmt: skip
            rows = await self._client.call(
                "core_enrol_get_enrolled_users",
                {"courseid": course_id, "options": [{"name": k, "value": v} for k, v in options.items()]},
            )
            if start and (not rows or int(rows[0]["id"]) > last):
                start = max(0, start - PAGE // 2)
                continue
            fresh = [row for row in rows if int(row["id"]) > last]
            if fresh:
                yield fresh
                last = int(fresh[-1]["id"])
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
        return [
            CourseProgress(user, int(row["id"]), _number(row.get("progress")), row.get("completed"))
            for user, answer in zip(people, answers, strict=True)
            for row in _unless_missing(answer) or ()
        ]

    async def grades(self, course_id: int) -> AsyncIterator[list[CourseGrade]]:
        """Course totals of everybody whose enrolment is active (Moodle's report shows no others); one answer."""
        answer = await self._client.call("gradereport_user_get_grade_items", {"courseid": course_id, "userid": 0})
        people = answer["usergrades"]
        for start in range(0, len(people), PAGE):
            yield [
                _grade(int(person["userid"]), course_id, item)
                for person in people[start : start + PAGE]
                for item in person["gradeitems"]
                if item["itemtype"] == "course"
            ]

    # ------------------------------------------------------------ shared
    async def _write(self, function: str, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            await self._client.call(function, {name: list(rows)})

    async def _ask(self, refs: Sequence[str], call: Any) -> dict[str, Any]:
        """The answer for each ref, None where what it names does not exist. Raises for any other error."""
        keys = list(dict.fromkeys(refs))
        answers = await self._client.call_many([call(key) for key in keys], at_once=50) if keys else []
        return {key: _unless_missing(answer) for key, answer in zip(keys, answers, strict=True)}


def _unless_missing(answer: Any) -> Any:
    """None for what concerns this one value alone; other errors are raised."""
    if isinstance(answer, SetAside):
        return None
    if isinstance(answer, ConnectorError):
        raise answer
    return answer


def _course(row: Mapping[str, Any]) -> Course:
    """Fields that only managers of the course see (idnumber, enablecompletion) default to empty and off."""
    return Course(
        id=int(row["id"]),
        idnumber=str(row.get("idnumber") or ""),
        shortname=str(row["shortname"]),
        fullname=str(row["fullname"]),
        category_id=int(row["categoryid"]),
        visible=bool(row.get("visible", True)),
        completion_enabled=bool(row.get("enablecompletion", False)),
    )


def _cohort(row: Mapping[str, Any]) -> Cohort:
    return Cohort(int(row["id"]), str(row.get("idnumber") or ""), str(row["name"]))


def _role(role: RoleContext) -> dict[str, object]:
    return {
        "roleid": role.role_id,
        "userid": role.user_id,
        "contextlevel": role.level,
        "instanceid": role.instance,
    }


def _role_ids(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(role["roleid"]) for role in row.get("roles", ()))


def _plain_code(code: object) -> str:
    return "passwordpolicy" if "<" in str(code) else str(code)


def _cohort_warnings(row: Mapping[str, Any], members: Sequence[tuple[int, int]]) -> Iterable[Warned]:
    """Moodle names the row in its sentence only: "user id=5 not exists", "… cohort(id=1 id=5)"."""
    code, text = str(row["warningcode"]), str(row["message"])
    if gone := _COHORT_GONE.search(text):
        return [Warned(user, code, text) for cohort, user in members if cohort == int(gone[1])]
    named = _LAST_ID.search(text.replace("not exists", ""))
    if not named:
        raise ProtocolError("core_cohort_add_cohort_members: a warning that names nobody")
    return [Warned(int(named[1]), code, text)]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _grade(user_id: int, course_id: int, item: Mapping[str, Any]) -> CourseGrade:
    when = item.get("gradedategraded")
    return CourseGrade(
        user_id=user_id,
        course_id=course_id,
        item_id=int(item["id"]),
        raw=_number(item.get("graderaw")),
        minimum=float(item.get("grademin") or 0),
        maximum=float(item.get("grademax") or 0),
        graded_at=int(when) if when else None,
    )
