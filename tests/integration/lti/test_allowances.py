"""One person is allowed more than all are, whenever that is given: while an attempt begins, and while it is open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import anyio
import psycopg
import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.domain.attempting import Attempt
from connector.domain.live import Kind, Word, learner, read
from connector.store.database import query
from connector.store.live import CHANNEL
from tests.integration.lti.launched import Tool
from tests.integration.lti.made import Page, activity, assessment, changed, made, opened
from tests.integration.lti.test_assessment import TWO, pass_by

PATH = "/lti/assessment/allowances"


def subject(tool: Tool) -> str:
    return str(tool.house.twin.state.by_username["learner"])


def given(tool: Tool, teacher: Page, status: int = 200, **more: str) -> None:
    teacher.ask("POST", PATH, status, data={"subject": subject(tool), **more})


def kept(tool: Tool, attempt: str) -> Attempt:
    found = tool.house.connector.attempts.one(int(attempt))
    assert found is not None
    return found


def minutes(tool: Tool, attempt: str) -> float:
    """How long it may take."""
    one = kept(tool, attempt)
    assert one.ends_at is not None
    return (one.ends_at - one.started_at) / timedelta(minutes=1)


def ends_in(tool: Tool, seconds: int) -> None:
    """All attempts were begun so much earlier that they are over then."""
    end = tool.house.connector.clock() + timedelta(seconds=seconds)
    tool.house.sql("UPDATE connector.attempt SET started_at = started_at - (ends_at - %s), ends_at = %s", end, end)


def given_unheard(tool: Tool, longer: int) -> None:
    """As where a word is lost."""
    [attempt] = tool.house.sql("SELECT * FROM connector.attempt")
    now = tool.house.connector.clock()
    told = {**attempt, "attempts": None, "minutes": longer, "by": "t", "now": now}
    with tool.house.connector.database.transaction() as giving:
        for step in ("give", "limit"):
            giving.execute(query(f"allowances.{step}"), told)


@contextmanager
def heard(tool: Tool) -> Iterator[list[Word]]:
    """What pages are told meanwhile."""
    words: list[Word] = []
    with psycopg.connect(tool.house.settings.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}".encode())
        yield words
        words += [one for one in (read(each.payload) for each in connection.notifies(timeout=0.2)) if one]


def test_the_page_that_is_open_has_the_time_that_was_given(tool: Tool, link: ToolLink) -> None:
    """It is told, and finds how much is left. The clock of a page that has not heard submits nothing while there is
    time; the learner may whenever they wish."""
    graded = activity(tool, made(tool, assessment(*TWO, minutes=20)))
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempt = page.begin()
    at = f"/lti/assessment/attempts/{attempt}"
    with heard(tool) as words:
        given(tool, teacher, longer="30")
    assert [(one.kind, one.room) for one in words] == [(Kind.NOTICE, learner(tool.platform_id, subject(tool)))]
    pass_by(tool, 21)
    assert 28 * 60 < page.ask("GET", f"{at}/answers").json()["left"] <= 29 * 60
    goes_on = re.search(r'data-left="(\d+)', page.ask("POST", f"{at}/submit?by=clock").text)
    assert goes_on and 28 * 60 < int(goes_on[1]) <= 29 * 60
    page.answer(attempt, "a", "r")
    pass_by(tool, 29)
    assert "75%" in page.ask("POST", f"{at}/submit?by=clock").text
    again = page.begin()
    page.submit(again)
    assert kept(tool, again).submitted_at is not None


def test_who_just_got_more_time_is_not_overdue(tool: Tool, link: ToolLink) -> None:
    """Though it was looked up before that: a submission by the clock looks at the end as it is in its moment."""
    graded = activity(tool, made(tool, assessment(*TWO, minutes=20)))
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempt = page.begin()
    pass_by(tool, 22)
    looked_up = kept(tool, attempt)
    given(tool, teacher, longer="10")
    attempting = tool.house.connector.attempting
    assert attempting.run_out(looked_up).submitted_at is None
    assert page.begin() == attempt
    given(tool, teacher, longer="0")
    assert anyio.run(tool.house.connector.ending_attempts().work)["submitted"] == 1


def test_what_a_form_does_not_ask_stays_as_it_is(tool: Tool, link: ToolLink) -> None:
    """The newest version has no limit of time, or of attempts: nobody loses minutes of the attempt that is open."""
    content = made(tool, assessment(*TWO, minutes=20, attempts=1))
    graded = activity(tool, content)
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempt = page.begin()
    given(tool, teacher, longer="30", more="2")
    allowances, whose = tool.house.connector.allowances, kept(tool, attempt).actor
    changed(tool, content, assessment(*TWO, minutes=None, attempts=1))
    given(tool, teacher, more="1")
    assert minutes(tool, attempt) == 50
    given(tool, teacher, longer="5")
    found = allowances.of(content.content_id, whose)
    assert (found.attempts, found.minutes) == (1, 5)
    given(tool, teacher, longer="")
    assert minutes(tool, attempt) == 20


def test_an_end_is_the_same_whoever_gives_at_once(tool: Tool, link: ToolLink) -> None:
    """Two who teach, or one while the attempt begins: the second waits, and the end is found from what all have and
    what is allowed beyond."""
    content = made(tool, assessment(*TWO, minutes=20))
    graded = activity(tool, content)
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    whose = {
        "content_id": content.content_id, "platform_id": tool.platform_id, "link": str(graded.id),
        "subject": subject(tool),
    }  # fmt: skip
    now, database = tool.house.clock(), tool.house.connector.database
    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as giving:
            giving.execute(query("allowances.keep_off"), whose)
            begun, also = pool.submit(page.begin), pool.submit(given, tool, teacher, longer="10")
            for one in (begun, also):
                with pytest.raises(TimeoutError):
                    one.result(timeout=0.3)
            giving.execute(
                query("allowances.give"), {**whose, "attempts": None, "minutes": 10, "by": "other", "now": now}
            )
            giving.execute(query("allowances.limit"), whose)
        also.result()
    assert minutes(tool, begun.result()) == 30


def test_more_is_given_in_the_activity_that_is_meant(tool: Tool, link: ToolLink) -> None:
    """The list has what was tried in another activity of the course, too; in none that is not there is given."""
    content = made(tool, assessment(*TWO, attempts=1))
    graded, elsewhere = activity(tool, content), activity(tool, content, "Again")
    page, teacher = opened(tool, "learner", elsewhere), opened(tool, "teacher", graded)
    page.take(("a", "r"))
    listed = teacher.ask("GET", "/lti/assessment/list?activity=").text
    way = re.search(rf'hx-get="({PATH}\?subject={subject(tool)}&amp;link=(\w+)[^"]*)"', listed)
    assert way
    form = teacher.ask("GET", way[1].replace("&amp;", "&")).text
    assert f'name="link" value="{way[2]}"' in form
    given(tool, teacher, link=way[2], more="1")
    assert "1 attempt more" in teacher.ask("GET", "/lti/assessment/list?activity=").text
    page.begin()
    opened(tool, "learner", graded).take(("a", "r"))
    opened(tool, "learner", graded).begin(403)
    given(tool, teacher, 403, link="4711", more="1")
