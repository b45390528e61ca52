"""What is right, what a score is, and which attempt counts."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.content.assessment.drawing import counting, dealt, drawn, met, path
from connector.content.assessment.marking import Counted, Tried, counts, judged, matches, number, score, share
from connector.domain.assessments import Answer, Kind, Option, Policy, Question, Section

ASKED = {"en": "?"}


def choice(key: str, *right: bool, weight: float = 1.0, kind: Kind = Kind.MULTIPLE) -> Question:
    options = [Option(str(place), ASKED, one) for place, one in enumerate(right)]
    return Question(key, kind, ASKED, weight, options)


def chosen(key: str, *places: int) -> Answer:
    return Answer(key, frozenset(map(str, places)))


def test_several_options_are_right_together_or_not_at_all() -> None:
    question = choice("q", True, False, True)
    told = [share(question, chosen("q", *places)) for places in ((0, 2), (0,), (0, 1, 2), ())]
    assert told == [1, 0, 0, 0]
    assert share(question, None) == 0


def test_where_one_is_to_be_chosen_each_right_one_is_enough() -> None:
    """As in questions of Moodle that give the whole mark for either of two."""
    question = choice("q", True, False, True, kind=Kind.SINGLE)
    assert [share(question, chosen("q", *places)) for places in ((0,), (2,), (1,), (0, 2), ())] == [1, 1, 0, 0, 0]


def test_options_have_an_order_of_their_own_in_each_attempt() -> None:
    """So that the right one is not always the first; in one attempt they stay where they are, and options that are
    not to be shuffled are as their author has written them."""
    question = replace(choice("q", True, False, False, False), shuffled=True)
    orders = {tuple(one.option_id for one in dealt(question, attempt).options) for attempt in range(200)}
    assert len(orders) == 24
    assert dealt(question, 7) == dealt(question, 7)
    assert dealt(replace(question, shuffled=False), 7).options == question.options


def test_a_question_without_a_right_option_is_right_for_nobody() -> None:
    assert share(choice("q", False, False), chosen("q")) == 0


@pytest.mark.parametrize(
    ("text", "right"),
    [("9.81", True), ("9,81", True), (" 9.8 ", True), ("9.82", True), ("9.83", False), ("9.79", False), ("", False),
     ("ten", False), ("nan", False), ("inf", False)],
)  # fmt: skip
def test_a_number_is_right_within_its_tolerance(text: str, right: bool) -> None:
    """Both ends count, and people type commas."""
    question = Question("q", Kind.NUMERIC, ASKED, value=9.81, tolerance=0.01)
    assert share(question, Answer("q", text=text)) == float(right)


def test_sums_of_tenths_are_what_people_take_them_for() -> None:
    assert share(Question("q", Kind.NUMERIC, ASKED, value=0.1 + 0.2), Answer("q", text="0.3")) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 234,5", 1234.5), ("1\u202f234,5", 1234.5), ("1,5", 1.5), ("-3", -3), ("1,2,3", None), ("1.234,5", 1234.5),
     ("1,234.5", 1234.5), ("1.234.567", 1234567), ("1.234.567,5", 1234567.5), ("12.34,5", None), ("1,5.", None),
     ("\u22123,5", -3.5), ("\uff11\uff0c\uff15", 1.5), ("1e3", 1000), ("1_5", None), ("1.", 1), (",5", 0.5),
     ("-", None), ("1,234", 1.234), ("9" * 400, None)],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(text: str, value: float | None) -> None:
    """With a comma or a point for decimals, as in French, Vietnamese and English, and as a Chinese keyboard writes."""
    assert number(text) == value


@pytest.mark.parametrize("text", ["1" * 20_000 + "x", "\u2473" * 20_000 + "x", "1," * 10_000, "." * 20_000])
def test_an_answer_that_means_harm_is_read_in_no_time(text: str) -> None:
    """A learner may send it as a number: it would hold up everybody for minutes whenever it is marked."""
    begun = process_time()
    assert number(text) is None
    assert process_time() - begun < 1


@pytest.mark.parametrize(
    ("accepted", "text", "right"),
    [
        ("Paris", " paris ", True),
        ("Paris", "Paris France", False),
        ("Paris*", "Paris, France", True),
        ("*valve*", "the main VALVE, closed", True),
        ("a.c", "abc", False),
        ("總閥", "總閥", True),
        ("van  chính", "Van chính", True),
    ],
)
def test_texts_are_compared_without_case_and_space(accepted: str, text: str, right: bool) -> None:
    assert matches(accepted, text) is right


@given(st.text(), st.text())
def test_any_text_is_compared_with_any(accepted: str, text: str) -> None:
    """Nothing that somebody types or writes breaks it, and every text is like itself."""
    assert matches(accepted, text) in (True, False)
    assert matches(text.replace("*", ""), text.replace("*", ""))


def test_a_practical_waits_for_its_assessor() -> None:
    """Who has handed nothing in has nothing; what was marked counts by its mark."""
    question = Question("q", Kind.PRACTICAL, ASKED)
    assert share(question, Answer("q", files=["f1"])) is None
    assert share(question, Answer("q", text="see the photo")) is None
    assert share(question, None) == 0
    assert share(question, Answer("q", files=["f1"], share=0.6)) == 0.6
    assert share(question, Answer("q", files=["f1"], share=7)) == 1


def test_a_score_is_weighed() -> None:
    """The weights of right answers by all weights, in percent."""
    questions = [choice("a", True, False, weight=3), choice("b", True, False), Question("c", Kind.PRACTICAL, ASKED, 4)]
    answers = {"a": chosen("a", 0), "b": chosen("b", 1), "c": Answer("c", files=["f"])}
    waiting = score(questions, answers)
    assert (waiting.percent, waiting.unmarked) == (None, ["c"])
    answers["c"] = Answer("c", files=["f"], share=0.5)
    assert score(questions, answers).percent == pytest.approx(100 * 5 / 8)
    assert score([], {}).percent == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=20))
def test_a_score_lies_between_nought_and_a_hundred(told: list[tuple[bool, float]]) -> None:
    questions = [choice(str(n), True, False, weight=weight) for n, (_, weight) in enumerate(told)]
    answers = {str(n): chosen(str(n), 0 if right else 1) for n, (right, _) in enumerate(told)}
    percent = score(questions, answers).percent
    assert percent is not None
    assert 0 <= percent <= 100 + 1e-9
    if told and all(right for right, _ in told) and sum(weight for _, weight in told):
        assert percent == pytest.approx(100)


def test_which_attempt_counts() -> None:
    percents = [40.0, 90.0, 80.0]
    assert [counts(policy, percents) for policy in (Policy.BEST, Policy.LAST, Policy.AVERAGE)] == [90, 80, 70]
    assert counts(Policy.BEST, []) is None


def test_each_attempt_keeps_the_pass_mark_it_was_marked_by() -> None:
    """To have passed the best once is enough, the last stands for itself, an average is judged by the last mark."""

    def of(policy: Policy) -> Counted | None:
        return judged([Tried(72, True, Policy.BEST, 70), Tried(75, False, policy, 80)])

    assert of(Policy.BEST) == Counted(75, passed=True, pass_mark=70, policy=Policy.BEST)
    assert of(Policy.LAST) == Counted(75, passed=False, pass_mark=80, policy=Policy.LAST)
    assert of(Policy.AVERAGE) == Counted(73.5, passed=False, pass_mark=80, policy=Policy.AVERAGE)
    assert judged([]) is None


# ---------------------------------------------------------------- drawing
BANK = [choice(f"b{n}", True, False) for n in range(10)]
SECTIONS = [
    Section(ASKED, [choice("a", True, False)], "bank", 3),
    Section(ASKED, [choice("c", True, False)], "bank", 4, shuffled=True),
]


@given(st.integers())
def test_an_attempt_draws_the_same_each_time_and_nothing_twice(seed: int) -> None:
    keys = [one.question_id for one in drawn(SECTIONS, {"bank": BANK}, seed)]
    assert keys == [one.question_id for one in drawn(SECTIONS, {"bank": BANK}, seed)]
    assert len(keys) == len(set(keys)) == 9
    assert keys[0] == "a"
    assert "c" in keys[4:]


def test_attempts_differ() -> None:
    assert len({tuple(q.question_id for q in drawn(SECTIONS, {"bank": BANK}, seed)) for seed in range(30)}) > 20


def test_a_bank_with_too_few_gives_what_it_has() -> None:
    assert len(drawn([Section(ASKED, bank="bank", drawn=99)], {"bank": BANK}, 1)) == 10
    assert drawn([Section(ASKED, bank="gone", drawn=3)], {}, 1) == []


def test_a_scenario_goes_where_its_options_lead() -> None:
    """It ends where an option leads nowhere, and where it would come back."""

    def step(key: str, *leads: str) -> Question:
        return Question(
            key, Kind.SCENARIO, ASKED, 1, [Option(str(n), ASKED, leads_to=to) for n, to in enumerate(leads)]
        )

    steps = [step("smell", "close", "open"), step("open", "smell"), step("close", "")]
    assert path(steps, {}, "smell") == ["smell"]
    assert path(steps, {"smell": "0"}, "smell") == ["smell", "close"]
    assert path(steps, {"smell": "0", "close": "0"}, "smell") == ["smell", "close"]
    assert path(steps, {"smell": "1", "open": "0"}, "smell") == ["smell", "open"]
    assert path(steps, {"smell": "9"}, "smell") == ["smell"]
    assert path([], {}, "smell") == []


def step(key: str, *leads: str) -> Question:
    """A step of a scenario; every way on is right."""
    options = [Option(str(n), ASKED, right=True, leads_to=to) for n, to in enumerate(leads)]
    return Question(key, Kind.SCENARIO, ASKED, 1, options)


def test_of_a_scenario_one_of_several_right_ways_is_enough() -> None:
    """And several at once, which no page lets somebody take, are none."""
    fork = step("s", "", "")
    assert [share(fork, chosen("s", *places)) for places in ((0,), (1,), (0, 1), ())] == [1, 1, 0, 0]
    assert met([step("s", "t", "t"), step("t", "")], {"s": chosen("s", 0, 1)}) == [step("s", "t", "t")]


def test_scenarios_beside_each_other_are_two() -> None:
    """Each begins with the step to which no other leads, wherever that stands."""
    steps = [step("b", ""), step("a", "b"), step("c", "d"), step("d", "")]
    assert [one.question_id for one in met(steps, {})] == ["a", "c"]
    assert [one.question_id for one in met(steps, {"a": chosen("a", 0), "c": chosen("c", 0)})] == ["a", "b", "c", "d"]


def test_marked_by_a_later_version_the_steps_count_that_were_met() -> None:
    """Not those to which the same option leads now, nor one that begins the scenario since the first was dropped."""
    asked = {"s": step("s", "t", "u"), "t": step("t", ""), "u": step("u", "")}
    said = {"s": chosen("s", 0), "t": chosen("t", 0)}
    other, without = {**asked, "s": step("s", "u", "t")}, {"t": asked["t"], "u": asked["u"]}
    found = [counting([*asked], asked, marked, said) for marked in (other, without)]
    assert found == [[other["s"], other["t"]], [asked["t"]]]
    assert [score(some, said).percent for some in found] == [100, 100]


@given(st.integers(0, 1000))
def test_steps_of_a_scenario_stay_together_and_in_order(seed: int) -> None:
    """However an attempt is shuffled; and a bank gives none of them."""
    own = [choice("x", True), step("a", "b"), step("b", ""), choice("y", True), choice("z", True)]
    paper = [
        one.question_id
        for one in drawn([Section(ASKED, own, "bank", 3, shuffled=True)], {"bank": [step("q", "")]}, seed)
    ]
    assert paper.index("b") == paper.index("a") + 1
    assert "q" not in paper


def test_a_text_is_matched_whatever_stars_stand_in_it() -> None:
    """However many an author has written, and however long the answer is: a regular expression would try for ever."""
    assert not matches("*" + "*".join("abcdefgh" * 4) + "*x", "abcdefgh" * 2000)
    assert matches("*fire*exit*door*", "The FIRE  exit is this door here")
    assert not matches("ab*ba", "aba")
