"""local_connector_…: our plugin, where it is installed: rows of datasets by their keys, and counts with checksums."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from adapters.moodle.twin.params import Record, Value, alphanumext, integer, raw, whole_numbers
from adapters.moodle.twin.raw import ROWS, Rows
from adapters.moodle.twin.refusals import Refusal
from adapters.moodle.twin.state import TwinState

MOST_ROWS = 10_000
MOST_COUNTED = 100_000

LIST_SPEC = Record({})
NARROWER = {
    "since": integer(0),
    "column": Value(alphanumext, ""),
    "values": Value(whole_numbers, ""),
    "columns": Value(raw, ""),
}
READ_SPEC = Record({"dataset": Value(alphanumext), "after": integer(0), "limit": integer(MOST_ROWS), **NARROWER})
COUNT_SPEC = Record(
    {"dataset": Value(alphanumext), "width": integer(1000), "after": integer(0), "limit": integer(100), **NARROWER}
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """``integers`` come first in a row, the first of them is its key; then decimals as strings, then texts."""

    needs: tuple[str, ...]
    integers: tuple[str, ...]
    decimals: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    since: str | None = None

    @property
    def columns(self) -> list[str]:
        return [*self.integers, *self.decimals, *self.texts]


DETAILS, IDENTITY = "moodle/user:viewalldetails", "moodle/site:viewuseridentity"
COURSE, GROUPS = "moodle/course:view", "moodle/site:accessallgroups"
GRADES = ("moodle/grade:viewall", "moodle/grade:viewhidden")

DATASETS: dict[str, Dataset] = {
    "people": Dataset(
        (DETAILS, IDENTITY),
        ("id", "confirmed", "deleted", "suspended", "mnethostid", "timecreated", "timemodified"),
        texts=(
            "auth", "username", "idnumber", "firstname", "lastname", "email", "lang", "timezone", "theme", "city",
            "country", "department", "institution", "phone1", "phone2", "address", "middlename", "alternatename",
            "firstnamephonetic", "lastnamephonetic",
        ),
        since="timemodified",
    ),
    "accesses": Dataset(
        (DETAILS, "moodle/user:viewhiddendetails"),
        ("id", "firstaccess", "lastaccess", "lastlogin", "currentlogin"),
        since="lastaccess",
    ),
    "profile_fields": Dataset(
        (DETAILS,),
        ("id", "categoryid", "sortorder", "required", "locked", "visible", "forceunique"),
        texts=("shortname", "name", "datatype", "category", "param1", "defaultdata"),
    ),
    "profile_data": Dataset((DETAILS,), ("id", "userid", "fieldid", "dataformat"), texts=("data",)),
    "cohorts": Dataset(
        ("moodle/cohort:view",),
        ("id", "contextid", "contextlevel", "instanceid", "visible", "timecreated", "timemodified"),
        texts=("idnumber", "name", "description", "component"),
        since="timemodified",
    ),
    "cohort_members": Dataset(
        ("moodle/cohort:view",), ("id", "cohortid", "userid", "timeadded"), since="timeadded"
    ),
    "categories": Dataset(
        ("moodle/category:viewhiddencategories",),
        ("id", "parent", "sortorder", "depth", "visible", "timemodified"),
        texts=("idnumber", "name", "description", "path"),
        since="timemodified",
    ),
    "courses": Dataset(
        (COURSE, "moodle/course:viewhiddencourses"),
        (
            "id", "category", "sortorder", "visible", "startdate", "enddate", "enablecompletion", "groupmode",
            "timecreated", "timemodified",
        ),
        texts=("idnumber", "shortname", "fullname", "summary", "format", "lang"),
        since="timemodified",
    ),
    "course_fields": Dataset(
        ("moodle/course:update",),
        ("id", "categoryid", "sortorder", "timecreated", "timemodified"),
        texts=("shortname", "name", "type", "category", "configdata"),
        since="timemodified",
    ),
    "course_field_data": Dataset(
        ("moodle/course:update",),
        ("id", "fieldid", "courseid", "valueformat", "timecreated", "timemodified"),
        texts=("value",),
        since="timemodified",
    ),
    "groups": Dataset(
        (COURSE, GROUPS),
        ("id", "courseid", "visibility", "timecreated", "timemodified"),
        texts=("idnumber", "name", "description"),
        since="timemodified",
    ),
    "group_members": Dataset(
        (COURSE, GROUPS),
        ("id", "groupid", "courseid", "userid", "itemid", "timeadded"),
        texts=("component",),
        since="timeadded",
    ),
    "enrolment_methods": Dataset(
        ("moodle/course:enrolreview",),
        (
            "id", "courseid", "status", "sortorder", "roleid", "enrolperiod", "enrolstartdate", "enrolenddate",
            "customint1", "timecreated", "timemodified",
        ),
        texts=("enrol", "name"),
        since="timemodified",
    ),
    "enrolments": Dataset(
        ("moodle/course:enrolreview",),
        ("id", "userid", "courseid", "enrolid", "status", "timestart", "timeend", "timecreated", "timemodified"),
        texts=("enrol",),
        since="timemodified",
    ),
    "activities": Dataset(
        (COURSE, "moodle/course:viewhiddenactivities"),
        (
            "id", "courseid", "instance", "section", "visible", "visibleoncoursepage", "completion", "completionview",
            "completionpassgrade", "completionexpected", "deletioninprogress", "added",
        ),
        texts=("idnumber", "modname", "name"),
    ),
    "completions": Dataset(
        ("report/completion:view",),
        ("id", "userid", "courseid", "timeenrolled", "timestarted", "timecompleted"),
        since="timecompleted",
    ),
    "activity_completions": Dataset(
        ("report/progress:view",),
        ("id", "userid", "courseid", "coursemoduleid", "completionstate", "overrideby", "timemodified"),
        since="timemodified",
    ),
    "grade_items": Dataset(
        GRADES,
        (
            "id", "courseid", "categoryid", "iteminstance", "itemnumber", "gradetype", "scaleid", "outcomeid",
            "sortorder", "display", "decimals", "hidden", "locked", "locktime", "needsupdate", "timecreated",
            "timemodified",
        ),
        (
            "grademax", "grademin", "gradepass", "multfactor", "plusfactor", "aggregationcoef", "aggregationcoef2",
        ),
        ("itemtype", "itemmodule", "itemname", "idnumber", "calculation"),
        since="timemodified",
    ),
    "grades": Dataset(
        GRADES,
        (
            "id", "userid", "courseid", "itemid", "usermodified", "hidden", "locked", "locktime", "exported",
            "overridden", "excluded", "timecreated", "timemodified",
        ),
        ("rawgrade", "rawgrademin", "rawgrademax", "finalgrade"),
        ("aggregationstatus",),
        since="timemodified",
    ),
    "grade_history": Dataset(
        (*GRADES, "gradereport/history:view"),
        (
            "id", "action", "oldid", "userid", "courseid", "itemid", "usermodified", "loggeduser", "hidden", "locked",
            "overridden", "excluded", "timemodified",
        ),
        ("rawgrade", "rawgrademin", "rawgrademax", "finalgrade"),
        ("source",),
        since="timemodified",
    ),
    "archived_completions": Dataset(
        ("report/completion:view",),
        ("id", "userid", "courseid", "timeenrolled", "timestarted", "timecompleted"),
        since="timecompleted",
    ),
    "badges": Dataset(
        ("moodle/badges:viewbadges",),
        ("id", "type", "courseid", "status", "expiredate", "expireperiod", "timecreated", "timemodified"),
        texts=("name", "description", "issuername"),
        since="timemodified",
    ),
    "badge_issues": Dataset(
        ("moodle/badges:viewbadges", "moodle/badges:viewawarded"),
        ("id", "badgeid", "userid", "visible", "dateissued", "dateexpire"),
        texts=("uniquehash",),
        since="dateissued",
    ),
    "certificate_templates": Dataset(
        ("tool/certificate:viewallcertificates",),
        ("id", "contextid", "contextlevel", "instanceid", "timecreated", "timemodified"),
        texts=("name",),
        since="timemodified",
    ),
    "certificate_issues": Dataset(
        ("tool/certificate:viewallcertificates",),
        ("id", "userid", "courseid", "templateid", "emailed", "archived", "timecreated", "expires"),
        texts=("code", "component", "data"),
        since="timecreated",
    ),
}  # fmt: skip
"""Those that the connector reads, as the plugin tells them."""


def datasets(state: TwinState, _args: Any) -> dict[str, str]:
    """Which there are, and which capabilities the token lacks."""
    told = {
        name: {
            "columns": one.columns,
            "since": one.since,
            "lacking": [need for need in one.needs if need in state.forbidden],
        }
        for name, one in DATASETS.items()
    }
    return {"json": orjson.dumps(told).decode()}


def read(state: TwinState, args: Any) -> dict[str, str]:
    """Rows after a key, and the key after which it goes on, where there may be more."""
    between("after", args["after"], 0, None)
    between("limit", args["limit"], 1, MOST_ROWS)
    columns, found = _asked(state, args)
    page = found[: args["limit"]]
    told = {
        "time": int(time.time()),
        "columns": columns,
        "next": page[-1][0] if len(page) == args["limit"] else None,
        "rows": page,
    }
    return {"json": orjson.dumps(told).decode()}


def _asked(state: TwinState, args: Any) -> tuple[list[str], list[list[Any]]]:
    """The columns and all rows of a question, in the order of keys."""
    between("since", args["since"], 0, None)
    dataset, rows = _found(state, args["dataset"])
    if args["since"] and dataset.since is None:
        raise wrong("notimes", "This dataset has no times by which it could be narrowed.")
    values = {int(one) for one in args["values"].split(",") if one}
    between("values", len(values), int(bool(args["column"])), MOST_ROWS if args["column"] else 0)
    if args["column"] and args["column"] not in dataset.integers:
        raise wrong("nosuchcolumn", "This dataset has no column of integers with this name.")
    tests = list(_tests(dataset, args, values))
    found = sorted(row for row in rows(state) if row[0] > args["after"] and all(test(row) for test in tests))
    wanted = {"id", *(args["columns"].split(",") if args["columns"] else dataset.columns)}
    places = [place for place, name in enumerate(dataset.columns) if name in wanted]
    return [dataset.columns[place] for place in places], [[row[place] for place in places] for row in found]


def _tests(dataset: Dataset, args: Any, values: set[int]) -> Iterator[Callable[[list[Any]], bool]]:
    """By which rows are chosen; what is NULL is never."""
    if args["since"] and dataset.since:
        time_at, since = dataset.integers.index(dataset.since), args["since"]
        yield lambda row: row[time_at] is not None and row[time_at] >= since
    if args["column"]:
        column_at = dataset.integers.index(args["column"])
        yield lambda row: row[column_at] in values


def count(state: TwinState, args: Any) -> dict[str, str]:
    """Rows and a checksum for each bucket of keys."""
    width, after, limit = args["width"], args["after"], args["limit"]
    between("width", width, 1, MOST_COUNTED)
    between("limit", limit, 1, MOST_COUNTED // width)
    between("after", after, 0, None)
    if after and (after + 1) % width:
        raise wrong("notaborder", "The parameter after has to be 0 or the last key of a bucket.")
    _, rows = _asked(state, args)
    buckets: dict[int, list[bytes]] = {}
    last: int | None
    for row in rows:
        if row[0] // width not in buckets and len(buckets) == limit:
            last = max(buckets)
            break
        buckets.setdefault(row[0] // width, []).append(orjson.dumps(row) + b"\n")
    else:
        last = max(buckets) if len(buckets) == limit else None
    told = {
        "next": None if last is None else (last + 1) * width - 1,
        "buckets": [[key, len(lines), sha256(b"".join(lines)).hexdigest()] for key, lines in buckets.items()],
    }
    return {"json": orjson.dumps(told).decode()}


def _found(state: TwinState, name: str) -> tuple[Dataset, Rows]:
    if "local/connector:read" in state.forbidden:
        raise forbidden("Read datasets in bulk, as far as other permissions reach")
    dataset = DATASETS.get(name)
    if dataset is None:
        raise wrong("nosuchdataset", "There is no dataset with this name, or what it is read from is not installed.")
    for need in dataset.needs:
        if need in state.forbidden:
            raise forbidden(need)
    return dataset, ROWS[name]


def between(name: str, value: int, least: int, most: int | None) -> None:
    if value < least or (most is not None and value > most):
        top = most if most is not None else 2**63 - 1
        raise wrong("outofrange", f"The parameter {name} has to be between {least} and {top}.")


def wrong(code: str, message: str) -> Refusal:
    return Refusal(code, message, module="local_connector")


def forbidden(what: str) -> Refusal:
    text = f"Sorry, but you do not currently have permissions to do that ({what})."
    return Refusal("nopermissions", text, "required_capability_exception", "error")
