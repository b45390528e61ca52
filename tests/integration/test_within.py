"""What happens within courses, in the facts: activities, items, changes of grades with causes, and as of a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.domain.facts import Extent
from connector.store.checks import checks
from tests.integration.mirrored import Learning, now
from tests.support import House, Seen, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
YEAR = 31_536_000
THEN = 1_700_000_000


@pytest.fixture
async def studied(house: House, learning: Learning) -> tuple[House, int]:
    """Two people in courses, of which one has a quiz, in a Moodle with the plugin; the quiz is graded."""
    house.twin.state.plugin = True
    await house.settled_in(rows(2, unit="Field"))
    quiz = learning.life.make_activity("SAFE", "Quiz", passes=60)
    learning.life.finish("e0001", quiz, 3, THEN)
    learning.life.grade_item("e0001", learning.life.item_of(quiz), 50, at=THEN)
    await house.mirror()
    return house, quiz


def changes(house: House, *columns: str) -> list[tuple[Any, ...]]:
    """Changes of items, in their order."""
    found = house.sql(
        f"SELECT {', '.join(columns)} FROM reporting.grade_changes WHERE item_type = 'mod' ORDER BY change_id"
    )
    return [tuple(one.values()) for one in found]


async def test_activities_and_their_grades(studied: tuple[House, int], learning: Learning, moodle: Seen) -> None:
    """A state and a grade that change end and begin; what is reset ends, and nothing of it is lost."""
    house, quiz = studied
    life = learning.life
    [row] = house.sql("SELECT hr_key, module, activity_name, state, completed_at FROM reporting.activity_completions")
    assert tuple(row.values()) == ("E0001", "quiz", "Quiz", "failed", datetime.fromtimestamp(THEN, UTC))
    [row] = house.sql("SELECT item_name, grade, pass_mark, passed, overridden, hidden FROM reporting.item_grades")
    assert tuple(row.values()) == ("Quiz", 50, 60, False, False, False)
    life.finish("e0001", quiz, 2, by=2)
    life.grade_item("e0001", life.item_of(quiz), 80, "gradebook", override=True)
    loaded = {one.fact: (one.begun, one.ended) for one in await house.mirror(Extent.CHANGES)}
    assert loaded["activity_completions"] == loaded["item_grades"] == (1, 1)
    assert now(house, "fact_activity_completion", "moodle_id", "state", "overridden") == {
        (moodle.id("E0001"), "passed", True)
    }
    again = {one.fact: (one.begun, one.ended) for one in await house.mirror()}
    assert set(again.values()) == {(0, 0)}, again
    life.reset_course("SAFE")
    await house.mirror()
    assert now(house, "fact_activity_completion", "state") == now(house, "fact_item_grade", "value") == set()
    ended = house.sql("SELECT ended_by FROM facts.fact_activity_completion ORDER BY valid_from")
    assert [one["ended_by"] for one in ended] == ["change", "reset"]
    life.delete_activity(quiz)
    await house.mirror()
    assert now(house, "dim_activity", "name") == set()
    assert house.sql("SELECT name FROM facts.dim_activity") == [{"name": "Quiz"}]
    assert checks(house.connector.reporting) == {}


async def test_each_change_has_its_cause(studied: tuple[House, int], learning: Learning) -> None:
    """As Moodle's history has it: also what came between two readings."""
    house, quiz = studied
    life, item = learning.life, learning.life.item_of(quiz)
    life.grade_item("e0001", item, 55)
    life.grade_item("e0001", item, 80, "gradebook", override=True)
    life.grade_item("e0001", item, 80, None, override=True, excluded=True)
    life.grade_item("e0001", item, 81, "import", override=True)
    life.grade_item("e0001", item, None)
    life.grade_item("e0001", item, 20)
    life.unenrol("e0001", "SAFE")
    await house.mirror(Extent.CHANGES)
    life.enrol("e0001", "SAFE")
    life.recover_grades("e0001", "SAFE")
    life.reset_course("SAFE", completions=False)
    await house.mirror()
    life.grade_item("e0001", item, 99)
    life.delete_activity(quiz)
    await house.mirror()
    told = changes(house, "old_grade", "new_grade", "cause")
    assert [cause for _, _, cause in told] == []
    found = house.sql(
        "SELECT old_grade, new_grade, cause FROM reporting.grade_changes WHERE item_id = %s ORDER BY change_id", item
    )
    assert [tuple(one.values()) for one in found] == [
        (None, 50, "first"), (50, 55, "regrade"), (55, 80, "override"), (80, 81, "import"), (81, None, "reset"),
        (None, 20, "again"), (20, None, "unenrolment"), (None, 20, "recovery"), (20, None, "reset"),
        (None, 99, "again"),
        (99, None, "deletion"),
    ]  # fmt: skip
    assert house.sql("SELECT count(*) AS n FROM facts.fact_grade_history WHERE cause = 'unchanged'") == [{"n": 1}]
    assert house.sql("SELECT DISTINCT origin FROM facts.fact_grade_history") == [{"origin": "moodle"}]
    tables = house.sql("SELECT DISTINCT tableoid::regclass::text AS name FROM facts.fact_grade_history ORDER BY 1")
    assert {"name": "facts.fact_grade_history_2023_11"} in tables
    assert {"name": "facts.fact_grade_history_else"} not in tables
    assert checks(house.connector.reporting) == {}


async def test_where_moodle_keeps_no_history_the_mirrors_own_stands(
    studied: tuple[House, int], learning: Learning
) -> None:
    """What was seen is there, and that Moodle does not tell it is said; what Moodle tells later is not there twice."""
    house, quiz = studied
    life, item, book = learning.life, learning.life.item_of(quiz), house.twin.state.gradebook
    book.keeps_history = False
    life.grade_item("e0001", item, 60)
    await house.mirror(Extent.CHANGES)
    life.grade_item("e0001", item, None)
    await house.mirror()
    assert changes(house, "old_grade", "new_grade", "cause", "origin") == [
        (None, 50, "first", "moodle"), (50, 60, "regrade", "mirror"), (60, None, "reset", "mirror"),
    ]  # fmt: skip
    [row] = house.sql("SELECT found FROM reporting.data_quality WHERE finding = 'grade_history_missing'")
    assert row["found"] == 2
    book.keeps_history = True
    book.note(2, house.twin.state.by_username["e0001"], item, 60.0, "mod/quiz", int(house.clock.now.timestamp()) - 60)
    await house.mirror()
    assert [one[0] for one in changes(house, "origin")].count("mirror") == 1
    book.keeps_history = False
    life.grade_item("e0001", item, 50)
    await house.mirror(Extent.CHANGES)
    book.keeps_history = True
    book.note(2, house.twin.state.by_username["e0001"], item, 50.0, "mod/quiz", THEN + 1)
    await house.mirror()
    assert [one[0] for one in changes(house, "origin")].count("mirror") == 2, "another 50, before it was 60"
    assert checks(house.connector.reporting) == {}


async def test_a_grade_that_is_back_without_a_word(studied: tuple[House, int], learning: Learning) -> None:
    """As totals are, where a course is restored over itself: Moodle's history ends with a deletion, and they hold."""
    house, quiz = studied
    item, book = learning.life.item_of(quiz), house.twin.state.gradebook
    deleted, user = 3, house.twin.state.by_username["e0001"]
    total = learning.course("SAFE").id  # in the twin the number of its course
    learning.life.grade("e0001", "SAFE", 70)
    await house.mirror(Extent.CHANGES)
    for one, value in ((item, 50.0), (total, 70.0)):
        book.note(deleted, user, one, value, "coursedelete", int(house.clock.now.timestamp()))
    await house.mirror(Extent.CHANGES)
    assert changes(house, "old_grade", "new_grade", "cause", "origin")[-2:] == [
        (50, None, "deletion", "moodle"), (None, 50, "again", "mirror"),
    ]  # fmt: skip
    assert checks(house.connector.reporting) == {}


async def test_the_history_of_newcomers_is_read_from_its_beginning(
    studied: tuple[House, int], learning: Learning, moodle: Seen
) -> None:
    """Somebody is managed from now on whose account had grades all the while: once they are known, all of it comes."""
    house, quiz = studied
    moodle.add("old", idnumber="E0009")
    learning.act("enrol", "E0009", "SAFE")
    learning.life.grade_item("old", learning.life.item_of(quiz), 10, at=THEN)
    learning.life.grade_item("old", learning.life.item_of(quiz), 77, at=THEN + YEAR)
    await house.mirror()
    await house.settled_in(
        [*rows(2, unit="Field"), {**rows(9, unit="Field")[8], "username": "old", "email": "old@example.test"}]
    )
    for _ in range(3):
        await house.mirror(Extent.CHANGES)
    found = house.sql("SELECT new_grade FROM reporting.grade_changes WHERE hr_key = 'E0009' ORDER BY change_id")
    assert [one["new_grade"] for one in found] == [10, 77]


async def test_a_moodle_that_was_put_back(studied: tuple[House, int], learning: Learning) -> None:
    """Its history ends earlier than it did: what came after is marked, with what an increment saw of the putting back
    before that was noticed, and what follows has the ids anew."""
    house, quiz = studied
    life, item, book = learning.life, learning.life.item_of(quiz), house.twin.state.gradebook
    user = house.twin.state.by_username["e0001"]
    kept, grade = list(book.history), book.grades[item, user]
    life.grade_item("e0001", item, 90)
    await house.mirror()
    book.history[:] = kept
    book.grades[item, user] = grade
    house.twin.state.note("grades", "updated", user, learning.course("SAFE").id, item)
    await house.mirror(Extent.CHANGES)
    assert changes(house, "new_grade", "origin") == [(50, "moodle"), (90, "moodle"), (50, "mirror")]
    await house.mirror()
    assert changes(house, "new_grade", "undone_at IS NULL") == [(50, True), (90, False), (50, False)]
    assert now(house, "fact_item_grade", "value") == {(50.0,)}
    book._changes = iter(range(kept[-1].id + 1, 1000))
    life.grade_item("e0001", item, 95, at=int(house.clock.now.timestamp()) + 5)
    await house.mirror(Extent.CHANGES)
    assert [one for one in changes(house, "old_grade", "new_grade", "undone_at IS NULL") if one[2]] == [
        (None, 50, True), (50, 95, True),
    ]  # fmt: skip
    assert checks(house.connector.reporting) == {}


async def test_a_change_that_was_noted_late_is_found_by_reconcile(
    studied: tuple[House, int], learning: Learning
) -> None:
    """A transaction in Moodle that ends late shows a row with an id before those that were read."""
    house, quiz = studied
    life, item, book = learning.life, learning.life.item_of(quiz), house.twin.state.gradebook
    house.twin.state.plugin = True
    await house.mirror()
    swept = house.sql("SELECT swept FROM facts.key_read")[0]["swept"]
    book._changes = iter([swept + 2, swept + 1, *range(swept + 3, 1000)])
    life.grade_item("e0001", item, 60)
    await house.mirror(Extent.CHANGES)
    user = house.twin.state.by_username["e0002"]
    book.note(1, user, item, 70.0, "mod/quiz", int(house.clock.now.timestamp()) - 60)
    book.history.sort(key=lambda row: row.id)
    await house.mirror(Extent.CHANGES)
    assert (70,) not in changes(house, "new_grade")
    await house.reconcile()
    assert (70,) in changes(house, "new_grade")
    assert checks(house.connector.reporting) == {}


async def test_a_moodle_that_was_put_back_and_went_on(studied: tuple[House, int], learning: Learning) -> None:
    """Its numbers are those of other changes before anybody looks: these are known, and the former ones are marked."""
    house, quiz = studied
    life, item, book = learning.life, learning.life.item_of(quiz), house.twin.state.gradebook
    kept, grade = list(book.history), book.grades[item, house.twin.state.by_username["e0001"]]
    life.grade_item("e0001", item, 90)
    await house.mirror()
    book.history[:] = kept
    book.grades[item, house.twin.state.by_username["e0001"]] = grade
    book._changes = iter(range(kept[-1].id + 1, 1000))
    for points in (20, 30):
        life.grade_item("e0001", item, points, at=int(house.clock.now.timestamp()) + points)
    await house.mirror()
    assert set(changes(house, "new_grade", "undone_at IS NULL")) == {(50, True), (90, False), (20, True), (30, True)}
    assert checks(house.connector.reporting) == {}


async def test_attempts_that_were_put_away(studied: tuple[House, int], learning: Learning) -> None:
    """One from before the mirror is the first attempt; one that was seen is not there twice."""
    house, _ = studied
    life = learning.life
    life.complete("e0001", "SAFE", THEN - YEAR)
    life.recomplete("e0001", "SAFE")
    life.complete("e0001", "SAFE", THEN)
    await house.mirror()
    life.recomplete("e0001", "SAFE")
    await house.mirror()
    life.complete("e0001", "SAFE", int(house.clock.now.timestamp()))
    house.clock.forward(hours=1)
    await house.mirror()
    found = house.sql(
        "SELECT attempt, source, observed_at > completed_at + interval '1 year' AS late "
        "FROM reporting.completion_history WHERE hr_key = 'E0001' AND idnumber = 'SAFE' ORDER BY completed_at"
    )
    assert [tuple(one.values()) for one in found] == [
        (1, "recompletion", True), (2, "moodle", True), (3, "moodle", False),
    ]  # fmt: skip
    was = "SELECT attempt FROM reporting.completions_as_of(%s, %s) WHERE hr_key = 'E0001' AND idnumber = 'SAFE'"
    past = datetime.fromtimestamp(THEN - 1000, UTC)
    assert house.sql(was, past, house.clock.now) == [{"attempt": 1}]
    assert house.sql(was, past, past) == [], "nobody knew of it then"
    assert house.sql(was, house.clock.now, house.clock.now) == [{"attempt": 3}]
    assert {(one.begun, one.ended) for one in await house.mirror()} == {(0, 0)}
    assert checks(house.connector.reporting) == {}


async def test_an_attempt_between_two_looks(studied: tuple[House, int], learning: Learning, moodle: Seen) -> None:
    """Completed and put away before the mirror looks again: what holds is the attempt after it."""
    house, _ = studied
    house.clock.forward(hours=1)
    learning.life.complete("e0001", "SAFE", int(house.clock.now.timestamp()))
    learning.life.recomplete("e0001", "SAFE")
    house.clock.forward(hours=1)
    await house.mirror()
    found = house.sql(
        "SELECT attempt, completed, source FROM facts.fact_completion "
        "WHERE moodle_id = %s AND course_id = %s ORDER BY attempt",
        moodle.id("E0001"),
        learning.course("SAFE").id,
    )
    assert [tuple(one.values()) for one in found] == [(1, True, "recompletion"), (2, False, "moodle")]


async def test_grades_as_of_a_moment(studied: tuple[House, int], learning: Learning) -> None:
    """What was true then by what is known now, and by what was known then."""
    house, quiz = studied
    first = house.clock.now
    learning.life.grade_item("e0001", learning.life.item_of(quiz), 80, at=int((first - timedelta(days=9)).timestamp()))
    await house.mirror(Extent.CHANGES)

    def grades(at: datetime, known_at: datetime) -> list[float]:
        found = house.sql("SELECT grade FROM reporting.grades_as_of(%s, %s) WHERE item_type = 'mod'", at, known_at)
        return [one["grade"] for one in found]

    assert grades(first, first) == [50]
    assert grades(first, house.clock.now) == [80]
    assert grades(datetime.fromtimestamp(THEN + 5, UTC), house.clock.now) == [50]
    assert grades(datetime.fromtimestamp(THEN - 5, UTC), house.clock.now) == []


async def test_of_two_totals_the_first_one_counts(
    studied: tuple[House, int], learning: Learning, moodle: Seen
) -> None:
    """A restore that failed left a course two totals: nothing stops, and the second one says no grade; so it is where
    totals alone are read. One that is gone gives way to the next where all items of the course are read."""
    house, _ = studied
    life = learning.life
    course = learning.course("SAFE").id
    second = life.make_item("SAFE", "", "course")
    life.grade("e0001", "SAFE", 40)
    life.grade_item("e0001", second, 90)
    life.grade_item("e0002", second, 70)
    one = {(moodle.id("E0001"), 40.0)}
    await house.mirror(Extent.CHANGES)
    assert now(house, "fact_grade", "moodle_id", "value") == one
    house.sql("UPDATE facts.dim_grade_item SET item_id = 0 WHERE item_id = %s", course)
    life.make_activity("SAFE", "Second quiz")
    await house.mirror(Extent.CHANGES)
    for activities in (True, False):
        house.settings.moodle.activities = activities
        life.grade_item("e0002", second, 75 + activities)
        await house.mirror(Extent.CHANGES)
        assert now(house, "fact_grade", "moodle_id", "value") == one
        totals = house.sql(
            "SELECT item_id FROM facts.dim_grade_item WHERE item_type = 'course' AND valid_to = 'infinity'"
        )
        assert {item["item_id"] for item in totals if item["item_id"] in (course, second)} == {course}
        assert ((done := await house.reconcile()).equal, done.differences) == (True, [])
    assert checks(house.connector.reporting) == {}
