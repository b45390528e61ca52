"""``requirements.yaml``: what has to be completed, until when, and how often again."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mappings.model.words import Code, LanguageCode, Strict, Text


def _month_day(value: str) -> str:
    try:
        if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        date.fromisoformat(f"2000-{value}")
    except ValueError:
        raise ValueError("must be a month and a day such as 03-31") from None
    return value


Count = Annotated[int, Field(ge=0, le=36_500)]
_DUE = (
    "on", "days_after_hire", "months_after_hire", "days_after_assignment", "months_after_assignment", "every",
)  # fmt: skip


class DueSpec(Strict):
    """When a requirement is due: exactly one of the rules.

    ``every``: each year on that day (``03-31``), the first one at least ``at_least_days`` after the assignment.
    """

    on: date | None = None
    days_after_hire: Count | None = None
    months_after_hire: Count | None = None
    days_after_assignment: Count | None = None
    months_after_assignment: Count | None = None
    every: Annotated[str, AfterValidator(_month_day)] | None = None
    at_least_days: Count | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if sum(getattr(self, name) is not None for name in _DUE) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_DUE)}")
        if self.at_least_days is not None and self.every is None:
            raise ValueError("at_least_days belongs to every")
        return self


class RecertifySpec(Strict):
    """For how many months what was completed holds, and from how many days before its end it may be done again.

    ``grace_days`` after its end doing it again is not late yet.
    """

    months: Annotated[int, Field(gt=0, le=600)]
    window_days: Annotated[int, Field(ge=0, le=3650)] = 90
    grace_days: Annotated[int, Field(ge=0, le=3650)] = 0


class AlsoSpec(Strict):
    """A further audience of a requirement, with a due rule of its own."""

    audience: Text
    due: DueSpec


class RequirementSpec(Strict):
    """A path that an audience (the path's own where none is named) must complete in time.

    ``also``: further audiences with other due rules; of several that somebody belongs to the first one counts.
    ``on_change``: what becomes of the due date when somebody comes under another due rule. ``after``: paths and
    requirements to be completed before it is assigned.
    """

    code: Code
    name: dict[LanguageCode, Text]
    path: Text
    audience: Text | None = None
    due: DueSpec
    also: tuple[AlsoSpec, ...] = ()
    on_change: Literal["keep", "prorate", "restart"] = "keep"
    after: tuple[Code, ...] = ()
    recertify: RecertifySpec | None = None


class RequirementsFile(Strict):
    """``requirements.yaml``."""

    version: Literal["1"]
    requirements: tuple[RequirementSpec, ...] = ()
