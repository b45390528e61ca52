"""Scores reach the platform's gradebook: each once, in its order, whatever fails on the way."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from threading import Event

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.cli import command
from connector.cli.service import jobs_of
from connector.doctor import own
from connector.domain.errors import Busy, ConnectorError
from connector.domain.jobs import JobOutcome
from connector.domain.lti import Platform
from connector.domain.lti_scores import LONG, REST, Answer, Progress, Score, Scored
from connector.lti.outbox import AT_ONCE
from jobs.pushes import heard
from jobs.running import Running
from jobs.schedule import scheduled
from tests.console import SECRET
from tests.integration.lti.launched import Tool
from tests.support import Seen, rows

pytestmark = pytest.mark.anyio


def scored(tool: Tool, link: ToolLink, username: str, value: float | None, most: float = 10.0) -> Scored:
    state = tool.house.twin.state
    item = f"{state.url}/mod/lti/services.php/{link.course_id}/lineitems/{link.item}/lineitem?type_id={link.tool.id}"
    return Scored(tool.platform_id, item, str(state.by_username[username]), value, most, Progress.COMPLETED)


def put(tool: Tool, link: ToolLink, username: str, value: float | None) -> None:
    tool.house.connector.launch_scores.put(scored(tool, link, username, value), tool.house.clock())


async def sent(tool: Tool) -> dict[Answer, int]:
    return dict(await tool.house.connector.score_outbox.send_due())


async def everything_sent(tool: Tool) -> None:
    """Until nothing waits; what is to wait for a while has its turn at once."""
    for _ in range(40):
        await sent(tool)
        if not tool.house.sql("SELECT 1 FROM connector.lti_score WHERE state = 'waiting'"):
            return
        tool.house.sql("UPDATE connector.lti_score SET try_at = made_at")
    raise AssertionError("something still waits")


def grade(tool: Tool, link: ToolLink, username: str) -> float | None:
    found = tool.house.twin.tools.score(link, username)
    return found.value if found else None


async def test_a_score_arrives_and_is_sent_once(tool: Tool, link: ToolLink) -> None:
    """In points of the line item: 7 of 10 are 70 of 100."""
    put(tool, link, "learner", 7)
    assert await sent(tool) == {Answer.TAKEN: 1}
    assert grade(tool, link, "learner") == 70
    assert await sent(tool) == {}


async def test_a_score_of_0_is_told_and_none_is_not(tool: Tool, link: ToolLink) -> None:
    """As Moodle 4.5.5 and 5.1 answer."""
    connector = tool.house.connector
    [platform] = connector.platforms.all()

    async def told(value: float | None) -> float | None:
        put(tool, link, "learner", value)
        await everything_sent(tool)
        one = scored(tool, link, "learner", value)
        return await connector.platform_services.result(platform, one.line_item, one.subject)

    assert [await told(value) for value in (0, None, 5)] == [0, None, 0.5]


async def test_scores_of_the_same_second_arrive_in_their_order(tool: Tool, link: ToolLink) -> None:
    """Moodle refuses a time that is not later: each is a second later than the one before."""
    for value in (3, 9, 5):
        put(tool, link, "learner", value)
    put(tool, link, "other", 8)
    stamps = tool.house.sql("SELECT stamp FROM connector.lti_score ORDER BY score_id LIMIT 3")
    assert [(b["stamp"] - a["stamp"]) for a, b in pairwise(stamps)] == [timedelta(seconds=1)] * 2
    assert await sent(tool) == {Answer.TAKEN: 2}, "one of each person at a time"
    await everything_sent(tool)
    assert (grade(tool, link, "learner"), grade(tool, link, "other")) == (50, 80)


async def test_while_the_platform_is_down_scores_wait_and_arrive_once_in_order(tool: Tool, link: ToolLink) -> None:
    with tool.house.twin.state.lock:
        tool.house.twin.state.tools.down = True
    for value in (2, 4, 6):
        put(tool, link, "learner", value)
    assert await sent(tool) == {Answer.NOT_NOW: 1}
    assert await sent(tool) == {}, "not at once again"
    tool.house.clock.forward(seconds=2)
    put(tool, link, "learner", 8)
    assert await sent(tool) == {Answer.NOT_NOW: 1}
    with tool.house.twin.state.lock:
        tool.house.twin.state.tools.down = False
    await everything_sent(tool)
    received = tool.house.twin.state.tools.received
    assert [value for _, _, value in received] == [20, 40, 60, 80]


async def test_a_score_whose_answer_was_lost_counts_once(tool: Tool, link: ToolLink) -> None:
    """It was taken; sent again it is refused for its time, and the gradebook is asked."""
    put(tool, link, "learner", 7)
    with tool.house.twin.state.lock:
        tool.house.twin.state.tools.loses_answers = 1
    assert await sent(tool) == {Answer.NOT_NOW: 1}
    assert grade(tool, link, "learner") == 70
    await everything_sent(tool)
    assert [value for _, _, value in tool.house.twin.state.tools.received] == [70]


@pytest.mark.parametrize("value", [0, None])
async def test_nought_and_not_yet_marked(tool: Tool, link: ToolLink, value: float | None) -> None:
    """Moodle tells both alike afterwards; a lost answer does not send them for ever."""
    put(tool, link, "learner", value)
    with tool.house.twin.state.lock:
        tool.house.twin.state.tools.loses_answers = 1
    await everything_sent(tool)
    assert grade(tool, link, "learner") == value


async def test_a_later_grade_in_moodle_of_the_same_second_is_passed(tool: Tool, link: ToolLink) -> None:
    """Somebody graded by hand meanwhile: ours gets a later time, and those that wait after it too."""
    put(tool, link, "learner", 3)
    put(tool, link, "learner", 9)
    ahead = int(tool.house.clock.now.timestamp()) + 5
    tool.house.twin.tools.grade(link, "learner", 55, ahead)
    assert await sent(tool) == {Answer.NOT_LATER: 1}
    await everything_sent(tool)
    assert grade(tool, link, "learner") == 90
    assert [value for _, _, value in tool.house.twin.state.tools.received] == [30, 90]


def graded(tool: Tool, link: ToolLink, username: str, *, now: bool) -> None:
    """Give somebody a role that is graded, or none."""
    state = tool.house.twin.state
    with state.lock:
        state.roles[state.by_username[username]]["course", link.course_id] = {5} if now else set()


async def test_who_is_not_enrolled_is_parked_and_sent_after_the_enrolment(tool: Tool, link: ToolLink) -> None:
    graded(tool, link, "learner", now=False)
    put(tool, link, "learner", 7)
    assert await sent(tool) == {Answer.NOT_ENROLLED: 1}
    assert await sent(tool) == {}
    graded(tool, link, "learner", now=True)
    assert tool.house.connector.launch_scores.unpark(tool.house.clock()) == 1
    assert await sent(tool) == {Answer.TAKEN: 1}
    assert grade(tool, link, "learner") == 70


async def test_an_access_token_that_is_refused_is_got_anew(tool: Tool, link: ToolLink) -> None:
    """As after a restart of the platform; and one token serves many scores."""
    put(tool, link, "learner", 7)
    await sent(tool)
    with tool.house.twin.state.lock:
        assert len(tool.house.twin.state.tools.tokens) == 1
        tool.house.twin.state.tools.tokens.clear()
    put(tool, link, "other", 7)
    assert await sent(tool) == {Answer.TAKEN: 1}


async def test_a_service_at_another_host_gets_no_token(tool: Tool, link: ToolLink) -> None:
    """A line item is what the platform said, and so may be anything."""
    elsewhere = Scored(tool.platform_id, "http://127.0.0.1:1/lineitem", "2", 5, 10, Progress.COMPLETED)
    tool.house.connector.launch_scores.put(elsewhere, tool.house.clock())
    assert await sent(tool) == {Answer.REFUSED: 1}


async def test_an_ended_platform_gets_no_scores(tool: Tool, link: ToolLink) -> None:
    put(tool, link, "learner", 7)
    tool.house.connector.registering.end(tool.platform_id, "ada")
    assert await sent(tool) == {Answer.REFUSED: 1}
    assert await sent(tool) == {}
    assert grade(tool, link, "learner") is None


# ---------------------------------------------------------------- the job
class Ignoring:
    """Observes nothing."""

    def ran(self, *_: object) -> None: ...


def down(tool: Tool, *, now: bool = True) -> None:
    with tool.house.twin.state.lock:
        tool.house.twin.state.tools.down = now


def test_the_job_sends_what_was_put_while_the_platform_was_down_once_and_in_order(tool: Tool, link: ToolLink) -> None:
    """It is tried again when the next one is due, and not before; then one run sends all."""
    house = tool.house
    [job, running] = [
        jobs_of(house.connector, Event())["scores"],
        Running(house.connector.jobs, house.clock, Ignoring()),
    ]
    assert job.times is not None
    house.clock.forward(seconds=-30)  # what signs with a clock that is ahead is not believed
    down(tool)
    for value in (2, 4, 6):
        put(tool, link, "learner", value)
    put(tool, link, "other", 9)
    waited: list[timedelta] = []
    for _ in range(3):
        assert running.run("scores", job) is JobOutcome.DONE
        assert running.run("scores", job) is JobOutcome.ELSEWHERE, "it has just been tried"
        [due, began] = [job.times.after(house.clock.now), house.clock.now]
        waited.append(due - began)
        house.clock.now = due
    assert timedelta(seconds=1) < waited[0] < waited[1] < waited[2] < timedelta(seconds=10)
    down(tool, now=False)
    assert running.run("scores", job) is JobOutcome.DONE
    received = tool.house.twin.state.tools.received
    who = house.twin.state.by_username
    assert [value for _, user, value in received if user == who["learner"]] == [20, 40, 60]
    assert [value for _, user, value in received if user == who["other"]] == [90]
    assert job.times.after(house.clock.now) - house.clock.now > timedelta(minutes=4), "nothing is due"


def test_what_is_put_wakes_the_job(tool: Tool, link: ToolLink) -> None:
    """In whichever process it is put, and when what was parked is to be sent once more."""
    house, stopping = tool.house, Event()
    running = Running(house.connector.jobs, house.clock, Ignoring())

    def until(well: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not well() and time.monotonic() < end:
            time.sleep(0.02)
        assert well()

    hearing = Event()

    def wake() -> None:
        waiting.came("scores")
        hearing.set()

    jobs = {"scores": jobs_of(house.connector, stopping)["scores"]}
    with scheduled(jobs, running, stopping) as waiting, heard(house.connector.launch_scores.heard, wake, stopping):
        assert hearing.wait(30)
        put(tool, link, "learner", 7)
        until(lambda: grade(tool, link, "learner") == 70)
        graded(tool, link, "teacher", now=False)
        put(tool, link, "teacher", 8)
        until(lambda: bool(house.sql("SELECT 1 FROM connector.lti_score WHERE state = 'parked'")))
        graded(tool, link, "teacher", now=True)
        house.connector.launch_scores.unpark(house.clock())
        until(lambda: grade(tool, link, "teacher") == 80)


async def test_one_process_sends_at_a_time(tool: Tool, link: ToolLink) -> None:
    """Who comes second steps aside: two would send the same score, or a later one first."""
    put(tool, link, "learner", 7)
    with tool.house.connector.launch_scores.turn() as free:
        assert free
        with pytest.raises(Busy):
            await sent(tool)
    assert await sent(tool) == {Answer.TAKEN: 1}


@dataclass
class OneSilent:
    """A gradebook of which one platform does not answer."""

    silent: int
    asked: list[int] = field(default_factory=list)

    async def send(self, platform: Platform, _score: Score) -> tuple[Answer, str]:
        self.asked.append(platform.platform_id)
        return (Answer.NOT_NOW, "silence") if platform.platform_id == self.silent else (Answer.TAKEN, "")

    async def result(self, *_: object) -> float | None:
        raise AssertionError("nothing was refused for its time")


async def test_a_silent_platform_is_not_asked_for_each_score(tool: Tool) -> None:
    """Each of its answers may take ten seconds, for which others would wait; all of its scores wait."""
    connector, now = tool.house.connector, tool.house.clock()
    silent = connector.platforms.add(tool.as_platform(issuer="http://127.0.0.1:1"), "tester", now)
    assert silent is not None
    for platform, scores in ((silent, 20), (tool.platform_id, 5)):
        for subject in range(scores):
            told = Scored(platform, "http://127.0.0.1:1/lineitem", str(subject), 5, 10, Progress.COMPLETED)
            connector.launch_scores.put(told, now)
    gradebook = OneSilent(silent)
    done = await replace(connector.score_outbox, gradebook=gradebook).send_due()
    assert done == {Answer.NOT_NOW: 20, Answer.TAKEN: 5}
    assert Counter(gradebook.asked) == {silent: AT_ONCE, tool.platform_id: 5}


# ---------------------------------------------------------------- parked
async def test_after_the_sync_that_enrols_somebody_the_score_is_sent(tool: Tool, link: ToolLink, moodle: Seen) -> None:
    """A sync that does not is tried once, and not again within half an hour; what was refused for another reason waits
    for IT."""
    house = tool.house
    await house.settled_in(rows(2))
    put(tool, link, "e0001", 7)
    gone = Scored(
        tool.platform_id,
        f"{house.twin.url}/mod/lti/services.php/9/lineitems/9/lineitem",
        "2",
        5,
        10,
        Progress.COMPLETED,
    )
    house.connector.launch_scores.put(gone, house.clock())
    assert await sent(tool) == {Answer.NOT_ENROLLED: 1, Answer.REFUSED: 1}
    for tried in ({Answer.NOT_ENROLLED: 1}, {}):
        await house.sync(rows(2))
        assert await sent(tool) == tried
    house.clock.now += REST
    await house.sync([*rows(1, unit="Field"), *rows(2)[1:]])
    assert await sent(tool) == {Answer.TAKEN: 1}
    assert grade(tool, link, "e0001") == 70


def test_it_is_told_what_lies_and_sent_once_more(
    tool: Tool, link: ToolLink, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By command: counts, since when and why, and nothing of a person; and sent, once it can be."""
    house = tool.house
    monkeypatch.setenv("CONNECTOR_LTI__SECRET", SECRET)
    file = house.folder / "connector.toml"
    file.write_text(
        f'database_url = "{house.settings.database_url.get_secret_value()}"\nmapping = "{house.mapping}"\n'
        f'[moodle]\nurl = "{house.twin.url}"\n[lti]\nurl = "{tool.url}"\n'
    )

    def told(*options: str) -> dict[str, object]:
        capsys.readouterr()
        assert command(["lti", "scores", "--json", "--config", str(file), *options]) == 0
        out = capsys.readouterr().out  # the tool, which logs, is served by this process too
        found: dict[str, object] = json.loads(out[("\n" + out).index("\n{\n") :])
        return found

    assert told() == {"scores": [], "again": None, "sent": None}
    graded(tool, link, "learner", now=False)
    for value in (3, 7):
        put(tool, link, "learner", value)
    first = told("--send")
    assert first["sent"] == {"not_enrolled": 2}
    [parked] = first["scores"]  # type: ignore[misc]
    assert {**parked, "since": ""} == {
        "issuer": house.twin.url, "state": "parked", "why": "the platform answered 400", "scores": 1, "since": "",
    }  # fmt: skip
    graded(tool, link, "learner", now=True)
    assert told("--again", "--send") == {"scores": [], "again": 1, "sent": {"taken": 1}}
    assert grade(tool, link, "learner") == 70


async def test_the_doctor_fails_once_a_score_waits_for_long(tool: Tool, link: ToolLink) -> None:
    """While it may still arrive by itself all is well; what is parked is told."""
    graded(tool, link, "teacher", now=False)
    put(tool, link, "teacher", 3)
    await sent(tool)
    down(tool)
    put(tool, link, "learner", 7)
    await sent(tool)
    assert await own.scores(tool.house.connector) == "waiting: 1; parked: 1, see `moodle-connector lti scores`"
    tool.house.clock.now += LONG
    with pytest.raises(ConnectorError, match=r"wait for a gradebook since .*answered 503.*job list"):
        await own.scores(tool.house.connector)
