"""Files that learners hand in for a practical task."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment.whereabouts import without_place
from connector.domain.assessments import Kind
from connector.settings.parts import ContentSettings
from tests.integration.lti.launched import Tool
from tests.integration.lti.made import Page, activity, asked, assessment, made, opened
from tests.unit.assessment.test_whereabouts import BARE, exif, jpeg

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def graded(tool: Tool, link: ToolLink) -> ToolLink:
    house = tool.house
    folder = ContentSettings(folder=house.folder / "content")
    house.connector.settings = house.connector.settings.model_copy(update={"content": folder})  # as if it were set
    questions = asked("p", kind=Kind.PRACTICAL, options=()), asked("a")
    return activity(tool, made(tool, assessment(*questions)))


def hand_in(
    page: Page, attempt: str, content: bytes, name: str = "a.png", question: str = "p", status: int = 200
) -> str:
    path = f"/lti/assessment/attempts/{attempt}/evidence/{question}"
    return page.ask("POST", path, status, files={"file": (name, content)}).text


def test_a_photo_is_handed_in_and_seen_by_who_marks(tool: Tool, graded: ToolLink) -> None:
    """And by who handed it in; nobody else; it is to be kept and never run."""
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    shown = hand_in(page, attempt, PNG, "my <b>photo</b>.png")
    assert "my &lt;b&gt;photo&lt;/b&gt;.png" in shown
    found = re.search(r"/evidence/p/([0-9a-f-]{36})", shown)
    assert found
    page.submit(attempt)
    own, theirs = f"/lti/assessment/attempts/{attempt}/evidence/own", f"/lti/assessment/results/{attempt}/evidence"
    answer = page.ask("GET", f"{own}/{found[1]}")
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    teacher = opened(tool, "teacher", graded)
    assert f"{theirs}/{found[1]}" in teacher.ask("GET", f"/lti/assessment/results/{attempt}").text
    assert teacher.ask("GET", f"{theirs}/{found[1]}").content == PNG
    opened(tool, "other", graded).ask("GET", f"{own}/{found[1]}", 403)
    page.ask("GET", f"{theirs}/{found[1]}", 403)


def test_of_a_photo_the_place_where_it_was_taken_is_not_kept(tool: Tool, graded: ToolLink) -> None:
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    assert "a.jpg" in hand_in(page, attempt, jpeg(exif("<")), "a.jpg")
    [kept] = [*(tool.house.folder / "content").rglob(f"evidence/{attempt}/*")]
    assert kept.read_bytes() == jpeg(without_place(exif("<")), BARE)


def test_what_is_no_evidence_is_not_taken(tool: Tool, graded: ToolLink) -> None:
    """What a file is shows from what is in it; at most five, and none after the end."""
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    assert "Only photos, videos (MP4 or MOV) and PDF" in hand_in(page, attempt, PAGE, "photo.png")
    assert "20 MB is the most" in hand_in(page, attempt, PNG + bytes(20_000_000))
    hand_in(page, attempt, PNG, question="a", status=400)
    hand_in(page, attempt, PNG, question="none", status=400)
    for _ in range(5):
        assert "a.png" in hand_in(page, attempt, PNG)
    assert "five files already" in hand_in(page, attempt, PNG)
    page.submit(attempt)
    assert "the attempt is over" in hand_in(page, attempt, PNG)
    assert len([*(tool.house.folder / "content").rglob("evidence/*/*")]) == 5


def test_a_file_is_taken_back(tool: Tool, graded: ToolLink) -> None:
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    found = re.search(r"/evidence/p/([0-9a-f-]{36})", hand_in(page, attempt, PNG))
    assert found
    path = f"/lti/assessment/attempts/{attempt}/evidence/p/{found[1]}"
    assert "a.png" not in page.ask("DELETE", path).text
    assert [*(tool.house.folder / "content").rglob("evidence/*/*")] == []
    page.ask("DELETE", path)


def test_without_a_place_none_are_taken(tool: Tool, link: ToolLink) -> None:
    graded = activity(tool, made(tool, assessment(asked("p", kind=Kind.PRACTICAL, options=()))))
    page = opened(tool, "learner", graded)
    assert "cannot be handed in here yet" in hand_in(page, page.begin(), PNG)


def test_of_one_person_so_much_is_kept(tool: Tool, graded: ToolLink) -> None:
    """In all attempts together; what was taken back makes room, and others have their own."""
    told = tool.house.connector.settings.content.model_copy(update={"evidence_mb": 1})
    tool.house.connector.settings = tool.house.connector.settings.model_copy(update={"content": told})
    page, other, large = opened(tool, "learner", graded), opened(tool, "other", graded), PNG + b"x" * 600_000
    first = page.begin()
    hand_in(page, first, large)
    page.submit(first)
    second = page.begin()
    assert "as much as is kept of one person" in hand_in(page, second, large)
    kept = re.search(r"/evidence/p/([0-9a-f-]{36})", hand_in(page, second, PNG))
    assert kept
    begun = other.begin()
    with ThreadPoolExecutor(5) as pool:  # at once each of them sees that there is room
        said = [one.result() for one in [pool.submit(hand_in, other, begun, large) for _ in range(5)]]
    assert sorted("as much as" in one for one in said) == [False, True, True, True, True]
    assert len([*(tool.house.folder / "content" / "evidence").glob("*/*")]) == 3, "nothing lies there that is not kept"
