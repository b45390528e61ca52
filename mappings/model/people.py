"""Mapping files: what a source says of a person, and which of several sources are believed."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mappings.model.sources import SourceSettings
from mappings.model.words import AttributeName, Code, OverlapDays, ShortName, Strict, Text, Transform

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
    profile: dict[ShortName, FieldSpec] = Field(default_factory=dict)
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
    tables: dict[Text, dict[str, str]] = Field(default_factory=dict)
    key: FieldSpec
    removed: Origin | None = None
    person: PartSpec = PartSpec()
    attributes: dict[AttributeName, AttributeSpec] = Field(default_factory=dict)


class CompanyFile(Strict):
    """``mapping.yaml`` where there are several sources; their order is that in which they are believed.

    ``precedence``: by field the sources that are believed first, where it is not that order; a custom profile field is
    ``profile:SHORTNAME``.
    """

    version: Literal["1"]
    sources: Annotated[tuple[Code, ...], Field(min_length=1)]
    precedence: dict[Text, Annotated[tuple[Code, ...], Field(min_length=1)]] = Field(default_factory=dict)
    scope: Text | None = None
    cohorts: tuple[CohortSpec, ...] = ()
    protected: tuple[Text, ...] = ()


class MappingFile(SourceFile):
    """``mapping.yaml`` where one source says everything."""

    person: PersonSpec
    scope: Text | None = None
    cohorts: tuple[CohortSpec, ...] = ()
    protected: tuple[Text, ...] = ()
