"""What courses are about: from core functions in the language of the token, from our plugin as it is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any

import orjson

from adapters.moodle.readers import raw
from adapters.moodle.readers.datasets import Row
from connector.domain.catalogue import CourseAbout
from connector.domain.ports import Course

MENU = "select"
"""Custom fields of this kind keep the number of an option."""
AS_SHOWN = (MENU, "checkbox")
"""Kinds whose stored value says nothing by itself; core functions tell it as it is shown, too."""


def by_core(row: Mapping[str, Any], categories: Sequence[Mapping[str, Any]]) -> CourseAbout:
    """Of a course as ``core_course_get_courses_by_field`` tells it, and all categories."""
    above = _paths({int(one["id"]): (int(one["parent"]), unescape(str(one["name"]))) for one in categories})
    own = int(row["categoryid"])
    category = above.get(own) or ((own, unescape(str(row.get("categoryname") or ""))),)
    fields = (
        (str(one["shortname"]), _text(one.get("value" if one.get("type") in AS_SHOWN else "valueraw")))
        for one in row.get("customfields") or ()
    )
    return CourseAbout(
        title=unescape(str(row["fullname"])),
        summary=str(row.get("summary") or ""),
        category=category,
        starts_at=raw.moment_or_none(int(row.get("startdate") or 0)),
        fields=tuple(sorted((name, value) for name, value in fields if value)),
    )


def by_plugin(courses: Iterable[Course], stored: Mapping[str, Sequence[Row]]) -> list[Course]:
    """These courses with what is stored of them: rows of the datasets of ``raw.CATALOGUE`` by their names."""
    above = _paths({key: (parent, name) for key, parent, name in stored["categories"]})
    kinds = {key: (name, kind, config) for key, name, kind, config in stored["course_fields"]}
    fields: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for _, field, course, value in stored["course_field_data"]:
        if field in kinds and (told := _stored(*kinds[field][1:], value)):
            fields[course].append((kinds[field][0], told))
    about = {
        key: CourseAbout(
            title, summary or "", above.get(category, ()), raw.moment_or_none(starts), tuple(sorted(fields[key]))
        )
        for key, category, starts, title, summary in stored["courses"]
    }
    return [replace(course, about=about.get(course.id, course.about)) for course in courses]


def _paths(categories: Mapping[int, tuple[int, str]]) -> dict[int, tuple[tuple[int, str], ...]]:
    """Each category with those above it, the topmost first; what leads back to itself is followed once."""
    found = {}
    for key in categories:
        path: list[tuple[int, str]] = []
        at = key
        while at in categories and at not in (one for one, _ in path):
            path.insert(0, (at, categories[at][1]))
            at = categories[at][0]
        found[key] = tuple(path)
    return found


def _stored(kind: str, config: str, value: str) -> str:
    """The value of a custom field; of a menu the option that its number stands for."""
    if kind != MENU:
        return value or ""
    try:
        options = str(orjson.loads(config).get("options") or "").splitlines()
        place = int(value or 0)
    except (ValueError, AttributeError):
        return ""
    return options[place - 1].strip() if 0 < place <= len(options) else ""


def _text(value: Any) -> str:
    return "" if value is None else str(value)
