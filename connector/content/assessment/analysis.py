"""Item analysis: how hard each question was, and how well it tells apart who knows. Pure.

Facility, discrimination and distractors as in classical test theory; Moodle's quiz statistics use the same words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from operator import itemgetter
from statistics import fmean, median, pstdev

from connector.domain.assessments import Answer, Question


@dataclass(frozen=True, slots=True)
class Taken:
    """One attempt that was marked: how much of each question was right, what it weighed, and the whole in percent."""

    shares: Mapping[str, float]
    weights: Mapping[str, float]
    answers: Mapping[str, Answer]
    percent: float
    all_weights: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "all_weights", fsum(self.weights.values()))

    def rest(self, question_id: str) -> float:
        """What the other questions have given of the whole."""
        own = self.weights[question_id] * self.shares[question_id]
        return self.percent - 100 * own / self.all_weights if self.all_weights else self.percent


@dataclass(frozen=True, slots=True)
class Item:
    """``facility``: the mean share that was right. ``discrimination``: the correlation with the rest of the score,
    None where nothing varies. ``chosen``: how often each option was taken."""

    question_id: str
    answered: int
    facility: float
    discrimination: float | None
    chosen: Mapping[str, int]
    median_seconds: float | None
    mean_confidence: float | None


def analysed(questions: Sequence[Question], taken: Sequence[Taken]) -> list[Item]:
    """Each question that somebody had."""
    found = (_item(one, [attempt for attempt in taken if one.question_id in attempt.shares]) for one in questions)
    return [item for item in found if item is not None]


def hardest(questions: Sequence[Question], taken: Sequence[Taken], most: int) -> list[Question]:
    """Of questions that somebody had those that fewest had right, so many, the hardest first; what all had right is
    not hard."""
    right = [(fmean(_shares(one.question_id, taken)), one) for one in questions]
    return [one for share, one in sorted(right, key=itemgetter(0)) if share < 1][:most]


def _shares(key: str, taken: Sequence[Taken]) -> list[float]:
    return [attempt.shares[key] for attempt in taken if key in attempt.shares]


def _item(question: Question, taken: Sequence[Taken]) -> Item | None:
    if not taken:
        return None
    key = question.question_id
    shares = _shares(key, taken)
    rest = [attempt.rest(key) for attempt in taken]
    answers = [attempt.answers[key] for attempt in taken if key in attempt.answers]
    seconds = [one.seconds for one in answers if one.seconds is not None]
    sure = [one.confidence for one in answers if one.confidence is not None]
    chosen = Counter(option for one in answers for option in one.chosen)
    return Item(
        key,
        sum(one.says_something for one in answers),
        fmean(shares),
        correlation(shares, rest),
        {option.option_id: chosen[option.option_id] for option in question.options},
        median(seconds) if seconds else None,
        fmean(sure) if sure else None,
    )


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's, None where one of them does not vary."""
    if len(xs) < 2 or not (spread := pstdev(xs) * pstdev(ys)):
        return None
    mean_x, mean_y = fmean(xs), fmean(ys)
    return fmean((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
