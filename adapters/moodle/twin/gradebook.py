"""What happens within courses: activities, grade items, and Moodle's history of grades, which every change writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

INSERT, UPDATE, DELETE = 1, 2, 3
INCOMPLETE, COMPLETE, PASSED, FAILED = 0, 1, 2, 3
ADMINISTRATOR = 2
BEYOND_COURSES = 1_000_000
"""Items of totals have the keys of their courses."""


@dataclass(slots=True)
class Activity:
    id: int
    course_id: int
    name: str
    module: str
    visible: bool = True


@dataclass(slots=True)
class Item:
    """``kind`` is category, mod or manual; ``activity`` what is graded."""

    id: int
    course_id: int
    name: str
    kind: str = "mod"
    activity: Activity | None = None
    most: float = 100.0
    passes: float = 0.0
    hidden: int = 0


@dataclass(slots=True)
class ItemGrade:
    value: float | None
    at: int
    overridden: int = 0
    excluded: int = 0
    hidden: int = 0
    locked: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A row of ``grade_grades_history``: the grade after it, of a deletion the one before."""

    id: int
    action: int
    user_id: int
    item_id: int
    value: float | None
    source: str | None
    at: int
    overridden: int = 0
    excluded: int = 0


@dataclass(slots=True)
class Gradebook:
    """Of a whole site. ``done``: state, time and who set it, by activity and person; ``archived``: attempts that the
    plugin recompletion has put away, as person, course and time; ``keeps_history``: the site's setting."""

    activities: dict[int, Activity] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    grades: dict[tuple[int, int], ItemGrade] = field(default_factory=dict)
    done: dict[tuple[int, int], tuple[int, int, int | None]] = field(default_factory=dict)
    archived: list[tuple[int, int, int | None]] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    keeps_history: bool = True
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _changes: Iterator[int] = field(default_factory=lambda: count(1))

    def next_id(self) -> int:
        return next(self._ids)

    def note(
        self,
        action: int,
        user_id: int,
        item_id: int,
        value: float | None,
        source: str | None,
        at: int,
        *,
        overridden: int = 0,
        excluded: int = 0,
    ) -> None:
        """Write a row of the history, if the site keeps one."""
        if self.keeps_history:
            row = Change(next(self._changes), action, user_id, item_id, value, source, at, overridden, excluded)
            self.history.append(row)

    def put(self, user_id: int, item_id: int, grade: ItemGrade, source: str | None) -> None:
        """Give a grade of an item, or change it."""
        action = UPDATE if (item_id, user_id) in self.grades else INSERT
        self.grades[item_id, user_id] = grade
        flags = {"overridden": grade.overridden, "excluded": grade.excluded}
        self.note(action, user_id, item_id, grade.value, source, grade.at, **flags)

    def drop(self, source: str, at: int, *, course_id: int = 0, user_id: int = 0, item_id: int = 0) -> None:
        """Delete the grades of items, of one person, or of everybody (0)."""
        for (item, user), grade in list(self.grades.items()):
            if (
                (not course_id or self.items[item].course_id == course_id)
                and (not user_id or user == user_id)
                and (not item_id or item == item_id)
            ):
                del self.grades[item, user]
                self.note(DELETE, user, item, grade.value, source, at)

    def items_of(self, course_id: int) -> list[Item]:
        return [item for item in self.items.values() if item.course_id == course_id]
