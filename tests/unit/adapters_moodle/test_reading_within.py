"""What happens within courses, as the plugin's reader tells it of the twin."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.moodle.readers.choose import choose
from adapters.moodle.readers.raw import moment, moment_or_none
from adapters.moodle.readers.raw_details import STATES
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin
from connector.domain.details import NOTHING_KNOWN, ActivityState, Detail, KnownHistory, ReadGradeChange
from connector.domain.held import HeldRow, HeldRows, bucketed
from connector.domain.proving import Counter
from connector.domain.reading import Page, Reader
from tests.reading import Book

pytestmark = pytest.mark.anyio
AT = 1_700_000_000
WHEN = datetime.fromtimestamp(AT, UTC)
SINCE = datetime.fromtimestamp(AT - 60, UTC)


@pytest.fixture
async def reader(twin: ServedTwin, site: MoodleSite) -> Reader:
    """A course with a quiz and an item by hand, in which one person was graded twice."""
    twin.state.plugin = True
    with twin.state.lock:
        twin.state.add_user(
            {"username": "p", "email": "p@example.test", "firstname": "P", "lastname": "T", "auth": "manual"}
        )
    life = twin.life
    life.make_course("SAFE")
    life.enrol("p", "SAFE")
    quiz = life.make_activity("SAFE", "Final <b>quiz</b>", passes=60)
    life.make_item("SAFE", "By hand")
    life.finish("p", quiz, 2, AT, by=2)
    life.grade_item("p", life.item_of(quiz), 50, at=AT)
    life.grade_item("p", life.item_of(quiz), 70, at=AT + 1)
    return (await choose(site)).reader(site)


def joined(pages: list[Page]) -> dict[str, list[Any]]:
    """All that came, by what it is."""
    return {one.name: [row for page in pages for row in getattr(page, one.name)] for one in fields(Page)}


async def whole(reader: Reader, known: KnownHistory = NOTHING_KNOWN) -> dict[str, list[Any]]:
    return joined([page async for page in reader.everything(Book([]), await reader.courses(), known)])


def history(read: dict[str, list[Any]]) -> list[int]:
    return [one.history_id for one in read["grade_history"] if isinstance(one, ReadGradeChange)]


async def test_everything_within(twin: ServedTwin, reader: Reader) -> None:
    """Activities with their names, items with pass marks, states, grades, and each change."""
    read = await whole(reader)
    [activity] = read["activities"]
    assert (activity.module, activity.name, activity.tracked) == ("quiz", "Final quiz", True)
    items = {(one.item_type, one.name, one.pass_mark, one.module) for one in read["grade_items"]}
    assert items == {("course", "", None, ""), ("mod", "Final quiz", 60.0, "quiz"), ("manual", "By hand", None, "")}
    [done] = read["activity_completions"]
    assert (done.state, done.overridden, done.changed_at) == (ActivityState.PASSED, True, WHEN)
    [grade] = read["item_grades"]
    assert (grade.value, grade.overridden) == (70.0, False)
    assert [(one.action, one.value, one.source) for one in read["grade_history"]] == [
        ("insert", 50.0, "mod/quiz"), ("update", 70.0, "mod/quiz"),
    ]  # fmt: skip


async def test_history_goes_on_where_it_was(twin: ServedTwin, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is new only, with the last one that was known; and all of it where Moodle no longer has that one."""
    monkeypatch.setattr("adapters.moodle.readers.details.MOST", 1)
    ids = history(await whole(reader))
    twin.life.grade_item("p", twin.life.make_item("SAFE", "More"), 9, at=AT)
    assert history(await whole(reader, KnownHistory(ids[-1], ids[-1]))) == [ids[-1], ids[-1] + 1]
    twin.state.gradebook.history = twin.state.gradebook.history[:1]
    assert history(await whole(reader, KnownHistory(ids[-1], ids[-1]))) == [ids[0]]


async def test_changes_within_are_one_request(twin: ServedTwin, reader: Reader) -> None:
    """Nothing new is told by one request; what is new comes with the item and the activity it belongs to."""
    ids = history(await whole(reader))
    far = datetime(2100, 1, 1, tzinfo=UTC)
    before = twin.state.calls["tool_mobile_call_external_functions"]
    assert [page async for page in reader.changed(far, KnownHistory(ids[-1], ids[-1]))] == []
    assert twin.state.calls["tool_mobile_call_external_functions"] - before == 1
    read = joined([page async for page in reader.changed(SINCE, KnownHistory(ids[0], ids[0]))])
    assert history(read) == [ids[1]]
    assert len(read["activities"]) == len(read["activity_completions"]) == len(read["item_grades"]) == 1
    user = twin.state.by_username["p"]
    read = joined([page async for page in reader.changed(far, KnownHistory(ids[-1], ids[-1], [user]))])
    assert history(read) == ids, "of a newcomer from the beginning"


async def test_what_is_not_wanted_or_allowed_is_not_read(twin: ServedTwin, site: MoodleSite, reader: Reader) -> None:
    """By the setting, or for want of a capability, which is said."""
    assert set((await choose(site)).details) == set(Detail)
    assert (await choose(site, activities=False)).details == (Detail.ARCHIVES,)
    twin.state.forbidden.add("gradereport/history:view")
    chosen = await choose(site)
    assert set(chosen.details) == {Detail.ACTIVITIES, Detail.ARCHIVES}
    assert chosen.remarks == (
        "No grade history is read: the role of the service account lacks gradereport/history:view.",
    )
    plain = await whole((await choose(site, activities=False)).reader(site))
    assert {name for name, rows in plain.items() if rows} - {"held", "scopes"} == {"enrolments"}


@pytest.mark.parametrize("most", [1, 10_000])
async def test_totals_alone_are_proved_however_many_courses_there_are(
    twin: ServedTwin, site: MoodleSite, reader: Reader, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Where they are too many to be asked for at once all grades are held, by an increment too; facts are totals."""
    monkeypatch.setattr("adapters.moodle.readers.learning.MOST", most)
    twin.life.make_course("MORE")
    totals = (await choose(site, activities=False)).reader(site)
    assert isinstance(totals, Counter)
    twin.life.grade("p", "SAFE", 80, at=AT)
    [question] = [one for one in await totals.questions() if one.name == "grades"]

    async def is_held(read: dict[str, list[Any]]) -> bool:
        rows: list[HeldRow] = []
        for one in read["held"]:
            assert isinstance(one, HeldRows)
            rows += one.rows if one.dataset == "grades" else []
        counted = [bucket async for some in totals.counted(question) for bucket in some]
        held = bucketed(HeldRows("grades", (), sorted(rows, key=lambda row: row.key)))
        return len(rows) == 1 + (most == 1) and held == counted

    for read in (await whole(totals), joined([page async for page in totals.changed(SINCE)])):
        assert [one.value for one in read["grades"]] == [80.0]
        assert await is_held(read)


def test_states_are_those_of_moodle() -> None:
    """completionlib.php: incomplete, complete, passed, failed, and failed where it is hidden."""
    assert [state.value for state in STATES] == ["incomplete", "complete", "passed", "failed", "failed"]


def test_a_time_that_nobody_meant_stops_no_reading() -> None:
    """Milliseconds, or a time before there was any, in one row of millions."""
    for seconds in (1_760_000_000_000, 2**62, -5):
        assert moment(seconds).tzinfo is UTC
    assert moment_or_none(0) is None
