"""Who has which result: chosen, in order, with who has not begun; and what is to be marked next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.content.assessment.result_list import (
    Order,
    State,
    Wanted,
    activities,
    entries,
    next_to_mark,
    select,
)
from connector.content.assessment.results import standings
from connector.domain.assessments import Policy
from connector.domain.attempting import Result
from connector.lti.rosters import Member, teaching

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MEMBERS = [
    Member("100", "Chi Trần", teaches=False),
    Member("87", "Đức Lê", teaches=False),
    Member("9", "ana Wu", teaches=False),
    Member("5", "Zoé", teaches=False),
    Member("1", "Teacher", teaches=True),
    Member("2", "Other teacher", teaches=True),
]


def attempt(key: int, subject: str, percent: float | None = None, **other: Any) -> Result:
    """Submitted, each a minute after the one before, and marked where there is a ``percent``."""
    passed = None if percent is None else percent >= 80
    usual = {"submitted_at": NOON + timedelta(minutes=key), "archived": False, "passed": passed}
    usual |= {"policy": Policy.BEST, "pass_mark": 80.0}
    return Result(key, "4", subject, None, 1, NOON, percent=percent, **{**usual, **other})


TRIED = [
    attempt(1, "100", 90.0),
    attempt(2, "87"),
    attempt(3, "9", 40.0),
    attempt(4, "7", submitted_at=None),
    attempt(5, "1", 0.0),
]


def names(**wanted: Any) -> list[str]:
    found = entries(standings(TRIED), MEMBERS, teaching(MEMBERS))
    return [one.name or one.subject for one in select(found, Wanted(**wanted))]


def test_people_are_in_the_order_of_their_names_with_who_has_not_begun() -> None:
    """And not in that of their numbers; who has no name, as who has left, comes last. Who teaches is not expected."""
    assert names() == ["ana Wu", "Chi Trần", "Đức Lê", "Teacher", "Zoé", "7"]


def test_activities_with_the_same_assessment_are_told_apart() -> None:
    """By what each was called last; two of one name by their numbers, and so what no platform has told."""
    tried = [
        replace(attempt(1, "100"), link="4", link_title="Gas"),
        replace(attempt(2, "87"), link="7"),
        replace(attempt(3, "87"), link="4", link_title="Gas safety"),
    ]
    found = activities(tried, "9", "Gas safety")
    assert {link: (one.number, one.title) for link, one in found.items()} == {
        "4": (1, "Gas safety (1)"), "7": (2, ""), "9": (3, "Gas safety (3)"),
    }  # fmt: skip
    assert activities(tried[:1], "4", "")["4"].title == "Gas"


def test_people_are_chosen_by_name_and_state() -> None:
    assert names(name="duc") == ["Đức Lê"]
    assert names(state=State.WAITING) == ["Đức Lê"]
    assert (names(state=State.PASSED), names(state=State.OPEN), names(state=State.NOT_BEGUN)) == (
        ["Chi Trần"], ["7"], ["Zoé"],
    )  # fmt: skip


def test_results_are_put_in_order_and_who_has_none_stands_last() -> None:
    assert names(order=Order.LOWEST)[:3] == ["Teacher", "ana Wu", "Chi Trần"]
    assert names(order=Order.HIGHEST) == ["Chi Trần", "ana Wu", "Teacher", "Đức Lê", "Zoé", "7"]
    assert names(order=Order.LAST)[:2] == ["Teacher", "ana Wu"]


def test_who_teaches_and_looked_at_it_as_a_learner_counts_in_no_figure() -> None:
    """Moodle lets teachers switch their role, and tells this tool that they are learners then."""
    found = entries(standings(TRIED), MEMBERS, teaching(MEMBERS))
    assert [one.name for one in found if one.teaches] == ["Teacher"]
    assert teaching(MEMBERS) == {"1", "2"}
    assert teaching(()) == set()


def test_what_waits_longest_is_marked_next() -> None:
    waiting = [attempt(8, "5"), attempt(7, "6"), attempt(9, "8", submitted_at=None), attempt(2, "3", archived=True)]
    found, waits = next_to_mark([*waiting, *TRIED[:1]], 0)
    assert (found and found.attempt_id, waits) == (7, 2)
    found, waits = next_to_mark(waiting, 7)
    assert (found and found.attempt_id, waits) == (8, 1)
    assert next_to_mark(TRIED[:1], 0) == (None, 0)
