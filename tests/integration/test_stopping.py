"""Told to stop: work comes to a border, all that was done is written down, and the next run does what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Event

import pytest

from adapters.drops.folder import FolderDrop
from connector.domain.errors import Stopped
from connector.sync.arrivals import FileInlet
from jobs.mirror import mirror
from jobs.stopping import heeding
from jobs.sync import WayIn
from tests.support import HASTE, House, Row, Seen, assert_whole, fail, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
ENROL = "enrol_manual_enrol_users"
CREATE = "core_user_create_users"


@asynccontextmanager
async def heedful(house: House, stopping: Callable[[], bool], drop: FolderDrop | None = None) -> AsyncIterator[WayIn]:
    async with house.way() as way:
        inlets = tuple(replace(inlet, drop=drop) for inlet in way.inlets if isinstance(inlet, FileInlet))
        yield replace(way, stopping=stopping, inlets=inlets)


async def stopped_after(house: House, people: list[Row], function: str) -> None:
    """Apply, and be told to stop once Moodle has seen this function."""
    plan = await house.plan(people)
    calls = house.twin.state.calls
    before = calls[function]
    async with heedful(house, lambda: calls[function] > before) as way:
        with pytest.raises(Stopped, match="the next run does what is left"):
            await way.apply(plan)


@pytest.mark.parametrize("function", [CREATE, "core_cohort_add_cohort_members", ENROL])
async def test_stopped_at_a_border_and_gone_on(house: House, moodle: Seen, function: str) -> None:
    """No batch is in doubt when it stops; the same plan is still current, and carrying it on leaves nothing to do."""
    people = rows(300, unit="Field", job="director")
    await stopped_after(house, people, function)
    states = house.sql("SELECT state, count(*) AS number FROM connector.operation GROUP BY state")
    assert [one["state"] for one in states] == ["done"]
    [run] = house.sql("SELECT status, detail FROM connector.run")
    assert run == {"status": "stopped", "detail": "Stopped"}
    plan = house.connector.plans.find()
    assert plan is not None
    assert 0 < states[0]["number"] < plan.size
    applied = await house.apply(plan)
    assert applied.tally.refused == applied.tally.waiting == 0
    await assert_whole(house, moodle, people)


async def test_told_after_the_last_batch_it_is_done(house: House, moodle: Seen) -> None:
    """Nothing is left, so nothing is cut short."""
    people = rows(5)
    plan = await house.plan(people)
    done: list[int] = []
    async with heedful(house, lambda: len(done) >= plan.size) as way:
        applied = await way.apply(plan, lambda number: done.extend([0] * number))
    assert (applied.tally.done, applied.tally.unsent) == (plan.size, 0)
    await assert_whole(house, moodle, people)


async def test_told_before_the_first_batch_nothing_is_sent(house: House, moodle: Seen) -> None:
    """And the plan waits for the next run as it is."""
    plan = await house.plan(rows(5))
    async with heedful(house, lambda: True) as way:
        with pytest.raises(Stopped):
            await way.apply(plan)
    assert moodle.people() == []
    assert (await house.apply(plan)).tally.unsent == 0
    assert len(moodle.people()) == 5


async def test_stopped_while_reading_the_feed(house: House, moodle: Seen) -> None:
    """The file stays in the folder, nothing of it is believed, and the next sync reads it from its beginning."""
    folder = house.folder / "drop"
    folder.mkdir()
    house.file(rows(200), "drop/people-1.csv")
    drop = FolderDrop(folder, "*.csv", settle=0)
    async with heedful(house, lambda: True, drop) as way:
        with pytest.raises(Stopped):
            await way.sync()
    assert (folder / "people-1.csv").is_file()
    assert house.sql("SELECT person_id FROM connector.person") == []
    async with heedful(house, lambda: False, drop) as way:
        came = await way.sync()
    assert (came["feeds"], came["refused"]) == (["people-1.csv"], 0)
    assert len(moodle.people()) == 200


async def test_stopped_while_mirroring(house: House, moodle: Seen) -> None:
    """The facts are as they were, and the next mirror is whole."""
    await house.settled_in(rows(40, unit="Field"))
    async with house.way() as way:
        assert way.reader is not None
        back = house.connector.way_back(way.reader)
        with pytest.raises(Stopped):
            await mirror(back, lambda: True)
        assert house.sql("SELECT person_id FROM facts.dim_person") == []
        assert (await mirror(back, lambda: False))["people"] == 40


async def test_cut_off_in_the_middle_of_a_call(house: House, moodle: Seen) -> None:
    """Moodle takes too long: the call is in doubt, is looked up by the next run, and nobody is there twice."""
    people = rows(40, unit="Field")
    plan = await house.plan(people)
    stopping = Event()
    fail(house, "slow", CREATE, seconds=3, times=HASTE.workers)
    async with heedful(house, stopping.is_set) as way:

        async def work() -> object:
            stopping.set()
            return await replace(way, stopping=lambda: False).apply(plan)

        with pytest.raises(Stopped, match="cut off"):
            await heeding(work, stopping, 1)
    states = house.sql(
        "SELECT DISTINCT o.state FROM connector.operation o JOIN connector.change c USING (plan, ordinal) "
        "WHERE c.action = 'create_account'"
    )
    assert states == [{"state": "sent"}]
    assert house.sql("SELECT status FROM connector.run") == [{"status": "stopped"}]
    applied = await house.apply(plan)
    assert (applied.tally.refused, applied.tally.unsent) == (0, 0)
    await assert_whole(house, moodle, people)
