"""The API by the token of a launch: what pages show and do, to the same people, and to nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import anyio
import httpx
import hypothesis
import pytest
from hypothesis import strategies as st

from adapters.moodle.twin import serve_twin
from adapters.moodle.twin.state import ROLES
from adapters.moodle.twin.tools.state import ToolLink
from connector.api.answering import Endpoint
from connector.api.endpoints import ENDPOINTS
from connector.content.sent import WatchedVideo
from connector.domain.api_tokens import Scope
from connector.domain.assessments import Explain, Kind, Question
from connector.domain.videos import Asked, Made, Media, MediaState, Rendition
from tests.integration.lti.launched import Tool, serving_tool
from tests.integration.lti.made import activity, asked, assessment, made, opened
from tests.integration.lti.test_assessment import in_gradebook, leading, sent
from tests.integration.lti.test_video import QUESTION, later
from tests.integration.lti.videos import lesson_of, with_videos
from tests.integration.mirrored import Learning
from tests.integration.test_api import ODD, is_as_told, told_of, values
from tests.support import House, Seen, make_courses, row

PEOPLE = [
    row("E1", unit="Field", job="fitter"),
    row("E2", unit="Field", job="fitter", manager="E1"),
    row("E3"),
    row("E4", unit="Lab"),
]
LEARNS, OTHER, TEACHES = "e1", "e2", "e3"
TWO = [asked("a", weight=3, explanation={"en": "Because."}), asked("b")]


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Tool]:
    """Two on one path, one of whom has done more of it; who teaches them; and Moodle read into the facts."""
    with serve_twin("4.5") as twin:
        make_courses(twin.life)
        house = House(tmp_path_factory.mktemp("house"), module_database_url, twin)
        anyio.run(house.settled_in, PEOPLE)
        learning = Learning(house, Seen(twin.state))
        learning.act("complete", "E1", "SAFE")
        twin.life.award("e1", "First aider")
        with twin.state.lock:
            course, teacher = twin.state.course_by_idnumber["SAFE"], twin.state.by_username[TEACHES]
            number = {name: number for number, name in ROLES.items()}["editingteacher"]
            twin.state.roles.setdefault(teacher, {})["course", course] = {number}
        anyio.run(house.mirror)
        with serving_tool(house) as served:
            with_videos(served)
            yield served
        house.close()


@dataclass
class Person:
    """Somebody who asks the API by the token of a launch."""

    tool: Tool
    token: str

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        answer = self.tool.client.request(method, f"/api/v1{path}", headers=headers, **more)
        assert answer.status_code == status, answer.text
        if status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == status
        return answer

    def data(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).json()["data"]


def person(tool: Tool, username: str, link: ToolLink) -> Person:
    """Who launches now: the platform's clock goes on by itself."""
    tool.house.clock.now = max(tool.house.clock.now, datetime.now(UTC))
    return Person(tool, opened(tool, username, link).token)


@pytest.fixture(scope="module")
def home(tool: Tool) -> ToolLink:
    """My learning in the course that E3 teaches."""
    return tool.house.twin.tools.add_link("SAFE", tool.registered, "My learning")


def course_id(tool: Tool, name: str) -> int:
    return int(tool.house.twin.state.course_by_idnumber[name])


# ---------------------------------------------------------------- assessments
def test_a_learner_takes_an_assessment(tool: Tool) -> None:
    """Begun, answered and submitted over the API: the score reaches the gradebook, and the page tells the same. What
    is right is told when the assessment says so, and not before."""
    content = made(tool, assessment(*TWO, pass_mark=70.0, explain=Explain.AFTER_SUCCESS, attempts=2))
    link = activity(tool, content)
    learner, base = person(tool, LEARNS, link), f"/assessments/{content.content_id}"
    about = learner.data(base, lang="fr")
    assert (about["title"], about["questions"], about["attempts_left"], about["attempts"]) == ("Sécurité", 2, 2, [])

    def take(chosen: str) -> Any:
        begun = learner.ask("POST", f"{base}/attempts")
        assert "Because." not in begun.text
        attempt = begun.json()["data"]
        options = [option for one in attempt["questions"] for option in one["options"]]
        assert {(one["right"], one["feedback"]) for one in options} == {(None, None)}, "not before it is submitted"
        one = f"{base}/attempts/{attempt['id']}"
        for place, key in enumerate(("a", "b"), start=1):
            learner.ask("PUT", f"{one}/answers/{key}", json={"chosen": [chosen], "place": place})
        assert learner.data(one)["questions"][0]["chosen"] == [chosen]
        return learner.ask("POST", f"{one}/submit").json()["data"]

    failed = take("w")
    assert (failed["state"], failed["percent"], failed["passed"]) == ("marked", 0, False)
    assert failed["questions"][0]["outcome"] == {"share": 0, "comment": "", "accepted": None, "explanation": None}
    assert {one["right"] for one in failed["questions"][0]["options"]} == {None}
    passed = take("r")
    assert (passed["number"], passed["percent"], passed["passed"]) == (2, 100, True)
    assert passed["questions"][0]["outcome"]["explanation"] == "Because."
    assert [one["right"] for one in passed["questions"][0]["options"]] == [True, False]
    sent(tool)
    assert in_gradebook(tool, link, LEARNS) == 100
    assert "100%" in opened(tool, LEARNS, link).html
    after = learner.data(base)
    assert (after["passed"], after["passed_from"]) == (True, 70)
    assert (after["attempts_left"], after["counts"], [one["percent"] for one in after["attempts"]]) == (
        0,
        100,
        [0, 100],
    )
    assert "no attempt left" in learner.ask("POST", f"{base}/attempts", 403).json()["detail"]


def test_what_was_discarded_is_told_and_takes_nothing(tool: Tool) -> None:
    """It is no attempt of those that count, and whoever has it open is told why nothing comes of it."""
    content = made(tool, assessment(*TWO, attempts=1))
    link = activity(tool, content)
    learner, base = person(tool, LEARNS, link), f"/assessments/{content.content_id}"
    attempt = learner.ask("POST", f"{base}/attempts").json()["data"]
    one = f"{base}/attempts/{attempt['id']}"
    kept = tool.house.connector.attempts.one(attempt["id"])
    assert kept is not None
    tool.house.connector.discarding.discard(kept, "teacher", "A try-out.")
    told = learner.data(one)
    assert (told["state"], told["percent"], told["questions"]) == ("discarded", None, [])
    for method, path in (("PUT", f"{one}/answers/a"), ("POST", f"{one}/submit")):
        sent = {"json": {"chosen": ["r"], "place": 1}} if method == "PUT" else {}
        assert "was discarded by who teaches" in learner.ask(method, path, 409, **sent).json()["detail"]
    about = learner.data(base)
    assert (about["attempts_left"], about["attempts"], about["counts"]) == (1, [], None)


def test_of_a_scenario_comes_what_answers_have_led_to(tool: Tool) -> None:
    """Neither another step, nor where an option leads that was not chosen, nor what a question weighs."""
    steps = leading("start", "leak", "calm"), leading("leak", ""), leading("calm", "")
    content = made(tool, assessment(*steps, explain=Explain.NEVER))
    learner = person(tool, LEARNS, activity(tool, content))
    begun = learner.ask("POST", f"/assessments/{content.content_id}/attempts")
    assert not re.search("leak|calm", begun.text)
    assert begun.json()["data"]["questions"][0]["weight"] is None
    one = f"/assessments/{content.content_id}/attempts/{begun.json()['data']['id']}"
    for place, (option, step) in enumerate((("r", "leak"), ("w", "calm")), start=1):
        learner.ask("PUT", f"{one}/answers/start", json={"chosen": [option], "place": place})
        first, second = learner.data(one)["questions"]
        assert {key["id"]: key["leads_to"] for key in first["options"] if key["leads_to"]} == {option: step}
        assert second["id"] == step
    ended = learner.ask("POST", f"{one}/submit")
    assert "leak" not in ended.text, "nor is it when it is over"
    assert ended.json()["data"]["questions"][0]["weight"] == 1


def test_attempts_are_of_one_person_in_one_activity(tool: Tool, home: ToolLink) -> None:
    """Another learner's attempt is refused, and so is each by a launch of other content or of another course; without
    a good token there is nothing. What is wrong is said, in the form of the API."""
    content = made(tool, assessment(*TWO))
    link = activity(tool, content)
    learner, other = person(tool, LEARNS, link), person(tool, OTHER, link)
    base = f"/assessments/{content.content_id}"
    attempt = learner.ask("POST", f"{base}/attempts").json()["data"]["id"]
    one, said = f"{base}/attempts/{attempt}", {"chosen": ["r"], "place": 7}
    elsewhere = tool.house.twin.tools.add_link("FIRE", tool.registered, "X", content=str(content.content_id))
    for strange, status in ((other, 403), (person(tool, TEACHES, link), 403), (person(tool, LEARNS, home), 404),
                            (person(tool, LEARNS, elsewhere), 403)):  # fmt: skip
        strange.ask("GET", one, status)
        strange.ask("PUT", f"{one}/answers/a", status, json=said)
        strange.ask("POST", f"{one}/submit", status)
    Person(tool, "strange").ask("GET", one, 401)
    learner.ask("GET", f"/assessments/{uuid4()}/attempts/{attempt}", 404)
    learner.ask("GET", f"{base}/attempts/999999", 403)

    learner.ask("PUT", f"{one}/answers/a", json=said)
    late = learner.ask("PUT", f"{one}/answers/a", 409, json={"chosen": ["w"], "place": 3})
    assert (late.json()["detail"], late.json()["place"]) == ("A later answer stands there already.", 7)
    wrong = learner.ask("PUT", f"{one}/answers/a", 422, json={"chosen": 1, "colour": "turquoise"}).json()
    assert {error["parameter"] for error in wrong["errors"]} == {"chosen", "place", "colour"}
    assert "turquoise" not in json.dumps(wrong), "no value of a person"
    for body in (b"", b"{", b"[]", b'"' + b"x" * 100_001 + b'"'):
        learner.ask("PUT", f"{one}/answers/a", 422, content=body)
    learner.ask("PUT", f"{one}/answers/zzz", 422, json=said)
    assert learner.ask("PATCH", f"{one}/answers/a", 405).headers["Allow"] == "PUT"
    learner.ask("POST", f"{one}/submit")
    assert learner.ask("PUT", f"{one}/answers/a", 409, json=said).json()["detail"] == "The attempt is over."
    token = tool.house.connector.api_access.create("machine", list(Scope), "", 1, "tester")
    Person(tool, token).ask("GET", one, 403)


# ---------------------------------------------------------------- one's own learning
def test_the_dashboard_is_what_my_learning_shows(tool: Tool, home: ToolLink) -> None:
    learner = person(tool, LEARNS, home)
    told = learner.data("/me/dashboard")
    assert told["profile"] == {"key": "E1", "firstname": "FirstE1", "lastname": "LastE1", "unit": "Field",
                               "unit_name": told["profile"]["unit_name"], "job_role": "fitter"}  # fmt: skip
    assert [(one["course"], one["completed"]) for one in told["enrolments"]] == [
        (course_id(tool, "SAFE"), True), (course_id(tool, "FIRE"), False),
    ], "where they worked last comes first"  # fmt: skip
    [path] = told["paths"]
    assert (path["code"], path["state"]) == ("SAFETY-14", "open")
    assert [(one["completed"], one["next"]) for one in path["steps"]] == [(True, False), (False, True)]
    assert [one["name"] for one in told["certificates"]] == ["First aider"]
    assert (told["team"]["people"], [one["name"] for one in told["team"]["shown"]]) == (1, ["FirstE2 LastE2"])
    assert "First aider" in opened(tool, LEARNS, home).html
    summary = learner.data("/progress/my/summary")
    assert (summary["courses"], summary["completed"], summary["certificates"]) == (2, 1, 1)
    assert summary["next_due_on"] == path["due_on"] is not None
    theirs = person(tool, OTHER, home).data("/me/dashboard")
    assert (theirs["certificates"], theirs["team"], theirs["profile"]["key"]) == ([], None, "E2")
    unknown = person(tool, "admin", home)
    assert "not known yet" in unknown.ask("GET", "/me/dashboard", 404).json()["detail"]
    unknown.ask("GET", "/progress/my/summary", 404)


def test_a_learner_sees_themselves_alone(tool: Tool, home: ToolLink) -> None:
    """Their own progress and the paths of their own job, with what is due for them; no course, no sums, no others."""
    learner, safe = person(tool, LEARNS, home), course_id(tool, "SAFE")
    mine = learner.data("/progress/user/E1")
    assert {one["course"]: one["completed"] for one in mine["courses"]} == {safe: True, course_id(tool, "FIRE"): False}
    assert [one["code"] for one in mine["requirements"]] == ["SAFETY-14"]
    [path] = learner.data("/learning-paths/fitter")
    assert (path["people"], path["own"]["code"], path["own"]["state"]) == (None, "SAFETY-14", "open")
    assert [one["completed"] for one in path["steps"]] == [True, False]
    for refused in ("/progress/user/E2", f"/progress/course/{safe}", f"/analytics/courses/{safe}", "/courses",
                    "/analytics/overview", "/analytics/progress", "/learning-paths/driver", "/certificates",
                    "/learning-paths/fitter?unit=Field", "/progress/user/nobody"):  # fmt: skip
        learner.ask("GET", refused, 403)


def test_who_teaches_sees_their_course(tool: Tool, home: ToolLink) -> None:
    """How it does, and how far people in it are, each in this course alone; no other course, and no sums."""
    teacher, safe, fire = person(tool, TEACHES, home), course_id(tool, "SAFE"), course_id(tool, "FIRE")
    assert teacher.data(f"/analytics/courses/{safe}")["completions"] == 1
    listed = {one["key"]: one for one in teacher.data(f"/progress/course/{safe}", sort="progress")}
    assert {key: one["state"] for key, one in listed.items()} == {"E1": "completed", "E2": "not_begun"}
    assert listed["E1"]["name"] == "FirstE1 LastE1"
    assert [one["key"] for one in teacher.data(f"/progress/course/{safe}", state="completed")] == ["E1"]
    one = teacher.data("/progress/user/E1")
    assert ([course["course"] for course in one["courses"]], one["requirements"]) == ([safe], [])
    assert one["person"]["unit"] is None, "as little as the page tells"
    refusals = [teacher.ask("GET", f"/progress/user/{key}", 404).json()["detail"] for key in ("nobody", "E4")]
    assert refusals[0] == refusals[1], "nor whether there is one in another course"
    for refused in (f"/analytics/courses/{fire}", f"/progress/course/{fire}", "/analytics/courses/None",
                    "/analytics/overview"):  # fmt: skip
        teacher.ask("GET", refused, 403)


# ---------------------------------------------------------------- videos
@pytest.fixture(scope="module")
def media(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> UUID:
    """Files as a transcoder leaves them."""
    connector, found = tool.house.connector, uuid4()
    one = Media(found, tool.platform_id, str(course_id(tool, "SAFE")), "x.mp4", 10, MediaState.UPLOADING)
    connector.media.begin(one, "2", tool.house.clock())
    parts = [Rendition(360, 640, 800_000, [("0.ts", 2.0)])]
    connector.media.ready(found, Made(2.0, parts, "whole.mp4", "", ["thumb.jpg"]), tool.house.clock())
    for name in ("0.ts", "whole.mp4", "thumb.jpg"):
        file: Path = tmp_path_factory.mktemp("files") / name
        file.write_bytes(b"0123456789")
        connector.media_store.take(f"videos/{found}/{name}", file)
    return found


@pytest.fixture
def lesson(tool: Tool, media: UUID) -> tuple[ToolLink, UUID]:
    link = tool.house.twin.tools.add_link("SAFE", tool.registered, "A lesson")
    return link, lesson_of(tool, link, media_id=media, threshold=1.0, questions=[Asked(1.0, QUESTION)])


def test_a_video_is_watched(tool: Tool, lesson: tuple[ToolLink, UUID], media: UUID, home: ToolLink) -> None:
    """Files by signed addresses without a token, by ranges too; what was watched counts no faster than the clock, and
    it is completed when all was watched and answered."""
    link, video = lesson
    learner, base = person(tool, LEARNS, link), f"/videos/{video}"
    about = learner.ask("GET", base)
    assert "Because." not in about.text
    data = about.json()["data"]
    assert (data["media"], data["lines"], data["thumbnails"]) == (str(media), [360], 1)
    assert {one["right"] for one in data["questions"][0]["options"]} == {None}
    lies = learner.ask("GET", f"{base}/stream", 307).headers["Location"]
    assert learner.token not in lies
    ranged = tool.client.get(lies, headers={"Range": "bytes=4-7"})
    assert (ranged.status_code, ranged.content) == (206, b"4567")
    assert tool.client.get(learner.ask("GET", f"{base}/thumbnail", 307).headers["Location"]).content == b"0123456789"
    playlist = learner.ask("GET", f"{base}/manifest", 307).headers["Location"]
    assert "360/index.m3u8" in tool.client.get(playlist).text
    assert "0.ts" in tool.client.get(learner.ask("GET", f"{base}/manifest?lines=360", 307).headers["Location"]).text
    learner.ask("GET", f"{base}/manifest?lines=720", 404)
    learner.ask("GET", f"{base}/thumbnail?number=1", 404)
    person(tool, LEARNS, home).ask("GET", f"{base}/stream", 404)
    Person(tool, "strange").ask("GET", f"{base}/stream", 401)

    told = {"video": str(video), "media": str(media), "played": [[0, 2, 1]], "position": 2}
    assert "not begun" in learner.ask("POST", "/progress/update", 409, json=told).json()["detail"]
    assert learner.ask("POST", f"{base}/open").json()["data"]["share"] == 0
    tool.house.sql("UPDATE connector.viewing SET credit = 0, reported_at = now() WHERE content_id = %s", video)
    early = learner.ask("POST", "/progress/update", json=told).json()["data"]
    assert early["share"] < 0.5, "two seconds have not gone by"
    later(tool, seconds=2)
    assert learner.ask("POST", "/progress/update", json=told).json()["data"]["share"] == 1
    done = learner.ask("PUT", f"{base}/answers/q", json={"chosen": ["1"]}).json()["data"]
    assert (done["right"], done["explanation"], done["completed"]) == (1, "Because.", True)
    sent(tool)
    assert in_gradebook(tool, link, LEARNS) == 100
    for body, status in (({**told, "media": str(uuid4())}, 409), ({**told, "video": str(uuid4())}, 404),
                         ({**told, "position": "far"}, 422), ({**told, "played": [[0, 1e300, 1]]}, 422)):  # fmt: skip
        learner.ask("POST", "/progress/update", status, json=body)
    learner.ask("PUT", f"{base}/answers/z", 422, json={"chosen": []})


# ---------------------------------------------------------------- whatever is asked
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3),
    max_leaves=5,
)


def bodies(known: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
    """What might be sent: near to what is asked for, any JSON, and anything."""
    near = st.fixed_dictionaries({}, optional={key: st.just(value) | JSON for key, value in known.items()})
    return (near | near | JSON).map(lambda one: json.dumps(one).encode()) | st.binary(max_size=20)


SENDABLE = {"chosen": ["r"], "text": "x", "place": 9, "confidence": 3, "seconds": 1.5, "played": [[0, 1, 1]],
            "position": 1, "moments": [["played", 0]]}  # fmt: skip


def asked_anything(caller: Person, endpoint: Endpoint, places: Mapping[str, list[str]]) -> None:
    """Whatever is asked and sent, the answer has the form that the document gives to its status."""
    optional = {one["name"]: values(one["schema"]) for one in told_of(endpoint)["parameters"] if one["in"] == "query"}
    named = re.findall(r"{(\w+)}", endpoint.path)
    sendable = {**SENDABLE, "video": places["video"][0]}

    @hypothesis.settings(max_examples=5 if endpoint.launches else 1, database=None)
    @hypothesis.given(
        query=st.fixed_dictionaries({}, optional=optional) | st.just({}),
        where=st.fixed_dictionaries({one: st.sampled_from(places[one] * 4) | ODD.filter(bool) for one in named}),
        body=bodies(sendable) if endpoint.sends else st.just(b""),
    )
    def answered(query: dict[str, Any], where: dict[str, str], body: bytes) -> None:
        path = re.sub(r"{(\w+)}", lambda one: quote(where[one[1]], safe=""), endpoint.path)
        headers = {"Authorization": f"Bearer {caller.token}"}
        asks = caller.tool.client.request
        answer = asks(endpoint.method, f"/api/v1{path}", params=query, headers=headers, content=body or None)
        is_as_told(endpoint, answer)

    answered()


@pytest.mark.parametrize("username", [LEARNS, TEACHES])
def test_whatever_is_asked_the_answer_is_as_told(
    tool: Tool, home: ToolLink, lesson: tuple[ToolLink, UUID], username: str
) -> None:
    """At every address, by who learns and by who teaches; and no mistake is the server's own."""
    content, (video_link, video) = made(tool, assessment(*TWO, Question("p", Kind.PRACTICAL, {"en": "Do"}))), lesson
    quiz = person(tool, username, activity(tool, content))
    videos, rest = person(tool, username, video_link), person(tool, username, home)
    attempt = quiz.ask("POST", f"/assessments/{content.content_id}/attempts").json()["data"]
    videos.ask("POST", f"/videos/{video}/open")
    places = {
        "id": [str(course_id(tool, "SAFE"))],
        "key": ["E1", "E2"],
        "role": ["fitter"],
        "number": ["1"],
        "video": [str(video)],
        "assessment": [str(content.content_id)],
        "attempt": [str(attempt["id"])],
        "question": ["a", "b", "p", "q"],
    }
    for endpoint in ENDPOINTS:
        kind = "videos" if endpoint.sends is WatchedVideo else endpoint.path.split("/")[1]
        asked_anything({"assessments": quiz, "videos": videos}.get(kind, rest), endpoint, places)
