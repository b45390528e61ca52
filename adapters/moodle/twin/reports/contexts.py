"""Where a role was given, as reports show it: names, links and the path of context ids, which the twin makes up."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.moodle.twin.reports import cells, filters
from adapters.moodle.twin.reports.cells import Reader, link
from adapters.moodle.twin.reports.entities import Column, Entity
from adapters.moodle.twin.reports.filters import Filter
from adapters.moodle.twin.reports.rows import Row
from adapters.moodle.twin.state import TwinState

_LEVELS = {"system": "System", "coursecat": "Category", "course": "Course"}
_LEVEL_NUMBERS = {"system": 10, "coursecat": 40, "course": 50}
_SYSTEM, _CATEGORIES, _COURSES = 1, 1_000, 100_000
"""First context ids of each level; a real Moodle counts contexts as they come."""


def context(state: TwinState) -> Entity:
    """Needs the state: names and parents are looked up."""

    def name(row: Row) -> str | None:
        if row.place is None:
            return None
        level, instance = row.place
        if level == "system":
            return "System"
        if level == "coursecat":
            return f"Category: {cells.formatted(state.categories[instance].name)}"
        return f"Course: {cells.formatted(state.courses[instance].fullname)}"

    def linked(row: Row, reader: Reader) -> str:
        if row.place is None:
            return ""
        level, instance = row.place
        pages = {"coursecat": f"course/index.php?categoryid={instance}", "course": f"course/view.php?id={instance}"}
        return link(f"{reader.url}/{pages.get(level, '')}", name(row) or "")

    columns: Mapping[str, Column] = {
        "name": Column("Context name", name, lambda row, _reader: name(row)),
        "link": Column("Context URL", name, linked),
        "level": Column("Context level", _level, lambda row, _reader: _LEVELS[row.place[0]] if row.place else ""),
        "path": Column("Path", lambda row: path(state, row), lambda row, _reader: path(state, row)),
    }
    level = Filter("Context level", filters.select, lambda row, _now: _level(row))
    return Entity("Context", columns, {"level": level})


def _level(row: Row) -> int | None:
    return _LEVEL_NUMBERS[row.place[0]] if row.place else None


def path(state: TwinState, row: Row) -> str | None:
    """Context ids from the system down: the last one is the role's context."""
    if row.place is None:
        return None
    level, instance = row.place
    category = instance if level == "coursecat" else state.courses[instance].category if level == "course" else 0
    ids = [_COURSES + instance] if level == "course" else []
    while category:
        ids.insert(0, _CATEGORIES + category)
        category = state.categories[category].parent
    return "".join(f"/{one}" for one in (_SYSTEM, *ids))
