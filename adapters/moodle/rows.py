"""Rows of Moodle's answers as the port's frozen data, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from typing import Any

from adapters.moodle.client import function_names
from connector.domain.errors import ConnectorError, ProtocolError, SetAside
from connector.domain.ports import Cohort, Course, CourseProgress, SiteInfo
from connector.domain.writing import ManualEnrolment, RoleContext

PLUGIN = "local_connector_"
"""What names of functions of our plugin begin with."""
_COHORT_GONE = re.compile(r"cohort id=(\d+) not exists")
_LAST_ID = re.compile(r"id=(\d+)\D*$")


def site_info(row: Mapping[str, Any]) -> SiteInfo:
    """Of ``core_webservice_get_site_info``; ``userissiteadmin`` may be absent for who is none."""
    return SiteInfo(
        sitename=unescape(str(row["sitename"])),
        release=str(row["release"]),
        version=str(row["version"]),
        user_id=int(row["userid"]),
        username=str(row["username"]),
        functions=function_names(row),
        is_admin=bool(row.get("userissiteadmin", False)),
        plugin=_plugin_of(row),
    )


def _plugin_of(row: Mapping[str, Any]) -> int:
    """The version of our plugin, which Moodle tells with each function of it; 0 where there is none."""
    functions = (one for one in row.get("functions", ()) if isinstance(one, Mapping))
    ours = (one for one in functions if str(one["name"]).startswith(PLUGIN))
    return next((int(float(one["version"])) for one in ours), 0)


def unless_missing(answer: Any) -> Any:
    """None for what concerns this one value alone; other errors are raised."""
    if isinstance(answer, SetAside):
        return None
    if isinstance(answer, ConnectorError):
        raise answer
    return answer


def course(row: Mapping[str, Any]) -> Course:
    """Fields that only managers of the course see (idnumber, enablecompletion) default to empty and off.

    Moodle gives names as HTML: in the token's language, without tags, and escaped.
    """
    return Course(
        id=int(row["id"]),
        idnumber=str(row.get("idnumber") or ""),
        shortname=unescape(str(row["shortname"])),
        fullname=unescape(str(row["fullname"])),
        category_id=int(row["categoryid"]),
        visible=bool(row.get("visible", True)),
        completion_enabled=bool(row.get("enablecompletion", False)),
    )


def cohort(row: Mapping[str, Any]) -> Cohort:
    return Cohort(int(row["id"]), str(row.get("idnumber") or ""), str(row["name"]))


def role(role: RoleContext) -> dict[str, object]:
    return {
        "roleid": role.role_id,
        "userid": role.user_id,
        "contextlevel": role.level,
        "instanceid": role.instance,
    }


def role_ids(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(role["roleid"]) for role in row.get("roles", ()))


def in_group(member: tuple[int, int]) -> dict[str, object]:
    """Of (group id, user id)."""
    group, user = member
    return {"groupid": group, "userid": user}


def enrolment(one: ManualEnrolment) -> dict[str, object]:
    return {
        "roleid": one.role_id,
        "userid": one.user_id,
        "courseid": one.course_id,
        "timestart": one.timestart,
        "timeend": one.timeend,
        "suspend": one.suspended,
    }


def cohort_warnings(row: Mapping[str, Any], users: Sequence[int]) -> Iterable[tuple[int, str]]:
    """Whom a warning is about, with its code: of one cohort with these people, all of them where it is gone itself.

    Moodle names the row in its sentence only: "user id=5 not exists", "… cohort(id=1 id=5)".
    """
    code, text = str(row["warningcode"]), str(row["message"])
    if _COHORT_GONE.search(text):
        return [(user, code) for user in users]
    named = _LAST_ID.search(text.replace("not exists", ""))
    if not named:
        raise ProtocolError("core_cohort_add_cohort_members: a warning that names nobody")
    return [(int(named[1]), code)]


def progress(user_id: int, row: Mapping[str, Any]) -> CourseProgress:
    """Of ``core_enrol_get_users_courses``; ``completionhascriteria`` may be left out."""
    criteria = row.get("completionhascriteria")
    return CourseProgress(
        user_id,
        int(row["id"]),
        number(row.get("progress")),
        row.get("completed"),
        None if criteria is None else bool(criteria),
    )


def number(value: Any) -> float | None:
    return None if value is None else float(value)
