"""Pictures of questions: seen by whoever has the question in an attempt, and by who teaches."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from connector.content.assessment import editing, taking
from connector.domain.assessments import Question
from connector.domain.attempting import Attempt
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble
from connector.web.launched.assessment import ATTEMPTS, own_attempt
from connector.web.launched.assessment_editing import EDIT, content_of, made_of
from connector.web.launched.assessment_results import RESULTS, of_course
from connector.web.launched.launches import HEADERS, Part, Visit

KEPT = "private, max-age=3600, immutable"
"""What is in a picture is in its name."""


def show_own(visit: Visit) -> Response:
    attempt, attempting = own_attempt(visit), visit.connector.attempting
    now_asked = attempt.submitted_at is None
    return _picture(visit, taking.asked(attempting, attempt) if now_asked else _asked(visit, attempt))


def show(visit: Visit) -> Response:
    return _picture(visit, _asked(visit, of_course(visit)))


def show_to_author(visit: Visit) -> Response:
    sections = editing.sections(made_of(content_of(visit)))
    return _picture(visit, [one for section in sections for one in section.questions])


def _asked(visit: Visit, attempt: Attempt) -> list[Question]:
    """As they were asked, and as they are marked."""
    papers = visit.connector.attempting.papers
    return [*papers.asked(attempt), *papers.marked(attempt)]


def _picture(visit: Visit, questions: Iterable[Question]) -> Response:
    """Of one of these questions, and of no other. Raises LaunchRefused."""
    files, wanted = visit.connector.content_files, visit.request.path_params["picture"]
    for one in (one for question in questions for one in question.every_picture):
        content = files.get(one.place) if one.picture_id == wanted and files is not None else None
        if content is not None:
            closed = {
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": KEPT,
                "Vary": "Authorization",
            }
            return Response(content, media_type=one.media_type, headers={**HEADERS, **closed})
    raise LaunchRefused("picture: it is not there.", Trouble.GONE)


PARTS = (
    Part("GET", ATTEMPTS + "/{attempt}/pictures/{picture}", show_own, far=True),
    Part("GET", RESULTS + "/{attempt}/pictures/{picture}", show, teaches=True, far=True),
    Part("GET", EDIT + "/pictures/{picture}", show_to_author, teaches=True, far=True),
)
