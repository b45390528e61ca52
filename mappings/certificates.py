"""What ``certificates.yaml`` says: kinds of certificates, what earns them, and numbers that never meet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from connector.domain.certificates import CHOSEN, WINDOW_DAYS, CertificateTemplate, shape_of, wrong_number
from connector.domain.notices import Language
from mappings.model.words import Code, LanguageCode, Strict, Text
from mappings.problems import Document, Problems, known

Line = Annotated[str, StringConstraints(min_length=1, max_length=150)]
"""What has its place on a page."""


def _number(value: str) -> str:
    if wrong := wrong_number(value):
        raise ValueError(wrong)
    return value


def _content(value: str) -> str:
    try:
        return value if value == CHOSEN else str(UUID(value))
    except ValueError:
        raise ValueError(f"should be {CHOSEN}, or the id of content") from None


class EarnedBySpec(Strict):
    """What earns a certificate: a requirement that is satisfied, in each cycle; a course that is completed; or
    launched content that is passed.

    ``content``: its id, or all whose authors have chosen the certificate. ``window_days``: so long before the end
    passing it again earns the next one.
    """

    requirement: Code | None = None
    course: Text | None = None
    content: Annotated[str, AfterValidator(_content)] | None = None
    window_days: Annotated[int, Field(ge=0, le=3650)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.requirement, self.course, self.content)) != 1:
            raise ValueError("needs exactly one of requirement, course, content")
        if self.window_days is not None and self.content is None:
            raise ValueError("window_days goes with content")
        return self


class CertificateSpec(Strict):
    """A kind of certificate of the connector's own.

    ``months``: for so long it holds, for ever without. ``number``: the pattern of its numbers. ``language``: the
    person's own, or one for all. ``since``: what was earned before that day earns none. ``issuer``: who issues it,
    where that is not the company's name at the top.
    """

    code: Code
    title: Annotated[dict[LanguageCode, Line], Field(min_length=1)]
    earned_by: EarnedBySpec
    months: Annotated[int, Field(gt=0, le=600)] | None = None
    number: Annotated[str, AfterValidator(_number)]
    language: Literal["person"] | Language = "person"
    since: date | None = None
    issuer: Line | None = None


class CertificatesFile(Strict):
    """``certificates.yaml``: what the company certifies. ``issuer``: the name of the company."""

    version: Literal["1"]
    issuer: Line
    certificates: tuple[CertificateSpec, ...] = ()


def check_earned(
    file: CertificatesFile,
    document: Document,
    requirements: Collection[str],
    courses: Collection[str],
    problems: Problems,
) -> None:
    """A requirement that earns one is there, a course stands in a path: others the connector does not know."""
    for i, spec in enumerate(file.certificates):
        by = spec.earned_by
        at = ("certificates", i, "earned_by")
        if by.requirement is not None and by.requirement not in requirements:
            message = f"there is no requirement {by.requirement}; {known(by.requirement, requirements)}"
            problems.add(document.at((*at, "requirement")), message)
        if by.course is not None and by.course not in courses:
            message = f"no path has a course {by.course}; {known(by.course, courses)}"
            problems.add(document.at((*at, "course")), message)


def check_numbers(file: CertificatesFile, document: Document, problems: Problems) -> None:
    """Codes are there once, and no number can be one of two certificates."""
    codes: set[str] = set()
    shapes: dict[str, str] = {}
    for i, spec in enumerate(file.certificates):
        if spec.code in codes:
            message = f"{spec.code} is taken: a code stands for one certificate"
            problems.add(document.at(("certificates", i, "code")), message)
        codes.add(spec.code)
        other = shapes.setdefault(shape_of(spec.number), spec.code)
        if other != spec.code:
            message = f"gives the same numbers as that of {other}: begin each with letters of its own"
            problems.add(document.at(("certificates", i, "number")), message)


def templates(file: CertificatesFile) -> tuple[CertificateTemplate, ...]:
    return tuple(
        CertificateTemplate(
            spec.code,
            spec.title,
            spec.number,
            spec.issuer or file.issuer,
            spec.earned_by.requirement,
            spec.earned_by.course,
            spec.months,
            None if spec.language == "person" else spec.language,
            spec.since,
            spec.earned_by.content,
            WINDOW_DAYS if spec.earned_by.window_days is None else spec.earned_by.window_days,
        )
        for spec in file.certificates
    )
