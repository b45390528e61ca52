"""An assessment as a learner has it: what it is about, an attempt that is answered, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connector.bootstrap import Connector
from connector.content.assessment import bodies
from connector.content.assessment.drawing import met
from connector.content.assessment.evidence import TYPES
from connector.content.assessment.marking import counts, share
from connector.domain.assessments import Answer, Assessment, Explain, Question
from connector.domain.attempting import Attempt, Evidence
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Trouble
from connector.web import gradebook
from connector.web.certified import standing
from connector.web.launches import HEADERS, Launches, Part, Visit, actor_of, maker_of
from connector.web.sent import Kept, Told, body, understood

LARGEST_ANSWER = 100_000
"""Bytes."""
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A question with what was answered. ``share`` None: it waits to be marked."""

    question: Question
    answer: Answer
    share: float | None


class Sent(Told):
    """An answer as the page sends it. ``place`` counts what the page has sent."""

    chosen: list[Kept] = Field(default=[], max_length=100)
    text: Kept = Field(default="", max_length=LONGEST_TEXT)
    confidence: int | None = Field(default=None, ge=1, le=5)
    seconds: float | None = Field(default=None, ge=0, le=1e6)
    place: int = Field(ge=0, lt=2**62)


def home(connector: Connector, session: LaunchSession, content: Content) -> Mapping[str, Any]:
    """What an assessment is about, and how somebody stands with it."""
    made = bodies.assessment(content.body)
    tried = connector.attempts.of(content.content_id, actor_of(session), trial=session.launch.teaches)
    now = connector.clock()
    ended = [one for one in tried if not one.is_open(now)]
    left = None if made.attempts is None else max(0, made.attempts - len(ended))
    return {
        "content": content,
        "made": made,
        "tried": ended,
        "open": next((one for one in tried if one.is_open(now)), None),
        "left": left,
        "counts": counts(made.policy, [one.percent for one in ended if one.percent is not None]),
        "questions": sum(len(one.questions) + (one.drawn if one.bank else 0) for one in made.sections),
        "certificate": standing(connector, session, content),
        "score": gradebook.standing(connector, session),
        "may_edit": session.launch.teaches and content.is_of(maker_of(session)),
    }


def show_home(visit: Visit) -> Response:
    content = visit.content(ContentKind.ASSESSMENT)
    return visit.part("content/assessment/home.html", **home(visit.connector, visit.session, content))


def begin(visit: Visit) -> Response:
    """Begin an attempt, or go on with the one that is open."""
    content = visit.content(ContentKind.ASSESSMENT)
    launch = visit.session.launch
    line_item = launch.scores.line_item if launch.scores else ""
    attempt = visit.connector.attempting.begin(
        content, visit.actor, line_item, visit.session.began_at, trial=launch.teaches
    )
    return _attempt(visit, attempt)


def show_attempt(visit: Visit) -> Response:
    """One's own attempt: to go on with, or what came of it."""
    attempt = own_attempt(visit)
    if attempt.submitted_at is None and not attempt.is_open(visit.connector.clock()):
        attempt = visit.connector.attempting.submit(attempt)
    return _attempt(visit, attempt) if attempt.submitted_at is None else _result(visit, attempt)


async def read_answer(_here: Launches, request: Request) -> Sent:
    """Raises LaunchRefused."""
    answer: Sent = understood(Sent, await body(request, LARGEST_ANSWER))
    return answer


def save(visit: Visit, sent: Sent) -> Response:
    """Keep an answer. 409 where the attempt is over, or a later answer stands there already."""
    attempt = own_attempt(visit)
    key = visit.request.path_params["question"]
    answer = Answer(key, frozenset(sent.chosen), sent.text, confidence=sent.confidence, seconds=sent.seconds)
    saved = visit.connector.attempting.save(attempt, answer, sent.place)
    status = 200 if saved.open and saved.place == sent.place else 409
    return JSONResponse({"open": saved.open, "place": saved.place}, status, HEADERS)


def show_answers(visit: Visit) -> Response:
    """What stands in one's own attempt by now, maybe by another screen."""
    attempt, connector = own_attempt(visit), visit.connector
    said = connector.attempts.answers(attempt.attempt_id)
    answers = {
        key: {"chosen": sorted(one.chosen), "text": one.text, "confidence": one.confidence}
        for key, one in said.items()
    }
    place, now_open = connector.attempts.places(attempt.attempt_id), attempt.is_open(connector.clock())
    return JSONResponse({"open": now_open, "place": place, "answers": answers}, headers=HEADERS)


def submit(visit: Visit) -> Response:
    return _result(visit, visit.connector.attempting.submit(own_attempt(visit)))


def own_attempt(visit: Visit) -> Attempt:
    """Raises LaunchRefused where it is somebody else's, or of another activity or course."""
    try:
        attempt_id = int(visit.request.path_params["attempt"])
    except ValueError:
        raise LaunchRefused("attempt: it has no such number.", Trouble.MALFORMED) from None
    attempt = visit.connector.attempts.one(attempt_id) if 0 < attempt_id < 2**63 else None
    if attempt is None or not attempt.actor.is_same(visit.actor):
        raise LaunchRefused("attempt: it is not of whoever asks, or not of this activity.", Trouble.NOT_ALLOWED)
    return attempt


def reviewed(connector: Connector, attempt: Attempt) -> list[Reviewed]:
    """What was asked of somebody, answered, and what it is worth; nothing of what is archived."""
    if attempt.archived:
        return []
    answers = connector.attempts.answers(attempt.attempt_id)
    marked = {one.question_id: one for one in met(connector.attempting.papers.marked(attempt), answers)}
    asked = met(connector.attempting.papers.asked(attempt), answers)
    found = [marked.get(one.question_id) for one in asked]
    return [Reviewed(q, answers.get(q.question_id, Answer(q.question_id)), share(q, answers.get(q.question_id)))
            for q in found if q is not None]  # fmt: skip


def evidence_of(connector: Connector, attempt: Attempt) -> Mapping[str, list[Evidence]]:
    """What was handed in, by question."""
    found: dict[str, list[Evidence]] = {}
    for one in connector.attempts.evidence(attempt.attempt_id):
        found.setdefault(one.question_id, []).append(one)
    return found


def explains(made: Assessment, attempt: Attempt) -> bool:
    """Whether what is right may be shown."""
    return made.explain is Explain.AFTER_ATTEMPT or (made.explain is Explain.AFTER_SUCCESS and bool(attempt.passed))


def _attempt(visit: Visit, attempt: Attempt) -> Response:
    connector = visit.connector
    now = connector.clock()
    values: dict[str, Any] = {
        "attempt": attempt,
        "made": connector.attempting.papers.assessment(attempt),
        "asked": connector.attempting.papers.asked(attempt),
        "answers": connector.attempts.answers(attempt.attempt_id),
        "place": connector.attempts.places(attempt.attempt_id),
        "left": (attempt.ends_at - now).total_seconds() if attempt.ends_at else None,
        "nothing": Answer(""),
        "evidence": evidence_of(connector, attempt),
        "accepted": ",".join(TYPES),
    }
    return visit.part("content/assessment/attempt.html", **values)


def _result(visit: Visit, attempt: Attempt) -> Response:
    connector = visit.connector
    made = connector.attempting.papers.assessment(attempt, marked=True)
    values = {
        "attempt": attempt,
        "made": made,
        "reviewed": reviewed(connector, attempt),
        "evidence": evidence_of(connector, attempt),
        "file_base": f"{ATTEMPTS}/{attempt.attempt_id}/evidence/own",
        "picture_base": f"{ATTEMPTS}/{attempt.attempt_id}",
        "explains": explains(made, attempt),
    }
    newest = visit.content(ContentKind.ASSESSMENT)
    return visit.part("content/assessment/result.html", **{**home(connector, visit.session, newest), **values})


ATTEMPTS = "/lti/assessment/attempts"
PARTS = (
    Part("GET", "/lti/assessment", show_home),
    Part("POST", ATTEMPTS, begin),
    Part("GET", ATTEMPTS + "/{attempt}", show_attempt),
    Part("GET", ATTEMPTS + "/{attempt}/answers", show_answers),
    Part("PUT", ATTEMPTS + "/{attempt}/answers/{question}", save, read=read_answer),
    Part("POST", ATTEMPTS + "/{attempt}/submit", submit),
)
