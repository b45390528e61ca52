"""The results of an assessment as its page has them: alive from the first attempt on, and in whose days."""

from __future__ import annotations

import re
from html import unescape

import pytest
from psycopg.types.json import Jsonb

from adapters.moodle.twin.state import ROLES
from adapters.moodle.twin.tools.state import ToolLink
from connector.domain.assessments import Kind
from connector.domain.contents import Content, ContentKind, Maker
from connector.domain.errors import LaunchRefused
from tests.integration.lti.launched import COURSE, Tool
from tests.integration.lti.made import BEARER, Page, activity, asked, assessment, changed, made, opened
from tests.integration.lti.test_assessment import leading

RESULTS = "/lti/assessment/results"
NO_ROSTER = {"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": None}


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
    assert live(begun) == dict.fromkeys(("sums", "found", "figures", "discards"), said["content"])
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


def test_who_teaches_without_editing_is_no_learner(tool: Tool, link: ToolLink) -> None:
    """Moodle's roster calls them one, and their launches do not: who has opened something is expected to do nothing.
    Who was given another role is a learner from the first launch that tells it on, and a teacher again as soon."""
    twin = tool.house.twin
    content = made(tool, assessment(asked("a"), asked("p", kind=Kind.PRACTICAL)))
    graded = activity(tool, content)
    for username in ("marker", "trier", "looker"):
        hire(tool, username, "teacher")
    learner = opened(tool, "learner", graded)
    attempt = learner.begin()
    learner.answer(attempt, "p", text="Done.")
    learner.submit(attempt)

    def not_begun(username: str) -> set[str]:
        text = opened(tool, username, graded).ask("GET", f"{RESULTS.replace('results', 'list')}?state=not_begun").text
        return {name for name in ("Other", "Marker", "Trier", "Looker") if f"{name} Lê" in text}

    assert not_begun("teacher") == {"Other", "Marker", "Trier", "Looker"}, "nobody knows better yet"
    opened(tool, "marker", graded)
    opened(tool, "trier", graded).begin()
    assert not_begun("teacher") == {"Other", "Looker"}
    assert not_begun("looker") == {"Other"}
    assert re.search(r"People</dt><dd>2<", opened(tool, "looker", graded).ask("GET", RESULTS).text)

    def becomes(username: str, role: str) -> None:
        with twin.state.lock:
            user = twin.state.by_username[username]
            number = next(number for number, name in ROLES.items() if name == role)
            twin.state.roles[user]["course", graded.course_id] = {number}
        opened(tool, username, graded)

    becomes("trier", "student")
    assert not_begun("teacher") == {"Other", "Trier"}, "who learns there now, and has taken nothing"
    opened(tool, "trier", graded).begin()
    becomes("trier", "teacher")
    becomes("looker", "student")
    assert not_begun("teacher") == {"Other", "Looker"}
    told = BEARER.search(tool.forged("teacher", graded, **NO_ROSTER).text)
    assert told
    unlisted = Page(tool, "", told[1]).ask("GET", RESULTS).text
    assert re.search(r"People</dt><dd>1<", unlisted), "without a roster launches tell who teaches"
    assert unlisted.count("Teaches here") == 1
    tool.house.sql("UPDATE connector.teaching SET launched_at = launched_at - interval '181 days' RETURNING 1")
    tool.house.connector.retaining.run()
    assert not_begun("teacher") == {"Other", "Looker", "Marker"}, "the roster calls them learners"


def hire(tool: Tool, username: str, role: str) -> None:
    """Somebody more in the course."""
    twin = tool.house.twin
    with twin.state.lock:
        names = {"firstname": username.title(), "lastname": "Lê", "idnumber": f"HR-{username}"}
        user = twin.state.add_user(
            {"username": username, "email": f"{username}@example.test", "auth": "manual", **names}
        )
        number = next(number for number, name in ROLES.items() if name == role)
        twin.state.roles.setdefault(user.id, {})["course", twin.state.course_by_idnumber[COURSE]] = {number}
    twin.life.enrol(username, COURSE, "self")


TORN = {"title": {"en": "Safety"}, "pass_mark": "many", "policy": "never", "sections": "torn"}


@pytest.mark.parametrize("body", [{}, [], TORN])
def test_an_attempt_that_cannot_be_read_holds_nobody_up(tool: Tool, link: ToolLink, body: object) -> None:
    """What was kept of its questions is as no version writes it: its result stands and counts, whoever looks, and the
    page says why there is nothing more. Questions are counted without it."""
    content = made(tool, assessment(asked("a"), asked("b", weight=3)))
    graded = activity(tool, content)
    opened(tool, "learner", graded).take(("a", "r"), ("b", "w"))
    changed(tool, content, assessment(asked("a"), asked("c")))
    break_version(tool, content, 1, body)
    opened(tool, "other", graded).take(("a", "r"), ("c", "w"))

    teacher = opened(tool, "teacher", graded)
    results = teacher.ask("GET", RESULTS).text
    assert [one in results for one in ("25%", "50%", "Which of b?", "Which of c?")] == [True, True, False, True]
    assert "1 attempt is left out: its questions cannot be read any more." in results
    assert "25.0" in teacher.ask("GET", "/lti/assessment/list.csv").text
    one = teacher.ask("GET", f"{RESULTS}/1").text
    assert ("25%" in one, CANNOT_BE_SHOWN in one, "Save the mark" in one) == (True, True, False)
    hardest = teacher.ask("GET", f"/lti/course/assessments/{content.content_id}/questions").text
    assert "1 attempt is left out" in hardest and "By the newest attempts: 1" in hardest
    assert "Safety" in teacher.ask("GET", "/lti/course").text

    learner = opened(tool, "learner", graded)
    assert "25%" in learner.html
    own = learner.ask("GET", "/lti/assessment/attempts/1").text
    assert ("25%" in own, CANNOT_BE_SHOWN in own) == (True, True)
    told = learner.ask("GET", f"/api/v1/assessments/{content.content_id}/attempts/1").json()["data"]
    assert (told["percent"], told["questions"]) == (25, [])
    assert "100%" in learner.take(("a", "r"), ("c", "r")), "what comes after it counts beside it"
    assert "100%" in teacher.ask("GET", RESULTS).text


def test_results_are_there_though_the_assessment_cannot_be_read(tool: Tool, link: ToolLink) -> None:
    """Nobody can begin it any more; who has taken it keeps the result, and who teaches sees it."""
    content = made(tool, assessment(asked("a")))
    graded = activity(tool, content)
    opened(tool, "learner", graded).take(("a", "r"))
    break_version(tool, content, 1, TORN)
    results = opened(tool, "teacher", graded).ask("GET", RESULTS).text
    assert "<h1>Safety</h1>" in results and "100%" in results
    assert "1 attempt is left out" in results and '<th scope="col">Discrimination' not in results
    learner = opened(tool, "learner", graded)
    assert "100%" in learner.html and CANNOT_BE_READ in learner.html and "Try again" not in learner.html
    assert CANNOT_BE_SHOWN in learner.ask("GET", "/lti/assessment/attempts/1").text


def test_what_is_sent_to_what_cannot_be_read_is_kept(tool: Tool, link: ToolLink) -> None:
    """While an attempt is open its version breaks: answers are kept, it ends when its learner wishes, and whatever
    shows questions says for good that they cannot be read. It holds nobody from the next attempt once it reads."""
    content = made(tool, assessment(leading("start", "next"), leading("next", ""), asked("a")))
    graded = activity(tool, content)
    attempt = opened(tool, "learner", graded).begin()
    break_version(tool, content, 1, TORN)
    learner, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    assert CANNOT_BE_READ in learner.html and "Continue" in learner.html
    one, api = f"/lti/assessment/attempts/{attempt}", f"/api/v1/assessments/{content.content_id}/attempts"
    for place, key in enumerate(("start", "a"), start=1):
        assert learner.answer(attempt, key, "r", place=place).json() == {"open": True, "place": place, "asked": None}
    told = learner.ask("GET", f"{one}/answers").json()
    assert (told["open"], told["asked"], told["answers"]["a"]["chosen"]) == (True, None, ["r"])
    for method, path in (("GET", one), ("GET", f"{one}/questions/next"), ("POST", "/lti/assessment/attempts")):
        refused = learner.ask(method, path, 410)
        assert CANNOT_BE_READ in refused.text and refused.headers["HX-Reswap"] == "afterbegin"
    assert CANNOT_BE_READ in teacher.ask("GET", f"/lti/contents/{content.content_id}/edit", 410).text
    for method, path in (("GET", f"{api}/{attempt}"), ("POST", api)):
        problem = learner.ask(method, path, 410).json()
        assert (problem["type"], "Retry-After" in problem) == ("/api/v1/docs#not-readable", False)
    assert "It was submitted, and what you answered is kept." in learner.submit(attempt)
    assert "It was submitted" in learner.ask("GET", one).text and "It has no result." in review(teacher, attempt)
    waiting = learner.ask("POST", f"{api}/{attempt}/submit").json()["data"]
    assert (waiting["state"], waiting["questions"]) == ("waiting", [])
    assert learner.answer(attempt, "a", "w", place=9, status=409).json()["open"] is False
    learner.begin(410)
    changed(tool, content, assessment(leading("start", "next"), leading("next", ""), asked("a")))
    assert "100%" in learner.take(("start", "r"), ("next", "r"), ("a", "r"))
    said = tool.house.sql(
        "SELECT question_id FROM connector.answer WHERE attempt_id = %s ORDER BY place", int(attempt)
    )
    assert [row["question_id"] for row in said] == ["start", "a"]


def test_a_lesson_that_cannot_be_read_is_told_for_good(tool: Tool, link: ToolLink) -> None:
    connector, maker = tool.house.connector, Maker(tool.platform_id, "", "teacher")
    body = {"title": {"en": "Knives"}, "threshold": "much"}
    lesson = connector.contents.make(ContentKind.VIDEO, body, maker, connector.clock())
    answer = tool.launch("learner", activity(tool, lesson))
    assert (answer.status_code, CANNOT_BE_READ in unescape(answer.text)) == (410, True)


def review(teacher: Page, attempt: str) -> str:
    return teacher.ask("GET", f"{RESULTS}/{attempt}").text


CANNOT_BE_READ = "This content cannot be read any more: it was changed by hand, or by a newer release."


CANNOT_BE_SHOWN = "The questions of this attempt cannot be shown: they cannot be read any more. Its result stands."


def break_version(tool: Tool, content: Content, version: int, body: object) -> None:
    """As no page writes it, while the service is down: what it has read it keeps at hand."""
    tool.cut()
    kept = (Jsonb(body), content.content_id, version)
    said = "UPDATE connector.content_version SET body = %s WHERE content_id = %s AND version = %s RETURNING 1"
    assert tool.house.sql(said, *kept)
    tool.house.reopen()
    tool.mend()
