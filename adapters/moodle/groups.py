"""Groups within courses, and their members, by core's plain web-service functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from adapters.moodle import rows as read
from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from connector.domain.errors import SetAside
from connector.domain.ports import Group

OF_COURSE, CREATE = "core_group_get_course_groups", "core_group_create_groups"
MEMBERS = "core_group_get_group_members"
CLOSED = "errorcoursecontextnotvalid"
AT_ONCE = 50


async def course_groups(client: MoodleClient, course_ids: Sequence[int]) -> dict[int, list[Group]]:
    """The groups of each course. Names are HTML in Moodle's answer, idnumbers are not.

    For a course that is gone and for one that is closed to the token Moodle has the same answer: both are left out.
    """
    calls: list[Call] = [(OF_COURSE, {"courseid": course}) for course in course_ids]
    answers = await client.call_many(calls, at_once=AT_ONCE) if calls else []
    with foreseen(OF_COURSE):
        return {
            course: [_group(course, row) for row in rows]
            for course, answer in zip(course_ids, answers, strict=True)
            if (rows := read.unless_missing(answer)) is not None
        }


def _group(course: int, row: Mapping[str, Any]) -> Group:
    return Group(int(row["id"]), course, str(row.get("idnumber") or ""), unescape(str(row["name"])))


async def create_group(client: MoodleClient, course_id: int, idnumber: str, name: str) -> int:
    """Make one group, and give its id.

    Never several in a call: of a batch that fails Moodle's cache keeps what was rolled back, and lists it as there
    (``groups_get_course_data`` in Moodle's lib/grouplib.php).
    """
    wanted = [{"courseid": course_id, "name": name, "description": "", "idnumber": idnumber}]
    rows = await client.call(CREATE, {"groups": wanted})
    with foreseen(CREATE):
        return int(rows[0]["id"])


async def group_members(client: MoodleClient, group_ids: Sequence[int]) -> dict[int, frozenset[int] | None]:
    """Ids of the members of each group, None where the group is gone.

    One whose course is closed to the token is left out: it is there, and cannot be read.
    """
    calls: list[Call] = [(MEMBERS, {"groupids": [group]}) for group in group_ids]
    answers = await client.call_many(calls, at_once=AT_ONCE) if calls else []
    found: dict[int, frozenset[int] | None] = {}
    for group, answer in zip(group_ids, answers, strict=True):
        if isinstance(answer, SetAside) and answer.code == CLOSED:
            continue
        with foreseen(MEMBERS):
            rows = read.unless_missing(answer)
            found[group] = None if rows is None else frozenset(map(int, rows[0]["userids"]))
    return found
