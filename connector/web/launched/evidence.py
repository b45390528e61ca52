"""Files that learners hand in for a question: added and taken back by them, seen by them and by who teaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from connector.content.assessment.evidence import LARGEST, TYPES, NotTaken
from connector.domain.assessments import Question
from connector.domain.attempting import Attempt
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble
from connector.web.languages import message
from connector.web.launched.assessment import ATTEMPTS, own_attempt
from connector.web.launched.assessment_results import RESULTS, of_course
from connector.web.launched.launches import HEADERS, Launches, Part, Visit

ENVELOPE = 10_000
"""Bytes of a form around a file."""
SAYS: Mapping[NotTaken, str] = {
    NotTaken.TOO_LARGE: message("This file is too large: 20 MB is the most."),
    NotTaken.OTHER_TYPE: message("Only photos, videos (MP4 or MOV) and PDF files can be handed in."),
    NotTaken.DISCARDED: message("This attempt was discarded: it takes nothing more."),
    NotTaken.TOO_MANY: message("There are five files already, or the attempt is over."),
    NotTaken.FULL: message(
        "You have handed in as much as is kept of one person. Remove files that are not needed, or ask your "
        "instructor to have more room made for you."
    ),
    NotTaken.NOWHERE: message("Files cannot be handed in here yet. Please tell your instructor."),
}
SANDBOX = "default-src 'none'; sandbox"


async def read_file(here: Launches, request: Request) -> tuple[str, bytes] | None:
    """The name of a file and what is in it; None where it is too large. Raises LaunchRefused."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST + ENVELOPE:
        return None
    form = await here.form(request, LARGEST + ENVELOPE, files=1)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise LaunchRefused("file: there is none.", Trouble.MALFORMED)
    content = await file.read()
    await form.close()
    return file.filename or "", content


def add(visit: Visit, sent: tuple[str, bytes] | None) -> Response:
    attempt = own_attempt(visit)
    question = _question(visit, attempt)
    if sent is None:
        return _files(visit, attempt, question, NotTaken.TOO_LARGE)
    return _files(visit, attempt, question, visit.connector.handing_in.add(attempt, question, *sent))


def listed(visit: Visit) -> Response:
    """What was handed in by now, maybe on another screen."""
    attempt = own_attempt(visit)
    return _files(visit, attempt, _question(visit, attempt), None)


def drop(visit: Visit) -> Response:
    attempt = own_attempt(visit)
    visit.connector.handing_in.drop(attempt, _file_id(visit))
    return _files(visit, attempt, _question(visit, attempt), None)


def show_own(visit: Visit) -> Response:
    return _file(visit, own_attempt(visit))


def show(visit: Visit) -> Response:
    return _file(visit, of_course(visit))


def _file(visit: Visit, attempt: Attempt) -> Response:
    """To be kept, not to be run: whoever handed it in has made it."""
    evidence, content = visit.connector.handing_in.read(attempt, _file_id(visit))
    told = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(evidence.name)}"}
    headers = {**HEADERS, **told, "Content-Security-Policy": SANDBOX}
    return Response(content, media_type=evidence.media_type, headers=headers)


def _files(visit: Visit, attempt: Attempt, question: Question, why: NotTaken | None) -> Response:
    """What was handed in for a question, and what is wrong with the file that was not taken."""
    found = [
        one for one in visit.connector.attempts.evidence(attempt.attempt_id) if one.question_id == question.question_id
    ]
    values: dict[str, Any] = {"attempt": attempt, "question": question, "files": found, "accepted": ",".join(TYPES)}
    return visit.part("content/assessment/evidence.html", trouble=SAYS[why] if why else "", **values)


def _question(visit: Visit, attempt: Attempt) -> Question:
    key = visit.request.path_params["question"]
    for one in visit.connector.attempting.papers.asked(attempt):
        if one.question_id == key:
            return one
    raise LaunchRefused("question: it is not of this attempt.", Trouble.MALFORMED)


def _file_id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["file"])
    except ValueError:
        raise LaunchRefused("file: there is none of this id.", Trouble.MALFORMED) from None


OWN = ATTEMPTS + "/{attempt}/evidence/{question}"
PARTS = (
    Part("GET", OWN, listed),
    Part("POST", OWN, add, far=True, read=read_file),
    Part("DELETE", OWN + "/{file}", drop, far=True),
    Part("GET", OWN + "/{file}", show_own, far=True),
    Part("GET", RESULTS + "/{attempt}/evidence/{file}", show, teaches=True, far=True),
)
