"""core_completion_…, gradereport_user_… and core_badges_…: what came of it."""

from __future__ import annotations

import time
from typing import Any

from adapters.moodle.twin.params import Record, integer
from adapters.moodle.twin.refusals import Refusal, missing_record
from adapters.moodle.twin.reports.cells import formatted
from adapters.moodle.twin.reports.model import BadgeIssue
from adapters.moodle.twin.state import STUDENT, TwinCourse, TwinState, TwinUser

PERSON_IN_COURSE_SPEC = Record({"courseid": integer(), "userid": integer()})
GRADES_SPEC = Record({"courseid": integer(), "userid": integer(0), "groupid": integer(0)})
BADGES_SPEC = Record(
    {"userid": integer(0), "courseid": integer(0), "page": integer(0), "perpage": integer(0), "search": integer(0)}
)


def _found(state: TwinState, args: Any) -> tuple[TwinCourse, TwinUser]:
    course = state.courses.get(args["courseid"])
    if course is None:
        raise missing_record(state.version, "course")
    user = state.users.get(args["userid"])
    if user is None:
        raise missing_record(state.version, "user")
    if user.deleted:
        raise Refusal("userdeleted", "error/userdeleted")
    return course, user


def course_completion(state: TwinState, args: Any) -> dict[str, Any]:
    """Never tells when the course was completed; one self-completion criterion where the course has criteria."""
    course, user = _found(state, args)
    if not course.active(user.id, time.time()):
        raise Refusal("usernotenroled", "User is not enrolled in this course", module="completion")
    if not course.criteria:
        raise Refusal("nocriteriaset", "No completion criteria set for this course", module="completion")
    at = course.completions.get(user.id)
    row = {
        "type": 1,
        "title": "Self completion",
        "status": "Yes" if at else "No",
        "complete": at is not None,
        "timecompleted": at,
        "details": {
            "type": "Self completion",
            "criteria": "Self completion",
            "requirement": "Marking yourself complete",
            "status": "",
        },
    }
    status = {"completed": at is not None, "aggregation": 1, "completions": [row]}
    return {"completionstatus": status, "warnings": []}


def activities_completion(state: TwinState, args: Any) -> dict[str, Any]:
    """The twin's courses have no activities."""
    _found(state, args)
    return {"statuses": [], "warnings": []}


def grade_items(state: TwinState, args: Any) -> dict[str, Any]:
    """The course total of one person, or with userid 0 of everybody who is active and whose role is graded:
    students alone, as on a fresh site (grade/lib.php, graded_users_iterator)."""
    if args["userid"]:
        course, user = _found(state, args)
        return {"usergrades": [_grades(course, user)], "warnings": []}
    course_found = state.courses.get(args["courseid"])
    if course_found is None:
        raise missing_record(state.version, "course")
    now = time.time()
    graded = [i for i in course_found.enrolled() if STUDENT in state.course_roles(i, course_found.id)]
    people = [state.users[i] for i in graded if course_found.active(i, now)]
    people.sort(key=lambda user: (user.fields["lastname"], user.fields["firstname"], user.id))
    return {"usergrades": [_grades(course_found, user) for user in people], "warnings": []}


def _grades(course: TwinCourse, user: TwinUser) -> dict[str, Any]:
    return {
        "courseid": course.id,
        "courseidnumber": course.idnumber,
        "userid": user.id,
        "userfullname": f"{user.fields['firstname']} {user.fields['lastname']}",
        "useridnumber": user.fields["idnumber"],
        "maxdepth": 2,
        "gradeitems": [_course_total(course, user.id)],
    }


def _course_total(course: TwinCourse, user_id: int) -> dict[str, Any]:
    grade = course.grades.get(user_id)
    most = course.most_of(user_id)
    return {
        "id": course.id,
        "itemname": None,
        "itemtype": "course",
        "itemmodule": None,
        "iteminstance": course.id,
        "itemnumber": None,
        "idnumber": None,
        "categoryid": None,
        "outcomeid": None,
        "scaleid": None,
        "locked": False,
        "graderaw": grade.value if grade else None,
        "gradedatesubmitted": None,
        "gradedategraded": grade.at if grade else None,
        "gradehiddenbydate": False,
        "gradeneedsupdate": False,
        "gradeishidden": False,
        "gradeislocked": False,
        "gradeisoverridden": grade is not None,
        "gradeformatted": f"{grade.value:.2f}" if grade else "-",
        "grademin": 0,
        "grademax": int(most) if most.is_integer() else most,
        "rangeformatted": f"0&ndash;{most:g}",
        "percentageformatted": f"{100 * grade.value / most:.2f} %" if grade and most else "-",
        "feedback": "",
        "feedbackformat": 0,
    }


def badges(state: TwinState, args: Any) -> dict[str, Any]:
    """A person's badges; of others only those that they show. Seen on 4.5.5 and 5.1, with a badge of the site."""
    user = state.users.get(args["userid"] or state.me)
    if user is None or user.deleted:
        raise missing_record(state.version, "user")
    issues = state.badges.get(user.id, ())
    shown = [
        _badge(state, user, number, one) for number, one in enumerate(issues, 1) if one.visible or user.id == state.me
    ]
    return {"badges": shown, "warnings": []}


def _badge(state: TwinState, user: TwinUser, number: int, issue: BadgeIssue) -> dict[str, Any]:
    empty = ("description", "issuername", "issuerurl", "issuercontact", "message", "messagesubject", "version")
    return {
        "id": issue.badge.id,
        "name": formatted(issue.badge.name),
        **dict.fromkeys(empty, ""),
        "timecreated": issue.issued,
        "timemodified": issue.issued,
        "usercreated": 2,
        "usermodified": 2,
        "expiredate": None,
        "expireperiod": None,
        "type": 1 if issue.badge.course is None else 2,
        "courseid": issue.badge.course,
        "attachment": 0,
        "notification": 0,
        "nextcron": None,
        "status": 1,
        "issuedid": issue.badge.id * 1000 + number,
        "uniquehash": f"{issue.badge.id:08x}{user.id:08x}",
        "dateissued": issue.issued,
        "dateexpire": issue.expires,
        "visible": int(issue.visible),
        "recipientid": user.id,
        "recipientfullname": f"{user.fields['firstname']} {user.fields['lastname']}",
        "email": user.fields["email"],
        "language": "en",
        "imagecaption": "",
        "badgeurl": f"{state.url}/webservice/pluginfile.php/1/badges/badgeimage/{issue.badge.id}/f3",
        "alignment": [],
        "relatedbadges": [],
    }
