"""The course view: who teaches sees the people and assessments of their course, and nobody else sees anything."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from io import StringIO
from uuid import UUID, uuid4

import pytest

from adapters.moodle.twin import serve_twin
from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment import bodies, results
from connector.content.assessment.result_list import next_to_mark
from connector.content.course_view.opening import CONTENT
from connector.domain.assessments import Kind, Policy
from connector.domain.contents import Content, ContentKind, Maker
from connector.domain.course_view import Taken, Waiting
from connector.domain.learning_events import Actor
from connector.domain.videos import Media, MediaState, Viewer
from connector.lti.rosters import Member
from tests.integration.facts import fill
from tests.integration.lti.launched import COURSE, Tool, linked, serving_tool
from tests.integration.lti.made import BEARER, Page, activity, asked, assessment, made, opened
from tests.support import House, make_courses

FACTS = "11"
"""A course of the facts, which ten people are in and have completed; in the other, 12, they have begun."""
BEGUN = "12"
ELSEWHERE = "https://other.example"
NO_ROSTER = {"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": None}
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Tool]:
    """One for all tests of this module: a company's facts, and a course with its teacher and learners."""
    with serve_twin("4.5") as twin:
        make_courses(twin.life)
        house = House(tmp_path_factory.mktemp("house"), module_database_url, twin)
        fill(module_database_url, NOW)
        with serving_tool(house) as served:
            yield served
        house.close()


@pytest.fixture(scope="module")
def link(tool: Tool) -> ToolLink:
    """A lesson of the course; another Moodle has one of the same number."""
    found = linked(tool)
    assert tool.house.connector.platforms.add(tool.as_platform(issuer=ELSEWHERE), "tester", tool.house.clock())
    return found


def told(tool: Tool, course: str, **other: object) -> dict[str, object]:
    """What a launch of the course view says."""
    return {"_custom": {"content": CONTENT}, "_context": {"id": course, "title": f"Course {course}"}, **other}


def page(tool: Tool, link: ToolLink, course: str, **other: object) -> Page:
    answer = tool.forged("teacher", link, **told(tool, course, **other))
    assert answer.status_code == 200, answer.text
    token = BEARER.search(answer.text)
    assert token
    return Page(tool, unescape(answer.text), token[1])


def elsewhere(tool: Tool, link: ToolLink, course: str, **other: object) -> Page:
    """The same teacher, launched by another Moodle."""
    login = tool.login(iss=ELSEWHERE)
    claims = told(tool, course, iss=ELSEWHERE, **other)
    token = tool.signed(tool.claims("teacher", link, login.asked["nonce"], **claims))
    answer = tool.post({"state": login.asked["state"], "id_token": token}, login)
    bearer = BEARER.search(answer.text)
    assert bearer, answer.text
    return Page(tool, unescape(answer.text), bearer[1])


def listed(view: Page, query: str = "") -> list[dict[str, str]]:
    """The list of people as a file."""
    answer = view.ask("GET", f"/lti/course/people.csv?{query}")
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))


def attempts(
    tool: Tool, content: Content, course: str, *taken: tuple[str, int, float | None], issuer: str = ""
) -> None:
    """Attempts, straight into the database: account, number, percent or None."""
    [platform] = tool.house.connector.platforms.of(issuer or tool.house.twin.url)
    there = {"content_id": content.content_id, "platform": platform.platform_id, "course": course}
    with tool.house.connector.database.transaction() as connection:
        for subject, number, percent in taken:
            connection.execute(
                "INSERT INTO connector.attempt (content_id, version, marked_version, banks, marked_banks, paper, "
                "platform_id, course, link, subject, trial, number, line_item, started_at, submitted_at, percent, "
                "passed) "
                "VALUES (%(content_id)s, 1, 1, '{}', '{}', '{a}', %(platform)s, %(course)s, 'L', %(subject)s, false, "
                "%(number)s, '', now(), now(), %(percent)s, %(percent)s::double precision >= 80)",
                {**there, "subject": subject, "number": number, "percent": percent},
            )


def watch(tool: Tool, lesson: Content, who: Maker, share: float) -> None:
    """So much of the video of a lesson, by who teaches as a trial."""
    connector = tool.house.connector
    media = Media(uuid4(), who.platform_id, who.course, "clip.mp4", 1, MediaState.UPLOADING)
    connector.media.begin(media, who.subject, NOW)
    actor = Actor(who.platform_id, who.course, "L", who.subject, None, str(lesson.content_id))
    viewer = Viewer(actor, "", "", lesson.content_id, 1, media.media_id, who.subject == "teacher")
    connector.viewings.open(viewer, NOW)
    connector.viewings.alter(viewer, partial(replace, share=share, completed_at=NOW if share == 1 else None))


def seen(tool: Tool, view: Page) -> tuple[dict[UUID, Taken], list[Waiting]]:
    """How assessments were taken, and what waits to be marked, as a page has it."""
    teacher = Member(str(tool.house.twin.state.by_username["teacher"]), "Teacher Lê", teaches=True)
    session = tool.house.connector.launching.session(view.token)
    assert session
    look = tool.house.connector.course_view.of(session, lambda: [teacher])
    return {one.content_id: taken for one, taken in look.assessments}, list(look.waiting)


# ---------------------------------------------------------------- whose days
def test_days_are_those_of_who_looks(tool: Tool, link: ToolLink) -> None:
    """As the account in Moodle has it; where it has none, as the browser says, and the next launch begins with that.
    In the list as on the page."""
    content = made(tool, assessment(asked("t")))
    attempts(tool, content, "77", ("late", 1, None))
    tool.house.sql(
        "UPDATE connector.attempt SET started_at = '2026-03-01 20:00+00', submitted_at = '2026-03-01 20:00+00' "
        "WHERE course = '77' RETURNING 1"
    )

    def seen_in(zone: str) -> Page:
        return page(tool, link, "77", **NO_ROSTER, _custom={"content": CONTENT, "timezone": zone})

    there, west, unsaid = seen_in("Asia/Kathmandu"), seen_in("America/Los_Angeles"), seen_in("99")
    assert 'data-zone="Asia/Kathmandu"' in there.html
    assert there.html.count("March 2, 2026") == 2, "of what waits, and of who did it"
    assert "March 1, 2026" in west.html
    assert [one["Last activity"] for one in listed(there)] == ["2026-03-02T01:45:00+05:45"]
    assert 'data-zone=""' in unsaid.html
    unsaid.ask("POST", "/lti/zone", 400, json={"zone": "Mars/Olympus"})
    for zone, other in (("UTC", True), ("Asia/Kolkata", True), ("Asia/Calcutta", False)):
        assert unsaid.ask("POST", "/lti/zone", json={"zone": zone}).json() == {"other_days": other}
    assert [one["Last activity"] for one in listed(unsaid)] == ["2026-03-02T01:30:00+05:30"]
    again = seen_in("99").html
    assert ('data-zone=""' in again, 'data-shown-in="Asia/Calcutta"' in again) == (True, True), "it is taken over"
    assert there.ask("POST", "/lti/zone", json={"zone": "UTC"}).json() == {"other_days": False}
    assert [one["Last activity"] for one in listed(there)] == ["2026-03-02T01:45:00+05:45"], "what Moodle says stays"


# ---------------------------------------------------------------- who may
@pytest.mark.parametrize("username", ["learner", "other"])
def test_a_learner_is_refused_and_told_so(tool: Tool, link: ToolLink, username: str) -> None:
    """Nor do they reach its parts with the token of something else."""
    answer = tool.forged(username, link, **told(tool, FACTS))
    assert (answer.status_code, "You may not open this" in answer.text) == (403, True)
    theirs = opened(tool, username, link)
    for part in ("", "/people", "/people.csv", f"/assessments/{uuid4()}/questions"):
        assert "北川" not in theirs.ask("GET", f"/lti/course{part}", 403).text
    Page(tool, "", "made-up").ask("GET", "/lti/course/people.csv", 401)


def test_who_teaches_sees_their_own_course_alone(tool: Tool, link: ToolLink) -> None:
    """A course without a number of ours, or of another platform, has nobody of the company; nor has no course any."""
    assert "小明" in page(tool, link, FACTS).html
    for other in ("99", "11 OR 1=1", "9" * 30):
        assert listed(page(tool, link, other, **NO_ROSTER)) == []
    assert listed(elsewhere(tool, link, FACTS, **NO_ROSTER)) == []
    assert tool.forged("teacher", link, **told(tool, FACTS, _context=None)).status_code == 403


# ---------------------------------------------------------------- people
def test_people_of_our_own_moodle_come_from_the_facts(tool: Tool, link: ToolLink) -> None:
    """Completion, grade and last activity; in the other course who is overdue, and who does nothing any more."""
    done, begun = listed(page(tool, link, FACTS)), listed(page(tool, link, BEGUN))
    assert [len(done), len(begun)] == [10, 10]
    assert {(one["State"], one["Progress in percent"], one["Overdue"]) for one in done} == {
        ("Completed", "100.0", "no")
    }
    assert {one["Name"]: one["Grade in percent"] for one in done}["Ada Okafor"] == "56.0"
    own = "UPDATE facts.fact_grade SET maximum = %s WHERE value = 56 RETURNING 1"
    assert tool.house.sql(own, 160)
    try:
        again = listed(page(tool, link, FACTS))
        assert {one["Name"]: one["Grade in percent"] for one in again}["Ada Okafor"] == "35.0", "of what was graded"
    finally:
        tool.house.sql(own, None)
    assert {(one["Progress in percent"], one["Overdue"]) for one in begun} == {("10.0", "yes")}
    assert {one["Due on"] for one in begun} == {(NOW - timedelta(days=3)).date().isoformat()}
    html = page(tool, link, BEGUN).html
    assert re.search(r"Overdue</dt><dd>10<", html)
    assert re.search(r'value="10" aria-label="Progress of Ada Okafor"', html)


def test_who_teaches_stands_among_no_learners_of_the_facts(tool: Tool, link: ToolLink) -> None:
    """Enrolments tell no roles, and the roster does: in a course without an assessment, too."""
    teacher, admin = (tool.house.twin.state.by_username[one] for one in ("teacher", "admin"))
    known = "UPDATE facts.fact_enrolment SET moodle_id = %s WHERE course_id = 11 AND moodle_id = %s RETURNING 1"
    [one] = tool.house.sql("SELECT min(moodle_id) AS taught FROM facts.fact_enrolment WHERE course_id = 11")
    assert tool.house.sql(known, teacher, one["taught"])
    try:
        view = page(tool, link, FACTS, sub=str(admin))
        assert len(listed(view)) == 9
        assert re.search(r"People</dt><dd>9<", view.html)
    finally:
        tool.house.sql(known, one["taught"], teacher)


def test_the_list_is_filtered_put_in_order_and_taken_away(tool: Tool, link: ToolLink) -> None:
    """The same for the page and for the file; nonsense asks for everybody."""
    view = page(tool, link, FACTS)
    assert [one["Name"] for one in listed(view, "name=tran")] == ["Ánh Trần-Bắc"]
    grades = [float(one["Grade in percent"]) for one in listed(view, "order=grade")]
    assert grades == sorted(grades)
    assert listed(view, "state=stuck") == []
    assert len(listed(view, "state=x&order=y&page=z&name=")) == 10
    part = view.ask("GET", "/lti/course/people?name=dunord&page=99999").text
    assert ("Dunord" in part, "Okafor" in part, "1 person" in part) == (True, False, True)


def test_the_file_reckons_nothing(tool: Tool, link: ToolLink) -> None:
    """A name that begins as a formula stays a text, as in exports."""
    tool.house.sql("UPDATE facts.person_name SET firstname = '=1+1' WHERE person_id = 704 RETURNING 1")
    names = [one["Name"] for one in listed(page(tool, link, FACTS), "name==1")]
    tool.house.sql("UPDATE facts.person_name SET firstname = 'Ánh' WHERE person_id = 704 RETURNING 1")
    assert names == ["'=1+1 Trần-Bắc"]


def test_elsewhere_people_come_from_the_roster(tool: Tool, link: ToolLink) -> None:
    """Who teaches is not among them; progress is what they have passed and completed. Where nobody says who is there,
    those who did something are listed, and the page says so. Of grades and due days nothing is known there."""
    learner, other = (str(tool.house.twin.state.by_username[one]) for one in ("learner", "other"))
    content = made(tool, assessment(asked("a")))
    attempts(tool, content, "77", (learner, 1, 90.0), ("91", 1, 90.0), issuer=ELSEWHERE)
    elsewhere(tool, link, "77", **NO_ROSTER, sub="91")  # who teaches there, and has looked at it as a learner
    with_roster = elsewhere(tool, link, "77")
    found = {one["Name"]: (one["State"], one["Progress in percent"]) for one in listed(with_roster)}
    assert {"Overdue", "Grade in percent", "Due on", "Completed on"}.isdisjoint(listed(with_roster)[0])
    assert found == {"Learner Lê": ("Completed", "100.0"), "Other Lê": ("Not begun", "0.0")}
    assert "does not say who is in the course" not in with_roster.html
    assert not re.search(r'"col">(Grade|Due)<|"grade"|"overdue"', with_roster.html)
    assert re.search(r'"col">Grade<.*"col">Due<', page(tool, link, FACTS).html)
    [there] = tool.house.connector.platforms.of(ELSEWHERE)
    lesson = tool.house.connector.contents.make(
        ContentKind.VIDEO, {"title": {"en": "Drill"}}, Maker(there.platform_id, "77", "teacher"), NOW
    )
    watch(tool, lesson, Maker(there.platform_id, "77", other), 0.38)
    again = {one["Name"]: (one["State"], one["Progress in percent"]) for one in listed(elsewhere(tool, link, "77"))}
    assert again == {"Learner Lê": ("In progress", "50.0"), "Other Lê": ("In progress", "0.0")}
    watch(tool, lesson, Maker(there.platform_id, "77", learner), 1)
    again = {one["Name"]: (one["State"], one["Progress in percent"]) for one in listed(elsewhere(tool, link, "77"))}
    assert again["Learner Lê"] == ("Completed", "100.0")
    without = elsewhere(tool, link, "77", **NO_ROSTER)
    assert [one["Name"] for one in listed(without)] == [f"Account {one}" for one in sorted([learner, other])]
    assert "does not say who is in the course" in without.html


def test_as_long_as_moodle_was_not_read_people_come_from_the_roster(tool: Tool, link: ToolLink) -> None:
    """So the first instructor of a new installation sees who is in the course."""
    with tool.house.connector.database.transaction() as connection:
        connection.execute("ALTER TABLE facts.hop RENAME TO hop_kept; CREATE TABLE facts.hop (LIKE facts.hop_kept)")
    try:
        assert {one["Name"] for one in listed(page(tool, link, FACTS))} == {"Learner Lê", "Other Lê"}
    finally:
        with tool.house.connector.database.transaction() as connection:
            connection.execute("DROP TABLE facts.hop; ALTER TABLE facts.hop_kept RENAME TO hop")


# ---------------------------------------------------------------- assessments
def test_assessments_show_what_counts(tool: Tool, link: ToolLink) -> None:
    """What has an activity in the course and nobody has taken, too, and no draft that was made there. As the results
    of each assessment have it."""
    course = "31"
    connector, maker = tool.house.connector, Maker(tool.platform_id, course, "teacher")

    def make(title: str, policy: Policy) -> Content:
        body = bodies.body(assessment(asked("a"), policy=policy))
        return connector.contents.make(ContentKind.ASSESSMENT, {**body, "title": {"en": title}}, maker, NOW)

    best, last, mean = (make(one.value, one) for one in Policy)
    connector.contents.place(make("untouched", Policy.BEST).content_id, tool.platform_id, course, NOW)
    make("draft", Policy.BEST)
    for content in (best, last, mean):
        attempts(tool, content, course, ("51", 1, 100.0), ("51", 2, 40.0), ("61", 1, 90.0), ("71", 1, None))
    attempts(tool, best, "32", ("91", 1, 0.0))
    twice = make("twice", Policy.BEST)
    attempts(tool, twice, course, ("51", 1, 100.0), ("61", 1, 60.0))
    tool.house.sql("UPDATE connector.attempt SET link = 'M' WHERE content_id = %s RETURNING 1", twice.content_id)
    attempts(tool, twice, course, ("61", 1, 80.0), ("51", 1, 0.0))
    session = connector.launching.session(page(tool, link, course).token)
    assert session
    shown = {one.title["en"]: taken for one, taken in connector.course_view.of(session, lambda: None).assessments}
    assert {title: (one.people, one.finished, one.passed, one.mean, one.waiting) for title, one in shown.items()} == {
        "best": (3, 2, 2, 95, 1),
        "last": (3, 2, 1, 65, 1),
        "average": (3, 2, 1, 80, 1),
        "untouched": (0, 0, 0, None, 0),
        "twice": (2, 2, 2, 90, 0),
    }
    for content in (best, last, mean, twice):
        whole = results.overview(
            results.standings(connector.attempts.results(content.content_id, tool.platform_id, course))
        )
        one = shown[content.title["en"]]
        assert (one.passed, one.mean) == (whole.passed, whole.mean)
    people = {one["Name"]: one["Assessments passed"] for one in listed(page(tool, link, course))}
    assert people == {"Account 51": "2", "Account 61": "4", "Account 71": "0"}


def test_who_teaches_and_took_it_as_a_learner_counts_in_no_figure(tool: Tool, link: ToolLink) -> None:
    """Neither in what was made of an assessment nor in its hardest questions, nor are they listed as a learner."""
    course = "51"
    learner, teacher = (str(tool.house.twin.state.by_username[one]) for one in ("learner", "teacher"))
    content = made(tool, assessment(asked("a")))
    attempts(tool, content, course, (learner, 1, 100.0), (teacher, 1, 0.0), (teacher, 2, 10.0))
    view = page(tool, link, course)
    assert seen(tool, view)[0][content.content_id] == Taken(people=1, finished=1, passed=1, mean=100)
    questions = view.ask("GET", f"/lti/course/assessments/{content.content_id}/questions").text
    assert "By the newest attempts: 1<" in questions
    assert [one["Name"] for one in listed(view)] == ["Learner Lê"]


def test_what_waits_of_whoever_was_erased_waits_for_nobody(tool: Tool, link: ToolLink) -> None:
    """Nothing of it is left by which to mark; others wait as before."""
    course, connector = "52", tool.house.connector
    content = made(tool, assessment(asked("p", kind=Kind.PRACTICAL, options=())))
    attempts(tool, content, course, ("61", 1, None), ("51", 1, None))
    tool.house.sql("UPDATE connector.attempt SET person_id = 61 WHERE course = '52' AND subject = '61' RETURNING 1")
    tool.house.sql(
        "INSERT INTO connector.erasure (erasure_id, site, pseudonym, person_ids, erased_at, erased_by, reason, "
        "counts, fingerprint) VALUES "
        "(gen_random_uuid(), 'other', 'erased-61', '{61}', now(), 'dpo', '', '{}', '') RETURNING 1"
    )
    taken, waiting = seen(tool, page(tool, link, course, **NO_ROSTER))
    assert ([one.subject for one in waiting], taken[content.content_id].waiting) == (["51"], 1)
    found, waits = next_to_mark(connector.attempts.results(content.content_id, tool.platform_id, course), 0)
    assert (found and found.subject, waits) == ("51", 1)


def test_what_was_discarded_counts_in_no_figure(tool: Tool, link: ToolLink) -> None:
    """Nor does it wait to be marked."""
    course = "53"
    content = made(tool, assessment(asked("p", kind=Kind.PRACTICAL, options=())))
    attempts(tool, content, course, ("51", 1, 100.0), ("51", 2, 0.0), ("61", 1, None))
    view = page(tool, link, course, **NO_ROSTER)
    assert [one.subject for one in seen(tool, view)[1]] == ["61"]
    tool.house.sql(
        "UPDATE connector.attempt SET discarded_at = now(), discarded_by = 't', discarded_why = 'why' "
        "WHERE course = '53' AND percent IS DISTINCT FROM 0 RETURNING 1"
    )
    taken, waiting = seen(tool, page(tool, link, course, **NO_ROSTER))
    assert (taken[content.content_id], waiting) == (Taken(people=1, finished=1, passed=0, mean=0), [])


def test_who_teaches_marks_from_there_and_comes_back(tool: Tool, link: ToolLink) -> None:
    """What waits has a button; another course's teacher does not reach it. The hardest questions come first."""
    course = str(tool.house.twin.state.course_by_idnumber[COURSE])
    hard = asked("h", text={"en": "What is hard?"})
    content = made(tool, assessment(asked("e"), hard, asked("p", kind=Kind.PRACTICAL, options=())))
    learner = opened(tool, "learner", activity(tool, content))
    attempt = learner.begin()
    learner.answer(attempt, "e", "r")
    learner.answer(attempt, "h", "w")
    learner.answer(attempt, "p", text="Done so.")
    learner.submit(attempt)

    view = page(tool, link, course)
    assert f'hx-get="/lti/assessment/results/{attempt}"' in view.html
    assert [one["Name"] for one in listed(view)] == ["Learner Lê"], "HR does not name them, the platform does"
    form = view.ask("GET", f"/lti/assessment/results/{attempt}").text
    assert ('hx-get="/lti/course"' in form, "Back to the course" in form) == (True, True)
    page(tool, link, FACTS).ask("GET", f"/lti/assessment/results/{attempt}", 403)
    questions = f"/lti/course/assessments/{content.content_id}/questions"
    assert "No attempt has a result yet" in view.ask("GET", questions).text
    view.ask("POST", f"/lti/assessment/results/{attempt}/marks/p", data={"percent": "100"})
    asked_of = view.ask("GET", questions).text
    assert ("What is hard?" in asked_of, "Which of e?" in asked_of) == (True, False), "what all had right is not hard"
    easy = made(tool, assessment(asked("e")))
    opened(tool, "learner", activity(tool, easy)).take(("e", "r"))
    asked_of = view.ask("GET", f"/lti/course/assessments/{easy.content_id}/questions").text
    assert ("All questions so far were answered right." in asked_of, "<li>" in asked_of) == (True, False)
    assert "No attempt has a result yet" in page(tool, link, FACTS).ask("GET", questions).text
    assert f"/lti/assessment/results/{attempt}" not in view.ask("GET", "/lti/course").text
    view.ask("GET", "/lti/course/assessments/none/questions", 400)
    view.ask("GET", f"/lti/course/assessments/{UUID(int=1)}/questions")


def test_video_lessons_of_the_course(tool: Tool, link: ToolLink) -> None:
    """How many have begun and completed each, and how much was watched; not by who teaches, nor elsewhere."""
    course, connector = "41", tool.house.connector
    assert "Video lessons" not in page(tool, link, course).html
    maker = Maker(tool.platform_id, course, "teacher")
    drill, exits = (
        connector.contents.make(ContentKind.VIDEO, {"title": {"en": title}}, maker, NOW)
        for title in ("Drill", "Exits")
    )
    for where, subject, share in (
        (course, "51", 1.0),
        (course, "61", 0.5),
        ("42", "71", 0.1),
        (course, "teacher", 0.0),
    ):
        watch(tool, drill, Maker(maker.platform_id, where, subject), share)
    assert "Exits" not in page(tool, link, course).html, "it has no activity there"
    connector.contents.place(exits.content_id, maker.platform_id, course, NOW)
    found = {one.title["en"]: one for one in connector.viewings.in_course(maker.platform_id, course)}
    assert {title: (one.people, one.completed, one.share) for title, one in found.items()} == {
        "Drill": (2, 1, 0.75),
        "Exits": (0, 0, None),
    }
    assert "Drill" in page(tool, link, course).html
    assert "Drill" in page(tool, link, "42").html
