"""An assessment as a learner has it: what it is about, an attempt that is answered, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connector.bootstrap import Connector
from connector.content.assessment import taking
from connector.content.assessment.drawing import beginnings
from connector.content.assessment.evidence import TYPES
from connector.content.launched import maker_of
from connector.content.sent import GivenAnswer
from connector.domain.assessments import Answer, Kind, Question
from connector.domain.attempting import Attempt, Evidence
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused, Unreadable
from connector.domain.lti import LaunchSession, Trouble
from connector.web.launched import certified, gradebook
from connector.web.launched.assessment_editing import POLICIES
from connector.web.launched.launches import HEADERS, Launches, Part, Visit
from connector.web.launched.sent import body, understood
from connector.web.words import REFUSED

LARGEST_ANSWER = 100_000
"""Bytes."""


def home(connector: Connector, session: LaunchSession, content: Content) -> Mapping[str, Any]:
    """What an assessment is about, and how somebody stands with it."""
    standing = taking.standing(connector.attempting, content, session)
    policy = standing.counts.policy if standing.counts else standing.made.policy
    return {
        **{one.name: getattr(standing, one.name) for one in fields(standing)},
        "content": content,
        "certificate": certified.standing(connector, session, content),
        "score": gradebook.standing(connector, session),
        "policy": POLICIES[policy] if standing.made.attempts != 1 or len(standing.tried) > 1 else "",
        "unreadable": "" if standing.readable else REFUSED[Trouble.UNREADABLE],
        "may_edit": session.launch.teaches and content.is_of(maker_of(session)),
    }


def show_home(visit: Visit) -> Response:
    content = visit.content(ContentKind.ASSESSMENT)
    return visit.part("content/assessment/home.html", **home(visit.connector, visit.session, content))


def begin(visit: Visit) -> Response:
    """Begin an attempt, or go on with the one that is open."""
    content = visit.content(ContentKind.ASSESSMENT)
    attempt = taking.begin(visit.connector.attempting, content, visit.session)
    return _as_it_stands(visit, attempt)


def show_attempt(visit: Visit) -> Response:
    """One's own attempt: to go on with, or what came of it."""
    return _as_it_stands(visit, taking.as_it_stands(visit.connector.attempting, own_attempt(visit)))


async def read_answer(_here: Launches, request: Request) -> GivenAnswer:
    """Raises LaunchRefused."""
    answer: GivenAnswer = understood(GivenAnswer, await body(request, LARGEST_ANSWER))
    return answer


def save(visit: Visit, sent: GivenAnswer) -> Response:
    """Keep an answer. 409 where the attempt is over, or a later answer stands there already.

    After a step of a scenario it is told what is asked by now; null where no question can be read any more.
    """
    attempt, attempting = own_attempt(visit), visit.connector.attempting
    key = visit.request.path_params["question"]
    answer = Answer(key, frozenset(sent.chosen), sent.text, confidence=sent.confidence, seconds=sent.seconds)
    saved = attempting.save(attempt, answer, sent.place)
    status = 200 if saved.open and saved.place == sent.place else 409
    return JSONResponse({"open": saved.open, "place": saved.place, **_led(visit, attempt, key)}, status, HEADERS)


def _led(visit: Visit, attempt: Attempt, key: str) -> Mapping[str, Any]:
    """To what an answer has led that is kept already."""
    attempting = visit.connector.attempting
    try:
        step = any(one.question_id == key and one.kind is Kind.SCENARIO for one in attempting.papers.asked(attempt))
        return {"asked": _keys(taking.asked(attempting, attempt))} if step else {}
    except Unreadable:
        return {"asked": None}


def show_answers(visit: Visit) -> Response:
    """What stands in one's own attempt by now, maybe by another screen, and how many seconds are left: more time may
    have been allowed. ``asked`` is null where no question can be read any more."""
    attempt, connector = own_attempt(visit), visit.connector
    said = connector.attempts.answers(attempt.attempt_id)
    answers = {
        key: {"chosen": sorted(one.chosen), "text": one.text, "confidence": one.confidence}
        for key, one in said.items()
        if one.at is not None  # a file was handed in, and nothing is said yet
    }
    try:
        asked = _keys(taking.asked(connector.attempting, attempt, said))
    except Unreadable:
        asked = None
    now, place = connector.clock(), connector.attempts.places(attempt.attempt_id)
    told = {"open": attempt.is_open(now), "left": _left(attempt, now), "place": place}
    return JSONResponse({**told, "answers": answers, "asked": asked}, headers=HEADERS)


def show_question(visit: Visit) -> Response:
    """A question of one's own open attempt, once it is asked: the next step of a scenario."""
    attempt, attempting, key = own_attempt(visit), visit.connector.attempting, visit.request.path_params["question"]
    asked = attempt.submitted_at is None and attempt.discard is None
    found = taking.asked(attempting, attempt) if asked else []
    question = next((one for one in found if one.question_id == key), None)
    if question is None:
        raise LaunchRefused("question: it is not asked, or not yet.", Trouble.NOT_ALLOWED)
    return visit.part("content/assessment/asked.html", question=question, **_asking(visit, attempt))


def submit(visit: Visit) -> Response:
    """As the learner wishes; or by the clock of the page, which goes on with the attempt where time is left."""
    attempt, attempting = own_attempt(visit), visit.connector.attempting
    if visit.request.query_params.get("by") == "clock":
        return _as_it_stands(visit, attempting.run_out(attempt, timedelta(0)))
    return _as_it_stands(visit, attempting.submit(attempt))


def own_attempt(visit: Visit) -> Attempt:
    """Raises LaunchRefused where it is somebody else's, or of another activity or course."""
    return taking.own(visit.connector.attempting, visit.request.path_params["attempt"], visit.actor)


def evidence_of(connector: Connector, attempt: Attempt) -> Mapping[str, list[Evidence]]:
    """What was handed in, by question."""
    found: dict[str, list[Evidence]] = {}
    for one in connector.attempts.evidence(attempt.attempt_id):
        found.setdefault(one.question_id, []).append(one)
    return found


def _as_it_stands(visit: Visit, attempt: Attempt) -> Response:
    if attempt.discard is not None:
        made = visit.connector.attempting.papers.assessment(attempt)
        return visit.part("content/assessment/discarded.html", attempt=attempt, made=made)
    return _attempt(visit, attempt) if attempt.submitted_at is None else _result(visit, attempt)


def _left(attempt: Attempt, now: datetime) -> float | None:
    """Seconds, fewer than none once it is over; None without a limit."""
    return (attempt.ends_at - now).total_seconds() if attempt.ends_at else None


def _attempt(visit: Visit, attempt: Attempt) -> Response:
    connector = visit.connector
    values: dict[str, Any] = {
        "asked": taking.asked(connector.attempting, attempt),
        "place": connector.attempts.places(attempt.attempt_id),
        "left": _left(attempt, connector.clock()),
    }
    return visit.part("content/assessment/attempt.html", **_asking(visit, attempt), **values)


def _asking(visit: Visit, attempt: Attempt) -> Mapping[str, Any]:
    """What a question of an open attempt is shown with."""
    connector = visit.connector
    papers = connector.attempting.papers
    return {
        "attempt": attempt,
        "made": papers.assessment(attempt),
        "beginnings": beginnings(papers.asked(attempt)),
        "answers": connector.attempts.answers(attempt.attempt_id),
        "nothing": Answer(""),
        "evidence": evidence_of(connector, attempt),
        "accepted": ",".join(TYPES),
    }


def _keys(questions: Sequence[Question]) -> list[str]:
    return [one.question_id for one in questions]


def _result(visit: Visit, attempt: Attempt) -> Response:
    connector = visit.connector
    made = connector.attempting.papers.assessment(attempt, marked=True)
    values = {
        "attempt": attempt,
        "made": made,
        "reviewed": taking.reviewed(connector.attempting, attempt),
        "evidence": evidence_of(connector, attempt),
        "file_base": f"{ATTEMPTS}/{attempt.attempt_id}/evidence/own",
        "picture_base": f"{ATTEMPTS}/{attempt.attempt_id}",
        "explains": taking.explains(made, attempt),
    }
    newest = visit.content(ContentKind.ASSESSMENT)
    return visit.part("content/assessment/result.html", **{**home(connector, visit.session, newest), **values})


ATTEMPTS = "/lti/assessment/attempts"
PARTS = (
    Part("GET", "/lti/assessment", show_home),
    Part("POST", ATTEMPTS, begin),
    Part("GET", ATTEMPTS + "/{attempt}", show_attempt),
    Part("GET", ATTEMPTS + "/{attempt}/answers", show_answers),
    Part("GET", ATTEMPTS + "/{attempt}/questions/{question}", show_question),
    Part("PUT", ATTEMPTS + "/{attempt}/answers/{question}", save, read=read_answer),
    Part("POST", ATTEMPTS + "/{attempt}/submit", submit),
)
