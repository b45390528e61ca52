"""The courses of a sample company, as data: the demo creates them in the Moodle twin."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mappings.files import read
from mappings.model.words import Strict, Text
from mappings.problems import Problems
from mappings.schema import validate


class SampleCategory(Strict):
    """A course category of Moodle."""

    idnumber: Text
    name: Text


class SampleCourse(Strict):
    """A course. ``completion``: it has completion criteria. ``pass_mark`` is in points of ``grade_max``."""

    idnumber: Text
    shortname: Text
    fullname: Text
    category: Text
    completion: bool = True
    grade_max: Annotated[float, Field(gt=0)] = 100
    pass_mark: Annotated[float, Field(ge=0)] = 60


class CoursesFile(Strict):
    """``courses.yaml``."""

    version: Literal["1"]
    categories: tuple[SampleCategory, ...]
    courses: tuple[SampleCourse, ...]


def load_courses(folder: Path | Traversable) -> CoursesFile:
    """The courses of a company's folder. Raises MappingError with a line for each mistake."""
    problems = Problems()
    document = read(folder / "courses.yaml", problems)
    file = validate(CoursesFile, document, problems) if document else None
    if file and document:
        categories = {category.idnumber for category in file.categories}
        for i, course in enumerate(file.courses):
            if course.category not in categories:
                problems.add(document.at(("courses", i, "category")), f"there is no category {course.category}")
    problems.raise_if_any()
    if file is None:
        raise AssertionError("a file that cannot be used has a problem")
    return file
