"""Who may decide for whom, and what a decision needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.decisions import DecisionKind, Subject, Wish, check, may_decide, meant
from connector.domain.errors import SettingsError

TODAY = date(2026, 11, 21)
WISH = Wish(DecisionKind.WAIVE, Subject.REQUIREMENT, "R1", 7, "on leave", "K1", 1, TODAY, date(2026, 12, 31))
OFFERED = {
    (Subject.PATH, "SAFETY"),
    (Subject.PATH, "LAB"),
    (Subject.REQUIREMENT, "SAFETY"),
    (Subject.REQUIREMENT, "R1"),
}


@pytest.mark.parametrize(
    ("decider", "person", "may"),
    [(2, 3, True), (1, 3, True), (3, 2, False), (4, 3, False), (3, 3, False), (1, 1, False), (1, 99, False)],
)
def test_whoever_is_above_decides(decider: int, person: int, may: bool) -> None:
    """Directly or through others; nobody from the side, from below, or for themselves."""
    assert may_decide(decider, person, {1: None, 2: 1, 3: 2, 4: 1}) is may


def test_a_circle_is_followed_once_and_nobody_decides_for_themselves() -> None:
    """Managers in a circle end no process, and give nobody a say over the own requirements."""
    circle: dict[int, int | None] = {1: 2, 2: 3, 3: 1, 4: 1, 5: 5}
    assert may_decide(2, 1, circle)
    assert not any(may_decide(one, one, circle) for one in circle)
    assert may_decide(3, 4, circle)
    assert not may_decide(9, 4, circle)


@given(st.dictionaries(st.integers(0, 8), st.none() | st.integers(0, 8)), st.integers(0, 8), st.integers(0, 8))
def test_it_is_what_walking_up_step_by_step_finds(managers: dict[int, int | None], decider: int, person: int) -> None:
    """Of any organisation, however broken, compared with all who are reached within ten steps."""
    reached, at = set(), managers.get(person)
    for _ in range(10):
        if at is not None:
            reached.add(at)
            at = managers.get(at)
    assert may_decide(decider, person, managers) is (decider != person and decider in reached - {person})


def test_what_a_code_means() -> None:
    """A requirement goes before a path of its name; only requirements are waived; a code that is none names others."""
    assert meant(DecisionKind.ASSIGN, "SAFETY", OFFERED) is Subject.REQUIREMENT
    assert meant(DecisionKind.ASSIGN, "LAB", OFFERED) is Subject.PATH
    with pytest.raises(SettingsError, match="only a requirement"):
        meant(DecisionKind.WAIVE, "LAB", OFFERED)
    with pytest.raises(SettingsError, match="it has LAB, R1, SAFETY"):
        meant(DecisionKind.ASSIGN, "NONE", OFFERED)
    with pytest.raises(SettingsError, match="it has R1, SAFETY"):
        meant(DecisionKind.WAIVE, "NONE", OFFERED)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (replace(WISH, reason=""), "--reason"),
        (replace(WISH, reason="x" * 501), "500"),
        (replace(WISH, ends_on=None), "needs a last day"),
        (replace(WISH, ends_on=date(2026, 11, 20)), "--until"),
        (replace(WISH, starts_on=date(2027, 1, 1)), "before the first day"),
    ],
)
def test_what_is_missing_is_told(wish: Wish, says: str) -> None:
    """Reason, a manager's last day, and days in their order."""
    with pytest.raises(SettingsError, match=says):
        check(wish, TODAY)


def test_hr_needs_no_last_day() -> None:
    """And today is a day on which a decision may end."""
    check(replace(WISH, manager_id=None, ends_on=None), TODAY)
    check(replace(WISH, ends_on=TODAY), TODAY)
