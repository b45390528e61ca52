"""Attempts question by question, as reports count them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from connector.content.assessment.responses import asked, questions_in, responses
from connector.domain.assessments import Answer
from connector.domain.learning_facts import Place, Tried, own_course

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLACE = Place("https://moodle.example.test", "11", "5")
OPTIONS = [{"option_id": "a", "text": {}, "right": True}, {"option_id": "b", "text": {}}]


def asking(name: str, kind: str = "single") -> dict[str, Any]:
    return {"question_id": name, "kind": kind, "text": {"en": name}, "options": OPTIONS, "weight": 2}


FORK = {**asking("w1", "scenario"), "options": [{**OPTIONS[0], "leads_to": "w2"}, OPTIONS[1]]}
BODY = {"sections": [{"questions": [asking("s1"), FORK, asking("w2", "scenario")]}, {"bank": "x"}]}
BANK = {"questions": [asking("p1", "practical")]}
KNOWN = {one.question_id: one for body in (BODY, BANK) for one in questions_in(body)}
ANSWERS = {
    "s1": Answer("s1", frozenset({"a"}), confidence=5, seconds=9.5),
    "w1": Answer("w1", frozenset({"b"})),
    "p1": Answer("p1", text="done"),
}
TRIED = Tried(
    7, 7, 1, PLACE, 1, UUID(int=1), 1, {}, 1, {}, ("p1", "s1", "gone", "w1", "w2"), NOON, NOON, None, None, ANSWERS,
    {"s1": NOON},
)  # fmt: skip


def test_what_each_question_gave() -> None:
    """Right, wrong, and not marked yet; without one that is asked no more, and the branch to which nobody came."""
    found = {
        one.question_id: (one.place, one.share, one.confidence, one.seconds) for one in responses(TRIED, KNOWN, KNOWN)
    }
    assert found == {"p1": (1, None, None, None), "s1": (2, 1, 5, 9.5), "w1": (4, 0, None, None)}
    assert [one.answered_at for one in responses(TRIED, KNOWN, KNOWN)] == [None, NOON, None]


def test_a_way_that_leads_elsewhere_now_takes_away_no_step_that_was_met() -> None:
    """Marked by a version that leads past a step, what was done there counts, and nothing that nobody was asked."""
    past = {**KNOWN, "w1": replace(KNOWN["w1"], options=[replace(one, leads_to="") for one in KNOWN["w1"].options])}
    came = replace(TRIED, answers={"w1": Answer("w1", frozenset({"a"})), "w2": Answer("w2", frozenset({"a"}))})
    found = [{one.question_id: one.share for one in responses(came, KNOWN, by)} for by in (KNOWN, past)]
    assert found[0] == found[1] == {"p1": 0, "s1": 0, "w1": 1, "w2": 1}
    without = {key: one for key, one in KNOWN.items() if key != "w1"}
    assert "w2" not in {one.question_id for one in responses(TRIED, KNOWN, without)}


def test_while_it_is_open_nothing_is_right_or_wrong() -> None:
    assert {one.share for one in responses(replace(TRIED, submitted_at=None), KNOWN, KNOWN)} == {None}


def test_questions_are_named_under_the_assessment_that_asks_them() -> None:
    """Also one that was drawn from a bank."""
    [practical, *others] = asked(TRIED, KNOWN)
    assert (practical.content, practical.question_id, practical.kind, practical.weight) == (
        str(UUID(int=1)), "p1", "practical", 2,
    )  # fmt: skip
    assert {one.question_id for one in others} == {"s1", "w1", "w2"}


def test_courses_of_another_moodle_are_not_ours() -> None:
    """Each Moodle numbers its courses from one on."""
    assert own_course(PLACE, "https://moodle.example.test/") == 11
    assert own_course(PLACE, "https://other.example.test") is None
    assert own_course(replace(PLACE, course="a-course"), "https://moodle.example.test") is None
