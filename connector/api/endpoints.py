"""Every address of the API, in an explicit table."""

from __future__ import annotations

from collections.abc import Mapping

from connector.api import answers, asking
from connector.api import answers_on_content as content
from connector.api import answers_on_learning as learning
from connector.api.analytics import course_analytics, expiring, overview, progress, taught_analytics
from connector.api.answering import Endpoint, ForLaunches, ForTokens, Moves
from connector.api.assessments import assessment, begin_attempt, own_attempt, save_answer, submit_attempt
from connector.api.certificates import certificate, certificates
from connector.api.courses import course, courses
from connector.api.learning import (
    course_progress,
    learning_paths,
    own_learning_paths,
    taught_progress,
    user_progress,
    user_progress_by_launch,
)
from connector.api.mine import dashboard, my_summary
from connector.api.videos import answer_video, manifest, open_video, stream, thumbnail, update_progress, video
from connector.content.sent import Answered, GivenAnswer, WatchedVideo
from connector.domain.api_tokens import Scope

ATTEMPT = "/assessments/{assessment}/attempts/{attempt}"
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/courses", ForTokens(Scope.COURSES, courses), asking.CoursesAsked, answers.CoursesAnswer,
        Moves.WITH_FACTS, "The catalogue of courses",
    ),
    Endpoint(
        "/courses/{id}", ForTokens(Scope.COURSES, course), asking.OfUnit, answers.CourseAnswer,
        Moves.WITH_FACTS, "One course",
    ),
    Endpoint(
        "/learning-paths/{role}", ForTokens(Scope.COURSES, learning_paths), asking.Paged,
        learning.LearningPathsAnswer, Moves.WITH_TIME, "What people with a job have to complete",
        ForLaunches(own_learning_paths),
    ),
    Endpoint(
        "/analytics/overview", ForTokens(Scope.ANALYTICS, overview), asking.OverviewAsked,
        answers.OverviewAnswer, Moves.WITH_FACTS, "How it stands as a whole, and goes",
    ),
    Endpoint(
        "/analytics/progress", ForTokens(Scope.ANALYTICS, progress), asking.ProgressAsked,
        answers.ProgressAnswer, Moves.WITH_FACTS, "How requirements stand: one by one, by unit, or over time",
    ),
    Endpoint(
        "/analytics/courses/{id}", ForTokens(Scope.ANALYTICS, course_analytics), asking.OfUnit,
        answers.PerformanceAnswer, Moves.WITH_FACTS, "How a course does",
        ForLaunches(taught_analytics, teaches=True),
    ),
    Endpoint(
        "/analytics/expiring", ForTokens(Scope.ANALYTICS, expiring), asking.ExpiringAsked,
        answers.ExpiringAnswer, Moves.WITH_FACTS, "What ends soon: requirements and certificates",
    ),
    Endpoint(
        "/progress/user/{key}", ForTokens(Scope.PROGRESS, user_progress), asking.OfUnit,
        learning.UserProgressAnswer, Moves.WITH_TIME, "How far somebody is",
        ForLaunches(user_progress_by_launch),
    ),
    Endpoint(
        "/progress/course/{id}", ForTokens(Scope.PROGRESS, course_progress), asking.CourseProgressAsked,
        learning.CourseProgressAnswer, Moves.WITH_TIME, "How far people in a course are",
        ForLaunches(taught_progress, teaches=True),
    ),
    Endpoint(
        "/progress/my/summary", None, asking.Asked, learning.SummaryAnswer, Moves.ALWAYS,
        "One's own learning in few figures", ForLaunches(my_summary),
    ),
    Endpoint(
        "/progress/update", None, asking.Asked, content.WatchingAnswer, Moves.ALWAYS,
        "Tell what was watched of a video", ForLaunches(update_progress), method="POST", sends=WatchedVideo,
    ),
    Endpoint(
        "/me/dashboard", None, asking.Asked, learning.DashboardAnswer, Moves.ALWAYS,
        "One's own learning: courses, what is due, recommendations, certificates", ForLaunches(dashboard),
    ),
    Endpoint(
        "/assessments/{assessment}", None, asking.Asked, content.AssessmentAnswer, Moves.ALWAYS,
        "What an assessment is about, and one's own attempts", ForLaunches(assessment),
    ),
    Endpoint(
        "/assessments/{assessment}/attempts", None, asking.Asked, content.AttemptAnswer, Moves.ALWAYS,
        "Begin an attempt, or go on with the one that is open", ForLaunches(begin_attempt), method="POST",
    ),
    Endpoint(
        ATTEMPT, None, asking.Asked, content.AttemptAnswer, Moves.ALWAYS,
        "One's own attempt: its questions, or what came of it", ForLaunches(own_attempt),
    ),
    Endpoint(
        ATTEMPT + "/answers/{question}", None, asking.Asked, content.SavedAnswer, Moves.ALWAYS,
        "Answer a question", ForLaunches(save_answer), method="PUT", sends=GivenAnswer,
    ),
    Endpoint(
        ATTEMPT + "/submit", None, asking.Asked, content.AttemptAnswer, Moves.ALWAYS,
        "End an attempt: it is marked, and its score goes to the gradebook", ForLaunches(submit_attempt),
        method="POST",
    ),
    Endpoint(
        "/videos/{video}", None, asking.Asked, content.VideoAnswer, Moves.ALWAYS,
        "A video lesson: chapters, captions, questions", ForLaunches(video),
    ),
    Endpoint(
        "/videos/{video}/manifest", None, asking.ManifestAsked, None, Moves.ALWAYS,
        "Leads to the playlist of HLS", ForLaunches(manifest),
    ),
    Endpoint(
        "/videos/{video}/stream", None, asking.Asked, None, Moves.ALWAYS,
        "Leads to the video as one MP4, which is sent by ranges, too", ForLaunches(stream),
    ),
    Endpoint(
        "/videos/{video}/thumbnail", None, asking.ThumbnailAsked, None, Moves.ALWAYS,
        "Leads to a picture of the video", ForLaunches(thumbnail),
    ),
    Endpoint(
        "/videos/{video}/open", None, asking.Asked, content.WatchingAnswer, Moves.ALWAYS,
        "Begin to watch: what can have been watched is counted from here", ForLaunches(open_video),
        method="POST",
    ),
    Endpoint(
        "/videos/{video}/answers/{question}", None, asking.Asked, content.AnsweredAnswer, Moves.ALWAYS,
        "Answer a question within a video; the first answer counts", ForLaunches(answer_video), method="PUT",
        sends=Answered,
    ),
    Endpoint(
        "/certificates", ForTokens(Scope.CERTIFICATES, certificates), asking.CertificatesAsked,
        answers.CertificatesAnswer, Moves.WITH_TIME, "Certificates and badges, the newest first",
    ),
    Endpoint(
        "/certificates/{number}", ForTokens(Scope.CERTIFICATES, certificate), asking.CertificateAsked,
        answers.CertificateAnswer, Moves.WITH_TIME, "One certificate",
    ),
)  # fmt: skip


def by_path() -> Mapping[str, Mapping[str, Endpoint]]:
    """Methods of each address."""
    found: dict[str, dict[str, Endpoint]] = {}
    for one in ENDPOINTS:
        found.setdefault(one.path, {})[one.method] = one
    return found
