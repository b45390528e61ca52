"""Attempts that who teaches has discarded: asked for on their page, kept with who did and why, and counted nowhere."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import anyio
import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment.attempting import GRACE
from connector.domain.apart import Apart
from connector.domain.assessments import Kind, Policy
from connector.domain.attempting import Attempt, Begun, Drawn
from connector.domain.contents import Maker
from connector.domain.live import Kind as Said
from connector.domain.live import learner as room_of
from connector.domain.live import teachers
from connector.domain.lti_scores import Progress
from tests.integration.lti.launched import Tool
from tests.integration.lti.made import Page, activity, asked, assessment, changed, made, opened
from tests.integration.lti.test_allowances import heard, kept, subject
from tests.integration.lti.test_assessment import TWO, in_gradebook, pass_by, sent

RESULTS = "/lti/assessment/results"
WHY = "A try-out <of mine>"


def discarded(teacher: Page, attempt: int | str, why: str = WHY, status: int = 200) -> str:
    return teacher.ask("POST", f"{RESULTS}/{attempt}/discard", status, data={"why": why}).text


def last(tool: Tool) -> Attempt:
    [found] = tool.house.sql("SELECT max(attempt_id) AS attempt_id FROM connector.attempt")
    return kept(tool, found["attempt_id"])


def scores(tool: Tool) -> list[tuple[float | None, str]]:
    rows = tool.house.sql("SELECT value, progress FROM connector.lti_score ORDER BY score_id")
    return [(one["value"], one["progress"]) for one in rows]


def left(page: Page) -> str:
    """How many attempts the learner has left."""
    found = re.search(r"Attempts left</dt><dd>(\w+)", page.ask("GET", "/lti/assessment").text)
    assert found
    return found[1]


def test_what_was_discarded_counts_nowhere_and_is_kept(tool: Tool, link: ToolLink) -> None:
    """The gradebook gets what counts then, and nothing where nothing does. Who did, when and why is on the record, and
    who comes second changes nothing of it."""
    graded = activity(tool, made(tool, assessment(*TWO, attempts=2, policy=Policy.BEST)))
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    page.take(("b", "r"))
    page.take(("a", "r"), ("b", "r"))
    sent(tool)
    assert (in_gradebook(tool, graded), left(page)) == (100, "0")
    second = last(tool)
    before = teacher.ask("GET", f"{RESULTS}/{second.attempt_id}").text
    assert 'data-dialog="discard"' in before and "Discard attempt 2 of Learner Lê" in before
    again = discarded(teacher, second.attempt_id, " ")
    assert 'aria-invalid="true"' in again and "data-asks" in again, "who does says why, and is asked again"
    assert last(tool).discard is None
    told = discarded(teacher, second.attempt_id)
    assert "A try-out &lt;of mine&gt;" in told and "Teacher Lê" in told
    assert 'data-dialog="discard"' not in told and "Save the mark" not in told
    sent(tool)
    assert (in_gradebook(tool, graded), left(page)) == (25, "1")

    own = page.ask("GET", f"/lti/assessment/attempts/{second.attempt_id}").text
    assert "Somebody who teaches in this course has discarded this attempt." in own and "100%" not in own
    home = page.ask("GET", "/lti/assessment").text
    first = page.ask("GET", "/lti/assessment/attempts/1").text
    assert first.count("No answer.") == 1, "of two questions one was left out"
    assert "Attempt 2 was discarded" in home and f"attempts/{second.attempt_id}" not in home
    shown = teacher.ask("GET", RESULTS).text
    assert "Attempt 2 of Learner Lê" in shown and "A try-out &lt;of mine&gt;" in shown
    lines = teacher.ask("GET", "/lti/assessment/list.csv").text.splitlines()
    assert [one.split(",")[2:4] for one in lines if one.startswith("Learner")] == [["25.0", "1"]]
    connector, content = tool.house.connector, second.content_id
    scored = connector.attempts.scored(content, tool.platform_id, second.actor.course, 10)
    assert [one.number for one in scored] == [1]

    tool.house.clock.forward(seconds=5)
    discarded(teacher, second.attempt_id, "Somebody else says so")
    after = kept(tool, str(second.attempt_id))
    assert after.discard is not None
    assert (after.discard.why, after.discard.by) == (WHY, str(tool.house.twin.state.by_username["teacher"]))
    assert (after.percent, after.submitted_at, len(connector.attempts.answers(after.attempt_id))) == (
        100, second.submitted_at, 2,
    )  # fmt: skip
    teacher.ask("POST", f"{RESULTS}/{second.attempt_id}/marks/a", 403, data={"percent": "50", "comment": ""})

    discarded(teacher, 1)
    tool.house.clock.forward(seconds=2)
    sent(tool)
    assert (in_gradebook(tool, graded), left(page)) == (None, "2")
    assert scores(tool)[2:] == [(25, "Completed"), (None, "Initialized")]
    assert "Not begun" in teacher.ask("GET", RESULTS).text
    page.take(("a", "r"))
    assert (last(tool).number, left(page)) == (3, "1"), "no number is given twice"


def test_which_policy_counts_then(tool: Tool, link: ToolLink) -> None:
    """What counted anyhow is not sent again; who waits to be marked, or is at another attempt, has no grade then."""
    last_counts = activity(tool, made(tool, assessment(*TWO, attempts=None, policy=Policy.LAST)))
    page, teacher = opened(tool, "learner", last_counts), opened(tool, "teacher", last_counts)
    page.take(("a", "r"))
    page.take(("b", "r"))
    discarded(teacher, 1)
    assert scores(tool) == [(75, "Completed"), (25, "Completed")]
    page.begin()
    discarded(teacher, 2)
    assert scores(tool)[2:] == [(None, Progress.IN_PROGRESS.value)]


def test_a_grade_goes_though_the_newest_attempt_has_no_column(tool: Tool, link: ToolLink) -> None:
    """It stands in the column that the attempt before was launched with."""
    graded = activity(tool, made(tool, assessment(*TWO, attempts=None, policy=Policy.BEST)))
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    page.take(("a", "r"))
    second = page.begin()
    tool.house.sql("UPDATE connector.attempt SET line_item = '' WHERE number = 2 RETURNING 1")
    page.answer(second, "b", "r")
    page.submit(second)
    assert scores(tool) == [(75, "Completed")], "it has nowhere to go"
    discarded(teacher, 1)
    assert scores(tool)[1:] == [(25, "Completed")]


def test_who_is_at_it_is_told_at_once(tool: Tool, link: ToolLink) -> None:
    """Their page and who teaches; what comes of the page afterwards is refused, and another attempt can be begun."""
    practical = asked("p", kind=Kind.PRACTICAL, options=())
    graded = activity(tool, made(tool, assessment(*TWO, practical, attempts=1, minutes=20)))
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempt = page.begin()
    page.answer(attempt, "a", "r")
    with heard(tool) as words:
        discarded(teacher, attempt)
    course = kept(tool, attempt).actor.course
    told = [(one.kind, one.room, one.what.get("about") or one.what.get("verb")) for one in words]
    assert told == [
        (Said.EVENT, teachers(tool.platform_id, course), "voided"),
        (Said.NOTICE, room_of(tool.platform_id, subject(tool)), "discarded"),
    ]
    at = f"/lti/assessment/attempts/{attempt}"
    assert page.ask("GET", f"{at}/answers").json()["open"] is False
    assert page.answer(attempt, "a", "w", status=409, place=2).json()["open"] is False
    page.ask("GET", f"{at}/questions/a", 403)
    said = "Somebody who teaches in this course has discarded this attempt."
    assert said in page.submit(attempt) and said in page.ask("GET", at).text
    file = {"file": ("photo.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    assert "it takes nothing more" in page.ask("POST", f"{at}/evidence/p", files=file).text
    assert scores(tool) == [], "there was no grade, and there is none"
    assert tool.house.connector.attempts.answers(int(attempt))["a"].chosen == {"r"}
    pass_by(tool, 25)
    assert anyio.run(tool.house.connector.ending_attempts().work)["submitted"] == 0
    assert kept(tool, attempt).submitted_at is None
    assert page.begin() != attempt


def test_a_result_that_is_being_found_does_not_bring_it_back(tool: Tool, link: ToolLink) -> None:
    """Of what was submitted just before, or is marked anew in this moment."""
    content = made(tool, assessment(*TWO))
    graded, connector = activity(tool, content), tool.house.connector
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    page.take(("a", "r"))
    mended = replace(TWO[0], weight=1.0)
    after = changed(tool, content, assessment(mended, TWO[1]))
    assert connector.regrading.ask(after, Maker(content.platform_id, content.course, "teacher"), "Weights.")
    [regrade] = connector.regrades.under_way()
    with ThreadPoolExecutor(1) as pool:
        with connector.database.transaction() as discarding:
            discarding.execute(
                "UPDATE connector.attempt SET discarded_at = now(), discarded_by = 't', discarded_why = 'why'"
            )
            marking = pool.submit(connector.regrading.work, regrade, Apart("Attempts"), lambda: False)
            with pytest.raises(TimeoutError):
                marking.result(timeout=0.5)
        assert marking.result() == 0
    assert (last(tool).percent, last(tool).marked_version, len(scores(tool))) == (75, 1, 1)
    assert connector.regrades.old(regrade.by, content.platform_id, content.course) == 0
    assert "by an earlier version" not in teacher.ask("GET", RESULTS).text

    second = page.begin()
    assert connector.attempts.submit(kept(tool, second), connector.clock())
    discarded(teacher, second)
    tool.house.clock.forward(seconds=GRACE.seconds * 10)
    assert anyio.run(connector.ending_attempts().work)["submitted"] == 0
    assert connector.attempting.submit(kept(tool, second)).percent is None
    assert len(scores(tool)) == 1


@pytest.mark.parametrize("where", ["this window", "another window"])
def test_an_attempt_that_is_discarded_as_it_begins(
    tool: Tool, link: ToolLink, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Who begins is told what became of it; and where one from before goes while another window begins
    the next, it is that one."""
    graded = activity(tool, made(tool, assessment(*TWO)))
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempts = type(tool.house.connector.attempts)
    real = attempts.start

    def start(self: Any, drawn: Drawn, begun: Begun) -> int | None:
        started = real(self, drawn, begun)
        monkeypatch.setattr(attempts, "start", real)
        if where == "this window":
            discarded(teacher, last(tool).attempt_id)
            return started
        discarded(teacher, 1)
        return None

    if where == "another window":
        page.take(("a", "r"))
    monkeypatch.setattr(attempts, "start", start)
    told = page.ask("POST", "/lti/assessment/attempts").text
    if where == "this window":
        assert "has discarded this attempt." in told and last(tool).discard is not None
    else:
        assert 'data-attempt="2"' in told


def test_a_discard_waits_for_a_result_that_is_being_found(tool: Tool, link: ToolLink) -> None:
    """And takes what it has come to with it: the gradebook has nothing in the end."""
    practical = asked("p", kind=Kind.PRACTICAL, options=())
    graded, connector = activity(tool, made(tool, assessment(practical))), tool.house.connector
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempt = page.begin()
    page.answer(attempt, "p", text="done")
    page.submit(attempt)
    with ThreadPoolExecutor(1) as pool:
        with connector.database.transaction() as finding:
            finding.execute("UPDATE connector.attempt SET percent = 50, passed = false")
            discarding = pool.submit(discarded, teacher, attempt)
            with pytest.raises(TimeoutError):
                discarding.result(timeout=0.5)
        discarding.result()
    assert scores(tool) == [(None, "Completed"), (None, "Initialized")]


def test_only_who_teaches_there_discards_and_nothing_that_was_tried_out(tool: Tool, link: ToolLink) -> None:
    """Neither learners nor who teaches another content's course; nor attempts of whoever was erased."""
    content = made(tool, assessment(*TWO))
    graded = activity(tool, content)
    page, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    page.take(("a", "r"))
    discarded(page, 1, status=403)
    for nobody in ("999", "x"):
        discarded(teacher, nobody, status=403)
    tried = teacher.begin()
    assert "Discard this attempt" not in teacher.ask("GET", f"{RESULTS}/{tried}").text
    discarded(teacher, tried, status=403)
    tool.house.sql("UPDATE connector.attempt SET course = 'other' WHERE attempt_id = 1")
    discarded(teacher, 1, status=403)
    tool.house.sql("UPDATE connector.attempt SET course = %s, person_id = 7 WHERE attempt_id = 1", content.course)
    tool.house.sql(
        "INSERT INTO connector.erasure (erasure_id, site, pseudonym, person_ids, erased_at, erased_by, reason, "
        "counts, fingerprint) VALUES "
        "(gen_random_uuid(), 'other', 'erased-7', '{7}', now(), 'dpo', '', '{}', '') RETURNING 1"
    )
    discarded(teacher, 1, status=403)
    assert tool.house.sql("SELECT FROM connector.attempt WHERE discarded_at IS NOT NULL") == []
