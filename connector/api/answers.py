"""What is answered: the same frame everywhere, ``data`` with ``meta`` and ``links``. Times are UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Meta(Told):
    as_of: datetime | None = Field(description="When Moodle and HR were last read; null: not yet.")
    unit: str | None = Field(description="The unit that this is of, with all below it; null: everybody.")


class PageMeta(Meta):
    page: int
    limit: int
    total: int = Field(description="How many there are on all pages.")


class Frame(Told):
    meta: Meta
    links: dict[str, str] = Field(description="self, and first, prev, next, last where there are pages.")


# ---------------------------------------------------------------- courses
class Category(Told):
    id: int
    name: str


class Course(Told):
    id: int = Field(description="Moodle's id.")
    idnumber: str
    shortname: str
    title: str
    description: str
    languages: list[str] = Field(description="In which the title is told; und: in no language of its own.")
    category: list[Category] = Field(description="Its category and those above it, the topmost first.")
    minutes: int | None
    difficulty: str | None
    objectives: str | None
    starts_at: datetime | None
    visible: bool
    learners: int = Field(description="Active enrolments.")
    completions: int = Field(description="Of these, those who have completed.")
    completion_rate: float | None = Field(description="Percent; null: nobody is enrolled.")


class CourseAnswer(Frame):
    data: Course


class CoursesAnswer(Frame):
    meta: PageMeta
    data: list[Course]


# ---------------------------------------------------------------- analytics
class ByStatus(Told):
    satisfied: int
    open: int
    overdue: int


class TrendPoint(Told):
    starts_on: date
    completions: int
    certificates: int
    most_active_24h: int | None
    people: int | None
    completion_rate: float | None
    average_score: float | None
    compliance_rate: float | None


class Trend(Told):
    period: Literal["day", "week", "month"]
    points: list[TrendPoint] = Field(description="The oldest first.")


class Overview(Told):
    people: int = Field(description="Active people.")
    active_learners_24h: int
    active_learners_30d: int
    enrolments: int
    completions: int
    completion_rate: float | None = Field(description="Percent of active enrolments.")
    average_score: float | None = Field(description="Percent of the way from the least to the most points.")
    certificates_issued: int
    certificates_issued_30d: int
    by_status: ByStatus = Field(description="Requirements of active people.")
    compliance_rate: float | None = Field(description="Percent of requirements that are satisfied.")
    trend: Trend


class OverviewAnswer(Frame):
    data: Overview


class Standing(Told):
    """How requirements of active people stand: of one requirement, in one unit with all below it, or on one day."""

    requirement: str | None = None
    unit: str | None = None
    day: date | None = None
    name: str | None = None
    assigned: int
    satisfied: int
    open: int
    overdue: int
    rate: float | None = Field(description="Percent that is satisfied.")


class ProgressAnswer(Frame):
    meta: PageMeta
    data: list[Standing]


class Expiring(Told):
    """What of active people ends within 90 days (UTC) from the day of ``as_of`` on, and is not renewed."""

    kind: Literal["requirement", "certificate"]
    source: str | None = Field(description="What issued the certificates.")
    code: str = Field(description="The requirement, or the kind of certificate.")
    name: str | None
    in_30_days: int = Field(description="How many end within 30 days.")
    in_60_days: int = Field(description="Within 60 days, these included.")
    in_90_days: int = Field(description="Within 90 days, these included.")
    first_on: date = Field(description="The day on which the first of them ends.")


class ExpiringAnswer(Frame):
    meta: PageMeta
    data: list[Expiring]


class Performance(Told):
    id: int
    title: str
    enrolments: int
    completions: int
    completion_rate: float | None
    graded: int
    average_score: float | None = Field(description="Points.")
    median_score: float | None = Field(description="Points.")
    maximum_score: float | None = Field(description="The most points.")
    pass_mark: float | None
    passed: int | None
    pass_rate: float | None = Field(description="Percent of those graded; null without a pass mark.")
    timed: int = Field(description="Of those who have completed, how many Moodle told both times of.")
    average_days: float | None = Field(description="From enrolment to completion, of those.")


class PerformanceAnswer(Frame):
    data: Performance


# ---------------------------------------------------------------- certificates
class Person(Told):
    key: str = Field(description="HR's key.")
    firstname: str | None
    lastname: str | None
    unit: str
    unit_name: str | None


class Certificate(Told):
    number: str
    source: str
    template: str
    name: str | None = Field(description="What it is called.")
    issued_at: datetime
    precision: Literal["second", "minute", "seen by"] = Field(description="How exact issued_at is.")
    expires_at: datetime | None
    status: Literal["valid", "expired", "revoked"]
    person: Person | None = Field(description="Whose it is; null without the scope people:read.")


class CertificateAnswer(Frame):
    data: Certificate


class CertificatesAnswer(Frame):
    data: list[Certificate]


# ---------------------------------------------------------------- problems
class WrongOne(Told):
    parameter: str = Field(description="Or the place in the body.")
    reason: str


class ProblemAnswer(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongOne] | None = None
    scope: str | None = None
