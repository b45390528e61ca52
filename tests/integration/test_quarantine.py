"""Quarantine: a job that fails is tried ever more seldom, by whichever process, until it ends well or is released."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Event

import pytest

from adapters.moodle.twin import Fault
from connector.cli.service import jobs_of
from connector.domain.errors import AccessRefused, CircuitOpen, FeedRefused, Unavailable
from connector.domain.jobs import JobOutcome
from connector.domain.notices import NoticeKind, worth_telling
from connector.domain.quarantine import LADDER, Standing
from connector.store.database import Database
from connector.store.jobs import Jobs
from jobs import schedule as schedule_module
from jobs.running import Job, Running
from jobs.schedule import first_time, scheduled
from jobs.times import Every
from tests.integration.test_schedule import NOW, Hands, Seen, wait_for
from tests.support import HASTE, House, rows

QUARTERLY = Every(timedelta(minutes=15))
DAY = timedelta(days=1)


@pytest.fixture
def jobs(database_url: str) -> Iterator[Jobs]:
    with Database(database_url) as opened:
        yield Jobs(opened, "learn.example.com")


@dataclass
class Work:
    """Fails with ``error`` while there is one; notes when it was tried, by the clock of the test."""

    hands: Hands
    error: Exception | None
    tries: list[datetime] = field(default_factory=list)
    came: Mapping[str, object] = field(default_factory=dict)

    def __call__(self) -> Mapping[str, object]:
        self.tries.append(self.hands.now)
        if self.error:
            raise self.error
        return self.came


@contextmanager
def serving(jobs: Jobs, work: Work, *, ladder: bool = True) -> Iterator[Seen]:
    seen = Seen()
    with scheduled({"sync": Job(work, QUARTERLY, ladder=ladder)}, Running(jobs, work.hands, seen)):
        yield seen


def pass_by(hands: Hands, until: datetime, idle: Callable[[], bool], step: timedelta) -> None:
    """The clock goes on step by step, and the schedule looks at it each time."""
    while hands.now < until:
        hands.now += step
        time.sleep(0.03)
        wait_for(idle)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_module, "LOOK", 0.005)


def idle(jobs: Jobs) -> Callable[[], bool]:
    return lambda: jobs.states()["sync"].outcome is not JobOutcome.RUNNING


def test_it_is_tried_by_the_ladder_and_not_at_its_times(jobs: Jobs) -> None:
    """A job of every quarter of an hour: after 1, 5 and 30 minutes, 2 and 6 hours, then once a day."""
    work = Work(Hands(), Unavailable("Moodle is away."))
    with serving(jobs, work) as seen:
        wait_for(lambda: len(seen.runs) == 1)
        for number, pause in enumerate((*LADDER, DAY, DAY), start=1):
            began = work.hands.now
            work.hands.now = began + pause - timedelta(seconds=2)
            time.sleep(0.05)
            assert len(work.tries) == number, pause
            work.hands.now = began + pause
            wait_for(lambda number=number: len(seen.runs) == number + 1)  # type: ignore[misc]
        state = jobs.states()["sync"]
        assert (state.tries, state.failures, state.standing) == (8, 8, Standing.QUARANTINED)
        work.error = None
        work.hands.now += DAY
        wait_for(lambda: seen.runs[-1] == ("sync", JobOutcome.DONE))
        state = jobs.states()["sync"]
        assert (state.tries, state.failing_since, state.standing) == (0, None, None)
        tried = len(work.tries)
        work.hands.now += timedelta(minutes=15)
        wait_for(lambda: len(work.tries) == tried + 1)


@pytest.mark.parametrize(
    ("error", "pause"), [(Unavailable("Moodle is away."), LADDER[0]), (KeyError("a bug"), timedelta(minutes=15))]
)
def test_a_wish_that_failed_is_not_forgotten(jobs: Jobs, error: Exception, pause: timedelta) -> None:
    """What was pushed while Moodle was away comes in when it is back, though nobody pushes anything more."""
    work = Work(Hands(), error)
    push = Job(work, None, ladder=True)
    with scheduled({"sync": push}, Running(jobs, work.hands, Seen())) as schedule:
        schedule.soon("sync")
        wait_for(lambda: len(work.tries) == 1 and idle(jobs)())
        time.sleep(0.05)
        work.hands.now += pause - timedelta(seconds=2)
        time.sleep(0.05)
        assert len(work.tries) == 1
        work.error = None
        work.hands.now += timedelta(seconds=2)
        wait_for(lambda: len(work.tries) == 2 and jobs.states()["sync"].outcome is JobOutcome.DONE)
        work.hands.now += DAY
        time.sleep(0.05)
        assert len(work.tries) == 2


def test_pushes_in_an_outage_keep_a_pause(jobs: Jobs) -> None:
    """However many come: a try a minute, the ladder climbed by the clock alone, and all is there soon afterwards."""
    work = Work(Hands(), Unavailable("Moodle is away."))
    with scheduled({"sync": Job(work, None, ladder=True)}, Running(jobs, work.hands, Seen())) as schedule:
        for minute in range(8):
            work.hands.now += timedelta(minutes=1)
            for _ in range(5):
                schedule.came("sync")
                time.sleep(0.02)
            wait_for(lambda minute=minute: len(work.tries) == minute + 1 and idle(jobs)())  # type: ignore[misc]
        state = jobs.states()["sync"]
        assert (len(work.tries), state.tries, state.standing) == (8, 3, Standing.RETRYING), "after 0, 1 and 6 minutes"
        schedule.soon("sync")
        wait_for(lambda: len(work.tries) == 9 and idle(jobs)())
        schedule.soon("sync")
        wait_for(lambda: len(work.tries) == 10 and idle(jobs)())
        assert jobs.states()["sync"].tries == 3, "a person goes at once, and is no step either"
        work.error = None
        schedule.came("sync")
        time.sleep(0.05)
        assert len(work.tries) == 10
        work.hands.now += timedelta(minutes=1)
        wait_for(lambda: jobs.states()["sync"].outcome is JobOutcome.DONE)
        tried = len(work.tries)
        schedule.came("sync")
        wait_for(lambda: len(work.tries) == tried + 1)


def test_what_failed_of_several_pauses_nothing(jobs: Jobs) -> None:
    """All else was done: it is told as a failure, and the job goes on at its times, off the ladder."""
    work = Work(Hands(), Unavailable("Moodle is away."))
    with serving(jobs, work) as seen:
        wait_for(lambda: len(seen.runs) == 1)
        work.error, work.came = None, {"failed": "Unavailable", "message": "The directory is away."}
        work.hands.now += LADDER[0]
        wait_for(lambda: seen.runs[-1] == ("sync", JobOutcome.PARTLY))
        state = jobs.states()["sync"]
        assert (state.outcome, state.failures, state.error) == (JobOutcome.FAILED, 2, "Unavailable")
        assert (state.tries, state.standing, state.succeeded_at) == (0, None, None)
        tried = len(work.tries)
        work.hands.now += timedelta(minutes=15)
        wait_for(lambda: len(work.tries) == tried + 1)


def test_after_day_28_only_a_person_starts_it(jobs: Jobs) -> None:
    """Neither time nor a new start does; released, it is tried at once, by the service that runs."""
    work = Work(Hands(), Unavailable("Moodle is away."))
    for day in range(29):
        jobs.begin("sync", NOW + day * DAY - timedelta(minutes=1))
        jobs.end("sync", JobOutcome.FAILED, "Unavailable", NOW + day * DAY, try_again=True)
    work.hands.now = NOW + 100 * DAY
    assert jobs.states()["sync"].standing is Standing.GIVEN_UP
    assert first_time(Job(work, QUARTERLY, ladder=True), jobs.states()["sync"], work.hands.now) is None
    with serving(jobs, work) as seen:
        work.hands.now += 30 * DAY
        time.sleep(0.1)
        assert work.tries == []
        assert jobs.release("sync")
        wait_for(lambda: seen.runs == [("sync", JobOutcome.FAILED)])
        assert jobs.states()["sync"].tries == 1, "the ladder begins anew"
    assert jobs.release("sync")
    assert not jobs.release("sync")
    assert not jobs.release("nothing of this name")


def test_a_second_service_does_not_try_in_between(jobs: Jobs) -> None:
    """It stands by with times of its own, which pause for it too; and a restart is no reason to try."""
    hands = Hands()
    work, other = Work(hands, Unavailable("Moodle is away.")), Work(hands, Unavailable("Moodle is away."))
    with serving(jobs, work) as one, serving(jobs, other) as two:
        wait_for(lambda: len(one.runs) + len(two.runs) >= 1)
        pass_by(hands, NOW + timedelta(hours=3), idle(jobs), timedelta(minutes=1))
    with serving(jobs, work):
        time.sleep(0.1)
    tries = sorted([*work.tries, *other.tries])
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert 4 <= len(tries) <= 5
    assert all(pause >= LADDER[number] for number, pause in enumerate(pauses)), pauses


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_jumps_a_day_makes_it_no_more_frequent(jobs: Jobs, jump: timedelta) -> None:
    """Put forward, one try comes sooner; put back, the pause begins anew: it is neither lost nor a day longer."""
    work = Work(Hands(), Unavailable("Moodle is away."))
    with serving(jobs, work) as seen:
        wait_for(lambda: len(seen.runs) == 1)
        work.hands.now += timedelta(minutes=1)
        wait_for(lambda: len(seen.runs) == 2)
        work.hands.now += jump
        if jump > timedelta():
            wait_for(lambda: len(seen.runs) == 3)
        time.sleep(0.1)
        known = len(seen.runs)
        assert known == (3 if jump > timedelta() else 2)
        pause = LADDER[known - 1]
        work.hands.now += pause - timedelta(seconds=2)
        time.sleep(0.1)
        assert len(seen.runs) == known
        work.hands.now += timedelta(seconds=3)
        wait_for(lambda: len(seen.runs) == known + 1)


@pytest.mark.parametrize("error", [FeedRefused("Too few rows."), AccessRefused("The token is not valid.")])
def test_what_only_a_person_can_mend_goes_on_at_its_times(jobs: Jobs, error: Exception) -> None:
    """A better feed and a mended token are found within a quarter of an hour, and no ladder is climbed for them."""
    work = Work(Hands(), error)
    with serving(jobs, work) as seen:
        wait_for(lambda: len(seen.runs) == 1)
        for number in range(2, 10):
            work.hands.now += timedelta(minutes=15)
            wait_for(lambda number=number: len(seen.runs) == number)  # type: ignore[misc]
    assert {outcome for _, outcome in seen.runs} == {JobOutcome.REFUSED}
    state = jobs.states()["sync"]
    assert (state.outcome, state.failures, state.tries, state.standing) == (JobOutcome.FAILED, 9, 0, None)


@pytest.mark.slow
@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
def test_the_service_with_a_moodle_that_fails(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The real sync against a Moodle in maintenance: tried by the ladder, told, and over with the first good run."""
    folder = tmp_path_factory.mktemp("drop")
    drop = house.settings.drop.model_copy(update={"folder": folder, "settle_seconds": 0})
    house.settings = house.settings.model_copy(update={"drop": drop})
    house.reopen()
    connector = house.connector
    house.file(rows(3)).rename(folder / "people.csv")
    job, running = jobs_of(connector, Event())["sync"], Running(connector.jobs, house.clock, Seen())
    assert job.ladder
    connector.pace = HASTE
    house.twin.faults.add(Fault("maintenance", times=1000))
    for _ in range(len(LADDER) + 1):
        assert running.run("sync", job) is JobOutcome.FAILED
        assert running.run("sync", job) is JobOutcome.ELSEWHERE, "it is not time yet"
        house.clock.now = connector.jobs.states()["sync"].next_try(house.clock.now) or house.clock.now
    found = [notice.kind for notice in worth_telling(connector.situation(), connector.noticing().limits)]
    assert NoticeKind.JOB_QUARANTINED in found
    assert connector.figures.now().quarantined == {"sync": 1}
    house.twin.faults.clear()
    assert running.run("sync", job) is JobOutcome.DONE
    assert connector.figures.now().quarantined == {"sync": 0}
    assert connector.jobs.states()["sync"].standing is None


@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
@pytest.mark.anyio
async def test_an_open_circuit_is_a_failure_and_told_at_once(house: House) -> None:
    """Moodle refuses nearly everything: applying stops by an error of its own, which the next notices name."""
    people = [{**one, "auth": "cas"} for one in rows(80)]
    plan = await house.plan(people)
    with pytest.raises(CircuitOpen, match="were refused"):
        await house.apply(plan)
    connector = house.connector
    connector.jobs.begin("sync", house.clock())
    connector.jobs.end("sync", JobOutcome.FAILED, CircuitOpen.__name__, house.clock(), try_again=True)
    told = worth_telling(connector.situation(), connector.noticing().limits)
    assert (NoticeKind.CIRCUIT_OPEN, {"job": "sync"}) in [(one.kind, dict(one.facts)) for one in told]


@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
@pytest.mark.anyio
async def test_an_open_circuit_names_the_cause_whatever_went_well_last(house: House) -> None:
    """The batch that makes the changes many enough may be one that Moodle took."""
    people = [{**one, "auth": "cas" if number < 30 else "manual"} for number, one in enumerate(rows(60))]
    plan = await house.plan(people)
    with pytest.raises(CircuitOpen, match=r"The last cause was: .*auth.*Mend it"):
        await house.apply(plan)


@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
@pytest.mark.anyio
async def test_the_circuit_opens_where_all_of_one_kind_is_refused(house: House) -> None:
    """Whatever else went well, and however much of it Moodle was never asked for: the courses are gone."""
    plan = await house.plan(rows(80, unit="Field"))
    for course in ("SAFE", "FIRE"):
        house.twin.life.delete_course(course)
    with pytest.raises(CircuitOpen, match="enrol changes were refused"):
        await house.apply(plan)
    [seen] = house.sql("SELECT count(*) AS refused FROM connector.operation WHERE state = 'refused'")
    assert 50 <= seen["refused"] < 100, "of 160"
