"""What a course has done with an assessment: who is told first, and what is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from connector.content.assessment.results import items, overview, standings
from connector.domain.assessments import Answer, Kind, Option, Policy, Question
from connector.domain.attempting import Result

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def result(subject: str, percent: float | None, pass_mark: float = 60) -> Result:
    passed = None if percent is None else percent >= pass_mark
    return Result(1, "5", subject, None, 1, NOW, NOW, percent, passed, Policy.BEST, pass_mark)


def test_figures_are_of_who_has_a_result() -> None:
    """Who waits to be marked is neither finished nor part of the average."""
    found = overview(standings([result("1", 90), result("2", None), result("3", 10)]))
    assert [one.subject for one in found.standings if one.waits] == ["2"]
    assert (found.passed, found.finished, found.mean) == (1, 2, 50)


def test_who_takes_it_in_two_activities_counts_once_with_the_better() -> None:
    """In the average and in how results are spread as in how many have finished and passed."""
    tried = [
        result("1", 20),
        result("2", 35),
        replace(result("1", 90), link="6"),
        replace(result("3", None), link="6"),
    ]
    found = overview(standings(tried))
    assert (found.tried, found.finished, found.passed, found.mean) == (3, 2, 1, 62.5)
    assert found.bands == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1]


def test_a_question_is_as_it_was_last_said() -> None:
    """The newest attempt has it with an option that is new, which is told, and in the order of its author."""

    def said(text: str, *keys: str) -> Question:
        options = [Option(key, {"en": key}, right=key == "a") for key in keys]
        return Question("q", Kind.SINGLE, {"en": text}, options=options, shuffled=True)

    counting = {2: [said("New", "a", "b", "c")], 1: [said("Old", "a", "b")]}
    answers = {2: {"q": Answer("q", frozenset("c"))}, 1: {"q": Answer("q", frozenset("b"))}}
    [(question, item)] = items(counting, answers, {2: 0.0, 1: 0.0})
    assert (question, item.chosen, item.answered) == (counting[2][0], {"a": 0, "b": 1, "c": 1}, 2)


@given(st.lists(st.tuples(st.sampled_from("56"), st.sampled_from("abcd"), st.none() | st.integers(0, 100))))
def test_who_teaches_is_left_out_of_figures_as_if_they_had_not_tried(tried: list[tuple[str, str, int | None]]) -> None:
    """What somebody has made of it is reckoned once, for the list, which has them too, and for the figures."""
    ordered = sorted(tried, key=lambda one: one[:2])
    every = [replace(result(subject, percent), link=link) for link, subject, percent in ordered]
    told = overview([one for one in standings(every) if one.subject != "a"])
    assert told == overview(standings([one for one in every if one.subject != "a"]))


@given(st.integers(0, 2**32).map(Random), st.integers(1, 5))
def test_the_hardest_are_those_of_all_that_fewest_had_right(dice: Random, most: int) -> None:
    """Of equally hard ones those that come first; of each the same is told as among all. None that all had right."""
    options = [Option(key, {"en": key}, right=key == "a") for key in "abc"]
    known = [Question(f"q{number}", Kind.SINGLE, {}, options=options, weight=number) for number in range(4)]
    counting = {key: dice.sample(known, dice.randint(1, 4)) for key in range(dice.randrange(6))}
    answers = {
        key: {one.question_id: Answer(one.question_id, frozenset(dice.choice("abc"))) for one in asked[:2]}
        for key, asked in counting.items()
    }
    percents = {key: float(dice.randrange(100)) for key in counting}
    every = items(counting, answers, percents)
    hard = [one for one in every if one[1].facility < 1]
    expected = sorted(hard, key=lambda one: one[1].facility)[:most]
    assert items(counting, answers, percents, most) == expected
