"""Scores reach the platform's gradebook: each once, in its order, whatever fails on the way."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.domain.lti_scores import Answer, Progress, Scored
from tests.integration.lti.launched import Tool

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


async def test_who_is_not_enrolled_is_parked_and_sent_after_the_enrolment(tool: Tool, link: ToolLink) -> None:
    twin = tool.house.twin
    student = twin.state.roles[twin.state.by_username["learner"]].pop(("course", link.course_id))
    put(tool, link, "learner", 7)
    assert await sent(tool) == {Answer.REFUSED: 1}
    assert await sent(tool) == {}
    twin.state.roles[twin.state.by_username["learner"]]["course", link.course_id] = student
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
