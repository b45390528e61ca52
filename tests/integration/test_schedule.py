"""The schedule with a real database: one run at a time, over threads and processes; nothing that is missed or lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import anyio
import pytest

from connector.domain.errors import Busy, HoldClass, Stopped, Unavailable
from connector.domain.jobs import JobOutcome, JobState
from connector.store.database import Database
from connector.store.jobs import Jobs
from jobs import schedule as schedule_module
from jobs.running import Job, Running
from jobs.schedule import Schedule, first_time, scheduled
from jobs.stopping import heeding
from jobs.times import Cron, Every

NIGHTLY = Cron("30 2 * * *", ZoneInfo("UTC"))
HOURLY = Every(timedelta(hours=1))
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Seen:
    """What observers were told."""

    runs: list[tuple[str, JobOutcome]] = field(default_factory=list)

    def ran(self, name: str, outcome: JobOutcome, seconds: float, came: Mapping[str, object]) -> None:  # noqa: ARG002
        self.runs.append((name, outcome))


@dataclass
class Hands:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database, "learn.example.com")


def wait_for(true: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


@contextmanager
def one_job(jobs: Jobs, job: Job, clock: Callable[[], datetime] | None = None) -> Iterator[tuple[Schedule, Seen]]:
    seen = Seen()
    with scheduled({"sync": job}, Running(jobs, clock or (lambda: datetime.now(UTC)), seen)) as schedule:
        yield schedule, seen


class Slow:
    """A job that lasts until it is let go; counts how often it ran, and how many at once at most."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = 0
        self.at_once = 0
        self.most = 0

    def __call__(self) -> Mapping[str, object]:
        self.begun += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.go.wait(20)
        self.at_once -= 1
        return {}


def test_wanted_ten_times_it_runs_once_more(jobs: Jobs) -> None:
    """Asked for while it runs, a job runs again afterwards, because it may have read what was there before; once."""
    work = Slow()
    with one_job(jobs, Job(work)) as (schedule, seen):
        schedule.soon("sync")
        wait_for(lambda: work.begun == 1)
        for _ in range(10):
            schedule.soon("sync")
        assert schedule.waiting() == 1
        work.go.set()
        wait_for(lambda: len(seen.runs) == 2)
        time.sleep(0.2)
        assert (work.begun, work.most, schedule.waiting()) == (2, 1, 0)


def test_what_comes_while_a_job_rests_is_done_at_one_go(jobs: Jobs) -> None:
    """The first that comes is done at once; what comes while the job rests begins one run more, after the rest."""
    work, clock = Slow(), Hands()
    work.go.set()
    with one_job(jobs, Job(work, rest=timedelta(seconds=30)), clock) as (schedule, seen):
        schedule.came("sync")
        wait_for(lambda: len(seen.runs) == 1)
        for _ in range(10):
            schedule.came("sync")
        time.sleep(0.2)
        assert work.begun == 1
        clock.now += timedelta(seconds=31)
        schedule.came("sync")
        wait_for(lambda: len(seen.runs) == 2)
        time.sleep(0.2)
        assert work.begun == 2


def test_a_job_without_times_waits_to_be_asked(jobs: Jobs) -> None:
    """An empty setting is never, and a console may still want it."""
    work = Slow()
    work.go.set()
    with one_job(jobs, Job(work)) as (schedule, seen):
        time.sleep(0.1)
        assert work.begun == 0
        schedule.soon("sync")
        wait_for(lambda: seen.runs == [("sync", JobOutcome.DONE)])


def test_two_processes_do_not_do_it_at_once_or_twice(database_url: str) -> None:
    """Both are due; one does it, and the other finds it under way or just done and says nothing."""
    work, seen = Slow(), Seen()
    with Database(database_url) as one, Database(database_url) as other:
        stores = [Jobs(database, "learn.example.com") for database in (one, other)]
        outcomes: list[JobOutcome] = []

        def run(store: Jobs) -> None:
            outcomes.append(Running(store, lambda: datetime.now(UTC), seen).run("sync", Job(work, HOURLY)))

        first, second = (threading.Thread(target=run, args=(store,)) for store in stores)
        first.start()
        wait_for(lambda: work.begun == 1)
        second.start()
        second.join(20)
        assert outcomes == [JobOutcome.ELSEWHERE]
        work.go.set()
        first.join(20)
        run(stores[1])
        assert outcomes == [JobOutcome.ELSEWHERE, JobOutcome.DONE, JobOutcome.ELSEWHERE]
        assert (work.begun, seen.runs) == (1, [("sync", JobOutcome.DONE)])


def test_a_wish_outlives_the_run_of_another_process(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever approves while another process syncs gets a sync of its own, which has read the approval."""
    monkeypatch.setattr("jobs.schedule.AGAIN", 0.05)
    work = Slow()
    work.go.set()
    with Database(database_url) as one, Database(database_url) as other:
        held = Jobs(one, "learn.example.com").lock("sync")
        held.__enter__()
        with one_job(Jobs(other, "learn.example.com"), Job(work)) as (schedule, seen):
            schedule.soon("sync")
            time.sleep(0.2)
            assert work.begun == 0
            held.__exit__(None, None, None)
            wait_for(lambda: seen.runs == [("sync", JobOutcome.DONE)])


def test_nothing_ends_the_service(jobs: Jobs) -> None:
    """A foreseen error, an unforeseen one: each is kept by its type, and the next run is as good as any."""
    errors: list[Exception] = [Unavailable("Moodle is away."), ZeroDivisionError("person@example.com")]

    def work() -> Mapping[str, object]:
        if errors:
            raise errors.pop(0)
        return {}

    with one_job(jobs, Job(work)) as (schedule, seen):
        for number, (outcome, failures, error) in enumerate(
            [
                (JobOutcome.FAILED, 1, "Unavailable"),
                (JobOutcome.BROKEN, 2, "ZeroDivisionError"),
                (JobOutcome.DONE, 0, ""),
            ]
        ):
            schedule.soon("sync")
            wait_for(lambda number=number: len(seen.runs) > number)  # type: ignore[misc]
            state = jobs.states()["sync"]
            assert (state.outcome, state.failures, state.error) == (outcome, failures, error)
    assert jobs.states()["sync"].succeeded_at is not None


def test_a_database_that_is_away_is_waited_for() -> None:
    """Nothing listens there: the run fails, and the thread lives on to fail again."""
    with Database("postgresql://nobody@127.0.0.1:9/none") as gone:
        gone._pool.timeout = 0.2
        with one_job(Jobs(gone, "x"), Job(dict, Every(timedelta(milliseconds=10)))) as (_, seen):
            wait_for(lambda: len(seen.runs) >= 2)
    assert set(seen.runs) == {("sync", JobOutcome.FAILED)}


def test_missed_times_are_made_up_for_once(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The computer sleeps for a week: a job of every night runs once when it wakes, and then at its time."""
    monkeypatch.setattr("jobs.schedule.LOOK", 0.02)
    clock = Hands()
    with one_job(jobs, Job(dict, NIGHTLY), clock) as (_, seen):
        time.sleep(0.1)
        assert seen.runs == []
        clock.now += timedelta(days=7)
        wait_for(lambda: len(seen.runs) == 1)
        time.sleep(0.2)
        assert len(seen.runs) == 1
        clock.now = NOW + timedelta(days=7, hours=15)
        wait_for(lambda: len(seen.runs) == 2)


def test_a_clock_that_is_put_back_stops_nothing(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was a year ahead: the next night by the new time counts, and what is written of the future does not."""
    monkeypatch.setattr("jobs.schedule.LOOK", 0.02)
    clock = Hands(NOW + timedelta(days=365))
    with one_job(jobs, Job(dict, NIGHTLY), clock) as (schedule, seen):
        schedule.soon("sync")
        wait_for(lambda: len(seen.runs) == 1)
        clock.now = NOW
        time.sleep(0.2)
        assert len(seen.runs) == 1
        clock.now = NOW + timedelta(hours=15)
        wait_for(lambda: len(seen.runs) == 2)


def last(outcome: JobOutcome, ago: timedelta) -> JobState:
    return JobState("sync", NOW - ago, outcome)


@pytest.mark.parametrize(
    ("job", "state", "first"),
    [
        (Job(dict, HOURLY), None, NOW),
        (Job(dict, NIGHTLY), None, datetime(2026, 3, 3, 2, 30, tzinfo=UTC)),
        (Job(dict, HOURLY), last(JobOutcome.DONE, timedelta(minutes=20)), NOW + timedelta(minutes=40)),
        (Job(dict, NIGHTLY), last(JobOutcome.DONE, timedelta(hours=1)), datetime(2026, 3, 3, 2, 30, tzinfo=UTC)),
        (Job(dict, NIGHTLY), last(JobOutcome.DONE, timedelta(hours=10)), datetime(2026, 3, 2, 2, 30, tzinfo=UTC)),
        (Job(dict, NIGHTLY), last(JobOutcome.STOPPED, timedelta(hours=1)), NOW),
        (Job(dict, NIGHTLY), last(JobOutcome.RUNNING, timedelta(hours=1)), NOW),
        (Job(dict, NIGHTLY), last(JobOutcome.DONE, -timedelta(days=9)), datetime(2026, 3, 3, 2, 30, tzinfo=UTC)),
        (Job(dict), last(JobOutcome.FAILED, timedelta(hours=1)), None),
    ],
)
def test_when_a_job_runs_first(job: Job, state: JobState | None, first: datetime | None) -> None:
    """At once where something was missed or left unfinished, else at its time."""
    assert first_time(job, state, NOW) == first


def test_a_night_that_failed_is_made_up_for_soon(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moodle was away at half past two: it is tried again a quarter of an hour later, and then the next night."""
    monkeypatch.setattr(schedule_module, "LOOK", 0.02)
    hands, tries = Hands(datetime(2026, 3, 2, 2, 29, 59, tzinfo=UTC)), []

    def work() -> Mapping[str, object]:
        tries.append(hands.now)
        if len(tries) == 1:
            raise Unavailable("Moodle is away.")
        return {}

    with one_job(jobs, Job(work, NIGHTLY), hands) as (_, seen):
        hands.now = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
        wait_for(lambda: seen.runs == [("sync", JobOutcome.FAILED)])
        hands.now += timedelta(minutes=14)
        time.sleep(0.1)
        assert len(tries) == 1
        hands.now += timedelta(minutes=1)
        wait_for(lambda: len(seen.runs) == 2)
        hands.now += timedelta(hours=20)
        time.sleep(0.1)
        assert [outcome for _, outcome in seen.runs] == [JobOutcome.FAILED, JobOutcome.DONE]


def test_what_waits_for_a_person_is_not_tried_sooner(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many have lost what they were given, Moodle is not read as a whole every quarter of an hour."""
    monkeypatch.setattr(schedule_module, "LOOK", 0.02)
    hands, tries = Hands(datetime(2026, 3, 2, 2, 29, 59, tzinfo=UTC)), []

    def work() -> Mapping[str, object]:
        tries.append(hands.now)
        raise HoldClass("1,442 of 8,400 were lost.")

    with one_job(jobs, Job(work, NIGHTLY), hands) as (_, seen):
        hands.now = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
        wait_for(lambda: seen.runs == [("sync", JobOutcome.HELD)])
        hands.now += timedelta(hours=20)
        time.sleep(0.1)
        assert len(tries) == 1
        state = jobs.states()["sync"]
        assert (state.outcome, state.failures, state.error) == (JobOutcome.FAILED, 1, "HoldClass")
        hands.now += timedelta(hours=4)
        wait_for(lambda: len(tries) == 2)


@pytest.mark.parametrize("times", [HOURLY, NIGHTLY])
def test_a_job_that_steps_aside_has_not_failed(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, times: Every | Cron
) -> None:
    """Nobody is told, what failed before is not forgotten, and it is made up for soon."""
    monkeypatch.setattr(schedule_module, "LOOK", 0.02)
    jobs.begin("sync", NOW)
    jobs.end("sync", JobOutcome.FAILED, "Unavailable", NOW)
    hands, tries, told = Hands(datetime(2026, 3, 3, 2, 30, tzinfo=UTC)), [], []

    def work() -> Mapping[str, object]:
        tries.append(hands.now)
        raise Busy("Another process is mirroring.")

    seen = Seen()
    both = {"sync": Job(work, times, then=("tell",)), "tell": Job(lambda: told.append(1) or {})}  # type: ignore[func-returns-value]
    with scheduled(both, Running(jobs, hands, seen)):
        wait_for(lambda: seen.runs == [("sync", JobOutcome.ASIDE)])
        state = jobs.states()["sync"]
        assert (state.outcome, state.failures, state.error) == (JobOutcome.STOPPED, 1, "Unavailable")
        hands.now += timedelta(minutes=14)
        time.sleep(0.1)
        assert len(tries) == 1
        hands.now += timedelta(minutes=1)
        wait_for(lambda: len(seen.runs) == 2)
    assert told == []


def test_what_was_stopped_is_no_failure(jobs: Jobs) -> None:
    """Ending the service often must not look as if a job kept failing."""

    def work() -> Mapping[str, object]:
        raise Stopped("Told to stop.")

    with one_job(jobs, Job(work)) as (schedule, seen):
        schedule.soon("sync")
        wait_for(lambda: seen.runs == [("sync", JobOutcome.STOPPED)])
    state = jobs.states()["sync"]
    assert (state.outcome, state.failures) == (JobOutcome.STOPPED, 0)


@pytest.mark.anyio
async def test_work_that_does_not_heed_is_cut_off() -> None:
    """When its time is up; an error of the work itself comes out as it is."""
    stopping = threading.Event()

    async def deaf() -> None:
        stopping.set()
        await anyio.sleep(60)

    async def failing() -> None:
        raise Unavailable("Moodle is away.")

    begun = time.monotonic()
    with pytest.raises(Stopped):
        await heeding(deaf, stopping, 0.2)
    assert time.monotonic() - begun < 5
    stopping.clear()
    with pytest.raises(Unavailable):
        await heeding(failing, stopping, 60)


def test_what_does_not_end_is_left_behind(jobs: Jobs) -> None:
    """The end of the service is bounded, also where a job is deaf."""
    work = Slow()
    begun = time.monotonic()
    running = Running(jobs, lambda: datetime.now(UTC), Seen())
    with scheduled({"sync": Job(work, HOURLY)}, running, stop_seconds=0.3):
        wait_for(lambda: work.begun == 1)
    assert time.monotonic() - begun < 5
    assert work.at_once == 1
    work.go.set()
    wait_for(lambda: work.at_once == 0)
    wait_for(lambda: jobs.states()["sync"].outcome is JobOutcome.DONE)
