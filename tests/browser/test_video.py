"""A video lesson in a real Chromium: uploaded, prepared, watched, asked, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import anyio
import pytest
from selenium.webdriver import Chrome

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.video.lessons import read
from connector.domain.assessments import Kind, Option, Question
from connector.domain.videos import Asked, Captions, Chapter
from tests.browser.pages import DESK, PHONE, Browser, press, shown
from tests.browser.platform import at_platform, open_activity
from tests.integration.lti.launched import Tool, linked, serving_tool
from tests.integration.lti.videos import lesson_of, opened, uploaded, with_videos
from tests.support import House
from tests.unit.video.clips import clip

pytestmark = pytest.mark.slow
OPTIONS = [Option("1", {"en": "Wait"}, right=True), Option("2", {"en": "Run"})]
QUESTION = Question("q", Kind.SINGLE, {"en": "And then?"}, options=OPTIONS, explanation={"en": "Smoke rises."})
LAST = Question("last", Kind.SINGLE, {"en": "Where do you meet?"}, options=OPTIONS)
VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nStay low\n\n00:01.000 --> 00:03.000\nClose the door\n"
REPLACED = """
WITH other AS (
    INSERT INTO connector.media
    SELECT (jsonb_populate_record(m, jsonb_build_object('media_id', gen_random_uuid()))).* FROM connector.media m
    RETURNING media_id
)
UPDATE connector.content_version SET body = jsonb_set(body, '{coming}', to_jsonb(media_id)) FROM other
"""
HELD = "document.head.append = (script) => { window.held = script; };"
COMES = """
const done = () => arguments[0](Boolean(window.Hls));
window.held.addEventListener("load", () => setTimeout(done, 500));
Element.prototype.append.call(document.head, window.held);
"""
LATE = """
const usual = window.fetch;
window.fetch = async (address, more) => {
  const answer = await usual(address, more);
  if (address.includes('/answers/')) {
    document.dispatchEvent(new CustomEvent('live:notice', { detail: {} }));
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
  }
  return answer;
};
"""
LIGHT, DARK = (DESK, "light"), (PHONE, "dark")


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    with serving_tool(house, "localhost") as served:
        with_videos(served)
        yield served


@pytest.fixture
def link(tool: Tool) -> ToolLink:
    return linked(tool)


@pytest.fixture
def lesson(tool: Tool, link: ToolLink) -> UUID:
    return lesson_of(
        tool,
        link,
        threshold=0.9,
        no_skip=True,
        chapters=[Chapter(0, {"en": "Start"}), Chapter(2, {"en": "End"})],
        captions=[Captions("en", VTT)],
        questions=[Asked(1.0, QUESTION), Asked(99.0, LAST)],
    )


@pytest.fixture
def platform(chromium: Chrome, tool: Tool, lesson: UUID) -> Iterator[Browser]:
    with at_platform(chromium, tool) as browser:
        yield browser


def accessible(at: Browser, name: str, *looks: tuple[tuple[int, int], str]) -> None:
    """axe finds nothing, and nobody scrolls sideways."""
    for size, scheme in looks:
        at.look(size, scheme)
        at.picture(f"video-{name}-{size[0]}-{scheme}")
        assert at.violations() == [], (name, size, scheme)
        assert not at.too_wide(), (name, size)
    at.look(DESK, "light")


def scripts(at: Browser) -> list[tuple[str, int]]:
    """Scripts that were loaded, with their bytes."""
    found: list[tuple[str, int]] = at.chrome.execute_script(
        "return performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js'))"
        ".map(e => [e.name.split('/').pop(), e.decodedBodySize])"
    )
    return [(name, size) for name, size in found]


def test_a_video_goes_from_the_file_to_the_learner(
    platform: Browser, tool: Tool, link: ToolLink, lesson: UUID
) -> None:
    """An instructor uploads it and sees how far it is; a learner is asked, cannot skip, and goes on later."""
    open_activity(platform, "teacher", link)
    assert "not there yet" in platform.text
    platform.click(".tabs button:nth-child(2)")
    platform.until(lambda: platform.find("#file"), "the form is there")
    platform.until(lambda: platform.focus().tag_name == "h1", "and what it is is read first")
    empty = tool.house.folder / "empty.mp4"
    empty.touch()
    platform.write("#file", str(empty))
    platform.click("[data-upload] button")
    shown(platform, "There is nothing in this file.")
    platform.write("#file", str(clip(tool.house.folder / "clip.mp4", 3, "320x180")))
    platform.click("[data-upload] button")
    shown(platform, "waits to be prepared", "#media")
    assert tool.house.connector.transcoding().work() == {"ready": 1, "failed": 0}
    shown(platform, "Ready", "#media")
    accessible(platform, "edit", LIGHT, DARK)
    platform.write("#question-text", "Half a question")
    assert not platform.seen("[name=title_fr]"), "languages that are not used are folded"
    platform.write("[name=title_en]", "Fire drill")
    platform.click("form[aria-labelledby=words] button[type=submit]")
    shown(platform, "Saved.")
    assert platform.each("#question-text", "value") == ["Half a question"], "what is not saved stays"
    platform.click(".tabs button:nth-child(1)")
    press(platform, "Save and go on")
    shown(platform, "Enter where the question is put")
    platform.click(".tabs button:nth-child(1)")
    press(platform, "Go on without saving")
    platform.until(lambda: platform.seen("[data-start]"), "the player is there")
    platform.click(".tabs button:nth-child(2)")
    platform.until(lambda: platform.focus().tag_name == "h1", "it is made again")
    assert platform.each("#question-text", "value") == [""]
    platform.click("[hx-get$='/questions/last']")
    platform.until(lambda: platform.focus().tag_name == "h3", "one is led to the form of the question")
    accessible(platform, "question-form", LIGHT)
    assert platform.complaints() == []

    open_activity(platform, "learner", link)
    assert sum(size for _, size in scripts(platform)) < 200_000
    assert "hls.light.min.js" not in dict(scripts(platform))
    accessible(platform, "player", LIGHT)
    assert not platform.seen("[data-share]"), "how far one is is not known yet"
    platform.look(PHONE, "light")
    room = platform.find("[data-said]").rect["height"]
    platform.look(DESK, "light")
    platform.click("[data-start]")
    video = "const video = document.querySelector('video'); "
    platform.until(lambda: platform.seen("[data-question]"), "the question is put")
    assert platform.chrome.execute_script(video + "return video.paused && video.currentTime >= 1")
    assert platform.focus().tag_name == "legend"
    platform.chrome.execute_script(video + "video.currentTime = 0")
    platform.until(lambda: not platform.seen("[data-question]"), "it can be looked at once more")
    platform.chrome.execute_script(video + "video.play()")
    platform.until(lambda: platform.seen("[data-question]"), "the question is put again")
    platform.click("[data-question] input[value='1']")
    platform.chrome.execute_script(LATE)
    platform.click("[data-question] [type=submit]")
    shown(platform, "Smoke rises.")
    accessible(platform, "question", DARK)
    platform.chrome.execute_script(video + "video.currentTime = 2.8")
    shown(platform, "only within what you have watched")
    platform.look(PHONE, "light")
    assert platform.find("[data-said]").rect["height"] == room, "what is below it stays where it is"
    platform.look(DESK, "light")
    platform.write("#search", "dóor")
    assert [one.split() for one in platform.each("[data-transcript] button", "innerText")] == [
        ["0:01", "Close", "the", "door"]
    ]

    assert not platform.seen("[data-done]")

    tool.house.clock.forward(minutes=1)
    open_activity(platform, "learner", link)  # left, and come back
    platform.click("[data-start]")
    shown(platform, "It goes on at 0:01")
    last = "[data-question=last] "
    platform.until(lambda: platform.seen(last), "what was to be put later is put at the end")
    platform.click(last + "input[value='1']")
    platform.click(last + "[type=submit]")
    platform.until(lambda: platform.seen("[data-done]"), "it is completed")
    assert "Questions answered: 2 of 2" in platform.text
    shown(platform, "Your result: 100%")
    middles = {one["y"] + one["height"] / 2 for one in platform.each(".settings .meta > *", "getBoundingClientRect()")}
    assert max(middles) - min(middles) < 3, "in one line, where there is room"
    assert [one["value"] for one in tool.house.sql("SELECT value FROM connector.lti_score")] == [100]
    shown(platform, "The result goes to the gradebook")
    tool.house.clock.now = datetime.now(UTC) + timedelta(minutes=1)
    assert anyio.run(tool.house.connector.sending_scores().work) == {"not_now": 1}, "its clock is a minute ahead"
    shown(platform, "The result is sent again by itself")
    assert platform.complaints() == []

    open_activity(platform, "teacher", link)
    platform.click(".tabs button:nth-child(3)")
    shown(platform, "Learner")
    accessible(platform, "results", DARK)
    opened(tool, link, "other").post("open")
    shown(platform, "Other", "#work")
    told = "return document.querySelector('p.unseen[role=status]').textContent"
    platform.until(lambda: platform.chrome.execute_script(told) == "The page is up to date again.", "and it is told")
    newest = tool.house.connector.contents.newest(lesson)
    assert newest is not None
    assert read(newest.body).title["en"] == "Fire drill"

    open_activity(platform, "learner", link)
    platform.chrome.execute_script(HELD)
    platform.click("[data-start]")
    platform.until(
        lambda: platform.chrome.execute_script("return Boolean(window.held)"), "it is open, its player is on its way"
    )
    tool.house.sql(REPLACED)
    platform.chrome.execute_script("window.dispatchEvent(new Event('online'))")
    shown(platform, "has another video now")
    assert platform.chrome.execute_async_script(COMES), "its player comes after that"
    assert not platform.find("video").get_property("currentSrc"), "and loads nothing"
    assert "has another video now" in platform.text
    assert platform.complaints() == []

    open_activity(platform, "teacher", link)
    platform.click(".tabs button:nth-child(2)")
    platform.click("[data-dialog=remove-last]")
    shown(platform, "Where do you meet?", "dialog:modal")
    accessible(platform, "remove-question", LIGHT)
    platform.click("dialog[open] button", "Back")
    platform.click("[data-dialog=remove-last]")
    platform.click("dialog[open] button.bad")
    shown(platform, "Saved.")
    assert len(platform.seen("[data-dialog^=remove-]")) == 1, "one of two questions is left"
    platform.click("[data-dialog=remove]")
    assert "2 people have begun it. It is used in 1 course." in platform.read("dialog[open]")
    accessible(platform, "remove", LIGHT, DARK)
    platform.click("dialog[open] button.bad")
    shown(platform, "This was removed.")
    assert platform.complaints() == []


PAUSED = """
const now = Date.now, video = document.querySelector('video');
video.pause();
Date.now = () => now() + 2 * 60 * 60 * 1000;
"""
NO_HLS = "for (const name of ['MediaSource', 'ManagedMediaSource']) delete window[name];"
PLACE = "return document.querySelector('video').currentTime"
GO_ON = "const video = document.querySelector('video'); video.currentTime = 45; video.play()"
REFUSED = "return performance.getEntriesByType('resource').filter(e => e.responseStatus === 401).length"


def test_after_a_long_pause_it_goes_on(chromium: Chrome, tool: Tool, link: ToolLink) -> None:
    """Two hours later, when the addresses of its files are long over, by hls.js and by the browser alone."""
    lesson = lesson_of(tool, link)
    uploaded(opened(tool, link, "teacher"), lesson, clip(tool.house.folder / "clip.mp4", 50, "160x90"))
    assert tool.house.connector.transcoding().work() == {"ready": 1, "failed": 0}
    for who, way in (("learner", ""), ("other", NO_HLS)):
        with at_platform(chromium, tool) as platform:
            open_activity(platform, who, link)
            platform.chrome.execute_script(way)
            platform.find("[data-start]").click()
            platform.until(lambda at=platform: at.chrome.execute_script(PLACE) > 0.5, "it plays")
            platform.chrome.execute_script(PAUSED)
            tool.house.clock.forward(hours=2)
            platform.chrome.execute_script(GO_ON)
            platform.until(lambda at=platform: at.chrome.execute_script(PLACE) > 45.5, f"it goes on {way}")
            tool.house.clock.forward(hours=-2)
            assert way or not platform.chrome.execute_script(REFUSED), "nobody has to be refused first"
            if way:
                keeps_its_place(platform, tool)


HEARD = """
window.reports = []; window.asked = 0; window.emptied = 0; window.away = false;
const usual = window.fetch, now = Date.now, video = document.querySelector('video');
window.later = 0;
Date.now = () => now() + window.later;
const report = () => window.dispatchEvent(new Event('online'));
video.addEventListener('emptied', () => { window.emptied += 1; report(); });
window.fetch = async (address, more) => {
  if (address.endsWith('/standing')) window.asked += 1;
  if (window.away && address.startsWith('/lti/video/')) throw new TypeError('away');
  const answer = await usual(address, more);
  if (!address.endsWith('/watched')) return answer;
  return Object.assign(answer, { json: async () => { // a report is told once the page has taken what came of it
    const told = await Response.prototype.json.call(answer);
    setTimeout(() => window.reports.push(JSON.parse(more.body)));
    return told;
  } });
};
"""


def keeps_its_place(platform: Browser, tool: Tool) -> None:
    """The browser alone has new addresses while it plays, after it was refused, and once there is a connection again;
    it stands where it stood, here and in what is told, and a press of somebody is told once."""
    run = platform.chrome.execute_script
    video = "const video = document.querySelector('video'); "
    run(HEARD + "video.currentTime = 10; document.querySelector('[data-speed]').value = '1.5';")
    run("document.querySelector('[data-speed]').dispatchEvent(new Event('change'))")
    platform.until(lambda: run(PLACE) > 10.5, "it plays")
    run("window.reports = []; window.later = 11 * 60000; window.dispatchEvent(new Event('online'))")
    platform.until(lambda: run("return window.emptied === 1"), "it has a new address before the old one is over")
    platform.until(lambda: run(PLACE) > 11, "and goes on")
    assert run(video + "return [video.paused, video.playbackRate]") == [False, 1.5]

    tool.house.clock.forward(minutes=20)
    run(video + "video.currentTime = 40")
    platform.until(lambda: run("return window.emptied === 2"), "it was refused")
    platform.until(lambda: run(PLACE) > 40.5, "it goes on where it was")
    assert run(video + "return video.paused") is False

    run(video + "video.pause()")
    platform.until(lambda: run("return window.reports.some(one => one.moments.some(m => m[0] === 'paused'))"), "told")
    told = run("const told = window.reports; window.reports = []; return told")
    tool.house.clock.forward(minutes=20)
    run(video + "window.later += 20 * 60000; window.away = true; window.asked = 0; video.play().catch(() => {})")
    run(video + "video.currentTime = 20")
    shown(platform, "There is no connection.")
    platform.until(lambda: run("return window.asked > 1"), "it is tried again")
    assert run("return window.asked") < 5, "with a pause"
    run("window.away = false; window.dispatchEvent(new Event('online'))")
    platform.until(lambda: run(PLACE) > 20.5 and not run(video + "return video.paused"), "it goes on")
    platform.until(lambda: "no connection" not in platform.text, "and nothing is wrong any more")
    reports = run("return window.reports")
    assert min(one["position"] for one in told + reports) > 10
    pressed = {at for one in reports for verb, at in one["moments"] if verb == "played"}
    assert [round(at) >= 40 for at in pressed] == [True]

    run(video + "video.pause()")
    tool.house.sql(REPLACED)
    run(video + "window.later += 20 * 60000; window.asked = 0; video.play().catch(() => {})")
    shown(platform, "has another video now")
    assert run("return window.asked") < 3
    run(video + "video.play().catch(() => {})")
    platform.until(lambda: run(video + "return video.paused"), "nobody watches for nothing")
    assert run(video + "return video.currentTime") < 45
