"""core_course_…: categories, courses and their look-ups."""

from __future__ import annotations

import re
from typing import Any

from adapters.moodle.twin.params import (
    OPTIONAL,
    Many,
    Record,
    Value,
    alphanumext,
    boolean,
    integer,
    letters,
    no_tags,
    raw,
    text,
)
from adapters.moodle.twin.refusals import Refusal, invalid_parameter
from adapters.moodle.twin.state import TwinCategory, TwinCourse, TwinState

_FILTERS = ("displayh5p", "activitynames", "mathjaxloader", "emoticon", "urltolink", "mediaplugin")
_SPAN = re.compile(r"</?span\b[^>]*>")

CREATE_CATEGORIES_SPEC = Record(
    {
        "categories": Many(
            Record(
                {
                    "name": Value(no_tags),
                    "parent": integer(0),
                    "idnumber": Value(raw, OPTIONAL),
                    "description": Value(raw, OPTIONAL),
                    "descriptionformat": integer(1),
                }
            )
        )
    }
)
CREATE_COURSES_SPEC = Record(
    {
        "courses": Many(
            Record(
                {
                    "fullname": Value(text),
                    "shortname": Value(text),
                    "categoryid": integer(),
                    "idnumber": Value(raw, ""),
                    "summary": Value(raw, OPTIONAL),
                    "visible": boolean(1),
                    "startdate": integer(OPTIONAL),
                    "enddate": integer(OPTIONAL),
                    "format": Value(raw, OPTIONAL),
                    "enablecompletion": boolean(1),
                }
            )
        )
    }
)
BY_FIELD_SPEC = Record({"field": Value(letters, ""), "value": Value(raw, "")})
CATEGORIES_SPEC = Record(
    {
        "criteria": Many(Record({"key": Value(alphanumext), "value": Value(raw)}), ()),
        "addsubcategories": boolean(1),
    }
)


def create_categories(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All or nothing; an idnumber is unique among categories."""
    taken = {category.idnumber for category in state.categories.values() if category.idnumber}
    for row in args["categories"]:
        if row["parent"] and row["parent"] not in state.categories:
            raise Refusal("unknowcategory", "Category not known!")  # Moodle's own spelling
        if row.get("idnumber") in taken:
            raise Refusal("categoryidnumbertaken", "ID number is already used for another category")
    made = [state.add_category(row["name"], row.get("idnumber", ""), row["parent"]) for row in args["categories"]]
    return [{"id": category.id, "name": category.name} for category in made]


def create_courses(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All or nothing; short name and idnumber are unique."""
    for row in args["courses"]:
        if row["categoryid"] not in state.categories:
            text = f"You cannot execute functions in the category context (category id:{row['categoryid']})."
            raise Refusal("errorcatcontextnotvalid", text, module="webservice")
        if row["shortname"] in state.course_by_shortname:
            text = f"Short name is already used for another course ({row['shortname']})"
            raise Refusal("shortnametaken", text)
        if row["idnumber"] in state.course_by_idnumber:
            text = f"ID number is already used for another course ({row['idnumber']})"
            raise Refusal("courseidnumbertaken", text)
    made = [
        state.add_course(
            row["shortname"],
            row["fullname"],
            row["idnumber"],
            row["categoryid"],
            visible=bool(row["visible"]),
            enablecompletion=bool(row["enablecompletion"]),
        )
        for row in args["courses"]
    ]
    return [{"id": course.id, "shortname": course.shortname} for course in made]


def courses_by_field(state: TwinState, args: Any) -> dict[str, Any]:
    """By id, ids, shortname, idnumber or category; with no field, all. Closed ones are left out."""
    field, value = args["field"], args["value"]
    if field == "idnumber":
        ids = [state.course_by_idnumber.get(value, 0)]
    elif field == "shortname":
        ids = [state.course_by_shortname.get(value, 0)]
    elif field in ("id", "ids"):
        ids = [int(part) for part in value.split(",") if part.isdecimal()]
        if field == "ids" and not state.courses.keys() >= set(ids):  # a fault of both versions
            text = 'Attempt to assign property "contextvalidated" on null'
            raise Refusal("generalexceptionmessage", text, kind="Error")
    elif field == "category":
        ids = [course.id for course in state.courses.values() if str(course.category) == value]
    elif field == "":
        ids = sorted(state.courses)
    else:
        raise invalid_parameter()
    open_ids = [i for i in ids if i in state.courses and i not in state.closed]
    return {"courses": [show(state, state.courses[i]) for i in open_ids], "warnings": []}


def show(state: TwinState, course: TwinCourse) -> dict[str, Any]:
    """A course as a manager of it sees it; the front page is a course too, with some keys missing."""
    front = course.category == 0
    row: dict[str, Any] = {
        "id": course.id,
        "fullname": without_spans(course.fullname),
        "displayname": without_spans(course.fullname),
        "shortname": course.shortname,
        "courseimage": image(state, course),
        "categoryid": course.category,
        "categoryname": "" if front else state.categories[course.category].name,
        "sortorder": 1 if front else course.category * 10_000 + course.id,
        "summary": course.summary,
        "summaryformat": 0 if front else 1,
        "summaryfiles": [],
        "overviewfiles": [],
        "showactivitydates": not front,
        "showcompletionconditions": None if front else True,
        "contacts": [],
        "enrollmentmethods": ["manual"] if course.manual_enrolment and not front else [],
        "idnumber": course.idnumber,
        "format": "site" if front else "topics",
        "showgrades": 1,
        "newsitems": 3 if front else 5,
        "startdate": 0 if front else course.created,
        "enddate": 0 if front else course.created + 31_536_000,
        "visible": int(course.visible),
        "enablecompletion": int(course.enablecompletion),
        "lang": "",
        "theme": "",
        "calendartype": "",
        "timecreated": course.created,
        "timemodified": course.created,
        "cacherev": course.created,
        "filters": [{"filter": name, "localstate": 0, "inheritedstate": 1} for name in _FILTERS],
    }
    zeros = (
        "maxbytes", "showreports", "groupmode", "groupmodeforce", "defaultgroupingid", "completionnotify", "marker",
        "legacyfiles", "requested",
    )  # fmt: skip
    row |= dict.fromkeys(zeros, 0)
    if course.fields:
        row["customfields"] = [_custom_field(state, name, value) for name, value in course.fields.items()]
    if not front:
        row["courseformatoptions"] = [
            {"name": "hiddensections", "value": 1},
            {"name": "coursedisplay", "value": 0},
            {"name": "indentation", "value": "1"},
        ]
    return row


def _custom_field(state: TwinState, name: str, value: str) -> dict[str, Any]:
    """Of a menu ``valueraw`` is the number of an option."""
    options = state.course_fields[name]
    shown = options[int(value) - 1] if options else value
    kind, stored = ("select", int(value)) if options else ("text", value)
    return {"name": name, "shortname": name, "type": kind, "valueraw": stored, "value": shown}


def without_spans(name: str) -> str:
    """As Moodle shows a name in several languages where no filter is on (``format_string``)."""
    return _SPAN.sub("", name)


def image(state: TwinState, course: TwinCourse) -> str:
    return f"{state.url}/pluginfile.php/{course.id}/course/generated/course.svg"


def categories(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Criteria joined by AND; sub-categories of what matches come too unless ``addsubcategories`` is 0."""
    found = list(state.categories.values())
    for criterion in args["criteria"]:
        key, value = criterion["key"].strip(), criterion["value"]
        if key not in ("id", "idnumber", "name", "parent"):
            raise Refusal("criteriaerror", f"You can not search on this criteria: {key}", module="webservice")
        found = [category for category in found if str(getattr(category, key)) == value]
    if args["criteria"] and args["addsubcategories"]:
        found = _with_children(state, found)
    return [_show_category(state, category) for category in found]


def _with_children(state: TwinState, found: list[TwinCategory]) -> list[TwinCategory]:
    ids = {category.id for category in found}
    return [c for c in state.categories.values() if ids & set(state.path(c))]


def _show_category(state: TwinState, category: TwinCategory) -> dict[str, Any]:
    path = state.path(category)
    return {
        "id": category.id,
        "name": category.name,
        "idnumber": category.idnumber,
        "description": "",
        "descriptionformat": 1,
        "parent": category.parent,
        "sortorder": category.id * 10_000,
        "coursecount": sum(course.category == category.id for course in state.courses.values()),
        "visible": 1,
        "visibleold": 1,
        "timemodified": state.started,
        "depth": len(path),
        "path": "".join(f"/{part}" for part in path),
        "theme": "",
    }
