"""What a course has done with an assessment: who has which result, and how each question does. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from connector.content.assessment.analysis import Item, Taken, analysed
from connector.content.assessment.drawing import met
from connector.content.assessment.marking import counts, share
from connector.domain.assessments import Answer, Assessment, Question
from connector.domain.attempting import Result


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands in an activity. ``percent`` is what counts; ``waits``: an attempt waits to be marked."""

    subject: str
    person_id: int | None
    attempts: Sequence[Result]
    percent: float | None
    passed: bool | None
    waits: bool

    @property
    def last(self) -> datetime:
        return max(one.submitted_at or one.started_at for one in self.attempts)


@dataclass(frozen=True, slots=True)
class Overview:
    """``passed`` of ``finished`` people; ``bands``: of those with a result, how many have 0 to 10 percent, to 20, and
    so on, 100 being in the last."""

    standings: Sequence[Standing]
    passed: int
    finished: int
    mean: float | None
    bands: Sequence[int]


def overview(made: Assessment, attempts: Sequence[Result]) -> Overview:
    """``attempts`` are those of a course, those of one person in one activity together and in their order."""
    found = [_standing(made, list(some)) for _, some in groupby(attempts, lambda one: (one.link, one.subject))]
    percents = [one.percent for one in found if one.percent is not None]
    bands = [0] * 10
    for percent in percents:
        bands[min(9, int(percent // 10))] += 1
    passed = sum(bool(one.passed) for one in found)
    return Overview(found, passed, len(percents), sum(percents) / len(percents) if percents else None, bands)


def _standing(made: Assessment, attempts: list[Result]) -> Standing:
    percent = counts(made.policy, [one.percent for one in attempts if one.percent is not None])
    waits = any(one.submitted_at is not None and one.percent is None for one in attempts)
    passed = None if percent is None else percent >= made.pass_mark
    return Standing(attempts[0].subject, attempts[0].person_id, attempts, percent, passed, waits)


Answers = Mapping[str, Answer]


def items(
    marked: Mapping[int, Sequence[Question]], answers: Mapping[int, Answers], percents: Mapping[int, float]
) -> list[tuple[Question, Item]]:
    """How each question does, over all attempts that were scored: ``marked`` are the questions of each attempt, by
    which it is marked; all are by the number of the attempt."""
    taken = []
    asked: dict[str, Question] = {}
    for key, percent in percents.items():
        said = answers.get(key, {})
        there = met(marked[key], said)
        asked |= {one.question_id: one for one in there}
        shares = {one.question_id: share(one, said.get(one.question_id)) or 0.0 for one in there}
        taken.append(Taken(shares, {one.question_id: one.weight for one in there}, said, percent))
    found = analysed(list(asked.values()), taken)
    return [(asked[one.question_id], one) for one in found]
