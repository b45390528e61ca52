"""Leave: deadlines stand still while somebody is away."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.leave import Leave, after_leave, days_away, on_leave

SINCE = date(2026, 3, 2)
days = st.integers(0, 120)
leaves = st.lists(
    st.builds(
        lambda first, length: Leave(SINCE + timedelta(first), SINCE + timedelta(first + length)),
        st.integers(-60, 200),
        st.integers(0, 40),
    ),
    max_size=5,
)


def day(number: int) -> date:
    """Days after SINCE."""
    return SINCE + timedelta(number)


@given(st.integers(0, 100), st.integers(0, 60), days)
def test_a_leave_moves_what_lies_in_it_or_after_it_by_its_days(first: int, length: int, due: int) -> None:
    """A due date before the leave stays; any other moves by exactly the days of the leave."""
    leave = Leave(day(first), day(first + length))
    assert after_leave(day(due), SINCE, [leave]) == (day(due + length + 1) if due >= first else day(due))


@given(leaves, days)
def test_days_at_work_until_the_due_date_stay_the_same(away: list[Leave], due: int) -> None:
    """However leaves lie and overlap: it moves by the days away between, each once; nobody is away when due."""
    moved = after_leave(day(due), SINCE, away)
    assert (moved - day(due)).days == days_away(away, SINCE, moved)
    assert not on_leave(away, moved)


@given(leaves, days)
def test_neither_order_nor_a_leave_told_twice_counts(away: list[Leave], due: int) -> None:
    """Overlapping days are not counted twice."""
    assert after_leave(day(due), SINCE, [*reversed(away), *away]) == after_leave(day(due), SINCE, away)


@given(leaves, st.integers(-80, 260), days)
def test_days_away_are_the_days_of_leave(away: list[Leave], first: int, length: int) -> None:
    """Counted by looking at each day."""
    looked = sum(on_leave(away, day(first + n)) for n in range(length + 1))
    assert days_away(away, day(first), day(first + length)) == looked


def test_leave_before_the_assignment_moves_nothing() -> None:
    """Of a leave in which something is assigned the days from then on count."""
    assert after_leave(day(10), SINCE, [Leave(day(-20), day(-1))]) == day(10)
    assert after_leave(day(10), SINCE, [Leave(day(-20), day(4))]) == day(15)


def test_a_leave_without_an_end_counts_once_it_ends() -> None:
    """Until then the person is away on every day."""
    assert after_leave(day(10), SINCE, [Leave(day(5))]) == day(10)
    assert on_leave([Leave(day(5))], day(5000))
    assert not on_leave([Leave(day(5))], day(4))
    assert days_away([Leave(day(5))], day(0), day(9)) == 5


def test_the_last_day_that_there_is_is_the_last() -> None:
    """No leave is so long that a date cannot be written."""
    assert after_leave(date.max - timedelta(3), SINCE, [Leave(day(1), date.max)]) == date.max
