"""enrol_manual_…, core_enrol_… and core_role_…: who is in which course, as what."""

from __future__ import annotations

import time
from typing import Any

from adapters.moodle.twin.courses import image
from adapters.moodle.twin.params import OPTIONAL, Many, Record, Value, alphanumext, boolean, integer, letters, raw
from adapters.moodle.twin.people import show
from adapters.moodle.twin.refusals import Refusal, coding_error, invalid_parameter, missing_record
from adapters.moodle.twin.state import ROLES, Enrolment, RoleContextKey, TwinCourse, TwinState, TwinUser

_NOT_DECLARED = frozenset({"auth", "suspended", "confirmed", "lang", "theme", "timezone", "mailformat", "trackforums"})
"""Of a person: not in the answer's description of ``core_enrol_get_enrolled_users``, so Moodle drops them."""

_NOT_ASSIGNABLE = {"guest", "user", "frontpage"}

ENROL_SPEC = Record(
    {
        "enrolments": Many(
            Record(
                {
                    "roleid": integer(),
                    "userid": integer(),
                    "courseid": integer(),
                    "timestart": integer(0),
                    "timeend": integer(0),
                    "suspend": boolean(0),
                }
            )
        )
    }
)
UNENROL_SPEC = Record(
    {"enrolments": Many(Record({"userid": integer(), "courseid": integer(), "roleid": integer(OPTIONAL)}))}
)
ENROLLED_SPEC = Record(
    {"courseid": integer(), "options": Many(Record({"name": Value(alphanumext), "value": Value(raw)}), ())}
)
USERS_COURSES_SPEC = Record({"userid": integer(), "returnusercount": boolean(1)})
_ROLE = Record(
    {
        "roleid": integer(),
        "userid": integer(),
        "contextid": integer(OPTIONAL),
        "contextlevel": Value(letters, OPTIONAL),
        "instanceid": integer(OPTIONAL),
    }
)
ASSIGN_SPEC = Record({"assignments": Many(_ROLE)})
UNASSIGN_SPEC = Record({"unassignments": Many(_ROLE)})


def active_user(state: TwinState, user_id: int) -> TwinUser:
    """Somebody who is there. Raises Refusal."""
    user = state.users.get(user_id)
    if user is None:
        raise missing_record(state.version, "user")
    if user.deleted:
        raise Refusal("userdeleted", "error/userdeleted")
    return user


def _manual_course(state: TwinState, course_id: int) -> TwinCourse:
    course = state.courses.get(course_id)
    if course is None:
        raise invalid_parameter("courseid")
    return course


def in_manual_course(state: TwinState, row: dict[str, Any]) -> None:
    """Refuse a row whose course or person is not there."""
    _manual_course(state, row["courseid"])
    active_user(state, row["userid"])


_LEVELS = {"manager": {"system", "coursecat", "course"}, "coursecreator": {"system", "coursecat"}}
"""Where a role may be assigned on a fresh site (``get_default_contextlevels`` in Moodle's lib/accesslib.php)."""


def _assignable(role_id: int, level: str = "course") -> bool:
    name = ROLES.get(role_id)
    return name is not None and name not in _NOT_ASSIGNABLE and level in _LEVELS.get(name, {"course"})


def enrol(state: TwinState, args: Any) -> None:
    """All or nothing; who is enrolled gets the new times and status, and the role as well."""
    for row in args["enrolments"]:
        course = _manual_course(state, row["courseid"])
        user = active_user(state, row["userid"])
        if not _assignable(row["roleid"]):
            text = "You don't have the permission to assign this role ({}) to this user ({}) in this course ({})."
            where = text.format(row["roleid"], user.id, course.id)
            raise Refusal("wsusercannotassign", where, module="enrol_manual")
        if not course.manual_enrolment:
            text = f"Manual enrolment plugin instance doesn't exist or is disabled for the course (id = {course.id})"
            raise Refusal("wsnoinstance", text, module="enrol_manual")
    for row in args["enrolments"]:
        course = state.courses[row["courseid"]]
        before = course.enrolments.get(row["userid"])
        now = int(time.time())
        since = before.created if before else now
        enrolment = Enrolment(row["timestart"], row["timeend"], bool(row["suspend"]), since, now)
        course.enrolments[row["userid"]] = enrolment
        state.note("enrolments", "updated" if before else "created", row["userid"], course.id)
        state.user_courses.setdefault(row["userid"], {})[course.id] = None
        state.roles.setdefault(row["userid"], {}).setdefault(("course", course.id), set()).add(row["roleid"])


def unenrol(state: TwinState, args: Any) -> None:
    """All or nothing; who is not enrolled is no error. The grades in the course go."""
    for row in args["enrolments"]:
        if row["courseid"] not in state.courses:
            raise missing_record(state.version, "course")
        active_user(state, row["userid"])
    for row in args["enrolments"]:
        state.unenrol(row["userid"], state.courses[row["courseid"]])


def _context(state: TwinState, row: dict[str, Any]) -> RoleContextKey:
    level, instance = row.get("contextlevel", ""), row.get("instanceid")
    known = {"system": None, "coursecat": state.categories, "course": state.courses}
    if level not in known or instance is None:
        raise invalid_parameter("contextlevel")
    places = known[level]
    if places is not None and instance not in places:
        raise invalid_parameter("instanceid")
    return level, 0 if places is None else instance


def assign_roles(state: TwinState, args: Any) -> None:
    """All or nothing; who has the role is no error."""
    wanted = []
    for row in args["assignments"]:
        context = _context(state, row)
        if not _assignable(row["roleid"], context[0]):
            raise invalid_parameter("roleid")
        if state.living(row["userid"]) is None:
            raise coding_error("User ID does not exist or is deleted!")
        wanted.append((row["userid"], context, row["roleid"]))
    for user_id, context, role_id in wanted:
        state.roles.setdefault(user_id, {}).setdefault(context, set()).add(role_id)


def unassign_roles(state: TwinState, args: Any) -> None:
    """All or nothing; who has not the role is no error."""
    rows = [(row, _context(state, row)) for row in args["unassignments"]]
    for row, context in rows:
        state.roles.get(row["userid"], {}).get(context, set()).discard(row["roleid"])


def enrolled_users(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Options: onlyactive, onlysuspended, userfields, limitfrom, limitnumber, sortby, sortdirection."""
    course = state.courses.get(args["courseid"])
    if course is None:
        raise missing_record(state.version, "course")
    if course.id in state.closed:
        text = f"You cannot execute functions in the course context (course id:{course.id})."
        raise Refusal("errorcoursecontextnotvalid", text, module="webservice")
    options = {option["name"]: option["value"] for option in args["options"]}
    ids = _chosen(course, options)
    sort = options.get("sortby", "id")
    if sort not in ("id", "firstname", "lastname", "siteorder"):
        raise invalid_parameter()
    if sort == "id":
        ids.sort()
    else:
        ids.sort(key=lambda i: state.users[i].fields["lastname" if sort == "siteorder" else sort])
    if options.get("sortdirection", "ASC").upper() == "DESC":
        ids.reverse()
    start, number = (_whole(options.get(name, "")) for name in ("limitfrom", "limitnumber"))
    page = ids[start : start + number] if number else ids[start:]
    wanted = [name.strip() for name in options.get("userfields", "").split(",") if name.strip()]
    return [_show_enrolled(state, course, state.users[user_id], wanted) for user_id in page]


def _whole(text: str) -> int:
    """PARAM_INT: what is no number is 0."""
    return int(text) if text.isascii() and text.isdecimal() else 0


def _chosen(course: TwinCourse, options: dict[str, str]) -> list[int]:
    now = time.time()
    only_active = options.get("onlyactive", "0") not in ("", "0")
    only_suspended = options.get("onlysuspended", "0") not in ("", "0")
    if only_active and only_suspended:
        raise coding_error("Both onlyactive and onlysuspended are set")
    if not only_active and not only_suspended:
        return list(course.enrolled())
    return [user_id for user_id in course.enrolled() if course.active(user_id, now) == only_active]


def _show_enrolled(state: TwinState, course: TwinCourse, user: TwinUser, wanted: list[str]) -> dict[str, Any]:
    roles = [
        {"roleid": role, "name": "", "shortname": ROLES[role], "sortorder": 0}
        for role in sorted(state.course_roles(user.id, course.id))
    ]
    if wanted == ["id", "roles"]:  # what the connector asks for, page after page
        return {"id": user.id, "fullname": f"{user.fields['firstname']} {user.fields['lastname']}", "roles": roles}
    shown = show(state, user) | {"lastcourseaccess": 0, "roles": roles}
    row = {name: value for name, value in shown.items() if name not in _NOT_DECLARED}
    if wanted:
        return {name: value for name, value in row.items() if name in {*wanted, "id", "fullname"}}
    return row


def users_courses(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Courses where the person's enrolment is active; an unknown person has none."""
    now = time.time()
    courses = [state.courses[course_id] for course_id in sorted(state.user_courses.get(args["userid"], ()))]
    active = [course for course in courses if course.active(args["userid"], now)]
    rows = [_show_course(state, course, args["userid"]) for course in active]
    if args["returnusercount"]:
        for row, course in zip(rows, active, strict=True):
            row["enrolledusercount"] = len(course.enrolled())
    return rows


def _show_course(state: TwinState, course: TwinCourse, user_id: int) -> dict[str, Any]:
    done = user_id in course.completions
    tracked = course.enablecompletion and bool(course.enrolments_of(user_id))
    return {
        "id": course.id,
        "shortname": course.shortname,
        "fullname": course.fullname,
        "displayname": course.fullname,
        "idnumber": course.idnumber,
        "visible": int(course.visible),
        "summary": "",
        "summaryformat": 1,
        "format": "topics",
        "courseimage": image(state, course),
        "showgrades": True,
        "lang": "",
        "enablecompletion": course.enablecompletion,
        "completionhascriteria": course.criteria,
        "completionusertracked": tracked,
        "category": course.category,
        "progress": (100.0 if done else 0.0) if course.criteria else None,
        "completed": done if course.enablecompletion else None,
        "startdate": course.created,
        "enddate": course.created + 31_536_000,
        "marker": 0,
        "lastaccess": None,
        "isfavourite": False,
        "hidden": False,
        "overviewfiles": [],
        "showactivitydates": True,
        "showcompletionconditions": True,
        "timemodified": course.created,
    }
