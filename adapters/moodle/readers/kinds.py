"""The reports that the connector reads: one explicit table that drives their set-up and their reading."""

from __future__ import annotations

from dataclasses import dataclass

NOT_EMPTY = 1
RANGE = 3
"""Operators of Moodle's date filter (``reportbuilder/classes/local/filters/date.php``)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One report. ``columns`` in the order in which cells are read; ``sort`` makes the order of its rows unique.

    ``extra`` is the beginning of the names of columns that the site adds: all that it has follow ``columns``.
    ``always`` are values of filters that each page carries. ``source_name`` is what an administrator chooses.
    """

    key: str
    source: str
    source_name: str
    columns: tuple[str, ...]
    sort: tuple[str, ...]
    filters: tuple[str, ...] = ()
    always: tuple[tuple[str, int], ...] = ()
    extra: str = ""
    optional: bool = False

    def name(self, prefix: str) -> str:
        """The name that an administrator gives to it."""
        return f"{prefix} {self.key}"


PEOPLE = Kind(
    "people",
    r"core_user\reportbuilder\datasource\users",
    "Users",
    (
        "user:fullnamewithlink", "user:lastaccess", "user:username", "user:timemodified", "user:suspended",
        "user:auth", "user:firstname", "user:lastname", "user:email", "user:idnumber", "user:lang", "user:timezone",
        "user:theme", "user:city", "user:country", "user:department", "user:institution", "user:phone1",
        "user:phone2", "user:address", "user:middlename", "user:alternatename", "user:firstnamephonetic",
        "user:lastnamephonetic",
    ),
    sort=("user:username",),
    filters=("user:timemodified", "user:lastaccess"),
    extra="user:profilefield_",
)  # fmt: skip

PARTICIPANTS = Kind(
    "participants",
    r"core_course\reportbuilder\datasource\participants",
    "Course participants",
    (
        "user:username", "user:fullnamewithlink", "course:courseshortnamewithlink", "enrol:plugin",
        "enrolment:timecreated", "enrolment:status", "completion:completed", "completion:timecompleted",
        "completion:grade",
    ),
    # Rows that are equal in all of these are equal in all that is read, so their order does not matter.
    sort=(
        "user:username", "course:courseshortnamewithlink", "enrol:plugin", "enrolment:timecreated", "enrolment:status",
    ),
    filters=("completion:timecompleted", "enrolment:timecreated", "course:courseselector"),
)  # fmt: skip

BADGES = Kind(
    "badges",
    r"core_badges\reportbuilder\datasource\users",
    "User badges",
    ("user:username", "user:fullnamewithlink", "badge:namewithlink", "badge_issued:issued", "badge_issued:expire"),
    sort=("user:username", "badge:namewithlink", "badge_issued:issued"),
    filters=("badge_issued:issued",),
    always=(("badge_issued:issued_operator", NOT_EMPTY),),
    optional=True,
)

CERTIFICATES = Kind(
    "certificates",
    r"tool_certificate\reportbuilder\datasource\issues",
    "Issued certificates",
    ("issue:code", "user:fullnamewithlink", "template:name", "issue:timecreated", "issue:expires"),
    sort=("issue:code",),
    filters=("issue:timecreated",),
    optional=True,
)

KINDS = (PEOPLE, PARTICIPANTS, BADGES, CERTIFICATES)


def since(filter_name: str, seconds: int) -> dict[str, object]:
    """Values of a date filter: from this moment (epoch seconds, included) on."""
    return {f"{filter_name}_operator": RANGE, f"{filter_name}_from": seconds, f"{filter_name}_to": 0}
