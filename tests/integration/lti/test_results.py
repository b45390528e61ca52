"""The results of an assessment as its page has them: alive from the first attempt on, and in whose days."""

from __future__ import annotations

import re

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.domain.errors import LaunchRefused
from tests.integration.lti.launched import Tool
from tests.integration.lti.made import BEARER, Page, activity, asked, assessment, made, opened

RESULTS = "/lti/assessment/results"


def test_results_come_alive_with_the_first_attempt(tool: Tool, link: ToolLink) -> None:
    """Each part that keeps up is there in what the page asks for next, and hears of its own assessment alone. Moments
    in the file are those of who looks."""
    content = made(tool, assessment(asked("a")))
    graded = activity(tool, content)
    said = {"content": str(content.content_id), "timezone": "Asia/Kathmandu"}
    nobody = {"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": None}
    answer = tool.forged("teacher", graded, _custom=said, **nobody)
    token = BEARER.search(answer.text)
    assert token
    teacher = Page(tool, answer.text, token[1])

    def live(text: str) -> dict[str, str]:
        parts = [
            dict(re.findall(r'([\w-]+)="([^"]*)"', one)) for one in re.findall(r"<\w+ ([^>]*data-live=[^>]*)>", text)
        ]
        return {one["id"]: one.get("data-live-of", "") for one in parts}

    empty = teacher.ask("GET", RESULTS).text
    assert ("There are no attempts yet." in empty, live(empty)) == (True, {"results": said["content"]})
    opened(tool, "learner", graded).take(("a", "r"))
    begun = teacher.ask("GET", RESULTS).text
    assert 'id="results"' in begun
    assert live(begun) == dict.fromkeys(("sums", "found", "figures"), said["content"])
    lines = teacher.ask("GET", "/lti/assessment/list.csv").text.splitlines()
    assert lines[1].count("+05:45") == 2


def test_a_mark_that_meets_retention_changes_nothing(tool: Tool, link: ToolLink) -> None:
    """What was answered went after the page was opened: the result stays as it was, and no mark is kept."""
    graded = activity(tool, made(tool, assessment(asked("a"), asked("b"))))
    learner = opened(tool, "learner", graded)
    attempt = learner.begin()
    for question in ("a", "b"):
        learner.answer(attempt, question, "r")
    learner.submit(attempt)
    connector = tool.house.connector
    shown = connector.attempts.one(int(attempt))
    assert shown
    tool.house.sql("UPDATE connector.attempt SET archived = true RETURNING 1")
    tool.house.sql("DELETE FROM connector.answer RETURNING 1")
    with pytest.raises(LaunchRefused, match="archived"):
        connector.attempting.mark(shown, "b", 1.0, "", "teacher")
    after = connector.attempts.one(int(attempt))
    assert after and (after.percent, after.settled_at) == (100, shown.settled_at)
    assert connector.attempts.marks(int(attempt)) == []
