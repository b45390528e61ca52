"""What happens within courses, as it is read of Moodle: activities, grade items, and each change of a grade.

Only a reader of Moodle's own tables can know it: plain functions tell activities of one person in one course at a
time, which no site of some size stands, and reports tell totals only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Detail(StrEnum):
    """What a reader may be able to tell beyond courses."""

    ACTIVITIES = "activities"
    """Activities, how people stand in them, and all grade items with their grades."""
    HISTORY = "grade_history"
    """Each change of a grade."""
    ARCHIVES = "archived_completions"
    """Attempts that were put away before people began again."""


class ActivityState(StrEnum):
    """How somebody stands in an activity."""

    INCOMPLETE = "incomplete"
    COMPLETE = "complete"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReadActivity:
    """``instance``: its id among those of its module; ``tracked``: it can be completed."""

    activity_id: int
    course_id: int
    module: str
    instance: int
    name: str
    visible: bool
    tracked: bool


@dataclass(frozen=True, slots=True)
class ReadGradeItem:
    """Anything that is graded. ``kind``: value, scale, text or none; the total of a course has no module and name."""

    item_id: int
    course_id: int
    minimum: float
    maximum: float
    pass_mark: float | None
    item_type: str
    module: str
    instance: int | None
    name: str
    kind: str
    hidden: bool


class ReadActivityCompletion(NamedTuple):
    user_id: int
    course_id: int
    activity_id: int
    state: ActivityState
    overridden: bool
    changed_at: datetime


class ReadItemGrade(NamedTuple):
    """A grade of an item that is not the total of its course; a value of None is no grade."""

    user_id: int
    course_id: int
    item_id: int
    value: float | None
    overridden: bool
    excluded: bool
    hidden: bool
    locked: bool
    graded_at: datetime | None


class ReadGradeChange(NamedTuple):
    """A row of Moodle's grade history: the grade after it; of a deletion the one before. ``action``: insert, update or
    delete; ``course_id`` is None where the item is gone."""

    history_id: int
    user_id: int
    course_id: int | None
    item_id: int
    action: str
    source: str
    changed_by: int | None
    value: float | None
    overridden: bool
    excluded: bool
    hidden: bool
    locked: bool
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class ReadEarlierCompletion:
    """A completed attempt that was put away."""

    user_id: int
    course_id: int
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class KnownHistory:
    """How far the history of grades is known, by Moodle's key: ``newest`` that was read, None where it never was, and
    what it was with the last full reading (``swept``). ``newcomers``: accounts of which it is to be read from the
    beginning."""

    newest: int | None = None
    swept: int = 0
    newcomers: Sequence[int] = ()


NOTHING_KNOWN = KnownHistory()
