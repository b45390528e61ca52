"""Datasets of what happens within courses, and their rows as the port's frozen data; see ``raw``."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.moodle.readers import raw
from adapters.moodle.readers.datasets import Dataset, Row
from adapters.moodle.readers.raw import moment, moment_or_none, name_of
from connector.domain.details import (
    ActivityState,
    Detail,
    ReadActivity,
    ReadActivityCompletion,
    ReadEarlierCompletion,
    ReadGradeChange,
    ReadGradeItem,
    ReadItemGrade,
)

ACTIVITIES = Dataset(
    "activities",
    ("id", "courseid", "modname", "instance", "name", "visible", "completion", "deletioninprogress"),
)
ACTIVITY_COMPLETIONS = Dataset(
    "activity_completions", ("userid", "courseid", "coursemoduleid", "completionstate", "overrideby", "timemodified")
)
GRADE_ITEMS = Dataset(
    "grade_items",
    (
        "id", "courseid", "itemtype", "grademin", "grademax", "gradepass", "itemmodule", "iteminstance", "itemname",
        "gradetype", "hidden",
    ),
)  # fmt: skip
GRADES = Dataset("grades", (*raw.GRADES.columns, "excluded", "hidden", "locked"))
HISTORY = Dataset(
    "grade_history",
    (
        "id", "userid", "courseid", "itemid", "action", "source", "loggeduser", "finalgrade", "overridden", "excluded",
        "hidden", "locked", "timemodified",
    ),
)  # fmt: skip
ARCHIVES = Dataset("archived_completions", ("userid", "courseid", "timecompleted"))

DETAILS: Mapping[Detail, tuple[Dataset, ...]] = {
    Detail.ACTIVITIES: (ACTIVITIES, ACTIVITY_COMPLETIONS, GRADE_ITEMS, GRADES),
    Detail.HISTORY: (HISTORY,),
    Detail.ARCHIVES: (ARCHIVES,),
}
"""What each is read from."""

STATES = (
    ActivityState.INCOMPLETE,
    ActivityState.COMPLETE,
    ActivityState.PASSED,
    ActivityState.FAILED,
    ActivityState.FAILED,
)
"""By Moodle's numbers; the last is a failure that is hidden from the learner."""
KINDS = ("none", "value", "scale", "text")
ACTIONS = ("", "insert", "update", "delete")
HIDDEN = 1
"""A greater number is the time until which it is hidden."""


def activity(row: Row) -> ReadActivity:
    key, course, module, instance, name, visible, completion, _ = row
    return ReadActivity(key, course, module or "", instance, name_of(name or ""), bool(visible), bool(completion))


def is_there(row: Row) -> bool:
    """Whether an activity is not about to be deleted, and of a module that is there."""
    return not row[7] and row[2] is not None


def activity_completion(row: Row) -> ReadActivityCompletion:
    user, course, key, state, by, changed = row
    return ReadActivityCompletion(user, course, key, STATES[state], bool(by), moment(changed))


def grade_item(row: Row, now: int) -> ReadGradeItem:
    """``now`` is Moodle's clock. A pass mark of 0 is none; what a total or category stands for is no activity."""
    key, course, kind, least, most, passes, module, instance, name, type_, hidden = row
    return ReadGradeItem(
        key,
        course,
        float(least),
        float(most),
        float(passes or 0) or None,
        kind,
        module or "",
        instance if module else None,
        name_of(name or ""),
        KINDS[type_],
        is_hidden(hidden, now),
    )


def item_grade(row: Row, now: int) -> ReadItemGrade:
    """When it was graded is told as ``raw.grade`` does."""
    user, course, item, value, overridden, modified, _, _, excluded, hidden, locked = row
    if value is None:
        return ReadItemGrade(user, course, item, None, False, False, False, False, None)
    return ReadItemGrade(
        user,
        course,
        item,
        float(value),
        bool(overridden),
        bool(excluded),
        is_hidden(hidden, now),
        bool(locked),
        moment_or_none(overridden or modified),
    )


def grade_change(row: Row) -> ReadGradeChange:
    key, user, course, item, action, source, by, value, overridden, excluded, hidden, locked, changed = row
    at = changed or 0
    return ReadGradeChange(
        key,
        user,
        course,
        item,
        ACTIONS[action],
        source or "",
        by,
        None if value is None else float(value),
        bool(overridden),
        bool(excluded),
        is_hidden(hidden, at),
        bool(locked),
        moment(at),
    )


def earlier_completion(row: Row) -> ReadEarlierCompletion:
    user, course, completed = row
    return ReadEarlierCompletion(user, course, moment(completed))


def is_hidden(hidden: int, now: int) -> bool:
    return hidden == HIDDEN or hidden > now
