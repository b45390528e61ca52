"""The columns and filters of each entity, by Moodle's names and in its order: those that a connector has use for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.moodle.twin.reports import cells, filters
from adapters.moodle.twin.reports.cells import Reader, link
from adapters.moodle.twin.reports.filters import Filter
from adapters.moodle.twin.reports.rows import Row
from adapters.moodle.twin.state import ROLES, TwinState

Get = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` is what it sorts by, None where the row has no such part.

    ``only`` is the version that alone has the column, ``unsortable`` the one that does not sort by it; ``listed`` is
    False for a deprecated column, which can be added but is not offered.
    """

    title: str
    key: Get
    cell: Callable[[Row, Reader], str | None]
    only: str = ""
    unsortable: str = ""
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Entity:
    title: str
    columns: Mapping[str, Column]
    filters: Mapping[str, Filter]


def _shown(title: str, get: Get, show: Callable[[Any, Reader], str], **more: Any) -> Column:
    return Column(title, get, lambda row, reader: show(get(row), reader), **more)


def _text(title: str, get: Get, show: Callable[[str | None], str] = cells.plain) -> Column:
    return Column(title, get, lambda row, _reader: show(get(row)))


def _raw(title: str, get: Get) -> Column:
    """A text column without a format of its own: as it is, and null where there is none."""
    return Column(title, get, lambda row, _reader: get(row))


def _moment(title: str, get: Get, **more: Any) -> Column:
    return _shown(title, get, cells.moment, **more)


def _filter(title: str, kind: Any, get: Get) -> Filter:
    return Filter(title, kind, lambda row, _now: get(row))


# ---------------------------------------------------------------- people
def _field(name: str) -> Get:
    return lambda row: row.user.fields.get(name, "") if row.user else None


def _of_user(name: str) -> Get:
    return lambda row: getattr(row.user, name) if row.user else None


def full_name(row: Row) -> str:
    return f"{row.user.fields['firstname']} {row.user.fields['lastname']}" if row.user else ""


def _name_order(row: Row) -> tuple[str, str] | None:
    return (row.user.fields["firstname"], row.user.fields["lastname"]) if row.user else None


def _profile_link(row: Row, reader: Reader) -> str:
    return link(f"{reader.url}/user/profile.php?id={row.user.id}", full_name(row)) if row.user else ""


_CHOICES = {"lang": cells.language, "timezone": cells.time_zone, "country": cells.country, "auth": cells.auth}
_FIELDS = {
    "firstname": "First name", "lastname": "Last name", "email": "Email address", "city": "City/town",
    "country": "Country", "lang": "Language", "timezone": "Timezone", "theme": "Theme",
    "firstnamephonetic": "First name - phonetic", "lastnamephonetic": "Last name - phonetic",
    "middlename": "Middle name", "alternatename": "Alternate name", "idnumber": "ID number",
    "institution": "Institution", "department": "Department", "phone1": "Phone", "phone2": "Mobile phone",
    "address": "Address", "username": "Username", "auth": "Authentication",
}  # fmt: skip
_PROFILE_TITLES = {"jobgrade": "Job grade", "costcentre": "Cost centre"}


def user(state: TwinState) -> Entity:
    """Of accounts; the site's own profile fields are columns too. Names of people are not escaped, all else is."""
    columns = {
        "fullname": Column("Full name", _name_order, lambda row, _reader: full_name(row)),
        "fullnamewithlink": Column("Full name with link", _name_order, _profile_link),
    }
    for name, title in _FIELDS.items():
        show = _CHOICES.get(name)
        columns[name] = _shown(title, _field(name), show) if show else _text(title, _field(name))
    columns |= {
        "firstaccess": _moment("First access", _of_user("firstaccess"), only="5.1"),
        "lastaccess": _moment("Last access", _of_user("lastaccess")),
        "suspended": _shown("Suspended", _of_user("suspended"), cells.yes_no),
        "confirmed": _shown("Confirmed", lambda row: True if row.user else None, cells.yes_no),
        "timecreated": _moment("Time created", _of_user("created")),
        "timemodified": _moment("Time modified", _of_user("modified")),
    }
    tests = {name: _filter(title, filters.text, _field(name)) for name, title in _FIELDS.items()}
    tests |= {name: _filter(_FIELDS[name], filters.select, _field(name)) for name in _CHOICES}
    tests |= {
        "fullname": _filter("Full name", filters.text, full_name),
        "lastaccess": _filter("Last access", filters.date, _of_user("lastaccess")),
        "suspended": _filter("Suspended", filters.boolean, _of_user("suspended")),
        "confirmed": _filter("Confirmed", filters.boolean, lambda row: True if row.user else None),
        "timecreated": _filter("Time created", filters.date, _of_user("created")),
        "timemodified": _filter("Time modified", filters.date, _of_user("modified")),
    }
    for name in state.profile_fields:
        title, get = _PROFILE_TITLES.get(name, name), _profile(name)
        identifier = f"profilefield_{name.lower()}"  # reportbuilder/classes/local/helpers/user_profile_fields.php
        columns[identifier] = _text(title, get, cells.formatted)
        tests[identifier] = _filter(title, filters.text, get)
    return Entity("User", columns, tests)


def _profile(name: str) -> Get:
    return lambda row: row.user.profile.get(name) if row.user else None


# ---------------------------------------------------------------- courses and enrolments
def _of_course(name: str) -> Get:
    return lambda row: getattr(row.course, name) if row.course else None


def _course_link(name: str) -> Callable[[Row, Reader], str]:
    def cell(row: Row, reader: Reader) -> str:
        if row.course is None:
            return ""
        return link(f"{reader.url}/course/view.php?id={row.course.id}", cells.formatted(getattr(row.course, name)))

    return cell


COURSE = Entity(
    "Course",
    {
        "coursefullnamewithlink": Column(
            "Course full name with link", _of_course("fullname"), _course_link("fullname")
        ),
        "courseshortnamewithlink": Column(
            "Course short name with link", _of_course("shortname"), _course_link("shortname")
        ),
        "courseidnumberewithlink": Column(  # Moodle's own spelling
            "Course ID number with link", _of_course("idnumber"), _course_link("idnumber")
        ),
        "fullname": _text("Course full name", _of_course("fullname"), cells.stripped),
        "shortname": _text("Course short name", _of_course("shortname"), cells.stripped),
        "idnumber": _text("Course ID number", _of_course("idnumber")),
        "visible": _shown("Course visibility", _of_course("visible"), cells.yes_no),
        "timecreated": _moment("Time created", _of_course("created")),
    },
    {
        "fullname": _filter("Course full name", filters.text, _of_course("fullname")),
        "shortname": _filter("Course short name", filters.text, _of_course("shortname")),
        "idnumber": _filter("Course ID number", filters.text, _of_course("idnumber")),
        "timecreated": _filter("Time created", filters.date, _of_course("created")),
        "courseselector": _filter("Select course", filters.courses, _of_course("id")),
    },
)


def _plugin(row: Row) -> str | None:
    return row.plugin


def _instance(row: Row) -> str:
    """The name of an enrolment method in its course."""
    name = cells.PLUGINS.get(row.plugin or "", "")
    return f"{name} (Student)" if row.plugin == "self" else name


def _enabled(row: Row) -> bool | None:
    """A new course has guest access and self enrolment switched off; who came in by it shows that it is on."""
    return None if row.plugin is None else row.plugin not in ("guest", "self") or row.enrolment is not None


ENROL = Entity(
    "Enrolment method",
    {
        "plugin": Column("Plugin", _plugin, lambda row, _reader: cells.PLUGINS.get(row.plugin or "", "")),
        "name": Column("Name", _plugin, lambda row, _reader: _instance(row)),
        "enabled": _shown("Enabled", _enabled, cells.yes_no),
    },
    {"plugin": _filter("Plugin", filters.select, _plugin)},
)


def _of_enrolment(name: str) -> Get:
    return lambda row: getattr(row.enrolment, name) if row.enrolment else None


def _started(row: Row) -> int | None:
    return (row.enrolment.timestart or row.enrolment.created) if row.enrolment else None


def _status(row: Row, now: float) -> int | None:
    """0 active, 1 suspended, 2 not current."""
    if row.enrolment is None:
        return None
    return 1 if row.enrolment.suspended else 0 if row.enrolment.active(now) else 2


def _status_cell(row: Row, reader: Reader) -> str | None:
    status = _status(row, reader.now)
    return None if status is None else cells.STATUSES[status]


ENROLMENT = Entity(
    "Enrolment",
    {
        "method": Column("Method", _plugin, lambda row, _reader: _instance(row), only="4.5", listed=False),
        "timecreated": _moment("Time created", _of_enrolment("created")),
        "timestarted": _moment("Time started", _started),
        "timeended": _moment("Time ended", _of_enrolment("timeend")),
        "status": Column("Status", _of_enrolment("suspended"), _status_cell),
    },
    {
        "timecreated": _filter("Time created", filters.date, _of_enrolment("created")),
        "timestarted": _filter("Time started", filters.date, _of_enrolment("timestart")),
        "timeended": _filter("Time ended", filters.date, _of_enrolment("timeend")),
        "status": Filter("Status", filters.select, _status),
    },
)


# ---------------------------------------------------------------- what came of it
def _completed_at(row: Row) -> int | None:
    return row.course.completions.get(row.user.id) if row.course and row.user else None


def _completed(row: Row) -> bool | None:
    """None while Moodle's cron has not taken notice of the person in the course."""
    if row.course is None or row.user is None:
        return None
    return True if row.user.id in row.course.completions else False if row.user.id in row.course.tracked else None


def _grade(row: Row) -> float | None:
    found = row.course.grades.get(row.user.id) if row.course and row.user else None
    return found.value if found else None


def _accessed(row: Row) -> int | None:
    return row.course.accesses.get(row.user.id, 0) if row.course and row.user else None


COMPLETION = Entity(
    "Course completion",
    {
        "completed": _shown("Completed", _completed, cells.yes_no),
        "timecompleted": _moment("Time completed", _completed_at),
        "grade": _shown("Grade", _grade, cells.grade),
    },
    {
        "completed": _filter("Completed", filters.boolean, lambda row: bool(_completed(row))),
        "timecompleted": _filter("Time completed", filters.date, _completed_at),
    },
)
ACCESS = Entity(
    "Course access",
    {"timeaccess": _shown("Last access to course", _accessed, cells.never_or)},
    {"timeaccess": _filter("Last access to course", filters.date, _accessed)},
)


# ---------------------------------------------------------------- roles, cohorts, badges
_ROLE_TITLES = {
    1: "Manager", 2: "Course creator", 3: "Teacher", 4: "Non-editing teacher", 5: "Student", 6: "Guest",
    7: "Authenticated user", 8: "Authenticated user on site home",
}  # fmt: skip


def _role_title(row: Row) -> str | None:
    return _ROLE_TITLES.get(row.role, "") if row.role else None


def _role_name(row: Row) -> str | None:
    return ROLES.get(row.role) if row.role else None


ROLE = Entity(
    "Role",
    {
        "name": _text("Role name", _role_title),
        "originalname": _text("Original name", _role_title),
        "shortname": _raw("Short name", _role_name),
    },
    {"name": _filter("Role name", filters.select, lambda row: row.role)},
)


def _of_cohort(name: str) -> Get:
    return lambda row: getattr(row.cohort, name) if row.cohort else None


COHORT = Entity(
    "Cohort",
    {"name": _raw("Name", _of_cohort("name")), "idnumber": _raw("Cohort ID", _of_cohort("idnumber"))},
    {
        "name": _filter("Name", filters.text, _of_cohort("name")),
        "idnumber": _filter("Cohort ID", filters.text, _of_cohort("idnumber")),
    },
)
COHORT_MEMBER = Entity(
    "Cohort member",
    {"timeadded": _moment("Time added", lambda row: row.added)},
    {"timeadded": _filter("Time added", filters.date, lambda row: row.added)},
)


def _of_issue(name: str) -> Get:
    return lambda row: getattr(row.issue, name) if row.issue else None


def _badge_name(row: Row) -> str | None:
    return row.issue.badge.name if row.issue else None


def _badge_link(row: Row, reader: Reader) -> str:
    """Names of badges are not escaped."""
    if row.issue is None:
        return ""
    return link(f"{reader.url}/badges/overview.php?id={row.issue.badge.id}", row.issue.badge.name)


BADGE = Entity(
    "Badge details",
    {"name": _raw("Name", _badge_name), "namewithlink": Column("Name with link", _badge_name, _badge_link)},
    {"name": _filter("Name", filters.text, _badge_name)},
)
BADGE_ISSUED = Entity(
    "Badge issued",
    {
        "issued": _moment("Date issued", _of_issue("issued")),
        "expire": _moment("Expiry date", _of_issue("expires")),
        "visible": _shown("Visible", _of_issue("visible"), cells.yes_no, unsortable="4.5"),
    },
    {
        "issued": _filter("Date issued", filters.date, _of_issue("issued")),
        "expires": _filter("Expiry date", filters.date, _of_issue("expires")),
        "visible": _filter("Visible", filters.boolean, _of_issue("visible")),
    },
)
