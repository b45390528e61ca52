"""Item analysis: how hard each question was, and whether it tells apart who knows."""

from __future__ import annotations

import pytest

from connector.content.assessment.analysis import Item, Taken, analysed
from connector.domain.assessments import Answer, Kind, Option, Question

HEAVY = Question("heavy", Kind.SINGLE, {"en": "?"}, weight=3, options=[Option("r", {}, right=True), Option("w", {})])
LIGHT = Question("light", Kind.SINGLE, {"en": "?"})


def taken(heavy: float, light: float) -> Taken:
    chosen = frozenset({"r" if heavy else "w"})
    answers = {"heavy": Answer("heavy", chosen, seconds=10 + heavy, confidence=4), "light": Answer("light", text=" ")}
    return Taken({"heavy": heavy, "light": light}, {"heavy": 3, "light": 1}, answers, 100 * (3 * heavy + light) / 4)


def analysis(*pairs: tuple[float, float]) -> list[Item]:
    return analysed([HEAVY, LIGHT], [taken(heavy, light) for heavy, light in pairs])


def test_a_question_is_compared_with_the_others_and_not_with_itself() -> None:
    """What it weighs itself is not in the rest: where two questions have nothing to do with each other, it is 0."""
    heavy, light = analysis((1, 0), (1, 1), (0, 0), (0, 1))
    assert heavy.discrimination == pytest.approx(0)
    assert light.discrimination == pytest.approx(0)
    assert [one.discrimination for one in analysis((1, 1), (0, 0))] == pytest.approx([1, 1])
    assert [one.discrimination for one in analysis((1, 0), (0, 1))] == pytest.approx([-1, -1])


def test_what_does_not_vary_tells_nothing_apart() -> None:
    heavy, light = analysis((1, 1), (1, 0))
    assert (heavy.discrimination, light.discrimination) == (None, None)


def test_how_hard_it_was_what_was_chosen_and_how_long_it_took() -> None:
    """Who has looked at a question, and said nothing, has not answered it."""
    heavy, light = analysis((1, 1), (0, 1), (1, 0), (1, 0))
    assert (heavy.facility, light.facility) == (0.75, 0.5)
    assert (heavy.chosen, heavy.answered, light.answered) == ({"r": 3, "w": 1}, 4, 0)
    assert (heavy.median_seconds, heavy.mean_confidence, light.median_seconds) == (11, 4, None)
