"""The twin's state as rows of Moodle's tables, in the columns of the datasets of our plugin.

A key is made of the keys that a row refers to, so that it stays the same as long as the row is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from adapters.moodle.twin.state import TwinCourse, TwinState

Row = list[Any]
Rows = Callable[[TwinState], Iterator[Row]]

MANY = 10_000_000
"""More than there are people."""
METHODS = 10
ENABLED, DISABLED = 0, 1
STUDENT = 5
SYSTEM = 10
NAMES = ("middlename", "alternatename", "firstnamephonetic", "lastnamephonetic")
TEXTS = (
    "auth", "username", "idnumber", "firstname", "lastname", "email", "lang", "timezone", "theme", "city", "country",
    "department", "institution", "phone1", "phone2", "address",
)  # fmt: skip


def people(state: TwinState) -> Iterator[Row]:
    for user in state.users.values():
        texts = [user.fields.get(name, "") for name in TEXTS] + [user.fields.get(name) for name in NAMES]
        yield [user.id, 1, int(user.deleted), int(user.suspended), 1, user.created, user.modified, *texts]


def accesses(state: TwinState) -> Iterator[Row]:
    for user in state.users.values():
        yield [user.id, user.firstaccess, user.lastaccess, 0, 0]


def profile_fields(state: TwinState) -> Iterator[Row]:
    for number, name in enumerate(state.profile_fields, 1):
        yield [number, 1, number, 0, 0, 2, 0, name, name, "text", "Other fields", "30", ""]


def profile_data(state: TwinState) -> Iterator[Row]:
    fields = {name: number for number, name in enumerate(state.profile_fields, 1)}
    for user in state.users.values():
        for name, value in user.profile.items():
            yield [user.id * 1000 + fields[name], user.id, fields[name], 0, value]


def cohorts(state: TwinState) -> Iterator[Row]:
    for cohort in state.cohorts.values():
        yield [
            cohort.id, 1, SYSTEM, 0, 1, state.started, state.started, cohort.idnumber or None, cohort.name, "", "",
        ]  # fmt: skip


def cohort_members(state: TwinState) -> Iterator[Row]:
    for cohort in state.cohorts.values():
        for user_id, added in cohort.members.items():
            yield [cohort.id * MANY + user_id, cohort.id, user_id, added or 0]


def courses(state: TwinState) -> Iterator[Row]:
    for course in state.courses.values():
        front = course.category == 0
        yield [
            course.id, course.category, course.category * 10_000 + course.id, int(course.visible), course.created, 0,
            int(course.enablecompletion), 0, course.created, course.created, course.idnumber, course.shortname,
            course.fullname, course.summary or None, "site" if front else "topics", "",
        ]  # fmt: skip


def categories(state: TwinState) -> Iterator[Row]:
    for one in state.categories.values():
        path = "".join(f"/{key}" for key in state.path(one))
        depth = path.count("/")
        yield [
            one.id, one.parent, one.id * 10_000, depth, 1, state.started, one.idnumber or None, one.name, None, path,
        ]  # fmt: skip


def course_fields(state: TwinState) -> Iterator[Row]:
    for number, (name, options) in enumerate(state.course_fields.items(), 1):
        kind, config = "select" if options else "text", orjson.dumps({"options": "\r\n".join(options)}).decode()
        yield [number, 1, number, state.started, state.started, name, name, kind, "Other fields", config]


def course_field_data(state: TwinState) -> Iterator[Row]:
    fields = {name: number for number, name in enumerate(state.course_fields, 1)}
    for course in state.courses.values():
        for name, value in course.fields.items():
            key = course.id * 1000 + fields[name]
            yield [key, fields[name], course.id, 0, course.created, course.created, value]


def groups(state: TwinState) -> Iterator[Row]:
    for group in state.groups.values():
        yield [
            group.id, group.course_id, 0, state.started, state.started, group.idnumber, group.name, group.description,
        ]  # fmt: skip


def group_members(state: TwinState) -> Iterator[Row]:
    for group in state.groups.values():
        for user_id, added in group.members.items():
            yield [group.id * MANY + user_id, group.id, group.course_id, user_id, 0, added, ""]


def _methods(course: TwinCourse) -> dict[str, int]:
    """Keys of the enrolment methods of a course."""
    names = ["manual", *course.others]
    return {name: course.id * METHODS + number for number, name in enumerate(names, 1)}


def enrolment_methods(state: TwinState) -> Iterator[Row]:
    """Guest access and self enrolment are switched off in a new course, until somebody is in by them."""
    for course in state.courses.values():
        there = course.methods()
        for name, key in _methods(course).items():
            if name in there:
                status = ENABLED if name == "manual" or there[name] else DISABLED
                yield [
                    key, course.id, status, key % METHODS, STUDENT, 0, 0, 0, None, course.created, course.created,
                    name, None,
                ]  # fmt: skip


def enrolments(state: TwinState) -> Iterator[Row]:
    for course in state.courses.values():
        keys = _methods(course)
        for name, enrolled in course.methods().items():
            for user_id, one in enrolled.items():
                yield [
                    (keys[name] * MANY) + user_id, user_id, course.id, keys[name], int(one.suspended), one.timestart,
                    one.timeend, one.created, max(one.created, one.modified), name,
                ]  # fmt: skip


def completions(state: TwinState) -> Iterator[Row]:
    """A row is there once cron took notice, or the course was completed; it outlives the enrolment."""
    for course in state.courses.values():
        for user_id in sorted(course.tracked | course.completions.keys()):
            yield [
                course.id * MANY + user_id, user_id, course.id, course.created, 0, course.completions.get(user_id),
            ]  # fmt: skip


def activities(state: TwinState) -> Iterator[Row]:
    """Those that have an item have the same instance as it."""
    for one in state.gradebook.activities.values():
        yield [
            one.id, one.course_id, one.id, 0, int(one.visible), 1, 2, 0, 0, 0, 0, state.started, "", one.module,
            one.name,
        ]  # fmt: skip


def activity_completions(state: TwinState) -> Iterator[Row]:
    book = state.gradebook
    for (key, user_id), (done, at, by) in book.done.items():
        yield [key * MANY + user_id, user_id, book.activities[key].course_id, key, done, by, at]


def archived_completions(state: TwinState) -> Iterator[Row]:
    for number, (user_id, course_id, completed) in enumerate(state.gradebook.archived, 1):
        yield [number, user_id, course_id, 0, 0, completed]


def grade_items(state: TwinState) -> Iterator[Row]:
    """The total of each course, whose key is the course's, as the twin's other functions have it; then the others."""
    for course in state.courses.values():
        yield [
            course.id, course.id, None, course.id, None, 1, None, None, 1, 0, None, 0, 0, 0, 0, course.created,
            course.created, f"{course.grade_max:.5f}", "0.00000", "0.00000", "1.00000", "0.00000", "0.00000",
            "0.00000", "course", None, None, None, None,
        ]  # fmt: skip
    for one in state.gradebook.items.values():
        instance, module = (one.activity.id, one.activity.module) if one.activity else (None, None)
        yield [
            one.id, one.course_id, one.course_id, instance, 0, 1, None, None, 2, 0, None, one.hidden, 0, 0, 0,
            state.started, state.started, f"{one.most:.5f}", "0.00000", f"{one.passes:.5f}", "1.00000", "0.00000",
            "0.00000", "0.00000", one.kind, module, one.name, None, None,
        ]  # fmt: skip


def grades(state: TwinState) -> Iterator[Row]:
    for course in state.courses.values():
        for user_id, grade in course.grades.items():
            yield [
                course.id * MANY + user_id, user_id, course.id, course.id, 2, 0, 0, 0, 0, grade.at, 0, None, grade.at,
                None, "0.00000", f"{course.most_of(user_id):.5f}", f"{grade.value:.5f}", "unknown",
            ]  # fmt: skip
    book = state.gradebook
    for (item_id, user_id), one in book.grades.items():
        item = book.items[item_id]
        yield [
            item_id * MANY + user_id, user_id, item.course_id, item_id, 2, one.hidden, one.locked, 0, 0,
            one.overridden, one.excluded, None, one.at, None, "0.00000", f"{item.most:.5f}", _decimal(one.value),
            "unknown",
        ]  # fmt: skip


def grade_history(state: TwinState) -> Iterator[Row]:
    """The course of an item that is gone is not told, as Moodle's table does not have it."""
    book = state.gradebook
    for one in book.history:
        item = book.items.get(one.item_id)
        course_id = item.course_id if item else one.item_id if one.item_id in state.courses else None
        yield [
            one.id, one.action, one.item_id * MANY + one.user_id, one.user_id, course_id, one.item_id, 2, 2, 0, 0,
            one.overridden, one.excluded, one.at, None, "0.00000", "100.00000", _decimal(one.value), one.source,
        ]  # fmt: skip


def _decimal(value: float | None) -> str | None:
    return None if value is None else f"{value:.5f}"


def badges(state: TwinState) -> Iterator[Row]:
    for badge in state.badge_by_name.values():
        kind = 1 if badge.course is None else 2
        yield [badge.id, kind, badge.course, 1, None, None, state.started, state.started, badge.name, "", ""]


def badge_issues(state: TwinState) -> Iterator[Row]:
    for user_id, issues in state.badges.items():
        for one in issues:
            digest, times = f"{one.badge.id:08x}{user_id:08x}", [one.issued, one.expires]
            yield [one.badge.id * MANY + user_id, one.badge.id, user_id, int(one.visible), *times, digest]


def _templates(state: TwinState) -> dict[str, int]:
    names = sorted({one.template for issues in state.certificates.values() for one in issues})
    return {name: number for number, name in enumerate(names, 1)}


def certificate_templates(state: TwinState) -> Iterator[Row]:
    for name, number in _templates(state).items():
        yield [number, 1, SYSTEM, 0, state.started, state.started, name]


def certificate_issues(state: TwinState) -> Iterator[Row]:
    keys = _templates(state)
    for user_id, issues in state.certificates.items():
        for number, one in enumerate(issues):
            yield [
                user_id * MANY + number, user_id, None, keys[one.template], 0, int(one.archived), one.issued,
                one.expires or None, one.code, "tool_certificate", "{}",
            ]  # fmt: skip


ROWS: Mapping[str, Rows] = {
    one.__name__: one
    for one in (
        people, accesses, profile_fields, profile_data, cohorts, cohort_members, categories, courses,
        course_fields, course_field_data, groups, group_members, enrolment_methods, enrolments, completions,
        grade_items, grades, badges, badge_issues, certificate_templates, certificate_issues, activities,
        activity_completions, archived_completions, grade_history,
    )
}  # fmt: skip
"""By name of dataset."""
