"""What a learner sees of their own learning: streaks, what was done last, what is recommended and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connector.domain.my_learning import (
    RECENT,
    SUGGESTED,
    Basis,
    CourseCard,
    Due,
    DueCourse,
    DueState,
    Happened,
    Happening,
    Suggestion,
    by_last,
    newest,
    streak,
    suggestions,
)

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("ago", "count"),
    [((), 0), ((0,), 1), ((1,), 1), ((2,), 0), ((0, 1, 2), 3), ((1, 2, 3, 5), 3), ((0, 2, 3), 1), ((0, 1, -1), 2)],
)
def test_days_in_a_row(ago: tuple[int, ...], count: int) -> None:
    """Across months; a day that has just begun ends nothing, and a day of tomorrow counts for nothing."""
    assert streak({TODAY - timedelta(days=days) for days in ago}, TODAY) == count


def test_what_was_done_last() -> None:
    """Of all sources, the newest first, and only the last few."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    some = [Happened(Happening.COURSE, {"en": str(n)}, at - timedelta(days=2 * n)) for n in range(9)]
    more = [Happened(Happening.ASSESSMENT, {"en": str(n)}, at - timedelta(days=2 * n + 1)) for n in range(9)]
    found = newest(some, more)
    assert len(found) == RECENT
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert [one.what for one in found[:2]] == [Happening.COURSE, Happening.ASSESSMENT]


def test_where_somebody_worked_last_comes_first() -> None:
    """Where that is not known, what was begun comes before what was not, and both after the rest."""
    at = datetime(2026, 3, 2, tzinfo=UTC)

    def card(number: int, last: datetime | None, progress: float | None) -> CourseCard:
        return CourseCard(number, {}, str(number), {}, None, 1, False, None, progress, last)

    cards = [card(1, None, None), card(2, at - timedelta(days=1), 90), card(3, None, 20), card(4, at, None)]
    assert [one.course_id for one in by_last(cards)] == [4, 2, 3, 1]


def test_a_course_is_recommended_once_and_by_what_says_most() -> None:
    """The larger share, and the reason that goes with it; only the first few."""

    def of(course: int, basis: Basis, completed: int, peers: int) -> Suggestion:
        return Suggestion(course, {}, "", None, basis, completed, peers)

    found = suggestions([of(1, Basis.UNIT, 3, 10), of(1, Basis.JOB_ROLE, 90, 100), of(2, Basis.UNIT, 8, 10)])
    assert [(one.course_id, one.basis) for one in found] == [(1, Basis.JOB_ROLE), (2, Basis.UNIT)]
    assert len(suggestions([of(n, Basis.UNIT, 5, 5) for n in range(20)])) == SUGGESTED


def test_where_a_path_goes_on() -> None:
    """The first of its courses that is not completed and that Moodle has; nowhere once it is satisfied."""
    courses = [DueCourse(1, {}, "a", True), DueCourse(None, {}, "gone", False), DueCourse(3, {}, "c", False)]
    open_path, done = (Due("R", {}, state, None, None, None, courses) for state in (DueState.OPEN, DueState.SATISFIED))
    assert (open_path.done, open_path.next_course) == (1, courses[2])
    assert done.next_course is None
