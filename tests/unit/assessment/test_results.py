"""What a course has done with an assessment: who is told first, and what is counted."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.content.assessment.results import items, overview
from connector.domain.assessments import Answer, Kind, Option, Policy, Question
from connector.domain.attempting import Result

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def result(subject: str, percent: float | None, pass_mark: float = 60) -> Result:
    passed = None if percent is None else percent >= pass_mark
    return Result(1, "5", subject, None, 1, NOW, NOW, percent, passed, Policy.BEST, pass_mark)


def test_figures_are_of_who_has_a_result() -> None:
    """Who waits to be marked is neither finished nor part of the average."""
    found = overview([result("1", 90), result("2", None), result("3", 10)])
    assert [one.subject for one in found.standings if one.waits] == ["2"]
    assert (found.passed, found.finished, found.mean) == (1, 2, 50)


def test_a_question_is_as_it_was_last_said() -> None:
    """The newest attempt has it with an option that is new, which is told, and in the order of its author."""

    def said(text: str, *keys: str) -> Question:
        options = [Option(key, {"en": key}, right=key == "a") for key in keys]
        return Question("q", Kind.SINGLE, {"en": text}, options=options, shuffled=True)

    counting = {2: [said("New", "a", "b", "c")], 1: [said("Old", "a", "b")]}
    answers = {2: {"q": Answer("q", frozenset("c"))}, 1: {"q": Answer("q", frozenset("b"))}}
    [(question, item)] = items(counting, answers, {2: 0.0, 1: 0.0})
    assert (question, item.chosen, item.answered) == (counting[2][0], {"a": 0, "b": 1, "c": 1}, 2)
