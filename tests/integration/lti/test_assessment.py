"""An assessment that is launched: begun, answered one question at a time, submitted, scored."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import anyio
import pytest
from psycopg.types.json import Jsonb

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment import bodies
from connector.domain.assessments import Bank, Explain, Kind, Option, Policy, Question, Section
from connector.domain.attempting import Begun, Mark
from connector.domain.contents import Content
from connector.domain.jobs import JobOutcome
from connector.domain.learning_events import Actor
from connector.store.contents import hold
from connector.store.database import query
from jobs.running import attempt as attempt_of_job
from tests.integration.lti.launched import Tool
from tests.integration.lti.made import Page, activity, asked, assessment, changed, made, opened

TWO = [asked("a", weight=3), asked("b")]


def sent(tool: Tool) -> None:
    """What waits for the gradebook goes there, one score of a person after the other."""
    while anyio.run(tool.house.connector.score_outbox.send_due):
        pass


def in_gradebook(tool: Tool, link: ToolLink, username: str = "learner") -> float | None:
    found = tool.house.twin.tools.score(link, username)
    return None if found is None else found.value


def pass_by(tool: Tool, minutes: int) -> None:
    """Attempts were begun so much earlier: the platform's clock stays with ours."""
    with tool.house.connector.database.transaction() as connection:
        connection.execute(
            "UPDATE connector.attempt SET started_at = started_at - %(by)s, ends_at = ends_at - %(by)s",
            {"by": timedelta(minutes=minutes)},
        )


def verbs(tool: Tool) -> list[str]:
    return [row["verb"] for row in tool.house.sql("SELECT verb FROM connector.learning_event ORDER BY event_id")]


def test_a_learner_takes_an_assessment(tool: Tool, link: ToolLink) -> None:
    """From the first page, which says what it is about, to the score in the gradebook of the platform."""
    graded = activity(tool, made(tool, assessment(*TWO, pass_mark=70.0, minutes=20)))
    page = opened(tool, "learner", graded)
    assert "Safety" in page.html
    assert "20 minutes" in page.html
    attempt = page.begin()
    page.answer(attempt, "a", "r", seconds=4.5)
    page.answer(attempt, "b", "w")
    result = page.submit(attempt)
    assert "75%" in result
    assert "Passed" in result
    sent(tool)
    assert in_gradebook(tool, graded) == 75
    assert verbs(tool) == ["launched", "initialized", "answered", "answered", "completed", "scored", "passed"]
    assert "75%" in opened(tool, "learner", graded).html


def test_an_attempt_goes_on_where_it_was_left(tool: Tool, link: ToolLink) -> None:
    """On another device, too: one attempt, with what was answered."""
    graded = activity(tool, made(tool, assessment(*TWO)))
    first, other = opened(tool, "learner", graded), opened(tool, "learner", graded)
    attempt = first.begin()
    first.answer(attempt, "a", "r")
    again = other.ask("POST", "/lti/assessment/attempts").text
    assert f'data-attempt="{attempt}" data-place="1"' in again
    assert re.search(r'name="q-a" value="r" checked', again)
    with ThreadPoolExecutor(4) as pool:
        assert {*pool.map(lambda _: other.begin(), range(8))} == {attempt}


def test_an_answer_that_is_late_on_its_way_changes_nothing(tool: Tool, link: ToolLink) -> None:
    page = opened(tool, "learner", activity(tool, made(tool, assessment(*TWO))))
    attempt = page.begin()
    page.answer(attempt, "a", "r", place=7)
    late = page.answer(attempt, "a", "w", place=3, status=409)
    assert late.json() == {"open": True, "place": 7}
    assert page.answer(attempt, "a", "r", place=7).json()["open"], "the same sent again is no trouble"
    assert "75%" in page.submit(attempt)
    assert page.answer(attempt, "a", "r", place=9, status=409).json()["open"] is False


def test_the_time_is_over_by_the_clock_of_the_server(tool: Tool, link: ToolLink) -> None:
    """What was answered until then counts, whether or not the browser is still there."""
    graded = activity(tool, made(tool, assessment(*TWO, minutes=10)))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    page.answer(attempt, "a", "r")
    pass_by(tool, minutes=12)
    page.answer(attempt, "b", "r", place=2, status=409)
    job = tool.house.connector.ending_attempts()
    assert [anyio.run(job.work)["submitted"] for _ in range(2)] == [1, 0]
    sent(tool)
    assert in_gradebook(tool, graded) == 75


def marked_by_what_is_broken(tool: Tool, attempt: int) -> None:
    bank = made(tool, Bank({}))
    tool.house.sql("UPDATE connector.content_version SET body = '{}' WHERE content_id = %s", bank.content_id)
    by = Jsonb({str(bank.content_id): 1})
    tool.house.sql("UPDATE connector.attempt SET marked_banks = %s WHERE attempt_id = %s", by, attempt)


def test_an_attempt_that_cannot_be_marked_holds_nobody_up(tool: Tool, link: ToolLink) -> None:
    """Others behind it are submitted, and the job fails in part: the log has its number, and nothing that is said."""
    graded = activity(tool, made(tool, assessment(*TWO, minutes=10)))
    attempts = {username: opened(tool, username, graded).begin() for username in ("learner", "other")}
    pass_by(tool, minutes=12)
    broken = attempts["learner"]
    marked_by_what_is_broken(tool, int(broken))
    job = tool.house.connector.ending_attempts()
    for submitted in (1, 0):
        outcome, error, came = attempt_of_job(lambda: anyio.run(job.work))
        assert (outcome, error, came["submitted"]) == (JobOutcome.PARTLY, "Unreadable", submitted)
        assert f"the numbers {broken} (Unreadable, " in str(came["message"])
    sent(tool)
    assert (in_gradebook(tool, graded), in_gradebook(tool, graded, "other")) == (None, 0)
    tool.house.sql("UPDATE connector.attempt SET marked_banks = '{}'")
    assert anyio.run(job.work) == {"submitted": 1, "left": 0}


def test_answers_on_their_way_are_taken_after_the_end(tool: Tool, link: ToolLink) -> None:
    """Also where the page was loaded again in that moment: it has no time left, sends what it kept, and submits."""
    graded = activity(tool, made(tool, assessment(*TWO, minutes=10)))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    pass_by(tool, minutes=10)
    for method, path in (("GET", f"/lti/assessment/attempts/{attempt}"), ("POST", "/lti/assessment/attempts")):
        assert re.search(rf'data-attempt="{attempt}" data-place="0" data-left="-\d', page.ask(method, path).text)
    page.answer(attempt, "a", "r")
    assert "75%" in page.submit(attempt)


def test_which_attempt_counts_and_how_many_there_are(tool: Tool, link: ToolLink) -> None:
    graded = activity(tool, made(tool, assessment(*TWO, attempts=2, policy=Policy.BEST)))
    page = opened(tool, "learner", graded)
    page.take(("a", "r"), ("b", "r"))
    worse = page.take(("b", "r"))
    assert all(one in worse for one in ("Which attempt counts: The best", "Your result: 100%")), "the learner is told"
    sent(tool)
    assert in_gradebook(tool, graded) == 100
    page.begin(status=403)
    connector, last = tool.house.connector, tool.house.connector.attempts.one(2)
    assert last is not None
    content = connector.contents.newest(last.content_id)
    assert content is not None
    begun = Begun(last.actor, last.number - 1, "", False, connector.clock(), connector.clock())
    assert connector.attempts.start(connector.attempting.papers.draw(content), begun) is None, "who was faster counts"


def test_what_is_done_twice_at_once_is_done_once(tool: Tool, link: ToolLink) -> None:
    """One attempt is begun where one is allowed, and one score goes to the gradebook."""
    page = opened(tool, "learner", activity(tool, made(tool, assessment(*TWO, attempts=1))))
    with ThreadPoolExecutor(6) as pool:
        [attempt] = {one.result() for one in [pool.submit(page.begin) for _ in range(6)]}
        page.answer(attempt, "a", "r")
        said = [one.result() for one in [pool.submit(page.submit, attempt) for _ in range(6)]]
    assert [one.split("%")[0][-2:] for one in said] == ["75"] * 6
    page.begin(status=403)
    [counted] = tool.house.sql("SELECT count(*) AS scores FROM connector.lti_score")
    assert counted["scores"] == 1


def test_one_person_does_not_reach_the_attempt_of_another(tool: Tool, link: ToolLink) -> None:
    """Nor do they their own in another activity."""
    content = made(tool, assessment(*TWO))
    graded, second = activity(tool, content), activity(tool, content, "Again")
    attempt = opened(tool, "learner", graded).begin()
    for page in (opened(tool, "other", graded), opened(tool, "learner", second), opened(tool, "teacher", graded)):
        page.answer(attempt, "a", "r", status=403)
        page.submit(attempt, status=403)
        page.ask("GET", f"/lti/assessment/attempts/{attempt}", 403)
        page.ask("GET", f"/lti/assessment/attempts/{attempt}/answers", 403)
    stranger = replace(opened(tool, "learner", graded), token="made-up")
    stranger.answer(attempt, "a", "r", status=401)


def test_nonsense_is_refused(tool: Tool, link: ToolLink) -> None:
    page = opened(tool, "learner", activity(tool, made(tool, assessment(*TWO))))
    attempt = page.begin()
    page.answer(attempt, "not asked", "r", status=400)
    page.answer(attempt, "a", "r", place=-1, status=400)
    page.answer(attempt, "a", text="x" * 200_000, status=400)
    page.ask("PUT", f"/lti/assessment/attempts/{attempt}/answers/a", 400, content=b"{")
    page.ask("GET", "/lti/assessment/attempts/99999999999999999999", 403)
    page.ask("GET", "/lti/assessment/attempts/x", 400)
    page.answer(attempt, "a", "no such option", "r\x00")
    assert "0%" in page.submit(attempt)


def test_what_is_right_is_told_when_it_may_be(tool: Tool, link: ToolLink) -> None:
    explained = replace(asked("a"), explanation={"en": "Because of the valve."})
    for explain, told in ((Explain.NEVER, False), (Explain.AFTER_ATTEMPT, True), (Explain.AFTER_SUCCESS, False)):
        page = opened(tool, "learner", activity(tool, made(tool, assessment(explained, explain=explain))))
        assert "valve" not in page.ask("POST", "/lti/assessment/attempts").text
        assert ("valve" in page.take(("a", "w"))) is told
        if explain is Explain.AFTER_SUCCESS:
            assert "valve" in page.take(("a", "r"))


def test_questions_are_drawn_from_a_bank_as_it_was(tool: Tool, link: ToolLink) -> None:
    """Who has begun keeps the questions; who begins later has those of now."""
    bank = made(tool, Bank({"en": "Pool"}, [asked(f"b{n}") for n in range(5)]))
    drawn = replace(assessment(), sections=[Section({}, [asked("a")], str(bank.content_id), 2, shuffled=True)])
    graded = activity(tool, made(tool, drawn))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    paper = re.findall(r'data-question="(\w+)"', page.ask("POST", "/lti/assessment/attempts").text)
    assert len({*paper}) == 3
    changed(tool, bank, Bank({"en": "Pool"}, [asked("n1"), asked("n2")]))
    assert re.findall(r'data-question="(\w+)"', page.ask("POST", "/lti/assessment/attempts").text) == paper
    for question in paper:
        page.answer(attempt, question, "r")
    assert "100%" in page.submit(attempt)
    later = opened(tool, "other", graded).ask("POST", "/lti/assessment/attempts").text
    assert {*re.findall(r'data-question="(\w+)"', later)} == {"a", "n1", "n2"}


def leading(key: str, leads: str, else_to: str = "") -> Question:
    """A step of a scenario, where ``r`` and ``w`` lead."""
    options = [Option("r", {"en": "x"}, right=True, leads_to=leads), Option("w", {"en": "y"}, leads_to=else_to)]
    return asked(key, kind=Kind.SCENARIO, options=options)


def test_of_a_scenario_counts_what_was_met(tool: Tool, link: ToolLink) -> None:
    start, leak, calm = leading("start", "leak", "calm"), leading("leak", ""), leading("calm", "")
    page = opened(tool, "learner", activity(tool, made(tool, assessment(start, leak, calm))))
    assert "100%" in page.take(("start", "r"), ("leak", "r"))
    assert "50%" in page.take(("start", "r"), ("leak", "w"), ("calm", "r"))


def test_of_a_scenario_a_page_has_what_answers_have_led_to(tool: Tool, link: ToolLink) -> None:
    """Neither text nor name of another step, nor which option leads where."""
    steps = leading("start", "leak", "calm"), leading("leak", "blast"), leading("calm", ""), leading("blast", "")
    page = opened(tool, "learner", activity(tool, made(tool, assessment(asked("a"), *steps, asked("b")))))
    html = page.ask("POST", "/lti/assessment/attempts").text
    attempt = page.begin()
    base = f"/lti/assessment/attempts/{attempt}"

    def has(*keys: str) -> bool:
        """The page, when it is loaded anew, and what it is told."""
        again = page.ask("GET", base).text
        told = page.ask("GET", f"{base}/answers").json()["asked"]
        return re.findall(r'data-question="(\w+)"', again) == told == [*keys] and "leads" not in again

    assert not re.search("leak|calm|blast|leads", html)
    assert re.findall(r'data-question="(\w+)"[^>]* data-begins', html) == ["a", "start", "b"]
    for key in ("leak", "blast", "none"):
        page.ask("GET", f"{base}/questions/{key}", 403)
    assert page.answer(attempt, "start", "r").json()["asked"] == ["a", "start", "leak", "b"]
    assert has("a", "start", "leak", "b")
    assert "Which of leak?" in page.ask("GET", f"{base}/questions/leak").text
    page.ask("GET", f"{base}/questions/blast", 403)
    assert page.answer(attempt, "start", "w", place=2).json()["asked"] == ["a", "start", "calm", "b"]
    assert has("a", "start", "calm", "b")
    assert "asked" not in page.answer(attempt, "a", "r").json(), "nothing else alters what is asked"
    opened(tool, "other", link).ask("GET", f"{base}/questions/a", 403)
    page.submit(attempt)
    page.ask("GET", f"{base}/questions/a", 403)


def test_an_open_attempt_gives_nothing_of_the_key(tool: Tool, link: ToolLink) -> None:
    """Neither the page nor what it asks for, of any kind of question."""
    said = {"explanation": {"en": "KEY"}, "weight": 7.25}
    options = [Option("r1", {"en": "x"}, True, {"en": "KEY"}), Option("w1", {"en": "y"}, False, {"en": "KEY"}, "KEY")]
    texts: list[Question] = [
        asked("n", kind=Kind.NUMERIC, options=(), value=112.5, tolerance=3.75, **said),
        asked("t", kind=Kind.TEXT, options=(), accepted=["KEY", "KEY TOO"], **said),
    ]
    kinds = (Kind.SINGLE, Kind.MULTIPLE, Kind.TRUE_FALSE, Kind.SCENARIO)
    content = made(
        tool, assessment(*(asked(kind.value, kind=kind, options=options, **said) for kind in kinds), *texts)
    )
    page = opened(tool, "learner", activity(tool, content))
    attempt = page.begin()
    sent = [page.answer(attempt, kind.value, "w1").text for kind in kinds]
    for path in ("", "/answers", "/questions/scenario"):
        sent.append(page.ask("GET", f"/lti/assessment/attempts/{attempt}{path}").text)
    found = re.findall(r"KEY|7\.25|112\.5|3\.75|right|explan|toleran|weight", "\n".join([page.html, *sent]))
    assert found == ["right"], "but for: Choose all that are right."
    assert "Right: KEY / KEY TOO<" in page.submit(attempt), "then all that would have been"


def test_a_practical_waits_for_who_teaches(tool: Tool, link: ToolLink) -> None:
    """The gradebook has nothing until it is marked; every mark is kept, and the last counts. That it has a comment is
    said on the first page already."""
    graded = activity(tool, made(tool, assessment(asked("a"), asked("p", kind=Kind.PRACTICAL, options=()))))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    page.answer(attempt, "a", "r")
    page.answer(attempt, "p", text="Valve closed, gas measured.")
    assert "Waiting to be marked" in page.submit(attempt)
    sent(tool)
    assert in_gradebook(tool, graded) is None
    assert "gradebook" not in page.ask("GET", "/lti/score").text, "nothing is graded yet"
    connector = tool.house.connector
    found = connector.attempts.one(int(attempt))
    assert found is not None
    connector.attempting.mark(found, "p", 0.2, "Too little.", "teacher")
    connector.attempting.mark(found, "p", 0.6, "Better than it looked.", "teacher")
    assert "goes to the gradebook" in page.ask("GET", "/lti/score").text
    sent(tool)
    assert in_gradebook(tool, graded) == 80
    assert "is in the gradebook" in page.ask("GET", "/lti/score").text
    for somebody in ("other", "teacher"):
        assert "gradebook" not in opened(tool, somebody, graded).ask("GET", "/lti/score").text, somebody
    assert [one.share for one in connector.attempts.marks(int(attempt))] == [0.2, 0.6]
    assert "Better than it looked." in page.ask("GET", f"/lti/assessment/attempts/{attempt}").text
    assert "With a comment" in page.ask("GET", "/lti/assessment").text
    connector.attempting.mark(found, "p", 0.6, "", "teacher")
    assert "With a comment" not in page.ask("GET", "/lti/assessment").text


def test_content_that_was_changed_by_somebody_else_is_not_written_over(tool: Tool, link: ToolLink) -> None:
    content = made(tool, assessment(*TWO))
    connector = tool.house.connector
    assert changed(tool, content, assessment(asked("z"))).version == 1, "nobody has used it yet"
    assert connector.contents.change(content, content.body, "other", connector.clock()) is None


def test_a_copied_course_keeps_its_content(tool: Tool, link: ToolLink) -> None:
    """It opens there, and what is tried there is of that course."""
    graded = activity(tool, made(tool, assessment(*TWO)))
    opened(tool, "learner", graded).take(("a", "r"))
    twin = tool.house.twin
    copied = twin.tools.copy_course("SAFE", "SAFE-2")
    twin.life.enrol("learner", "SAFE-2", "self")
    [there] = [one for one in twin.state.tools.links.values() if one.course_id == copied and one.name == "Safety"]
    page = opened(tool, "learner", there)
    assert "Your attempts" not in page.html
    assert "100%" in page.take(("a", "r"), ("b", "r"))
    sent(tool)
    assert (in_gradebook(tool, there), in_gradebook(tool, graded)) == (100, 75)


def test_two_who_mark_at_once_leave_the_right_result(tool: Tool, link: ToolLink) -> None:
    """Whoever is last: what waits no more is scored, and the gradebook has it."""
    practicals = [asked(key, kind=Kind.PRACTICAL, options=()) for key in ("p", "q")]
    graded = activity(tool, made(tool, assessment(*practicals)))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    for key in ("p", "q"):
        page.answer(attempt, key, text="Done.")
    page.submit(attempt)
    connector = tool.house.connector
    found = connector.attempts.one(int(attempt))
    assert found is not None
    with ThreadPoolExecutor(2) as pool:
        marked = [pool.submit(connector.attempting.mark, found, key, 0.8, "", "teacher") for key in ("p", "q")]
        assert 80 in [one.result().percent for one in marked]
    assert verbs(tool).count("completed") == 1
    sent(tool)
    assert in_gradebook(tool, graded) == 80


def test_a_mark_whose_result_was_never_found_is_found_by_the_clock(tool: Tool, link: ToolLink) -> None:
    """The process was killed in between; nothing that was told before is told once more."""
    graded = activity(tool, made(tool, assessment(asked("p", kind=Kind.PRACTICAL, options=()))))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    page.answer(attempt, "p", text="Done.")
    page.submit(attempt)
    connector = tool.house.connector
    connector.attempts.mark(int(attempt), Mark("p", 0.7, "", "teacher", connector.clock()))
    with connector.database.transaction() as connection:
        connection.execute("UPDATE connector.attempt SET submitted_at = submitted_at - interval '5 minutes'")
    assert [anyio.run(connector.ending_attempts().work)["submitted"] for _ in range(2)] == [1, 0]
    sent(tool)
    assert in_gradebook(tool, graded) == 70
    assert verbs(tool).count("completed") == 1


def test_what_to_do_next(tool: Tool, link: ToolLink) -> None:
    """Who has not passed tries again, from the result too, which is far from good; who has passed or waits to be
    marked may; who has no attempt left is not asked to. What it takes to pass is said once."""
    again = re.compile(r'<button( class="main")?[^>]*>Try again<')

    def ways(page: Page, result: str) -> list[str]:
        home = page.ask("GET", "/lti/assessment").text
        return [found[1] if (found := again.search(seen)) else "none" for seen in (result, home)]

    main = ' class="main"'
    page = opened(tool, "learner", activity(tool, made(tool, assessment(*TWO, pass_mark=70.0))))
    result = page.take(("a", "w"))
    assert ways(page, result) == [main, main]
    assert 'low="70.0" high="70.0" optimum="100" value="0.0"' in result
    assert result.count("To pass") == 1
    assert ways(page, page.take(("a", "r"), ("b", "r"))) == [None, None]
    page = opened(tool, "learner", activity(tool, made(tool, assessment(asked("p", kind=Kind.PRACTICAL, options=())))))
    attempt = page.begin()
    page.answer(attempt, "p", text="Done.")
    assert ways(page, page.submit(attempt)) == [None, None]
    page = opened(tool, "learner", activity(tool, made(tool, assessment(*TWO, attempts=1))))
    assert ways(page, page.take(("a", "w"))) == ["none", "none"]


def test_what_who_teaches_has_tried_is_none_of_the_learners(tool: Tool, link: ToolLink) -> None:
    """Also where the same account learns there later."""
    graded = activity(tool, made(tool, assessment(*TWO, attempts=1)))
    tries = opened(tool, "teacher", graded)
    tries.take(("a", "w"))
    assert "Try again" in tries.ask("GET", "/lti/assessment").text, "as often as they like"
    trial = tries.begin()
    twin = tool.house.twin
    with twin.state.lock:
        user = twin.state.by_username["teacher"]
        twin.state.roles[user]["course", graded.course_id] = {5}
    page = opened(tool, "teacher", graded)
    assert page.begin() != trial
    assert "100%" in page.take(("a", "r"), ("b", "r"))


def test_content_of_one_moodle_does_not_open_from_another(tool: Tool, link: ToolLink) -> None:
    """Whoever teaches anywhere can write its id into an activity by hand."""
    content = made(tool, assessment(*TWO))
    connector = tool.house.connector
    other = tool.as_platform(issuer="https://other.example", client_id="other")
    theirs = connector.platforms.add(other, "tester", tool.house.clock())
    with connector.database.transaction() as connection:
        connection.execute("UPDATE connector.content SET platform_id = %s", [theirs])
    assert tool.launch("teacher", activity(tool, content)).status_code == 400


def test_a_bank_that_is_changed_while_an_attempt_begins(tool: Tool, link: ToolLink) -> None:
    """Whoever is first: the attempt has questions of a version that stays as it is from then on."""
    bank = made(tool, Bank({"en": "Pool"}, [asked("old")]))
    content = made(tool, replace(assessment(), sections=[Section({}, [], str(bank.content_id), 1)]))
    connector = tool.house.connector
    drawn = connector.attempting.papers.draw(content)
    actor = Actor(tool.platform_id, content.course, "1", "s", None, str(content.content_id))
    begun = Begun(actor, 0, "", False, connector.clock(), connector.clock())

    def begin() -> int | None:
        return connector.attempts.start(drawn, begun)

    with ThreadPoolExecutor(1) as pool:
        with connector.database.transaction() as author:
            author.execute(
                "UPDATE connector.content_version SET changes = changes + 1, body = %s WHERE content_id = %s",
                [Jsonb(bodies.body(Bank({"en": "Pool"}, [asked("new")]))), bank.content_id],
            )
            waiting = pool.submit(begin)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        assert waiting.result() is None, "what was drawn is not there any more"
    attempt = connector.attempting.begin(content, actor, "", connector.clock(), trial=False)
    assert attempt.paper.questions == ["new"]
    assert changed(tool, bank, Bank({"en": "Pool"}, [asked("newest")])).version == 2
    assert [one.question_id for one in connector.attempting.papers.asked(attempt)] == ["new"]


def begun_before(tool: Tool, content: Content, **other: Any) -> dict[str, Any]:
    """An attempt as processes of earlier releases begin it, who do not know that versions are used."""
    now = tool.house.clock()
    usual = {
        "content_id": content.content_id, "version": content.version, "banks": Jsonb({}), "paper": ["a", "b"],
        "platform_id": tool.platform_id, "course": content.course, "link": "1", "subject": "s", "person_id": None,
        "trial": False, "after": 0, "line_item": "", "link_title": "", "launched_at": now, "now": now,
    }  # fmt: skip
    return usual | other


def test_a_version_is_used_whoever_uses_it(tool: Tool, link: ToolLink) -> None:
    """Also where a process of an earlier release begins an attempt, or marks one anew, while others are newer."""
    content, bank = made(tool, assessment(*TWO)), made(tool, Bank({"en": "Pool"}, [asked("b")]))
    connector = tool.house.connector

    def changed_to(which: Content) -> int:
        return changed(tool, which, bodies_of[which.content_id]).version

    bodies_of = {content.content_id: assessment(*TWO), bank.content_id: Bank({"en": "Pool"}, [asked("b")])}
    assert (changed_to(content), changed_to(bank)) == (1, 1), "nobody uses them"
    begun = begun_before(tool, content, banks=Jsonb({str(bank.content_id): 1}))
    with connector.database.transaction() as before:
        before.execute(query("attempts.start"), begun)
    assert (changed_to(content), changed_to(bank)) == (2, 2)
    assert (changed_to(content), changed_to(bank)) == (2, 2)
    with connector.database.transaction() as before:
        before.execute(
            "UPDATE connector.attempt SET marked_version = 2, marked_banks = %s", [Jsonb({str(bank.content_id): 2})]
        )
    assert (changed_to(content), changed_to(bank)) == (3, 3)


def test_a_change_waits_for_the_attempt_that_begins(tool: Tool, link: ToolLink) -> None:
    """And begins the next version then; of two authors who do so at once the second is told."""
    content = made(tool, assessment(*TWO))
    connector = tool.house.connector
    begun = begun_before(tool, content)

    def change() -> int | None:
        after = connector.contents.change(content, content.body, "other", connector.clock())
        return after and after.version

    with ThreadPoolExecutor(2) as pool:
        with connector.database.transaction() as beginning:
            assert hold(beginning, [content])
            beginning.execute(query("attempts.start"), begun)
            authors = [pool.submit(change) for _ in range(2)]
            with pytest.raises(TimeoutError):
                authors[0].result(timeout=0.3)
        assert {one.result() for one in authors} == {2, None}


def test_one_person_is_allowed_more_than_all_are(tool: Tool, link: ToolLink) -> None:
    """Another attempt, and more time, also for the attempt that is open; nobody else has it, nor in another activity,
    and no learner gives it."""
    content = made(tool, assessment(*TWO, attempts=1, minutes=20))
    graded, elsewhere = activity(tool, content), activity(tool, content, "Again")
    learner, teacher = opened(tool, "learner", graded), opened(tool, "teacher", graded)
    attempt = learner.begin()
    path = "/lti/assessment/allowances"
    subject = str(tool.house.twin.state.by_username["learner"])
    more = {"subject": subject, "more": "1", "longer": "10"}
    assert "More minutes for each attempt" in teacher.ask("GET", path, params={"subject": subject}).text
    assert "Saved." in teacher.ask("POST", path, data=more).text
    assert "This is not a number." in teacher.ask("POST", path, data={**more, "more": "many"}).text
    left = re.search(r'data-left="(\d+)', learner.ask("GET", f"/lti/assessment/attempts/{attempt}").text)
    assert left and 29 * 60 < int(left[1]) <= 30 * 60
    learner.submit(attempt)
    home = unescape(learner.ask("GET", "/lti/assessment").text)
    assert "30 minutes" in home and "Try again" in home
    listed = teacher.ask("GET", "/lti/assessment/list").text
    assert "1 attempt more" in listed and "10 minutes more" in listed
    assert "100%" in learner.take(("a", "r"), ("b", "r"))
    learner.begin(403)
    opened(tool, "learner", elsewhere).take(("a", "r"))
    opened(tool, "learner", elsewhere).begin(403)
    assert "20 minutes" in opened(tool, "other", graded).html
    learner.ask("POST", path, 403, data=more)
    teacher.ask("POST", path, 403, data={**more, "subject": "nobody"})
