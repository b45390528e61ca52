"""An assessment that was launched, as whoever takes it has it: what is right is told by the same rule as on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from connector.api.answering import Ask, itself, own_meta
from connector.api.answers_on_content import (
    AssessmentAnswer,
    AssessmentTold,
    AttemptAnswer,
    AttemptBrief,
    AttemptTold,
    OptionTold,
    Outcome,
    QuestionTold,
    Saved,
    SavedAnswer,
)
from connector.api.asking import Asked
from connector.api.problems import NotNow
from connector.api.rooms import Rooms, launched_content
from connector.content.assessment import taking
from connector.content.launched import actor_of
from connector.content.sent import GivenAnswer
from connector.domain.assessments import Answer, Kind, Question
from connector.domain.attempting import Attempt
from connector.domain.contents import Content, ContentKind


def assessment(rooms: Rooms, _asked: Asked, ask: Ask) -> AssessmentAnswer:
    content = _content(rooms, ask)
    standing = taking.standing(rooms.attempting, content, ask.session)
    counts = standing.counts
    made, tried = standing.made, [*standing.tried, *([standing.open] if standing.open else [])]
    data = AssessmentTold(
        id=content.content_id,
        title=ask.text(made.title),
        introduction=ask.text(made.introduction),
        questions=standing.questions,
        minutes=standing.minutes,
        pass_mark=made.pass_mark,
        confidence=made.confidence,
        attempts_left=standing.left,
        counts=counts.percent if counts else None,
        passed=counts.passed if counts else None,
        passed_from=counts.pass_mark if counts else None,
        attempts=[AttemptBrief(**_brief(one)) for one in tried],
    )
    return AssessmentAnswer(data=data, meta=own_meta(), links=itself(ask))


def begin_attempt(rooms: Rooms, _asked: Asked, ask: Ask) -> AttemptAnswer:
    """Begin one, or go on with the one that is open."""
    return _told(rooms, ask, taking.begin(rooms.attempting, _content(rooms, ask), ask.session))


def own_attempt(rooms: Rooms, _asked: Asked, ask: Ask) -> AttemptAnswer:
    return _told(rooms, ask, taking.as_it_stands(rooms.attempting, _own(rooms, ask)))


def save_answer(rooms: Rooms, _asked: Asked, ask: Ask) -> SavedAnswer:
    given: GivenAnswer = ask.sent
    attempt, key = _counting(rooms, ask), ask.places["question"]
    answer = Answer(key, frozenset(given.chosen), given.text, confidence=given.confidence, seconds=given.seconds)
    saved = rooms.attempting.save(attempt, answer, given.place)
    if not saved.open:
        raise NotNow("The attempt is over.")
    if saved.place != given.place:
        raise NotNow("A later answer stands there already.", place=saved.place)
    return SavedAnswer(data=Saved(open=saved.open, place=saved.place), meta=own_meta(), links=itself(ask))


def submit_attempt(rooms: Rooms, _asked: Asked, ask: Ask) -> AttemptAnswer:
    return _told(rooms, ask, rooms.attempting.submit(_counting(rooms, ask)))


def _content(rooms: Rooms, ask: Ask) -> Content:
    return launched_content(rooms, ask.session, ContentKind.ASSESSMENT, ask.places["assessment"])


def _own(rooms: Rooms, ask: Ask) -> Attempt:
    _content(rooms, ask)
    return taking.own(rooms.attempting, ask.places["attempt"], actor_of(ask.session))


def _counting(rooms: Rooms, ask: Ask) -> Attempt:
    """Raises NotNow where it was discarded."""
    attempt = _own(rooms, ask)
    if attempt.discard is not None:
        raise NotNow("The attempt was discarded by who teaches: it counts nowhere, and takes nothing more.")
    return attempt


def _told(rooms: Rooms, ask: Ask, attempt: Attempt) -> AttemptAnswer:
    questions = _asked(rooms, ask, attempt) if attempt.submitted_at is None else _reviewed(rooms, ask, attempt)
    if attempt.discard is not None:
        questions = []
    place = rooms.attempting.attempts.places(attempt.attempt_id)
    told = AttemptTold(**_brief(attempt), place=place, questions=questions)
    return AttemptAnswer(data=told, meta=own_meta(), links=itself(ask))


def _brief(attempt: Attempt) -> dict[str, Any]:
    plain = ("number", "started_at", "ends_at", "submitted_at", "percent", "passed")
    told = {name: getattr(attempt, name) for name in plain}
    state: Literal["open", "waiting", "marked", "discarded"] = "open"
    if attempt.discard is not None:
        state, told = "discarded", {**told, "percent": None, "passed": None}
    elif attempt.submitted_at is not None:
        state = "waiting" if attempt.percent is None else "marked"
    return {"id": attempt.attempt_id, "state": state, **told}


def _asked(rooms: Rooms, ask: Ask, attempt: Attempt) -> list[QuestionTold]:
    """While it is open: of no option is told whether it is right, and of a scenario what answers have led to."""
    answers, files = rooms.attempting.attempts.answers(attempt.attempt_id), _files(rooms, attempt)
    return [
        _question(one, answers.get(one.question_id, Answer(one.question_id)), files, ask)
        for one in taking.asked(rooms.attempting, attempt)
    ]


def _reviewed(rooms: Rooms, ask: Ask, attempt: Attempt) -> list[QuestionTold]:
    made = rooms.attempting.papers.assessment(attempt, marked=True)
    explains, files = taking.explains(made, attempt), _files(rooms, attempt)
    found = []
    for one in taking.reviewed(rooms.attempting, attempt) or ():
        outcome = Outcome(
            share=one.share,
            comment=one.answer.comment,
            accepted=_accepted(one.question) if explains else None,
            explanation=ask.text(one.question.explanation) if explains else None,
        )
        found.append(_question(one.question, one.answer, files, ask, outcome, explains=explains))
    return found


def _question(
    question: Question,
    answer: Answer,
    files: Mapping[str, list[str]],
    ask: Ask,
    outcome: Outcome | None = None,
    *,
    explains: bool = False,
) -> QuestionTold:
    """Of an option that was chosen is told where it has led, and with the outcome its feedback, whatever else is."""
    options = [
        OptionTold(
            id=one.option_id,
            text=ask.text(one.said),
            leads_to=one.leads_to
            if question.kind is Kind.SCENARIO and (explains or one.option_id in answer.chosen)
            else None,
            right=one.right if explains else None,
            feedback=ask.text(one.feedback)
            if explains or (outcome is not None and one.option_id in answer.chosen)
            else None,
        )
        for one in question.options
    ]
    return QuestionTold(
        id=question.question_id,
        kind=question.kind.value,
        text=ask.text(question.text),
        weight=question.weight if outcome is not None else None,
        options=options,
        chosen=sorted(answer.chosen),
        answer=answer.text,
        confidence=answer.confidence,
        files=files.get(question.question_id, []),
        outcome=outcome,
    )


def _accepted(question: Question) -> str | None:
    if question.kind is Kind.NUMERIC and question.value is not None:
        off = f" ± {question.tolerance:g}" if question.tolerance else ""
        return f"{question.value:g}{off}"
    return " / ".join(question.accepted) or None


def _files(rooms: Rooms, attempt: Attempt) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in rooms.attempting.attempts.evidence(attempt.attempt_id):
        found.setdefault(one.question_id, []).append(one.name)
    return found
