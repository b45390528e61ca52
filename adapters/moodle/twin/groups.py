"""core_group_…: groups within courses, and who is in them."""

from __future__ import annotations

import time
from html import escape
from typing import Any

from adapters.moodle.twin.params import Many, Record, Value, integer, raw, text
from adapters.moodle.twin.refusals import Refusal, invalid_parameter, missing_record, write_failed
from adapters.moodle.twin.state import TwinGroup, TwinState, TwinUser

NAME, IDNUMBER = 254, 100
"""Widths of the columns in Moodle's table ``groups``."""

CREATE_SPEC = Record(
    {
        "groups": Many(
            Record(
                {
                    "courseid": integer(),
                    "name": Value(text),
                    "description": Value(raw, ""),
                    "idnumber": Value(raw, ""),
                }
            )
        )
    }
)
COURSE_SPEC = Record({"courseid": integer()})
IDS_SPEC = Record({"groupids": Many(integer())})
MEMBERS_SPEC = Record({"members": Many(Record({"groupid": integer(), "userid": integer()}))})


def _enter(state: TwinState, course_id: int) -> None:
    """Refuse a course that is not there, or that the token may not enter."""
    if course_id in state.courses and course_id not in state.closed:
        return
    why = "Course or activity not accessible." if course_id in state.courses else "Invalid parameter value detected"
    where = f"You cannot execute functions in the course context (course id:{course_id})."
    raise Refusal("errorcoursecontextnotvalid", f"{where} The context error message was: {why}", module="webservice")


def create_groups(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All or nothing; within a course a name is there once, and so is an idnumber that is not empty.

    Moodle asks a cache for idnumbers. Within a failing batch it fills the cache with the groups before, which are
    then rolled back and stay in the cache, and so in the list, until the next group of the course is made or deleted.
    """
    new: list[TwinGroup] = []
    for row in args["groups"]:
        course_id = row["courseid"]
        there = [group for group in (*state.groups.values(), *new) if group.course_id == course_id]
        if not row["name"].strip() or row["name"] in {group.name for group in there}:
            raise invalid_parameter("name")
        _enter(state, course_id)
        made = [group for group in new if group.course_id == course_id]
        cached = there if made else [*there, *state.rolled_back.get(course_id, ())]
        name, idnumber = row["name"].strip(), row["idnumber"].strip()
        taken = bool(idnumber) and idnumber in {group.idnumber for group in cached}
        if taken or len(name) > NAME or len(idnumber) > IDNUMBER:
            state.rolled_back |= {course_id: made} if made else {}
            raise Refusal("idnumbertaken", "This ID number is already in use") if taken else write_failed()
        new.append(TwinGroup(state.next_id("group"), course_id, name, idnumber, row["description"]))
    for group in new:
        state.groups[group.id] = group
        state.rolled_back.pop(group.course_id, None)
    return [_show(group) | {"enrolmentkey": ""} for group in new]


def course_groups(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All groups of a course by name, which is HTML here."""
    _enter(state, args["courseid"])
    there = [group for group in state.groups.values() if group.course_id == args["courseid"]]
    there += state.rolled_back.get(args["courseid"], [])
    return [
        _show(group) | {"name": escape(group.name, quote=False), "enrolmentkey": None}
        for group in sorted(there, key=lambda group: group.name)
    ]


def members(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Ids of the members of each group asked for, suspended ones too, by name."""
    found = []
    for group in [_group(state, group_id) for group_id in args["groupids"]]:
        names = {user_id: state.users[user_id].fields for user_id in group.members}
        ids = sorted(names, key=lambda user_id: (names[user_id]["lastname"], names[user_id]["firstname"]))
        found.append({"groupid": group.id, "userids": ids})
    return found


def add_members(state: TwinState, args: Any) -> None:
    """All or nothing; who is a member is no error, who is not enrolled is one."""
    rows = [_member(state, row) for row in args["members"]]
    for group, user in rows:
        if not state.courses[group.course_id].enrolments_of(user.id):
            raise invalid_parameter("userid")
    for group, user in rows:
        group.members.setdefault(user.id, int(time.time()))


def remove_members(state: TwinState, args: Any) -> None:
    """All or nothing; who is no member is no error."""
    for group, user in [_member(state, row) for row in args["members"]]:
        group.members.pop(user.id, None)


def delete_groups(state: TwinState, args: Any) -> None:
    """One that is not there is no error."""
    for group in [_group(state, group_id) for group_id in args["groupids"] if group_id in state.groups]:
        state.groups.pop(group.id)
        state.rolled_back.pop(group.course_id, None)


def _member(state: TwinState, row: dict[str, int]) -> tuple[TwinGroup, TwinUser]:
    group = _group(state, row["groupid"])
    user = state.living(row["userid"])
    if user is None:
        raise missing_record(state.version, "user")
    return group, user


def _group(state: TwinState, group_id: int) -> TwinGroup:
    group = state.groups.get(group_id)
    if group is None:
        raise missing_record(state.version, "groups")
    _enter(state, group.course_id)
    return group


def _show(group: TwinGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "courseid": group.course_id,
        "name": group.name,
        "description": group.description,
        "descriptionformat": 1,
        "idnumber": group.idnumber,
        "visibility": 0,
        "participation": True,
    }
