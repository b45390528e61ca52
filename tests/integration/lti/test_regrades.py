"""Attempts that are marked anew: asked for on the page of results, done by a job, and sent on once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import anyio
import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment.papers import Papers
from connector.content.assessment.regrading import Regrading
from connector.domain.apart import Apart
from connector.domain.assessments import Answer, Bank, Kind, Policy, Question, Section
from connector.domain.attempting import Attempt, Outcome
from connector.domain.contents import Content, Maker
from connector.domain.errors import Stopped
from connector.domain.regrades import LONG
from connector.store.attempts import StoredAttempts
from connector.store.contents import StoredContents
from connector.store.database import Database
from connector.store.lti_scores import put_score
from connector.store.regrades import StoredRegrades
from tests.integration.lti.launched import PEOPLE, Tool
from tests.integration.lti.made import activity, asked, assessment, changed, made, opened
from tests.integration.lti.test_assessment import TWO, in_gradebook, marked_by_what_is_broken, sent, verbs


def regraded(tool: Tool, content: Content, reason: str = "The key was wrong.") -> Mapping[str, object]:
    """The teacher wants what was submitted marked anew, and the job does it."""
    connector = tool.house.connector
    maker = Maker(content.platform_id, content.course, "teacher")
    assert connector.regrading.ask(content, maker, reason)
    return anyio.run(connector.regrading_work().work)


def test_a_regrade_sends_the_score_again(tool: Tool, link: ToolLink) -> None:
    """The question as it was asked is kept; what is right is as it is now."""
    content = made(tool, assessment(*TWO))
    graded = activity(tool, content)
    opened(tool, "learner", graded).take(("a", "w"), ("b", "r"))
    sent(tool)
    assert in_gradebook(tool, graded) == 25
    mended = replace(TWO[0], options=[replace(one, right=not one.right) for one in TWO[0].options])
    after = changed(tool, content, assessment(mended, TWO[1]))
    assert after.version == 2, "a version that was used stays"
    assert regraded(tool, after) == {"regrades": 1, "attempts": 1}
    assert regraded(tool, after) == {"regrades": 1, "attempts": 0}
    tool.house.clock.forward(seconds=2)
    sent(tool)
    assert in_gradebook(tool, graded) == 100


def test_a_bank_that_was_mended_can_be_regraded(tool: Tool, link: ToolLink) -> None:
    """The page of results says that there is something to be marked again."""
    bank = made(tool, Bank({"en": "Pool"}, [asked("b")]))
    drawn = replace(assessment(), sections=[Section({}, [], str(bank.content_id), 1)])
    graded = activity(tool, made(tool, drawn))
    opened(tool, "learner", graded).take(("b", "w"))
    teacher = opened(tool, "teacher", graded)
    assert "/regrade" not in teacher.ask("GET", "/lti/assessment/results").text
    flipped = [replace(one, right=not one.right) for one in asked("b").options]
    changed(tool, bank, Bank({"en": "Pool"}, [asked("b", options=flipped)]))
    assert "/regrades" in teacher.ask("GET", "/lti/assessment/results").text
    said = teacher.ask("POST", "/lti/assessment/results/regrades", data={"reason": " "}).text
    assert 'aria-invalid="true"' in said
    assert not tool.house.connector.regrades.under_way(), "nobody said why"
    said = teacher.ask("POST", "/lti/assessment/results/regrades", data={"reason": "The key was wrong."}).text
    assert "0 of 1 attempts" in said
    assert "every 2s" in said
    assert 'hx-post="/lti/assessment/results/regrades' not in said, "it is done by these versions already"
    teacher.ask("POST", "/lti/assessment/results/regrades", data={"reason": "Once more."})
    assert anyio.run(tool.house.connector.regrading_work().work) == {"regrades": 1, "attempts": 1}
    [one] = tool.house.sql("SELECT asked_by, reason, attempts, done, changed FROM connector.regrade")
    assert dict(one) == {
        "asked_by": str(tool.house.twin.state.by_username["teacher"]), "reason": "The key was wrong.",
        "attempts": 1, "done": 1, "changed": 1,
    }  # fmt: skip
    shown = teacher.ask("GET", "/lti/assessment/results/regrades").text
    assert "The key was wrong." in shown
    assert "1 result has changed" in shown
    assert "every 2s" not in shown
    on_their_way = "Changed scores are on their way to the gradebook."
    whole = teacher.ask("GET", "/lti/assessment/results").text
    assert ("100%" in whole, on_their_way in whole) == (True, True)
    tool.house.clock.forward(seconds=2)
    sent(tool)
    assert in_gradebook(tool, graded) == 100
    assert on_their_way not in teacher.ask("GET", "/lti/assessment/results").text, "they have arrived"


def test_a_way_that_leads_elsewhere_now_takes_nothing_away(tool: Tool, link: ToolLink) -> None:
    """Who had the step right to which it led keeps that, on the page, too; and a regrade needs one connection."""

    def scenario(ways: str, text: str) -> list[Question]:
        steps = [asked(key, kind=Kind.SCENARIO, text={"en": f"{text} {key}"}) for key in ("s", "t", "u")]
        led = [replace(one, leads_to=to) for one, to in zip(steps[0].options, ways, strict=True)]
        return [replace(steps[0], options=led), *steps[1:]]

    content = made(tool, assessment(*scenario("tu", "Before")))
    graded = activity(tool, content)
    opened(tool, "learner", graded).take(("s", "r"), ("t", "r"))
    after = changed(tool, content, assessment(*scenario("ut", "After")))
    connector = tool.house.connector
    assert connector.regrading.ask(after, Maker(tool.platform_id, after.course, "teacher"), "Another way.")
    with Database(connector.database.url, 1) as database:
        contents = StoredContents(database, connector.site)
        regrades, attempts = StoredRegrades(database, connector.site), StoredAttempts(database, connector.site)
        regrading = Regrading(regrades, attempts, contents, Papers(contents, lambda: 1), connector.clock)
        apart = Apart("Attempts")
        assert (regrading.work(regrades.under_way()[0], apart, lambda: False), apart.failed) == (1, {})
    [one] = connector.attempts.scored(after.content_id, tool.platform_id, after.course, 9)
    assert (one.marked_version, one.percent) == (2, 100)
    page = opened(tool, "teacher", graded).ask("GET", "/lti/assessment/results").text
    assert [text in page for text in ("After s", "After t", "After u", "Before")] == [True, True, False, False]


class Killed(BaseException):
    """As if the process had been killed there."""


def test_a_regrade_that_was_broken_off_goes_on(tool: Tool, link: ToolLink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is counted twice, and each score is sent again once, also of somebody with several attempts."""
    content = made(tool, assessment(*TWO))
    graded = activity(tool, content)
    for username in ("learner", "other"):
        for _ in range(2):
            opened(tool, username, graded).take(("a", "w"), ("b", "r"))
    sent(tool)
    flipped = [replace(one, right=not one.right) for one in TWO[0].options]
    after = changed(tool, content, assessment(replace(TWO[0], options=flipped), TWO[1]))
    connector = tool.house.connector
    assert connector.regrading.ask(after, Maker(tool.platform_id, after.course, "teacher"), "The key was wrong.")
    puts = []

    def killed(*told: Any) -> Any:
        puts.append(told)
        if len(puts) == 2:
            raise Killed
        return put_score(*told)

    with monkeypatch.context() as within:
        within.setattr("connector.store.regrades.put_score", killed)
        with pytest.raises(Killed):
            anyio.run(connector.regrading_work().work)
    [half] = connector.regrades.under_way()
    assert (half.attempts, half.done, half.changed) == (4, 2, 2)
    with pytest.raises(Stopped):
        anyio.run(connector.regrading_work(lambda: True).work)
    assert anyio.run(connector.regrading_work().work) == {"regrades": 1, "attempts": 2}
    [whole] = connector.regrades.of_course(after.content_id, tool.platform_id, after.course)
    assert (whole.done, whole.changed, connector.regrades.under_way()) == (4, 4, [])
    tool.house.clock.forward(seconds=5)
    assert [row["scores"] for row in tool.house.sql(
        "SELECT count(*) AS scores FROM connector.lti_score WHERE value = 100 GROUP BY subject"
    )] == [1, 1]  # fmt: skip
    sent(tool)
    assert (in_gradebook(tool, graded), in_gradebook(tool, graded, "other")) == (100, 100)


def test_what_cannot_be_marked_again_holds_nobody_up(tool: Tool, link: ToolLink) -> None:
    """Neither in the same course nor elsewhere; the job fails in part and tells it, and the next run tries it. The
    page does not wait for good, and who asks for newer versions puts these in its place."""
    connector = tool.house.connector
    contents = [made(tool, assessment(*TWO)) for _ in range(2)]
    activities = [activity(tool, content) for content in contents]
    for content, graded in zip(contents, activities, strict=True):
        for username in ("learner", "other"):
            opened(tool, username, graded).take(("a", "w"), ("b", "r"))
        after = changed(tool, content, assessment(replace(TWO[0], weight=2.0), TWO[1]))
        assert connector.regrading.ask(after, Maker(tool.platform_id, after.course, "teacher"), "Weights.")
    marked_by_what_is_broken(tool, 1)
    tool.house.sql("UPDATE connector.attempt SET percent = NULL, passed = NULL WHERE attempt_id = 1")
    came = anyio.run(connector.regrading_work().work)
    assert (came["regrades"], came["attempts"], came["failed"]) == (1, 3, "Unreadable")
    assert "1 could not be done, with the numbers 1 (Unreadable, " in str(came["message"])
    [left] = connector.regrades.under_way()
    assert (left.by.content_id, left.done) == (contents[0].content_id, 1)
    teacher = opened(tool, "teacher", activities[0])
    assert "every 2s" in teacher.ask("GET", "/lti/assessment/results").text
    tool.house.clock.forward(seconds=LONG.total_seconds() + 1)
    said = teacher.ask("GET", "/lti/assessment/results").text
    assert ("after more than a quarter of an hour" in said, "every 2s" in said) == (True, False)
    changed(tool, contents[0], assessment(replace(TWO[0], weight=3.0), TWO[1]))
    assert 'hx-post="/lti/assessment/results/regrades' in teacher.ask("GET", "/lti/assessment/results").text
    said = teacher.ask("POST", "/lti/assessment/results/regrades", data={"reason": "Weights once more."}).text
    assert ("0 of 2 attempts are" in said, "1 of 2 attempts were" in said, "every 2s" in said) == (True, True, True)
    assert anyio.run(connector.regrading_work().work)["attempts"] == 1
    [newer] = connector.regrades.under_way()
    assert (newer.by.version, newer.done) == (3, 1)
    tool.house.sql("UPDATE connector.attempt SET marked_banks = '{}' WHERE attempt_id = 1")
    assert anyio.run(connector.regrading_work().work) == {"regrades": 1, "attempts": 1}
    assert not connector.regrades.under_way()


def test_what_is_submitted_while_a_regrade_is_under_way_has_the_new_key(tool: Tool, link: ToolLink) -> None:
    """Whichever comes first: what is being marked as it is asked for is waited for, and marked anew; what comes later
    is marked by what was asked for, while it goes on and when it has ended."""
    content = made(tool, assessment(*TWO))
    graded = activity(tool, content)
    pages = {username: opened(tool, username, graded) for username in PEOPLE}
    begun = {username: page.begin() for username, page in pages.items() if username != "teacher"}
    for username, attempt in begun.items():
        pages[username].answer(attempt, "b", "w")
    flipped = [replace(one, right=not one.right) for one in TWO[1].options]
    after = changed(tool, content, assessment(TWO[0], replace(TWO[1], options=flipped)))
    connector, now = tool.house.connector, tool.house.clock()
    teacher = Maker(tool.platform_id, after.course, "teacher")
    first, second = (connector.attempts.one(int(one)) for one in begun.values())
    assert first is not None
    assert second is not None
    connector.attempts.submit(first, now)
    looking, going_on = Event(), Event()

    def find(attempt: Attempt, every: Sequence[Attempt], answers: Mapping[str, Answer]) -> Outcome:
        looking.set()
        assert going_on.wait(30)
        return connector.attempting._found(attempt, every, answers)

    with ThreadPoolExecutor(2) as pool:
        marking = pool.submit(connector.attempts.settle, first, find, now)
        assert looking.wait(30)
        asking = pool.submit(connector.regrading.ask, after, teacher, "The key was wrong.")
        with pytest.raises(TimeoutError):
            asking.result(timeout=0.3)
        going_on.set()
        assert (marking.result(), asking.result()) == (True, True)
    connector.attempts.submit(second, now)
    assert not connector.attempts.settle(second, find, now), "it was to be marked by what was right before"
    assert "25%" in pages["other"].submit(begun["other"])
    assert anyio.run(connector.regrading_work().work) == {"regrades": 1, "attempts": 1}
    assert "25%" in pages["learner"].ask("GET", f"/lti/assessment/attempts/{begun['learner']}").text
    assert "/regrades" not in pages["teacher"].ask("GET", "/lti/assessment/results").text, "all are marked by it"
    sent(tool)
    assert (in_gradebook(tool, graded), in_gradebook(tool, graded, "other")) == (25, 25)


def test_another_pass_mark_counts_once_it_is_marked_again(tool: Tool, link: ToolLink) -> None:
    """Until then who teaches and who learns see the same, and by which pass mark; that there is another is told."""
    content = made(tool, assessment(*TWO, pass_mark=70.0))
    graded = activity(tool, content)
    learner, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    learner.take(("a", "r"))
    after = changed(tool, content, assessment(*TWO, pass_mark=80.0))

    def seen() -> tuple[str, str, str]:
        shown = teacher.ask("GET", "/lti/assessment/results").text
        passed = re.search(r"<dt>Passed</dt><dd>(\d+)</dd>", shown)
        [state] = {one.split(",")[1] for one in teacher.ask("GET", "/lti/assessment/list.csv").text.splitlines()[1:2]}
        assert passed
        return passed[1], state, learner.ask("GET", "/lti/assessment").text

    people, state, home = seen()
    assert (people, state, "To pass it took 70% then." in home) == ("1", "Passed", True)
    assert home.count('badge good">Passed') == 2, "the attempt, and what counts"
    assert "/regrades" in teacher.ask("GET", "/lti/assessment/results").text
    assert regraded(tool, after) == {"regrades": 1, "attempts": 1}
    people, state, home = seen()
    assert (people, state, home.count('badge bad">Not passed')) == ("0", "Not passed", 2)
    assert "then." not in home
    assert "1 result has changed" in teacher.ask("GET", "/lti/assessment/results").text


def test_another_policy_is_another_score(tool: Tool, link: ToolLink) -> None:
    """No attempt has another result then, and the gradebook gets what counts now."""
    content = made(tool, assessment(*TWO, policy=Policy.BEST))
    graded = activity(tool, content)
    page = opened(tool, "learner", graded)
    page.take(("a", "r"), ("b", "r"))
    page.take(("b", "r"))
    after = changed(tool, content, assessment(*TWO, policy=Policy.LAST))
    assert regraded(tool, after) == {"regrades": 1, "attempts": 2}
    tool.house.clock.forward(seconds=5)
    sent(tool)
    assert in_gradebook(tool, graded) == 25
    assert verbs(tool).count("scored") == 2
