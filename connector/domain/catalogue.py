"""The catalogue of courses: what Moodle stores of a course, as those see it who look for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from connector.domain.multilang import ANY, texts

LONGEST_MINUTES = 1_000_000


@dataclass(frozen=True, slots=True)
class CourseAbout:
    """What Moodle stores of a course: texts may have markup and several languages.

    ``category`` is its category with those above it, the topmost first: id and name. ``fields`` are its own custom
    fields, short name and value; of a menu the option.
    """

    title: str = ""
    summary: str = ""
    category: tuple[tuple[int, str], ...] = ()
    starts_at: datetime | None = None
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CourseFields:
    """Short names of the custom fields of courses in which this is kept. A company says which."""

    minutes: str = "minutes"
    difficulty: str = "difficulty"
    objectives: str = "objectives"


USUAL = CourseFields()
"""Where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A course in the catalogue; texts are by language. ``minutes`` is None where no number is told."""

    title: Mapping[str, str]
    description: Mapping[str, str]
    category_ids: tuple[int, ...]
    category_names: tuple[Mapping[str, str], ...]
    minutes: int | None
    difficulty: Mapping[str, str]
    objectives: Mapping[str, str]
    starts_at: datetime | None


def entry(about: CourseAbout | None, fullname: str, names: CourseFields) -> CatalogueEntry:
    """The entry of a course; where Moodle told nothing of it, its name alone."""
    told = about or CourseAbout()
    fields = {name.casefold(): value for name, value in told.fields}
    return CatalogueEntry(
        texts(told.title) or texts(fullname) or {ANY: fullname},
        texts(told.summary),
        tuple(category for category, _ in told.category),
        tuple(texts(name) for _, name in told.category),
        _minutes(fields.get(names.minutes.casefold(), "")),
        texts(fields.get(names.difficulty.casefold(), "")),
        texts(fields.get(names.objectives.casefold(), "")),
        told.starts_at,
    )


def _minutes(text: str) -> int | None:
    """A number, and nothing else: never a guess."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return round(value) if isfinite(value) and 0 <= value <= LONGEST_MINUTES else None
