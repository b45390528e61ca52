"""The datasets that the plugin's reader reads, and their rows as the port's frozen data: to the second, as stored."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson

from adapters.moodle.accounts import account
from adapters.moodle.readers.datasets import Dataset, Row
from connector.domain.ports import Account
from connector.domain.reading import (
    GradeItem,
    Precision,
    ReadAccess,
    ReadCertificate,
    ReadCompletion,
    ReadEnrolment,
    ReadGrade,
)

PEOPLE = Dataset(
    "people",
    (
        "id", "deleted", "suspended", "auth", "username", "idnumber", "firstname", "lastname", "email", "lang",
        "timezone", "theme", "city", "country", "department", "institution", "phone1", "phone2", "address",
        "middlename", "alternatename", "firstnamephonetic", "lastnamephonetic", "timemodified",
    ),
)  # fmt: skip
ACCESSES = Dataset("accesses", ("id", "lastaccess"))
DELETED = Dataset("people", ("id", "deleted"))
PROFILE_FIELDS = Dataset("profile_fields", ("id", "shortname", "datatype"))
PROFILE_DATA = Dataset("profile_data", ("userid", "fieldid", "data"))
COHORTS = Dataset("cohorts", ("id", "contextid"))
COHORT_MEMBERS = Dataset("cohort_members", ("cohortid", "userid"))
COURSES = Dataset("courses", ("id", "enablecompletion"))
CATALOGUE = (
    Dataset("courses", ("id", "category", "startdate", "fullname", "summary")),
    Dataset("categories", ("id", "parent", "name")),
    Dataset("course_fields", ("id", "shortname", "type", "configdata")),
    Dataset("course_field_data", ("id", "fieldid", "courseid", "value")),
)
"""What courses are about."""
GROUPS = Dataset("groups", ("id", "courseid"))
GROUP_MEMBERS = Dataset("group_members", ("groupid", "userid"))
METHODS = Dataset("enrolment_methods", ("id", "courseid", "status"))
ENROLMENTS = Dataset(
    "enrolments", ("userid", "courseid", "enrolid", "status", "timestart", "timeend", "timecreated", "timemodified")
)
COMPLETIONS = Dataset("completions", ("userid", "courseid", "timecompleted"))
GRADE_ITEMS = Dataset("grade_items", ("id", "courseid", "itemtype", "grademin", "grademax", "gradepass"))
GRADES = Dataset(
    "grades",
    ("userid", "courseid", "itemid", "finalgrade", "overridden", "timemodified", "rawgrademin", "rawgrademax"),
)

NEEDED = (
    PEOPLE, ACCESSES, PROFILE_FIELDS, PROFILE_DATA, COHORTS, COHORT_MEMBERS, COURSES, GROUPS, GROUP_MEMBERS, METHODS,
    ENROLMENTS, COMPLETIONS, GRADE_ITEMS, GRADES, *CATALOGUE,
)  # fmt: skip

ALWAYS_WRITTEN = ("middlename", "alternatename", "firstnamephonetic", "lastnamephonetic")
"""Of people: core functions show them to nobody."""

NO_COUNTRY = "0"
"""What Moodle writes for a country that it does not know, and shows to nobody."""

_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


@dataclass(frozen=True, slots=True)
class Issues:
    """Something that is issued. Columns of ``issues`` begin with template, person and time of issue."""

    source: str
    issues: Dataset
    templates: Dataset

    @property
    def held(self) -> Dataset:
        """What is held of issues: not their code, for which Moodle shows to whoever asks whose it is."""
        return Dataset(self.issues.name, tuple(name for name in self.issues.columns if name != "code"))

    def certificate(self, row: Row, names: Mapping[int, str]) -> ReadCertificate | None:
        """None where its template is gone. A badge is awarded to a person once; of templates of tool_certificate
        reports tell the name only: so issues look the same whoever reads them."""
        template, person, issued, *rest = row
        name = names.get(template)
        if name is None or not issued:
            return None
        expires = rest[0] if self.source != "customcert" else None
        code = f"{template}-{person}" if self.source == "badge" else str(rest[-1])
        key = name if self.source == "tool_certificate" else str(template)
        return ReadCertificate(person, self.source, code, key, name, moment(issued), moment_or_none(expires))


ISSUES = (
    Issues(
        "badge",
        Dataset("badge_issues", ("badgeid", "userid", "dateissued", "dateexpire")),
        Dataset("badges", ("id", "name")),
    ),
    Issues(
        "tool_certificate",
        Dataset("certificate_issues", ("templateid", "userid", "timecreated", "expires", "code")),
        Dataset("certificate_templates", ("id", "name")),
    ),
    Issues(
        "customcert",
        Dataset("customcert_issues", ("customcertid", "userid", "timecreated", "code")),
        Dataset("customcerts", ("id", "name")),
    ),
)
"""Read where the site has them."""


LAST = int(datetime(9999, 12, 1, tzinfo=UTC).timestamp())
"""What lies beyond is no time that anybody meant, such as milliseconds: one such row must not stop all others."""


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds if 0 <= seconds <= LAST else max(0, min(seconds, LAST)), UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    """Moodle writes 0 or nothing for never."""
    return moment(seconds) if seconds else None


def name_of(text: str) -> str:
    """Without tags, as reports tell it."""
    return _TAG.sub("", text).strip()


def mark(row: Row, fields: Sequence[Row]) -> bytes:
    """A digest of all that is told of one person."""
    return blake2b(orjson.dumps([row, sorted(fields)]), digest_size=16).digest()


def person(row: Row, fields: Sequence[Row], kinds: Mapping[int, tuple[str, str]]) -> Account:
    """The account as core functions show it to an administrator, and the names that they show to nobody.

    ``fields`` are pairs of a custom field's id and its value; ``kinds`` has short name and kind of each field.
    """
    shown: dict[str, Any] = dict(zip(PEOPLE.columns, row, strict=True))
    if shown["country"] == NO_COUNTRY:
        shown["country"] = ""
    shown["customfields"] = [
        {"shortname": kinds[field][0], "type": kinds[field][1], "value": value}
        for field, value in fields
        if field in kinds and value
    ]
    known = account(shown, admin=True)
    return Account(
        known.id,
        known.username,
        known.email,
        known.idnumber,
        known.suspended,
        known.auth,
        {**known.fields, **{name: str(shown[name] or "") for name in ALWAYS_WRITTEN}},
        known.profile,
    )


def access(row: Row) -> ReadAccess:
    return ReadAccess(row[0], moment(row[1]))


def enrolment(row: Row, disabled: Collection[int], now: int) -> ReadEnrolment:
    """``disabled`` are enrolment methods that let nobody in, ``now`` is Moodle's clock."""
    user, course, method, status, starts, ends, created, _ = row
    active = not status and method not in disabled and starts <= now and (not ends or now < ends)
    if not created:
        return ReadEnrolment(user, course, active)
    return ReadEnrolment(user, course, active, moment(created), Precision.SECOND)


def is_completed(row: Row) -> bool:
    """A row without a time only says that somebody could."""
    return bool(row[2])


def completion(row: Row) -> ReadCompletion:
    user, course, completed = row
    return ReadCompletion(user, course, True, moment(completed), Precision.SECOND)


def not_completed(user: int, course: int) -> ReadCompletion:
    return ReadCompletion(user, course, False)


def grade(row: Row) -> ReadGrade:
    """When it was graded and within which points is told as Moodle does (``get_dategraded`` and
    ``get_grade_min_and_max`` in lib/grade/grade_grade.php)."""
    user, course, _, value, overridden, modified, least, most = row
    if value is None:
        return ReadGrade(user, course, None)
    graded_at = moment_or_none(overridden or modified)
    return ReadGrade(user, course, float(value), None, graded_at, float(least), float(most))


def grade_item(row: Row) -> GradeItem:
    """A pass mark of 0 is none."""
    item, course, _, least, most, passes = row
    return GradeItem(item, course, float(least), float(most), float(passes or 0) or None)
