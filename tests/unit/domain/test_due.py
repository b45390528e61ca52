"""Due dates: by the rule, after a move, after leave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.decide import resolved
from connector.domain.due import OUTCOMES, add_days, add_months, anchored, due_by_rule
from connector.domain.leave import Leave

DAY = timedelta(days=1)
GIVEN = date(2026, 3, 2)
dates = st.dates(date(1990, 1, 1), date(2100, 12, 31))
rules = st.one_of(
    st.builds(lambda n: {"due_days": n}, st.integers(0, 400)),
    st.builds(lambda n: {"due_months": n}, st.integers(0, 30)),
    st.builds(lambda n: {"due_days": n, "due_from": "2026-01-15"}, st.integers(0, 400)),
    st.builds(lambda n: {"due_every": "03-31", "due_after_days": n}, st.integers(0, 400)),
    st.just({"due": "2026-12-31"}),
)
moves = st.sampled_from([{}, {"on_change": "prorate"}, {"on_change": "restart"}])


def due(terms: dict[str, Any]) -> date:
    """The due date in resolved terms."""
    return date.fromisoformat(terms["due_on"])


def moved(old: dict[str, Any], new: dict[str, Any], today: date, **more: Any) -> dict[str, Any]:
    """The terms after a move on ``today`` of who was assigned on GIVEN."""
    return resolved(new, resolved(old, {}, GIVEN, "UTC", **more), today, "UTC", **more)


# ---------------------------------------------------------------- by the rule
@given(dates, st.integers(0, 600))
def test_months_are_those_of_the_calendar(day: date, months: int) -> None:
    """So many months on, on the same day, or on the last one where the month is shorter."""
    found = add_months(day, months)
    assert (found.year - day.year) * 12 + found.month - day.month == months
    assert found.day == day.day or (found.day < day.day and (found + DAY).day == 1)


def test_nothing_lies_beyond_the_last_day() -> None:
    """Days and months that no date can show end on the last one."""
    late = date(9999, 6, 1)
    assert (add_days(late, 10_000), add_months(late, 12)) == (date.max, date.max)
    assert anchored("03-31", late) == date.max


@given(st.dates(date(2000, 1, 1), date(2000, 12, 31)), dates)
def test_an_anchor_is_the_first_such_day_that_is_early_enough(anchor: date, earliest: date) -> None:
    """No day between has the same month and day."""
    every = f"{anchor:%m-%d}"
    found = anchored(every, earliest)
    assert found >= earliest
    assert f"{found:%m-%d}" == every or (every == "02-29" and f"{found:%m-%d}" == "02-28")
    between = [earliest + DAY * n for n in range((found - earliest).days)]
    assert every not in {f"{day:%m-%d}" for day in between}
    assert len(between) <= 366


@pytest.mark.parametrize(
    ("earliest", "found"),
    [
        ("2026-01-10", "2026-02-28"),
        ("2026-02-28", "2026-02-28"),
        ("2026-03-01", "2027-02-28"),
        ("2027-03-01", "2028-02-29"),
        ("2028-02-29", "2028-02-29"),
        ("2100-02-01", "2100-02-28"),
    ],
)
def test_a_leap_day_falls_on_the_28th_in_other_years(earliest: str, found: str) -> None:
    """1900 and 2100 are no leap years either."""
    assert anchored("02-29", date.fromisoformat(earliest)).isoformat() == found


def test_an_anchor_leaves_the_days_that_it_promises() -> None:
    """Who is assigned too shortly before has a year more."""
    terms = {"due_every": "03-31", "due_after_days": 29}
    assert due_by_rule(terms, date(2026, 3, 2)) == date(2026, 3, 31)
    assert due_by_rule(terms, date(2026, 3, 3)) == date(2027, 3, 31)


def test_hire_or_assignment() -> None:
    """From the day of hire where there is one, else from the day of the grant."""
    assert due(resolved({"due_months": 1, "due_from": "2026-01-31"}, {}, GIVEN, "UTC")) == date(2026, 2, 28)
    assert due(resolved({"due_months": 1}, {}, GIVEN, "UTC")) == date(2026, 4, 2)


# ---------------------------------------------------------------- after a move
TODAY = GIVEN + 30 * DAY


@pytest.mark.parametrize(
    ("on_change", "days"),
    [(None, 60), ("keep", 60), ("prorate", 30 + 10), ("restart", 30 + 20)],
)
def test_a_move_keeps_prorates_or_restarts(on_change: str | None, days: int) -> None:
    """Half of sixty days is left when another rule gives twenty: sixty still, half of the twenty, or all of them."""
    new = {"due_days": 20} | ({"on_change": on_change} if on_change else {})
    assert due(moved({"due_days": 60}, new, TODAY)) == GIVEN + days * DAY


def test_a_share_is_of_the_rules_own_time() -> None:
    """Prorated twice: a quarter of twenty days is left, so a quarter of forty."""
    first = moved({"due_days": 60}, {"due_days": 20, "on_change": "prorate"}, TODAY)
    again = resolved({"due_days": 40, "on_change": "prorate"}, first, TODAY + 5 * DAY, "UTC")
    assert due(again) == TODAY + 15 * DAY


@pytest.mark.parametrize("on_change", ["keep", "prorate"])
def test_who_is_late_stays_late(on_change: str) -> None:
    """No move excuses it, unless the requirement starts anew."""
    today = GIVEN + 70 * DAY
    assert due(moved({"due_days": 60}, {"due_days": 20, "on_change": on_change}, today)) == GIVEN + 60 * DAY


@pytest.mark.parametrize("on_change", ["keep", "prorate", "restart"])
def test_a_date_is_that_date_and_a_corrected_day_of_hire_is_no_move(on_change: str) -> None:
    """There is nothing to keep or to count anew."""
    assert due(moved({"due_days": 60}, {"due": "2026-12-31", "on_change": on_change}, TODAY)) == date(2026, 12, 31)
    old = {"due_days": 60, "due_from": "2026-01-01", "on_change": on_change}
    assert due(moved(old, {**old, "due_from": "2026-01-11"}, TODAY)) == date(2026, 3, 12)


@given(rules, rules, moves, st.integers(0, 500), st.integers(0, 500))
def test_a_move_counts_once(
    old: dict[str, Any], new: dict[str, Any], move: dict[str, Any], at: int, later: int
) -> None:
    """What the ledger holds after a move is what it would hold on any later day."""
    terms = moved(old, new | move, GIVEN + at * DAY)
    assert resolved(new | move, terms, GIVEN + (at + later) * DAY, "UTC") == terms


@given(rules, st.integers(0, 400), st.integers(0, 500))
def test_a_prorated_move_gives_no_more_than_the_new_rule(old: dict[str, Any], days: int, at: int) -> None:
    """Whoever comes from any other rule has at most the time of the new one, unless it was over before."""
    today, before = GIVEN + at * DAY, due(resolved(old, {}, GIVEN, "UTC"))
    found = due(moved(old | {"due_after_days": 1}, {"due_days": days, "on_change": "prorate"}, today))
    assert found <= max(before, today + days * DAY)


# ---------------------------------------------------------------- after leave
LEAVE = [Leave(GIVEN + 10 * DAY, GIVEN + 19 * DAY)]


def test_leave_moves_the_due_date_once_and_back_when_it_is_cancelled() -> None:
    """What it was before is kept beside it."""
    terms = resolved({"due_days": 14}, {}, GIVEN, "UTC")
    away = resolved({"due_days": 14}, terms, GIVEN + 5 * DAY, "UTC", LEAVE)
    assert due(away) == GIVEN + 24 * DAY
    assert resolved({"due_days": 14}, away, GIVEN + 30 * DAY, "UTC", LEAVE) == away
    assert resolved({"due_days": 14}, away, GIVEN + 6 * DAY, "UTC") == terms


def test_leave_before_a_restart_does_not_count_again() -> None:
    """What starts anew starts without the past."""
    terms = moved({"due_days": 60}, {"due_days": 20, "on_change": "restart"}, TODAY, leaves=LEAVE)
    assert due(terms) == TODAY + 20 * DAY


def test_days_away_are_no_part_of_a_share() -> None:
    """Ten of thirty days were leave: of sixty days forty are left, which is two thirds."""
    terms = moved({"due_days": 60}, {"due_days": 30, "on_change": "prorate"}, TODAY, leaves=LEAVE)
    assert due(terms) == TODAY + 20 * DAY


@given(rules, st.lists(st.tuples(st.integers(-50, 300), st.integers(0, 60)), max_size=3), st.integers(0, 400))
def test_leave_is_counted_the_same_on_every_day(rule: dict[str, Any], away: list[tuple[int, int]], at: int) -> None:
    """The due date depends on the leaves, not on when the plan was made; without a move nothing else is altered."""
    leaves = [Leave(GIVEN + first * DAY, GIVEN + (first + n) * DAY) for first, n in away]
    terms = resolved(rule, {}, GIVEN, "UTC", leaves)
    assert resolved(rule, terms, GIVEN + at * DAY, "UTC", leaves) == terms
    assert terms.keys() - set(OUTCOMES) == rule.keys() | {"granted_on", "timezone"}
