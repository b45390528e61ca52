"""What is answered of paths, of the progress of people, and of one's own learning."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from connector.api.answers import Frame, PageMeta, Told

RequirementState = Literal["open", "overdue", "satisfied"]


# ---------------------------------------------------------------- paths
class Step(Told):
    course: int | None = Field(description="Moodle's id; null: Moodle has no such course.")
    title: str
    minutes: int | None
    completed: bool | None = Field(description="By whoever asks; null for tokens of the API.")


class PathOfPeople(Told):
    """How people in sight with this job are with it."""

    assigned: int
    satisfied: int
    open: int
    overdue: int
    first_due_on: date | None = Field(description="The first day on which something open is due.")
    last_due_on: date | None = Field(description="The last such day.")


class Requirement(Told):
    """Something that somebody has to complete."""

    code: str
    name: str
    state: RequirementState
    due_on: date | None
    satisfied_at: datetime | None
    expires_on: date | None


class LearningPath(Told):
    requirement: str
    path: str | None
    name: str
    recertify_months: int | None = Field(description="For so long it holds; null: for good.")
    steps: list[Step] = Field(description="Its courses, in their order.")
    people: PathOfPeople | None = Field(description="null by the token of a launch, or without progress:read.")
    own: Requirement | None = Field(description="How whoever was launched stands; null where it is not theirs.")


class LearningPathsAnswer(Frame):
    meta: PageMeta
    data: list[LearningPath]


# ---------------------------------------------------------------- progress
class CourseStanding(Told):
    """How somebody stands in a course."""

    course: int = Field(description="Moodle's id.")
    title: str
    active: bool = Field(description="Whether the enrolment is in force.")
    enrolled_at: datetime | None
    completed: bool
    completed_at: datetime | None
    progress: float | None = Field(description="Percent; null where Moodle tells none.")
    score: float | None = Field(
        description="Percent of the way from the least to the most points that the person's own total can have."
    )


class User(Told):
    key: str = Field(description="HR's key.")
    firstname: str | None
    lastname: str | None
    unit: str | None = Field(description="null for who teaches and asks for somebody else, to whom no page tells it.")
    unit_name: str | None


class UserProgress(Told):
    person: User
    courses: list[CourseStanding]
    requirements: list[Requirement] = Field(description="None of them for who teaches and asks for somebody else.")


class UserProgressAnswer(Frame):
    data: UserProgress


class LearnerProgress(Told):
    """Somebody in a course."""

    key: str | None = Field(description="HR's key; null where it is not known, or without the scope people:read.")
    name: str | None = Field(description="null where it is not known, or without the scope people:read.")
    state: Literal["not_begun", "under_way", "stuck", "completed"]
    overdue: bool
    due_on: date | None
    progress: float | None = Field(description="Percent.")
    score: float | None = Field(description="Percent.")
    completed: bool
    completed_at: datetime | None
    last_activity_at: datetime | None = Field(description="The last sign of work in the course.")


class CourseProgressAnswer(Frame):
    meta: PageMeta
    data: list[LearnerProgress]


class Summary(Told):
    """One's own learning in few figures."""

    courses: int
    completed: int
    begun: int = Field(description="Not completed, with some progress.")
    average_progress: float | None = Field(description="Percent, of the courses of which Moodle tells it.")
    requirements: int
    satisfied: int
    overdue: int
    next_due_on: date | None
    streak_days: int = Field(description="Days in a row on which somebody worked.")
    certificates: int = Field(description="Valid ones, and badges.")


class SummaryAnswer(Frame):
    data: Summary


# ---------------------------------------------------------------- the dashboard
class Profile(Told):
    key: str = Field(description="HR's key.")
    firstname: str | None
    lastname: str | None
    unit: str
    unit_name: str | None
    job_role: str


class Enrolment(Told):
    course: int
    title: str
    description: str
    minutes: int | None
    learners: int
    progress: float | None
    completed: bool
    completed_at: datetime | None
    last_activity_at: datetime | None


class PathStep(Told):
    course: int | None
    title: str
    completed: bool
    next: bool = Field(description="Whether the path goes on here.")


class OwnPath(Requirement):
    steps: list[PathStep]


class Recommendation(Told):
    """A course that ``completed`` of ``peers`` others have completed who have ``basis`` in common with one."""

    course: int
    title: str
    minutes: int | None
    basis: Literal["job_role", "unit"]
    completed: int
    peers: int


class Activity(Told):
    what: Literal["course", "activity", "assessment", "video", "earned"]
    title: str
    at: datetime
    percent: float | None
    passed: bool | None


class OwnCertificate(Told):
    name: str
    number: str | None = Field(description="Of the connector's own; null of others.")
    issued_at: datetime
    expires_at: datetime | None
    valid: bool


class TeamMember(Told):
    name: str
    distance: int = Field(description="1 is a direct report.")
    overdue: int
    open: int
    next_due_on: date | None


class Team(Told):
    people: int
    direct: int
    people_overdue: int
    shown: list[TeamMember] = Field(description="Those who need an eye first.")


class Dashboard(Told):
    profile: Profile
    enrolments: list[Enrolment] = Field(description="Where one worked last first.")
    paths: list[OwnPath] = Field(description="What is overdue first, then what is due soonest.")
    recommendations: list[Recommendation]
    streak_days: int
    recent: list[Activity] = Field(description="The newest first.")
    certificates: list[OwnCertificate]
    team: Team | None = Field(description="null for who leads nobody.")


class DashboardAnswer(Frame):
    data: Dashboard
