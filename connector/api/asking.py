"""What may be asked: the parameters of each address, strictly read. What is not known is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connector.api.problems import WrongBody, WrongParameter

MOST_LANGUAGES = 20
MOST_TOLD = 20
"""Mistakes in a body."""


def _matches(pattern: str, means: str) -> BeforeValidator:
    """A text of this form; what else pydantic would take for such a value is refused."""
    form = re.compile(pattern)

    def check(value: Any) -> Any:
        if isinstance(value, str) and not form.fullmatch(value):
            raise ValueError(means)
        return value

    return BeforeValidator(check)


WHOLE = _matches(r"0|[1-9][0-9]{0,18}", "a whole number")
Truth = Annotated[bool, _matches("true|false", "true or false")]
Day = Annotated[date, _matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day such as 2026-03-31")]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Language = Annotated[
    str,
    Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}$", description="A language, such as fr or zh-TW."),
]
Period = Literal["day", "week", "month"]


class Asked(BaseModel):
    """What may be asked everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Language | None = Field(None, description="In which language; instead of Accept-Language.")


class OfUnit(Asked):
    unit: Text | None = Field(None, description="Of this unit and all below it, within what the token sees.")


class Paged(OfUnit):
    page: Annotated[int, Field(ge=1, le=100_000), WHOLE] = Field(1, description="Which page.")
    limit: Annotated[int, Field(ge=1, le=100), WHOLE] = Field(20, description="How many on a page.")


SORTS = ("id", "title", "learners", "completion_rate", "minutes", "starts_at")
Sort = Literal[
    "id", "title", "learners", "completion_rate", "minutes", "starts_at",
    "-id", "-title", "-learners", "-completion_rate", "-minutes", "-starts_at",
]  # fmt: skip


class CoursesAsked(Paged):
    category: Annotated[int, Field(ge=1, lt=2**63), WHOLE] | None = Field(
        None, description="In this category or below it."
    )
    difficulty: Text | None = Field(None, description="As hard as this, by its word in any language.")
    language: Language | None = Field(None, description="Whose title is told in this language.")
    search: Text | None = Field(None, description="With this in title, description, short name or ID number.")
    visible: Truth | None = Field(None, description="Whether learners see it.")
    sort: Sort = Field("title", description="In which order; with a minus from the greatest.")


class OverviewAsked(OfUnit):
    period: Period = Field("month", description="In which steps the trend is told.")
    periods: Annotated[int, Field(ge=1, le=366), WHOLE] = Field(12, description="How many steps.")


class ProgressAsked(Paged):
    by: Literal["requirement", "unit", "day"] = Field("requirement", description="What is told one by one.")
    requirement: Text | None = Field(None, description="Of this requirement alone.")
    since: Day | None = Field(None, description="By day: from this one, by default 90 days before the last.")
    until: Day | None = Field(None, description="By day: to this one.")


class ExpiringAsked(Paged):
    kind: Literal["requirement", "certificate"] | None = Field(None, description="Of these alone.")


State = Literal["not_begun", "under_way", "stuck", "completed", "overdue"]
PeopleOrder = Literal["name", "progress", "grade", "due", "last"]


class CourseProgressAsked(Paged):
    state: State | None = Field(None, description="Who stands so, or is overdue.")
    name: Text | None = Field(None, description="With this in the name; with the scope people:read.")
    sort: PeopleOrder | None = Field(None, description="In which order: the least, or the nearest day, first.")


class ManifestAsked(Asked):
    lines: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = Field(
        None, description="The stream of so many lines alone, such as 720."
    )


class ThumbnailAsked(Asked):
    number: Annotated[int, Field(ge=0, le=999), WHOLE] = Field(0, description="Which picture, from the beginning on.")


Status = Literal["valid", "expired", "revoked"]


class CertificatesAsked(OfUnit):
    status: Status | None = Field(None, description="That are this now.")
    source: Text | None = Field(None, description="Issued by this: connector, badge, customcert, tool_certificate.")
    template: Text | None = Field(None, description="Of this kind.")
    person: Text | None = Field(None, description="Of the person with this HR key; with the scope people:read.")
    issued_since: Day | None = Field(None, description="Issued on this day (UTC) or later.")
    issued_until: Day | None = Field(None, description="Issued on this day (UTC) or earlier.")
    expires_since: Day | None = Field(None, description="That expire on this day (UTC) or later.")
    expires_until: Day | None = Field(None, description="That expire on this day (UTC) or earlier.")
    after: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1000}$")] | None = Field(
        None, description="Go on after this place: it stands in the link to the next page."
    )
    limit: Annotated[int, Field(ge=1, le=100), WHOLE] = Field(20, description="How many at once.")


class CertificateAsked(Asked):
    source: Text = Field("connector", description="Who issued it: connector, badge, customcert, tool_certificate.")


A = TypeVar("A", bound=Asked)
B = TypeVar("B", bound=BaseModel)


def read(form: type[A], given: Sequence[tuple[str, str]]) -> A:
    """The parameters of an address. Raises WrongParameter with all that is wrong."""
    if twice := [name for name, times in Counter(name for name, _ in given).items() if times > 1]:
        raise WrongParameter([(_quoted(name), "given more than once") for name in twice])
    try:
        return form.model_validate(dict(given))
    except ValidationError as error:
        raise WrongParameter([_told(one, form) for one in error.errors(include_url=False)]) from None


def read_sent(form: type[B], content: bytes) -> B:
    """The body of a request. Raises WrongBody with all that is wrong."""
    try:
        return form.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
    raise WrongBody("", [(_place(one["loc"]), one["msg"].removeprefix("Input ")) for one in found[:MOST_TOLD]])


def _place(loc: Sequence[int | str]) -> str:
    """Where in a body, such as played.0.1."""
    return _quoted(".".join(str(one) for one in loc)) or "body"


def _told(error: Any, form: type[Asked]) -> tuple[str, str]:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return _quoted(name), f"unknown; there are {', '.join(form.model_fields)}"
    if error["type"] == "value_error":
        return name, f"should be {error['ctx']['error']}"
    return name, error["msg"].removeprefix("Input ")


def _quoted(name: str) -> str:
    """A name that somebody sent."""
    return name[:50].encode("ascii", "backslashreplace").decode()


def languages(lang: str | None, accepted: str) -> list[str]:
    """The wished languages, the dearest first: ``lang``, or an Accept-Language header (RFC 9110, 12.5.4)."""
    if lang:
        return [lang.replace("_", "-")]
    found = []
    for part in accepted[:1000].split(",")[:MOST_LANGUAGES]:
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if 0 < quality <= 1 and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag):
            found.append((tag, quality))
    return [tag for tag, _ in sorted(found, key=lambda one: -one[1])]
