"""``roles.yaml`` and ``paths.yaml``: which roles, courses and groups people are given."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from mappings.model.words import Code, LanguageCode, OverlapDays, Strict, Text


def _start(value: str) -> str:
    if value not in ("hire", "assignment", "none"):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be hire, assignment, none or a date such as 2026-01-31") from None
    return value


def _context(value: str | dict[str, str]) -> str:
    if isinstance(value, dict) and len(value) == 1:
        value = ":".join(next(iter(value.items())))
    if value == "system":
        return value
    level, _, ref = value.partition(":") if isinstance(value, str) else ("", "", "")
    if level not in ("category", "course") or not ref.strip():
        raise ValueError('must be system, "category: IDNUMBER" or "course: IDNUMBER OR SHORTNAME"')
    return f"{level}:{ref.strip()}"


class RoleSpec(Strict):
    """One line of the role table. ``context``: ``system``, ``category: IDNUMBER`` or ``course: REF``."""

    role: Text
    context: Annotated[str | dict[str, str], AfterValidator(_context)] = "system"
    when: Text
    overlap_days: OverlapDays = 0


class RolesFile(Strict):
    """``roles.yaml``: which HR role gives which Moodle role where."""

    version: Literal["1"]
    role_ids: dict[Text, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    roles: tuple[RoleSpec, ...] = ()


class EnrolmentSpec(Strict):
    """How a path enrols. ``start``: the day of hire or of assignment, none, or a date; ``end_days`` after it."""

    role: Text = "student"
    start: Annotated[str, AfterValidator(_start)] = "assignment"
    end_days: Annotated[int, Field(gt=0)] | None = None
    on_loss: Literal["suspend", "unenrol"] = "suspend"


class GroupSpec(Strict):
    """A group in each course of a path; a text alone is both. An empty part in a template means no group."""

    idnumber: Text
    name: Text

    @model_validator(mode="before")
    @classmethod
    def _text_is_both(cls, value: object) -> object:
        return {"idnumber": value, "name": value} if isinstance(value, str) else value


class PathSpec(Strict):
    """A learning path: courses in order, for an audience.

    ``after``: paths and requirements to be completed before. ``order: strict``: so is each course before the next one.
    ``by``: the connector enrols itself, or puts people into ``cohort``, from which Moodle's cohort sync enrols.
    """

    code: Code
    name: dict[LanguageCode, Text]
    courses: Annotated[tuple[Text, ...], Field(min_length=1)]
    audience: Text
    by: Literal["enrolment", "cohort"] = "enrolment"
    enrolment: EnrolmentSpec = EnrolmentSpec()
    overlap_days: OverlapDays = 0
    after: tuple[Code, ...] = ()
    order: Literal["free", "strict"] = "free"
    groups: tuple[GroupSpec, ...] = ()
    cohort: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)] | None = None

    @property
    def cohort_idnumber(self) -> str:
        """Of the cohort by which the path enrols, "" where it has none."""
        return (self.cohort or f"path-{self.code}") if self.by == "cohort" else ""

    @property
    def only_otherwise(self) -> tuple[str, ...]:
        """What is said here that belongs to the other way."""
        others = ("enrolment", "groups", "order") if self.by == "cohort" else ("cohort",)
        return tuple(name for name in others if name in self.model_fields_set)


class PathsFile(Strict):
    """``paths.yaml``."""

    version: Literal["1"]
    paths: tuple[PathSpec, ...] = ()
