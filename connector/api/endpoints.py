"""Every address of the API, in an explicit table."""

from __future__ import annotations

from connector.api import answers, asking
from connector.api.analytics import course_analytics, expiring, overview, progress
from connector.api.answering import Endpoint, Moves
from connector.api.certificates import certificate, certificates
from connector.api.courses import course, courses
from connector.domain.api_tokens import Scope

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/courses", Scope.COURSES, asking.CoursesAsked, answers.CoursesAnswer, Moves.WITH_FACTS, courses,
        "The catalogue of courses",
    ),
    Endpoint(
        "/courses/{id}", Scope.COURSES, asking.OfUnit, answers.CourseAnswer, Moves.WITH_FACTS, course, "One course",
    ),
    Endpoint(
        "/analytics/overview", Scope.ANALYTICS, asking.OverviewAsked, answers.OverviewAnswer, Moves.WITH_FACTS,
        overview, "How it stands as a whole, and goes",
    ),
    Endpoint(
        "/analytics/progress", Scope.ANALYTICS, asking.ProgressAsked, answers.ProgressAnswer, Moves.WITH_FACTS,
        progress, "How requirements stand: one by one, by unit, or over time",
    ),
    Endpoint(
        "/analytics/courses/{id}", Scope.ANALYTICS, asking.OfUnit, answers.PerformanceAnswer, Moves.WITH_FACTS,
        course_analytics, "How a course does",
    ),
    Endpoint(
        "/analytics/expiring", Scope.ANALYTICS, asking.ExpiringAsked, answers.ExpiringAnswer, Moves.WITH_FACTS,
        expiring, "What ends soon: requirements and certificates",
    ),
    Endpoint(
        "/certificates", Scope.CERTIFICATES, asking.CertificatesAsked, answers.CertificatesAnswer, Moves.WITH_TIME,
        certificates, "Certificates and badges, the newest first",
    ),
    Endpoint(
        "/certificates/{number}", Scope.CERTIFICATES, asking.CertificateAsked, answers.CertificateAnswer,
        Moves.WITH_TIME, certificate, "One certificate",
    ),
)  # fmt: skip
