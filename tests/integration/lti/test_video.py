"""A video lesson: made by who teaches, watched by who learns, and told to the gradebook; and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from shutil import copytree
from threading import Event
from uuid import UUID, uuid4

import httpx
import pytest

from adapters.moodle.twin import serve_twin
from adapters.moodle.twin.tools import messages
from adapters.moodle.twin.tools.state import ToolLink
from connector.cli.service import jobs_of
from connector.content.video.cleaning import Cleaning
from connector.content.video.lessons import read, state
from connector.domain.assessments import Kind, Option, Question
from connector.domain.contents import ContentKind, Maker
from connector.domain.learning_events import Verb
from connector.domain.renditions import read_segments
from connector.domain.videos import PART, Asked, Failure, Media, MediaState
from connector.web.app import web_app
from jobs.pushes import heard
from tests.console import Jobs
from tests.integration.lti.launched import COURSE, Tool, linked, serving_tool
from tests.integration.lti.test_picking import picking
from tests.integration.lti.videos import Launched, lesson_of, opened, uploaded, with_videos
from tests.support import House, make_courses
from tests.unit.video.clips import clip, ffmpeg

OPTIONS = [Option("1", {"en": "A"}, right=True), Option("2", {"en": "B"})]
QUESTION = Question("q", Kind.SINGLE, {"en": "Which?"}, options=OPTIONS, explanation={"en": "Because."})


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Tool]:
    """One that all tests here share; what they make in it is theirs by its activity."""
    with serve_twin("4.5") as twin:
        make_courses(twin.life)
        house = House(tmp_path_factory.mktemp("house"), module_database_url, twin)
        with serving_tool(house) as served:
            with_videos(served, largest_mb=10)
            linked(served)
            yield served
        house.close()


@pytest.fixture
def link(tool: Tool) -> ToolLink:
    return tool.house.twin.tools.add_link(COURSE, tool.registered, "A lesson")


@pytest.fixture(scope="module")
def video(tool: Tool) -> UUID:
    """A video of two seconds, uploaded and transcoded by the job of the service."""
    link = tool.house.twin.tools.add_link(COURSE, tool.registered, "A video")
    lesson = lesson_of(tool, link)
    teacher = opened(tool, link, "teacher")
    ended, woken = Event(), Event()
    with heard(tool.house.connector.media.heard, woken.set, ended):
        assert woken.wait(10)
        woken.clear()
        file = clip(tool.house.folder / "clip.mp4", 2)
        assert "waits to be prepared" in uploaded(teacher, lesson, file).text
        assert woken.wait(10), "whoever transcodes is told"
    assert jobs_of(tool.house.connector, ended)["videos"].run() == {"ready": 1, "failed": 0}
    assert "Ready" in teacher.get(f"lessons/{lesson}/media").text
    [media] = tool.house.sql("SELECT media_id FROM connector.media WHERE state = 'ready'")
    found: UUID = media["media_id"]
    return found


@pytest.fixture
def lesson(tool: Tool, link: ToolLink, video: UUID) -> UUID:
    """With the video and a question; all of it is to be watched."""
    return lesson_of(tool, link, media_id=video, threshold=1.0, questions=[Asked(1.0, QUESTION)])


def as_role(tool: Tool, link: ToolLink, role: str) -> Launched:
    """The same account, by this role in the course."""
    return opened(tool, link, "other", _roles=[f"{messages.MEMBERSHIP}{role}"])


def later(tool: Tool, **span: float) -> None:
    """Time passes for those who watch."""
    tool.house.sql("UPDATE connector.viewing SET reported_at = reported_at - %s", timedelta(**span))


def scores(tool: Tool, link: ToolLink) -> list[dict[str, object]]:
    """What is on its way to the gradebook from this activity."""
    state = tool.house.twin.state
    with state.lock:
        claims = messages.launch(state, state.users[state.by_username["learner"]], link, "")
    line_item = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitem"]
    return tool.house.sql("SELECT value, most, progress FROM connector.lti_score WHERE line_item = %s", line_item)


def told(tool: Tool, link: ToolLink) -> list[str]:
    """What the lesson has told."""
    found = tool.house.sql("SELECT verb FROM connector.learning_event WHERE link = %s", str(link.id))
    return [one["verb"] for one in found if one["verb"] != Verb.LAUNCHED]


def test_who_learns_watches_answers_and_is_graded(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """Playlist, segments and pictures by signed addresses; one goes on on another device, the first answer counts, the
    score waits for the gradebook, and events are told."""
    learner = opened(tool, link, "learner")
    assert "&lt;b&gt;" in learner.page
    assert "Because." not in learner.page
    assert "video-author" not in learner.page
    standing = learner.post("open").json()
    base, client = standing["base"], tool.client
    names = [line for line in client.get(base + "main.m3u8").text.splitlines() if line and line[0] != "#"]
    segments = read_segments(client.get(base + names[0]).text)
    segment = client.get(f"{base}{names[0].split('/')[0]}/{segments[0][0]}")
    (tool.house.folder / "segment.ts").write_bytes(segment.content)
    assert segment.headers["content-type"] == "video/mp2t"
    assert ffmpeg("-xerror", "-i", str(tool.house.folder / "segment.ts"), "-f", "null", "-").returncode == 0
    ranged = client.get(base + "whole.mp4", headers={"Range": "bytes=4-7"})
    assert (ranged.status_code, ranged.content) == (206, b"ftyp")
    assert client.get(base + "whole.mp4", headers={"Range": "bytes=99999999-"}).status_code == 416
    assert client.head(base + "thumb/0.jpg").headers["content-type"] == "image/jpeg"
    assert learner.token not in base

    later(tool, seconds=1)
    seen = learner.post("watched", json={"played": [[0, 2, 16]], "position": 1.5, "moments": [["played", 0.0]]}).json()
    assert (seen["share"], seen["completed"]) == (1.0, False)
    other = opened(tool, link, "learner")
    again = other.post("open").json()
    assert (again["position"], again["share"], again["answered"]) == (1.5, 1.0, [])
    for chosen in ("1", "2"):  # the first counts
        answer = other.post("answers/q", json={"chosen": [chosen]}).json()
        assert (answer["right"], answer["explanation"], answer["completed"]) == (1.0, "Because.", True)
    assert scores(tool, link) == [{"value": 100.0, "most": 100.0, "progress": "Completed"}]
    assert answer["percent"] == 100.0, "whoever has watched it sees what the gradebook has"
    assert "percent" not in seen
    other.post("answers/q", json={"chosen": ["1"]})
    verbs = told(tool, link)
    once = (Verb.INITIALIZED, Verb.PLAYED, Verb.ANSWERED, Verb.COMPLETED)
    assert [verbs.count(verb) for verb in once] == [1, 1, 1, 1], "whatever is said again"

    teacher = opened(tool, link, "teacher")
    results = teacher.get(f"lessons/{lesson}/results").text
    assert "Learner" in results
    assert "100%" in results
    assert "<rect" in results
    assert 'data-label="Activity"' not in results
    second = tool.house.twin.tools.add_link(COURSE, tool.registered, "Once more", content=str(lesson))
    opened(tool, second, "learner").post("open")
    results = teacher.get(f"lessons/{lesson}/results").text
    assert re.findall(r"Have (?:begun|completed it)</dt><dd>(\d+)", results) == ["1", "1"], "whoever it is, once"
    assert set(re.findall(r'data-label="Activity">([^<]+)<', results)) == {link.name, "Once more"}
    teacher.post(f"lessons/{lesson}/questions/q/drop")
    newest = tool.house.connector.contents.newest(lesson)
    assert newest is not None
    assert newest.version == 2, "what somebody was asked stays as it was"


def test_how_much_was_watched_never_grows_less(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """Also where the pieces are not kept any more; and who goes on is not told that they begin anew."""
    learner = opened(tool, link, "learner")
    learner.post("open")
    later(tool, seconds=2)
    assert learner.post("watched", json={"played": [[0, 2, 1]], "position": 2}).json()["share"] == 1.0
    tool.house.sql("UPDATE connector.viewing SET watched = '[]', heat = '[]'")
    later(tool, seconds=1)
    assert learner.post("watched", json={"played": [[0, 0.5, 1]], "position": 0.5}).json()["share"] == 1.0


def test_completion_and_score_are_kept_together(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """Where the score cannot be put on its way nothing was done: said again, it is told and graded once."""
    learner = opened(tool, link, "learner")
    learner.post("open")
    later(tool, seconds=2)
    report = {"played": [[0, 2, 1]], "position": 2, "moments": [["played", 0.0]]}
    assert learner.post("watched", json=report).json()["share"] == 1
    tool.house.sql("ALTER TABLE connector.lti_score RENAME TO lti_score_away")
    try:
        assert learner.post("answers/q", json={"chosen": ["1"]}).status_code >= 500
    finally:
        tool.house.sql("ALTER TABLE connector.lti_score_away RENAME TO lti_score")
    standing = learner.post("open").json()
    assert (standing["answered"], standing["completed"]) == ([], False)
    assert not {Verb.ANSWERED, Verb.COMPLETED} & set(told(tool, link))
    assert learner.post("answers/q", json={"chosen": ["1"]}).json()["completed"]
    assert sorted(told(tool, link)) == [Verb.ANSWERED, Verb.COMPLETED, Verb.INITIALIZED, Verb.PLAYED]
    assert len(scores(tool, link)) == 1


def test_who_teaches_only_tries_it_out(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """Nothing is told, graded or listed; and who comes to learn afterwards begins anew, and is graded."""
    for role in ("Instructor", "Learner"):
        somebody = as_role(tool, link, role)
        assert somebody.post("open").json()["answered"] == [], role
        later(tool, seconds=2)
        somebody.post("watched", json={"played": [[0, 2, 1]], "position": 2, "moments": [["played", 0.0]]})
        assert somebody.post("answers/q", json={"chosen": ["1"]}).json()["completed"], role
        if role == "Instructor":
            assert (told(tool, link), scores(tool, link)) == ([], [])
            results = opened(tool, link, "teacher").get(f"lessons/{lesson}/results").text
            assert "Nobody has watched" in results
    assert Verb.COMPLETED in told(tool, link)
    assert len(scores(tool, link)) == 1


def test_who_learned_and_teaches_now_has_a_viewing_for_each(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """What is tried out leaves the learner's as it was, is neither told nor graded, and who learns again goes on."""
    as_role(tool, link, "Learner").post("open")
    later(tool, seconds=1)
    half = {"played": [[0, 1, 1]], "position": 1}
    assert as_role(tool, link, "Learner").post("watched", json=half).json()["share"] == 0.5
    teacher = as_role(tool, link, "Instructor")
    assert teacher.post("open").json()["share"] == 0
    later(tool, seconds=2)
    teacher.post("watched", json={"played": [[0, 2, 1]], "position": 2})
    assert teacher.post("answers/q", json={"chosen": ["1"]}).json()["completed"]
    learner = as_role(tool, link, "Learner")
    standing = learner.get("standing").json()
    assert (standing["share"], standing["answered"], standing["completed"]) == (0.5, [], False)
    assert ('class="tabs"' in teacher.page, 'class="tabs"' in learner.page) == (True, False)
    assert (told(tool, link), scores(tool, link)) == ([Verb.INITIALIZED], [])
    assert learner.post("open").json()["position"] == 1


def test_what_was_watched_of_a_video_that_was_left_is_told(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """With a pause at once; without one by the clock, once, as of when it was left; of who tries it out nothing."""
    seconds = """
        SELECT verb, (result ->> 'seconds')::float AS seconds FROM connector.learning_event
        WHERE link = %s AND verb <> 'launched' ORDER BY 1
    """
    connector = tool.house.connector
    later(tool, minutes=3)
    connector.video_learning.tell_left()  # what other tests have left
    for role in ("Learner", "Instructor"):
        somebody = as_role(tool, link, role)
        somebody.post("open")
        later(tool, seconds=2)
        somebody.post("watched", json={"played": [[0, 0.5, 1]], "position": 0.5, "moments": [["paused", 0.5]]})
        somebody.post("watched", json={"played": [[0.5, 1.5, 1]], "position": 1.5})
    assert connector.video_learning.tell_left() == 0, "it may still be watched"
    later(tool, minutes=3)
    assert (connector.video_learning.tell_left(), connector.video_learning.tell_left()) == (1, 0)
    found = [(one["verb"], one["seconds"]) for one in tool.house.sql(seconds, str(link.id))]
    assert found == [("initialized", None), ("paused", 0.5), ("terminated", 1.5)]
    [event] = tool.house.sql(
        "SELECT at FROM connector.learning_event WHERE verb = 'terminated' AND link = %s", str(link.id)
    )
    assert tool.house.clock() - event["at"] >= timedelta(minutes=3)


def test_an_author_sees_what_learners_see(tool: Tool, link: ToolLink, video: UUID) -> None:
    """Of a video that has failed, that the one before it is watched still; of a question for later than the video
    ends, that it is put at its end, as it is."""
    media, now = (
        Media(uuid4(), tool.platform_id, str(link.course_id), "b.mp4", 1, MediaState.UPLOADING),
        tool.house.clock(),
    )
    tool.house.connector.media.begin(media, "2", now)
    tool.house.connector.media.failed(media.media_id, Failure.NO_VIDEO, now)
    one = lesson_of(tool, link, media_id=video, coming=media.media_id, questions=[Asked(9.0, QUESTION)])
    page = opened(tool, link, "teacher").get(f"lessons/{one}").text
    assert "Learners still watch the video before it" in page
    assert "it is put at its end" in page
    content = tool.house.connector.contents.newest(one)
    assert content is not None
    late = {"title_en": "Fire", "threshold": "80", "chapters": "0:09 Late", "seen": state(read(content.body))}
    assert "after the end of the video" in opened(tool, link, "teacher").post(f"lessons/{one}", data=late).text
    assert 'data-at="9.0"' not in opened(tool, link, "learner").page
    tool.house.connector.media.forget(media.media_id)


def test_a_page_of_a_video_that_was_replaced_is_told_so(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """Neither what it reports nor what is answered there is taken for the other video; a page of this one goes on. NUL
    in an answer is none of its letters."""
    learner = opened(tool, link, "learner")
    media = learner.post("open").json()["media"]
    for now_there, status in ((str(uuid4()), 409), (media, 200)):
        report = {"media": now_there, "played": [], "position": 1}
        answer = {"media": now_there, "chosen": ["1\x00"], "text": "\x00"}
        assert learner.post("watched", json=report).status_code == status
        assert learner.post("answers/q", json=answer).status_code == status
    assert learner.post("open").json()["answered"] == ["q"]


def test_nobody_watches_by_claiming_it(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """However often a page says it: many reports at once give no more than the clock."""
    tool.house.sql("UPDATE connector.media SET made = jsonb_set(made, '{seconds}', '600')")
    learner = opened(tool, link, "learner")
    learner.post("open")
    for start in range(0, 200, 20):
        share = learner.post("watched", json={"played": [[start, start + 20, 1]], "position": start}).json()["share"]
        learner.post("open")
    tool.house.sql("UPDATE connector.media SET made = jsonb_set(made, '{seconds}', '2') WHERE made IS NOT NULL")
    assert share < 0.02


def test_a_lesson_is_made_while_content_is_picked(tool: Tool, link: ToolLink) -> None:
    """From the picking page: words, a question, chapters and captions; mistakes are said, and kept."""
    picked = picking(tool, "teacher").text
    assert "New video lesson" in picked
    teacher = Launched(tool.client, picked)
    page = teacher.post("lessons").text
    made = tool.house.connector.contents.of_course(tool.platform_id, str(link.course_id))[0]
    one = f"lessons/{made.content_id}"
    assert "Back to the selection" in page
    fields = {
        "title_en": "Fire",
        "title_fr": "Feu",
        "threshold": "80",
        "chapters": "0:00 Start",
        "speed": ["1", "1.5"],
    }
    seen = {"seen": state(read(made.body))}
    wrong = teacher.post(one, data={**fields, **seen, "threshold": "much"}).text
    assert "a number from 1 to 100" in wrong
    assert 'value="Feu"' in wrong
    assert 'value="much" aria-invalid="true" aria-describedby="problem' in wrong
    assert re.search(r'value="1.5" checked', wrong), "speeds that were chosen, too"
    assert "Saved." in teacher.post(one, data={**fields, **seen}).text
    assert "Somebody else has changed" in teacher.post(one, data={**fields, **seen, "title_en": "Lost"}).text
    asked = {"at": "0:05", "kind": "true_false", "text": "Run?", "options": "Yes\n*No"}
    assert "Enter the options" in teacher.post(f"{one}/questions", data={**asked, "options": "Yes"}).text
    added = teacher.post(f"{one}/questions", data=asked).text
    assert re.search(r'id="questions-head" data-here.*?Saved\..*?Run\?', added, re.S), "it comes into view"
    vtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\n<i>Run</i> & hide"
    assert "no captions" in teacher.post(f"{one}/captions", data={"language": "en"}, files={"file": b"x"}).text
    large = vtt.ljust(1_000_001)
    assert "1 MB at most" in teacher.post(f"{one}/captions", data={"language": "en"}, files={"file": large}).text
    vtt += b"\x00"
    assert "Saved." in teacher.post(f"{one}/captions", data={"language": "en"}, files={"file": vtt}).text
    newest = tool.house.connector.contents.newest(made.content_id)
    assert newest is not None
    kept = read(newest.body)
    assert (kept.title, kept.threshold, list(kept.speeds)) == ({"en": "Fire", "fr": "Feu"}, 0.8, [1.0, 1.5])
    assert [len(one) for one in (kept.chapters, kept.questions, kept.captions)] == [1, 1, 1]
    question_id = kept.questions[0].question.question_id
    form = teacher.get(f"{one}/questions/{question_id}").text
    assert 'name="at" value="0:05"' in form and "Yes\n*No" in form and "Who has answered it keeps" in form
    found = re.search(r'name="question_seen" value="(\w+)"', form)
    assert found
    walk = {**asked, "text": "Walk?", "question_seen": found[1]}
    wrong = teacher.post(f"{one}/questions/{question_id}", data={**walk, "at": "soon"}).text
    assert 'value="soon"' in wrong and found[0] in wrong, "what was entered stays, and it is still that question"
    assert "Walk?" in teacher.post(f"{one}/questions/{question_id}", data=walk).text
    assert "Somebody else has changed" in teacher.post(f"{one}/questions/{question_id}", data=walk).text
    changed = tool.house.connector.contents.newest(made.content_id)
    assert changed is not None
    assert [one.question.question_id for one in read(changed.body).questions] == [question_id]
    assert "Run?" not in teacher.post(f"{one}/questions/{question_id}/drop").text
    late = teacher.post(f"{one}/questions/{question_id}", data={**walk, "text": "Crawl?"}).text
    assert "What you typed is still here" in late and "Crawl?" in late, "another author has removed it"
    pieces = tool.client.get("/lti/contents", headers=teacher.headers).text
    assert f'value="{made.content_id}"' in pieces
    answer = tool.client.post("/lti/pick", data={"session": teacher.token, "content": str(made.content_id)})
    assert answer.status_code == 200


def test_an_upload_that_was_broken_off_goes_on(tool: Tool, link: ToolLink) -> None:
    """Parts that are there are not wanted again; what is missing, too large or too much is refused."""
    made = lesson_of(tool, link)
    teacher = opened(tool, link, "teacher")
    about = {"name": "a.mp4", "size": PART + 5}
    begun = teacher.post(f"lessons/{made}/upload", json=about).json()
    media = begun["media"]
    assert (begun["parts"], begun["there"]) == (2, [])
    assert teacher.put(f"uploads/{media}/2", b"12345").status_code == 204
    assert teacher.put(f"uploads/{media}/2", b"123456").status_code == 400
    assert teacher.put(f"uploads/{media}/1", b"x" * (PART + 1)).status_code == 400
    assert teacher.put(f"uploads/{media}/3", b"").status_code == 400
    assert teacher.put(f"uploads/{media}/..", b"").status_code in (400, 404, 405)
    assert teacher.post(f"lessons/{made}/uploads/{media}").status_code == 400
    assert "not complete" not in teacher.get(f"lessons/{made}/media").text
    again = opened(tool, link, "teacher").post(f"lessons/{made}/upload", json=about).json()
    assert (again["media"], again["there"]) == (media, [2])
    assert teacher.put(f"uploads/{media}/1", b"#EXTM3U\n".ljust(PART)).status_code == 204
    assert "no video that can be read" in teacher.post(f"lessons/{made}/uploads/{media}").text
    assert "no video that can be read" in teacher.post(f"lessons/{made}/uploads/{media}").text
    large = teacher.post(f"lessons/{made}/upload", json={"name": "a", "size": 10_000_001})
    assert large.status_code == 413


def test_what_was_broken_off_is_transcoded_and_what_breaks_is_given_up(
    tool: Tool, link: ToolLink, lesson: UUID
) -> None:
    """A process that was killed leaves a video working; what never came to its end is told to its author. Until a new
    video is ready the one before it is watched."""
    made = lesson
    teacher = opened(tool, link, "teacher")
    uploaded(teacher, made, clip(tool.house.folder / "clip.mp4", 0.4))
    media = tool.house.connector.media
    for _ in range(3):
        taken = media.take(tool.house.clock())
        assert taken is not None
        assert taken.state is MediaState.WORKING
    assert "is being prepared" in teacher.get(f"lessons/{made}/media").text
    assert tool.house.connector.transcoding().work() == {"ready": 0, "failed": 1}
    assert "cannot be read" in teacher.get(f"lessons/{made}/media").text
    assert opened(tool, link, "learner").post("open").status_code == 200
    begun = teacher.post(f"lessons/{made}/upload", json={"name": "b", "size": 5}).json()
    tool.house.sql("UPDATE connector.media SET changed_at = changed_at - interval '3 days' WHERE state = 'uploading'")
    tool.house.connector.transcoding().work()
    assert media.media(UUID(begun["media"])) is None


# ---------------------------------------------------------------- what is needed no more
def test_a_lesson_is_removed_after_who_uses_it_was_told(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    """Its activities, and pages that show it, say so; what was watched stays. Nobody else may."""
    learner, teacher = opened(tool, link, "learner"), opened(tool, link, "teacher")
    one = f"/lti/video/lessons/{lesson}"
    assert "Nobody has begun it yet." in teacher.get(f"lessons/{lesson}").text
    learner.post("open")
    assert "1 person has begun it. It is used in 1 course." in teacher.get(f"lessons/{lesson}").text
    foreign = opened(
        tool, link, "teacher", _context={"id": "999", "label": "X", "title": "X", "type": ["CourseSection"]}
    )
    for somebody in (learner, foreign):
        assert tool.client.delete(one, headers=somebody.headers).status_code == 403
    assert "This was removed." in tool.client.delete(one, headers=teacher.headers).text
    answer = learner.post("watched", json={"played": [], "position": 1})
    assert (answer.status_code, answer.json()) == (409, {"why": "removed"})
    assert learner.post("answers/q", json={"chosen": ["1"]}).json() == {"why": "removed"}
    again = tool.launch("learner", link)
    assert (again.status_code, "is not there any more" in again.text) == (400, True)
    assert tool.house.sql("SELECT 1 FROM connector.viewing WHERE content_id = %s", lesson)


def test_videos_that_nobody_needs_go_with_their_files(tool: Tool, link: ToolLink, video: UUID) -> None:
    """Once no lesson has had them for so long, and nobody watched: replaced ones, of removed lessons, originals."""
    connector, now = tool.house.connector, tool.house.clock()
    store, media = connector.media_store, connector.media
    used, replaced, new, ended, watched = (another(tool, video) for _ in range(5))
    lesson_of(tool, link, media_id=used)
    lesson_of(tool, link, media_id=replaced, coming=new)
    for one in (ended, watched):
        lesson = lesson_of(tool, link, media_id=one)
        opened(tool, link, "learner").post("open")
        connector.contents.end(lesson, now)
    cleaning = Cleaning(media, store, lambda: now + timedelta(days=40))
    everything = {used, replaced, new, ended, watched}

    def there(name: str) -> set[UUID]:
        return {one for one in everything if store.size(f"videos/{one}/{name}")}

    Cleaning(media, store, lambda: now).remove(now - timedelta(days=30))
    assert there("video.mp4") == there("source") == everything, "it is noted, no more"
    tool.house.sql(
        "UPDATE connector.viewing SET reported_at = %s WHERE media_id = %s", now + timedelta(days=20), watched
    )
    before = now + timedelta(days=10)
    assert cleaning.count(before) == cleaning.remove(before) >= 6
    assert (there("video.mp4"), there("source")) == ({used, new, watched}, set())
    assert (media.media(ended), media.media(used)) != (None, None)
    assert [one.state for one in map(media.media, (ended, used)) if one] == [MediaState.REMOVED, MediaState.READY]
    assert cleaning.remove(before) == 0
    assert cleaning.remove(now + timedelta(days=21)) == 1
    assert there("video.mp4") == {used, new}


def another(tool: Tool, video: UUID) -> UUID:
    """A video with files of its own, as this one is."""
    copied = """
        INSERT INTO connector.media
        SELECT (jsonb_populate_record(m, jsonb_build_object('media_id', gen_random_uuid(), 'original', true))).*
        FROM connector.media m WHERE media_id = %s RETURNING media_id
    """
    [row] = tool.house.sql(copied, video)
    found: UUID = row["media_id"]
    folder = tool.house.folder / "videos" / "videos"
    copytree(folder / str(video), folder / str(found))
    (folder / str(found) / "source").write_bytes(b"original")
    return found


# ---------------------------------------------------------------- security
def test_only_who_teaches_where_it_was_made_makes_and_sees_results(
    tool: Tool, link: ToolLink, lesson: UUID, video: UUID
) -> None:
    """A learner is refused each route; who teaches in another course neither changes it nor takes its video."""
    learner = opened(tool, link, "learner")
    one = f"lessons/{lesson}"
    for path in ("lessons", one, f"{one}/captions", f"{one}/questions", f"{one}/questions/q/drop", f"{one}/upload",
                 f"{one}/uploads/{uuid4()}"):  # fmt: skip
        assert learner.post(path).status_code == 403, path
    for path in (one, f"{one}/media", f"{one}/results"):
        assert learner.get(path).status_code == 403, path
    assert learner.put(f"uploads/{video}/1", b"x").status_code == 403
    context = {"id": "999", "label": "X", "title": "X", "type": ["CourseSection"]}
    foreign = opened(tool, link, "teacher", _context=context)
    assert "lessons/" not in foreign.page, "the page offers nothing"
    assert "It is changed in the course in which it was made" in foreign.page
    assert foreign.get(one).status_code == foreign.get(f"{one}/results").status_code == 403
    assert foreign.put(f"uploads/{video}/1", b"x").status_code == 400
    connector = tool.house.connector
    maker = Maker(tool.platform_id, "999", "2")
    own = connector.contents.make(ContentKind.VIDEO, {"title": {}, "description": {}}, maker, tool.house.clock())
    assert foreign.post(f"lessons/{own.content_id}/uploads/{video}").status_code == 400
    assert foreign.get(f"lessons/{uuid4()}").status_code == foreign.get("lessons/x").status_code == 400


def test_without_the_token_of_the_page_nothing_is_done(tool: Tool, link: ToolLink, lesson: UUID) -> None:
    for path in ("open", "watched", "answers/q", "lessons"):
        for headers in ({}, {"Authorization": "Bearer made-up"}):
            assert tool.client.post(f"/lti/video/{path}", headers=headers).status_code == 401
    learner, other = opened(tool, link, "learner"), opened(tool, link, "other")
    assert other.post("watched", json={"position": 1}).status_code == 400, (
        "the viewing of somebody else is none of theirs"
    )
    learner.post("open")
    assert other.post("open").json()["share"] == 0
    known = (b'{"position": "NaN"}', b'{"position": 1, "share": 1}', b'{"position": 1, "played": [[1]]}')
    for wrong in (b"", b"{", *known, b"x" * 200_000):
        assert learner.post("watched", content=wrong).status_code == 400
    assert learner.post("answers/none", json={"chosen": ["1"]}).status_code == 400


@pytest.mark.anyio
async def test_whoever_has_an_address_gets_no_more_than_who_watches(
    tool: Tool, video: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So much and so often in a minute, for all addresses of one launch together; others are not touched."""
    connector, now = tool.house.connector, tool.house.clock()
    told = connector.settings.video.model_copy(update={"requests_a_minute": 60})
    monkeypatch.setattr(connector, "settings", connector.settings.model_copy(update={"video": told}))
    served = httpx.ASGITransport(web_app(connector, lambda: Jobs(tool.house)))

    async def asked(session_id: int, minutes: int = 0) -> int:
        then = now - timedelta(minutes=minutes)
        signed = connector.media_addresses.ticket(video, session_id, now + timedelta(hours=1), then)
        async with httpx.AsyncClient(transport=served, base_url=tool.url) as client:
            answer = await client.get(f"/lti/media/{signed}/main.m3u8")
        assert answer.status_code == 200 or 0 < int(answer.headers["retry-after"]) <= 60
        return answer.status_code

    assert [await asked(1, number % 10) for number in range(62)] == [200] * 60 + [429] * 2
    assert await asked(2) == 200


def test_an_address_of_a_file_is_signed(tool: Tool, link: ToolLink, lesson: UUID, video: UUID) -> None:
    """It ends after minutes, is of one media, and names files by numbers and words of ours alone."""
    learner = opened(tool, link, "learner")
    base, client = learner.post("open").json()["base"], tool.client
    outside = ("../source", "source", "..%2f..%2fsource", "120/../../source", "%2e%2e/source", "120/00000.ts%00")
    for name in (*outside, "9999/0.ts", "120/9.ts", "thumb/99.jpg", "", "120/٠.ts"):
        assert not client.get(base + name).is_success, name
    ticket = base.split("/")[3]
    assert client.get(f"/lti/media/{uuid4().hex}{ticket[32:]}/main.m3u8").status_code == 401
    assert client.get("/lti/media/x/main.m3u8").status_code == 401
    now = tool.house.clock()
    for since, status in ((0, 200), (16, 401)):
        then = now - timedelta(minutes=since)
        signed = tool.house.connector.media_addresses.ticket(video, 1, now + timedelta(hours=1), then)
        assert client.get(f"/lti/media/{signed}/main.m3u8").status_code == status
