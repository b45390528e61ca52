"""Attempts question by question, as reports count them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from connector.content.assessment.drawing import counting
from connector.content.assessment.marking import share
from connector.content.kept import read
from connector.domain.assessments import Question
from connector.domain.learning_facts import Asked, Response, Tried


@dataclass(frozen=True, slots=True)
class _Part:
    questions: Sequence[Question] = ()


@dataclass(frozen=True, slots=True)
class _Whole(_Part):
    sections: Sequence[_Part] = ()


_WHOLE = TypeAdapter(_Whole)


def questions_in(body: Mapping[str, Any]) -> list[Question]:
    """Those of an assessment or a bank, as a version of content keeps it. Raises Unreadable."""
    whole: _Whole = read(_WHOLE, body)
    return [one for part in (whole, *whole.sections) for one in part.questions]


def responses(tried: Tried, asked_by: Mapping[str, Question], marked_by: Mapping[str, Question]) -> list[Response]:
    """What each question gave; while the attempt is open, nothing yet.

    One that is asked no more by what the attempt is marked by is left out, and so is one of a scenario to which nobody
    came.
    """
    found = []
    counted = {one.question_id: one for one in counting(tried.paper, asked_by, marked_by, tried.answers)}
    for place, key in enumerate(tried.paper, start=1):
        question, answer = counted.get(key), tried.answers.get(key)
        if question is None:
            continue
        given = share(question, answer) if tried.submitted_at is not None else None
        confidence, seconds = (answer.confidence, answer.seconds) if answer is not None else (None, None)
        at = tried.answered_at.get(key)
        found.append(Response(tried.attempt_id, key, place, at, given, confidence, seconds))
    return found


def asked(tried: Tried, marked_by: Mapping[str, Question]) -> Sequence[Asked]:
    """The questions of an attempt, as they are now said."""
    there = (marked_by[key] for key in tried.paper if key in marked_by)
    return [Asked(str(tried.content_id), one.question_id, one.kind.value, one.text, one.weight) for one in there]
