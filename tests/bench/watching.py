"""The first page of a video lesson in a real browser, within a page of the platform."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from imageio_ffmpeg import get_ffmpeg_exe

from connector.bootstrap import Connector
from connector.content.video.lessons import written
from connector.domain.contents import ContentKind, Maker
from connector.domain.videos import Chapter, Lesson, MediaState
from connector.lti.deep_linking import CONTENT
from connector.settings.parts import VideoSettings
from tests.bench import newcomers
from tests.bench.opened import Values, opened
from tests.browser.chrome import running
from tests.browser.pages import Browser

SECONDS, SIZE = 20, "640x360"
PATIENCE = 120.0
COURSE = "1"
ACTIVITY = "/mod/lti/view.php"
FRAME = "iframe#contentframe"
USABLE = """
const player = document.querySelector("[data-player][data-begun]"), start = document.querySelector("[data-start]");
return Boolean(player && start && start.offsetParent && !start.disabled
  && performance.getEntriesByName("first-contentful-paint").length && document.readyState === "complete");
"""
"""Whether one can press Play: the button is shown, and the script behind it has begun."""
BEGAN = "return performance.timeOrigin"
MEASURED = """
const [page] = performance.getEntriesByType("navigation");
const [paint] = performance.getEntriesByName("first-contentful-paint");
const scripts = performance.getEntriesByType("resource").filter((one) => one.initiatorType === "script");
const sum = (name) => scripts.reduce((bytes, one) => bytes + one[name], 0);
return {
  began: performance.timeOrigin, answered: page.responseEnd,
  usable: Math.max(page.domContentLoadedEventEnd, paint.startTime),
  scripts: scripts.length, transferred: sum("transferSize"), decoded: sum("decodedBodySize"),
};
"""
"""Deferred scripts have run once DOMContentLoaded is over, and what is painted first has the button in it."""


def lesson(given: Values) -> Values:
    """A lesson with a video, which the service has transcoded, opened by the activity from now on."""
    with opened(given) as connector, tempfile.TemporaryDirectory() as folder:
        video = VideoSettings(folder=Path(given["videos"]))
        connector.settings = connector.settings.model_copy(update={"video": video})
        maker = Maker(given["platform"], COURSE, "teacher")
        media_id = _uploaded(connector, _clip(Path(folder)), maker)
        chapters = [Chapter(0, {"en": "Start"}), Chapter(SECONDS / 2, {"en": "End"})]
        body = written(Lesson({"en": "Fire drill"}, {"en": "What to do"}, media_id=media_id, chapters=chapters))
        made = connector.contents.make(ContentKind.VIDEO, body, maker, connector.clock())
        until = time.monotonic() + PATIENCE
        while (media := connector.media.media(media_id)) is None or media.state is not MediaState.READY:
            if time.monotonic() > until:
                raise RuntimeError("the video was not transcoded")
            time.sleep(0.2)
    custom = {"cmid": given["activity"], "custom": {CONTENT: str(made.content_id)}}
    httpx.post(f"{given['url']}/twin/custom", json=custom).raise_for_status()
    return {}


def watch(given: Values) -> Values:
    """``runs`` learners open the activity, each in a browser that has kept nothing.

    ``pages``: of each, in milliseconds, ``whole`` from the beginning of the platform's page until one can press Play
    in its frame, with the login and the platform's own pages between; ``own`` from when the launch was posted; and how
    many scripts were loaded, with their bytes as they came and unpacked.
    """
    pages = []
    with tempfile.TemporaryDirectory() as profile, running(Path(profile)) as chrome:
        browser = Browser(chrome, given["url"], "")
        for number in range(given["runs"] + 1):
            browser.begin()
            chrome.execute_cdp_cmd("Network.clearBrowserCache", {})
            pages.append(_opened(browser, newcomers.row(number, given["prefix"])["username"], given["activity"]))
    return {"pages": pages[1:]}  # the first one waits for the browser and the service to be there at all


def _opened(browser: Browser, username: str, activity: int) -> dict[str, Any]:
    browser.go("/login/index.php")
    browser.fill(username=username)
    browser.press("main form button")
    browser.go(f"{ACTIVITY}?id={activity}")
    began = browser.chrome.execute_script(BEGAN)
    browser.chrome.switch_to.frame(browser.find(FRAME))
    browser.until(lambda: browser.chrome.execute_script(USABLE), "one can press Play")
    page: dict[str, Any] = browser.chrome.execute_script(MEASURED)
    browser.chrome.switch_to.default_content()
    return {**page, "whole": page["began"] + page["usable"] - began, "own": page["usable"]}


def _clip(folder: Path) -> Path:
    file = folder / "lesson.mp4"
    picture = ("-f", "lavfi", "-i", f"testsrc=size={SIZE}:rate=5:duration={SECONDS}")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-nostdin", "-y", *picture, *coded, str(file)]
    subprocess.run(command, check=True)
    return file


def _uploaded(connector: Connector, file: Path, maker: Maker) -> UUID:
    content = file.read_bytes()
    media, _ = connector.uploading.begin(file.name, len(content), maker)
    connector.uploading.add(media, 1, content)
    return connector.uploading.complete(connector.uploading.media(media.media_id, maker)).media_id
