"""How people stand in a course: who is stuck, who has not begun, and who is found by what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from connector.domain.course_view import (
    OVERDUE,
    Learner,
    Order,
    State,
    Viewed,
    Wanted,
    Work,
    by_work,
    people,
    plain,
    select,
    sums,
    unlisted,
    with_lessons,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ANNA = Learner("7", "Anna")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def done(subject: str = "7", days: float = 1, **other: int) -> Work:
    return Work(subject, other.get("person_id"), 1, other.get("passed", 0), 0, None, ago(days))


@pytest.mark.parametrize(
    ("learner", "work", "state"),
    [
        (ANNA, None, State.NOT_BEGUN),
        (replace(ANNA, progress=0.0, seen=ago(90)), None, State.NOT_BEGUN),
        (replace(ANNA, progress=10.0), None, State.UNDER_WAY),
        (replace(ANNA, progress=10.0, seen=ago(1)), None, State.UNDER_WAY),
        (replace(ANNA, progress=10.0, seen=ago(15)), None, State.STUCK),
        (replace(ANNA, progress=10.0, seen=ago(1), last=ago(14)), None, State.STUCK),
        (replace(ANNA, last=ago(13)), None, State.UNDER_WAY),
        (replace(ANNA, last=ago(30)), done(days=2), State.UNDER_WAY),
        (ANNA, done(days=20), State.STUCK),
        (replace(ANNA, grade=0.0, seen=ago(20)), None, State.STUCK),
        (replace(ANNA, completed=True, last=ago(300)), None, State.COMPLETED),
    ],
)
def test_how_somebody_stands(learner: Learner, work: Work | None, state: State) -> None:
    """The last sign of work counts, from Moodle or from launched content; without one, when they were in Moodle."""
    [found] = people([learner], [work] if work else [], NOW)
    assert found.state is state


def test_people_are_found_by_name_and_state_and_put_in_order() -> None:
    """However the name is typed; of whom nothing is told stand last."""
    there = [
        replace(ANNA, subject="1", name="Lê Đức", progress=50.0, due_on=date(2026, 12, 2)),
        replace(ANNA, subject="2", name="Béatrice Dunord", progress=20.0, overdue=True, due_on=date(2026, 11, 1)),
        replace(ANNA, subject="3", name="陳美麗"),
        replace(ANNA, subject="4", name="anna", completed=True, progress=100.0),
    ]
    found = people(there, [], NOW)

    def subjects(**wanted: object) -> str:
        return "".join(one.learner.subject for one in select(found, Wanted(**wanted)))  # type: ignore[arg-type]

    assert subjects() == "4213"
    assert (subjects(name="DUC"), subjects(name="béa"), subjects(name=" 美"), subjects(name="x")) == (
        "1",
        "2",
        "3",
        "",
    )
    assert (subjects(state=OVERDUE), subjects(state="completed"), subjects(state="not_begun")) == ("2", "4", "3")
    assert (subjects(order=Order.PROGRESS), subjects(order=Order.DUE)) == ("2143", "2143")
    assert subjects(state="under_way", order=Order.PROGRESS) == "21"
    added = sums(found)
    assert (added.people, added.overdue, added.progress, sum(added.by_state.values())) == (
        4,
        1,
        pytest.approx(170 / 3),
        4,
    )
    assert sums([]).progress is None
    assert plain("  Nguyễn ") == "nguyen"


def test_who_is_not_on_the_list() -> None:
    """Whom HR does not name is shown by what they did, and who came since Moodle was read; whom it names and Moodle
    does not list has left the course."""
    works = [done("7"), done("8"), done("9", person_id=5), done("10", person_id=6, days=-1)]
    assert unlisted([ANNA], works, NOW) == [Learner("8", ""), Learner("10", "")]


def test_elsewhere_progress_is_how_much_of_the_work_is_done() -> None:
    """Assessments that are passed and video lessons that are completed, of all that the course has."""
    half = by_work(ANNA, done(passed=1), 2)
    assert (half.progress, half.completed) == (50, False)
    assert by_work(ANNA, done(passed=2), 2).completed
    assert by_work(ANNA, None, 2).progress == 0
    assert by_work(ANNA, None, 0).progress is None
    [passed, watched] = with_lessons([done(passed=1)], [Viewed("7", None, 1, ago(0)), Viewed("8", 5, 0, ago(20))])
    assert (by_work(ANNA, passed, 3).progress, passed.last) == (pytest.approx(200 / 3), ago(0))
    assert (watched.person_id, watched.tried, watched.completed, watched.last) == (5, 0, 0, ago(20))
