"""What may stand in the files: shapes, names and values. Unknown names are refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[a-z0-9]+)*$", max_length=30)]
ShortName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=255)]
OverlapDays = Annotated[int, Field(ge=0, le=3650)]
"""Days that something is kept after no rule gives it any more."""
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Transform = str | dict[str, object]
"""A transform without options by its name, or ``{name: options}``."""


def _start(value: str) -> str:
    if value not in ("hire", "assignment", "none"):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be hire, assignment, none or a date such as 2026-01-31") from None
    return value


def _month_day(value: str) -> str:
    try:
        if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        date.fromisoformat(f"2000-{value}")
    except ValueError:
        raise ValueError("must be a month and a day such as 03-31") from None
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


def known_encoding(value: str) -> str:
    """Refuse what is neither ``auto`` nor a codec."""
    if value != "auto":
        try:
            b"a".decode(value, errors="replace")
        except LookupError:
            raise ValueError("must be auto or an encoding such as utf-8, utf-16, big5, cp950 or cp1252") from None
    return value


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


def _listed(words: tuple[str, ...], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


class Strict(BaseModel):
    """Nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Gates(Strict):
    """When a feed as a whole is not to be trusted. Shares are of one: 0.9 is 90 %."""

    min_share: Annotated[float, Field(ge=0, le=1)] = 0.9
    max_duplicate_share: Annotated[float, Field(ge=0, le=1)] = 0.005
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    max_age_hours: Annotated[float, Field(gt=0)] | None = None
    min_rows: Annotated[int, Field(ge=0)] = 1


_ONLY_FOR = {
    ("csv", "tsv"): ("delimiter", "columns", "skip_lines", "trailer"),
    ("xml", "json"): ("record", "fields"),
    ("xml",): ("namespaces",),
    ("json",): ("separator",),
}
"""Options of a source that belong to some formats."""


class SourceSettings(Strict):
    """How the source's deliveries are read.

    ``file``: which files, as a shell pattern. ``encoding``: a Python codec, or ``auto`` for a byte-order mark and else
    UTF-8. ``columns``: names by position, for files without a header row. ``skip_lines``: before the header.
    ``trailer``: a regular expression for the last row with its cells joined by the delimiter; a group ``count`` in it
    has to equal the number of rows. ``record`` and ``fields``: paths, XPaths for XML and JMESPaths for JSON, where
    without ``record`` each line is an object. ``separator``: what stands between several values of JSON.
    ``authoritative``: who stands in it is a person of the company; of several sources some may only say more of people
    whom others name.
    """

    name: Code
    format: Literal["csv", "tsv", "xml", "json", "scim"]
    file: Text = "*"
    encoding: Annotated[str, AfterValidator(known_encoding)] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    columns: tuple[Text, ...] = ()
    skip_lines: Annotated[int, Field(ge=0)] = 0
    trailer: Annotated[str, AfterValidator(_expression)] | None = None
    record: Text | None = None
    fields: dict[Text, Text] = {}
    namespaces: dict[Text, Text] = {}
    separator: Text | None = None
    complete: bool = True
    authoritative: bool = True
    timezone: Text = "UTC"
    gates: Gates = Gates()

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.format == "xml" and self.record is None:
            raise ValueError("format xml needs record: the XPath of one person")
        for formats, names in _ONLY_FOR.items():
            if self.format not in formats and any(getattr(self, name) for name in names):
                raise ValueError(f"{_listed(names, 'and')}: for format {_listed(formats, 'or')} only")
        return self


_ORIGINS = ("column", "xpath", "jmespath", "template", "value", "first_of")


class Origin(Strict):
    """Where a value comes from, exactly one of them, and the transforms that it goes through."""

    column: Text | None = None
    xpath: Text | None = None
    jmespath: Text | None = None
    template: Text | None = None
    value: str | None = None
    first_of: tuple[Origin, ...] | None = None
    transforms: tuple[Transform, ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in _ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"needs exactly one of {', '.join(_ORIGINS)}; found {found}")
        return self


class FieldSpec(Origin):
    """One field of a person: its origin, what an empty value means, and whether it is compared after creation."""

    when_empty: Literal["ignore", "clear", "default", "reject"] | None = None
    default: Text | None = None
    compare: bool = True
    unique: Literal["suffix"] | None = None
    separator: Text | None = None

    @model_validator(mode="after")
    def _default_is_given(self) -> Self:
        if (self.when_empty == "default") != (self.default is not None):
            raise ValueError("when_empty: default and default: VALUE need each other")
        return self


class AttributeSpec(FieldSpec):
    """A value of the company's own that conditions and templates may name."""

    type: Literal["string", "int", "bool", "date"] = "string"


class CohortSpec(Strict):
    """A cohort for everybody who fulfils ``when``; an empty part in a template means no cohort."""

    idnumber: Text
    name: Text
    when: Text | None = None
    overlap_days: OverlapDays = 0


class PartSpec(Strict):
    """What one of several sources says of a person: the account by Moodle's own field names, and the employment."""

    username: FieldSpec | None = None
    firstname: FieldSpec | None = None
    lastname: FieldSpec | None = None
    email: FieldSpec | None = None
    auth: FieldSpec | None = None
    idnumber: FieldSpec | None = None
    lang: FieldSpec | None = None
    city: FieldSpec | None = None
    country: FieldSpec | None = None
    department: FieldSpec | None = None
    institution: FieldSpec | None = None
    phone1: FieldSpec | None = None
    phone2: FieldSpec | None = None
    address: FieldSpec | None = None
    middlename: FieldSpec | None = None
    alternatename: FieldSpec | None = None
    firstnamephonetic: FieldSpec | None = None
    lastnamephonetic: FieldSpec | None = None
    profile: dict[ShortName, FieldSpec] = {}
    unit: FieldSpec | None = None
    unit_name: FieldSpec | None = None
    units_above: FieldSpec | None = None
    job_role: FieldSpec | None = None
    manager: FieldSpec | None = None
    starts: FieldSpec | None = None
    ends: FieldSpec | None = None
    active: FieldSpec | None = None
    leave_from: FieldSpec | None = None
    leave_until: FieldSpec | None = None
    on_leave: FieldSpec | None = None
    timezone: FieldSpec | None = None
    earlier_keys: FieldSpec | None = None


class PersonSpec(PartSpec):
    """All that is known of a person, where one source says everything."""

    username: FieldSpec
    firstname: FieldSpec
    lastname: FieldSpec
    email: FieldSpec


class SourceFile(Strict):
    """``sources/NAME.yaml``: how one of several sources is read, and what it says of a person.

    ``removed``: where it has a value, and not false, the row only says that the person is gone.
    """

    version: Literal["1"]
    source: SourceSettings
    tables: dict[Text, dict[str, str]] = {}
    key: FieldSpec
    removed: Origin | None = None
    person: PartSpec = PartSpec()
    attributes: dict[AttributeName, AttributeSpec] = {}


class CompanyFile(Strict):
    """``mapping.yaml`` where there are several sources; their order is that in which they are believed.

    ``precedence``: by field the sources that are believed first, where it is not that order; a custom profile field is
    ``profile:SHORTNAME``.
    """

    version: Literal["1"]
    sources: Annotated[tuple[Code, ...], Field(min_length=1)]
    precedence: dict[Text, Annotated[tuple[Code, ...], Field(min_length=1)]] = {}
    scope: Text | None = None
    cohorts: tuple[CohortSpec, ...] = ()
    protected: tuple[Text, ...] = ()


class MappingFile(SourceFile):
    """``mapping.yaml`` where one source says everything."""

    person: PersonSpec
    scope: Text | None = None
    cohorts: tuple[CohortSpec, ...] = ()
    protected: tuple[Text, ...] = ()


class RoleSpec(Strict):
    """One line of the role table. ``context``: ``system``, ``category: IDNUMBER`` or ``course: REF``."""

    role: Text
    context: Annotated[str | dict[str, str], AfterValidator(_context)] = "system"
    when: Text
    overlap_days: OverlapDays = 0


class RolesFile(Strict):
    """``roles.yaml``: which HR role gives which Moodle role where."""

    version: Literal["1"]
    role_ids: dict[Text, Annotated[int, Field(gt=0)]] = {}
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
