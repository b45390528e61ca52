"""What a certificate rests on: an attempt, question by question, with what was answered and who marked it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.content.assessment.attempting import Attempting
from connector.content.assessment.drawing import met
from connector.content.assessment.marking import share
from connector.domain.assessments import Answer, Kind, Question
from connector.domain.attempting import Attempt, Mark
from connector.domain.multilang import choose


@dataclass(frozen=True, slots=True)
class Link:
    """A question that was asked. ``answer`` is in words, "" where there was none, or it is kept no longer; ``files``:
    how many were handed in. ``share`` and ``marks`` are as they stand now."""

    question: str
    kind: Kind
    answer: str
    files: int
    answered_at: datetime | None
    share: float | None
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Chain:
    """``attempt`` is as it is now: marks and regrades after the issue show in it, and what was issued stays."""

    attempt: Attempt
    links: Sequence[Link]


def chain(attempting: Attempting, attempt_id: int) -> Chain | None:
    """None where the attempt is not there any more."""
    attempts = attempting.attempts
    attempt = attempts.one(attempt_id)
    if attempt is None:
        return None
    answers, marks = attempts.answers(attempt_id), attempts.marks(attempt_id)
    asked = {one.question_id: one for one in met(attempting.papers.asked(attempt), answers)}
    marked = {one.question_id: one for one in attempting.papers.marked(attempt)}
    return Chain(
        attempt,
        [
            _link(question, marked.get(key), answers.get(key), [one for one in marks if one.question_id == key])
            for key, question in asked.items()
        ],
    )


def _link(question: Question, marked: Question | None, answer: Answer | None, marks: Sequence[Mark]) -> Link:
    said = answer or Answer(question.question_id)
    taken = [choose(one.said, ["en"]) for one in question.options if one.option_id in said.chosen]
    return Link(
        choose(question.text, ["en"]),
        question.kind,
        "; ".join(taken) or said.text,
        len(said.files),
        said.at,
        share(marked, answer) if marked else None,
        marks,
    )
