"""What a course has done with an assessment: who has which result, and how each question does. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from connector.content.assessment.analysis import Item, Taken, analysed, hardest
from connector.content.assessment.marking import Tried, judged, share
from connector.domain.assessments import Answer, Question
from connector.domain.attempting import Result


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands in an activity. ``percent`` is what counts; ``waits``: an attempt waits to be marked."""

    link: str
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
    """``passed`` of ``finished`` people of those who have ``tried`` it, each once, though they take it in several
    activities, and then with what is best of them, of which ``mean`` and ``bands`` are: how many have 0 to 10 percent,
    to 20, and so on, 100 being in the last."""

    standings: Sequence[Standing]
    tried: int
    passed: int
    finished: int
    mean: float | None
    bands: Sequence[int]


def standings(attempts: Sequence[Result]) -> list[Standing]:
    """``attempts`` are those of a course, those of one person in one activity together and in their order."""
    return [_standing(list(some)) for _, some in groupby(attempts, attrgetter("link", "subject"))]


def overview(found: Sequence[Standing]) -> Overview:
    """The figures of those who count."""
    best: dict[str, float] = {}
    for one in found:
        if one.percent is not None:
            best[one.subject] = max(one.percent, best.get(one.subject, 0.0))
    bands = [0] * 10
    for percent in best.values():
        bands[min(9, int(percent // 10))] += 1
    tried = {one.subject for one in found}
    passed = {one.subject for one in found if one.passed}
    mean = sum(best.values()) / len(best) if best else None
    return Overview(found, len(tried), len(passed), len(best), mean, bands)


def _standing(attempts: list[Result]) -> Standing:
    tried = [Tried(x.percent, bool(x.passed), x.policy, x.pass_mark) for x in attempts if x.percent is not None]
    counts = judged(tried)
    waits = any(one.submitted_at is not None and one.percent is None for one in attempts)
    percent, passed = (counts.percent, counts.passed) if counts else (None, None)
    return Standing(attempts[0].link, attempts[0].subject, attempts[0].person_id, attempts, percent, passed, waits)


Answers = Mapping[str, Answer]


def items(
    counting: Mapping[int, Sequence[Question]],
    answers: Mapping[int, Answers],
    percents: Mapping[int, float],
    most: int | None = None,
) -> list[tuple[Question, Item]]:
    """How each question does, over all attempts that were scored, the newest first: ``counting`` are the questions of
    each attempt, by which it is marked; all are by the number of the attempt. Each question is as it was last said.

    ``most``: so many of the hardest alone, the hardest first.
    """
    taken = []
    asked: dict[str, Question] = {}
    for key, percent in percents.items():
        said = answers.get(key, {})
        there = counting[key]
        for one in there:
            asked.setdefault(one.question_id, one)
        shares = {one.question_id: share(one, said.get(one.question_id)) or 0.0 for one in there}
        taken.append(Taken(shares, {one.question_id: one.weight for one in there}, said, percent))
    told = list(asked.values()) if most is None else hardest(list(asked.values()), taken, most)
    found = analysed(told, taken)
    return [(asked[one.question_id], one) for one in found]
