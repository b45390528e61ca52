"""What is launched, as somebody sees it in a real browser: within a page of the platform, in a frame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import anyio
import pytest
from selenium.webdriver import Chrome

from adapters.moodle.twin.tools.state import ToolLink
from connector.domain.facts import Extent
from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.lti import Launch, Message, Place, Role
from connector.lti.login import digest
from connector.web.static_files import StaticFiles
from tests.browser.pages import DESK, PHONE, TAB, Browser, focused, shown
from tests.browser.platform import at_platform, open_activity
from tests.integration.lti.launched import Tool, serving_tool
from tests.integration.mirrored import Learning
from tests.support import House, Seen, row

pytestmark = pytest.mark.slow
PROBE = "document.cookie = 'probe=1; SameSite=None; Secure'; return document.cookie.includes('probe=1')"


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    """Known by another host name than the platform, so that its frame is of another site."""
    with serving_tool(house, "localhost") as served:
        yield served


@pytest.fixture
def link(tool: Tool, moodle: Seen) -> ToolLink:
    """Somebody is on a path, has done a part of it, and has a badge."""
    anyio.run(learned, tool, moodle)
    return tool.house.twin.tools.add_link("SAFE", tool.registered, "My learning")


async def learned(tool: Tool, moodle: Seen) -> None:
    tool.house.twin.state.plugin = True
    people = [row("E1", unit="Field", cost="en"), row("E2", unit="Field", cost="vi", manager="E1")]
    await tool.house.settled_in(people)
    learning = Learning(tool.house, moodle)
    learning.act("complete", "E1", "SAFE")
    learning.life.award("e1", "First aider")
    learning.life.describe("FIRE", fullname="Nghiệpvụchămsóckháchhàngquađiệnthoạivàxửlýkhiếunạikhẩncấp")
    await tool.house.mirror()


@pytest.fixture
def platform(chromium: Chrome, tool: Tool, link: ToolLink) -> Iterator[Browser]:
    """A browser at the platform."""
    with at_platform(chromium, tool) as browser:
        yield browser


@pytest.mark.parametrize("kept", [True, False], ids=["cookies allowed", "cookies blocked"])
def test_a_learner_launches_within_a_page_of_the_platform(
    request: pytest.FixtureRequest, tool: Tool, link: ToolLink, kept: bool
) -> None:
    """The login's cookie is kept for this frame even where cookies of other sites are not; links leave the frame."""
    with at_platform(request.getfixturevalue("chromium_with_cookies" if kept else "chromium"), tool) as browser:
        open_activity(browser, "e1", link)
        assert browser.chrome.execute_script(PROBE) is kept, "the browser is as it was to be"
        assert "First aider" in browser.text
        assert set(browser.each("main a", "target")) == {"_top"}
        assert browser.complaints() == []
        assert tool.house.sql("SELECT kept FROM connector.lti_session") == [{"kept": "frame"}]


def test_without_any_cookie_in_a_frame_it_opens_in_a_window_of_its_own(
    chromium_without_cookies: Chrome, tool: Tool, link: ToolLink
) -> None:
    """The refusal leads there by one press; where the login was kept is on record."""
    with at_platform(chromium_without_cookies, tool) as browser:
        open_activity(browser, "e1", link)
        assert browser.read("h1") == "One more step"
        assert browser.seen("a.button.main", "Open in a window of its own")
        assert browser.violations() == []
        browser.click("main a")
        browser.until(lambda: len(browser.chrome.window_handles) == 2, "a window opens")
        browser.chrome.switch_to.window(browser.chrome.window_handles[1])
        shown(browser, "First aider")
        assert tool.house.sql("SELECT kept FROM connector.lti_session") == [{"kept": "window"}]


def test_my_learning_is_accessible(platform: Browser, link: ToolLink) -> None:
    """axe finds nothing, and nobody has to scroll sideways."""
    open_activity(platform, "e1", link)
    for size, scheme in product((DESK, PHONE), ("light", "dark")):
        platform.look(size, scheme)
        platform.picture(f"my-learning-{size[0]}-{scheme}")
        assert platform.violations() == [], (size, scheme)
        assert not platform.too_wide(), (size, scheme)


def test_by_keyboard_alone(platform: Browser, link: ToolLink) -> None:
    """Every link is reached in the order in which it is read."""
    open_activity(platform, "e1", link)
    links = platform.each("main a", "getAttribute('href')")
    reached = []
    for _ in links:
        platform.keys(TAB)
        reached.append(focused(platform, "href"))
    assert reached == links != []


PLACE = "return Math.round(document.querySelector('#courses').getBoundingClientRect().top)"


def test_my_learning_keeps_up_by_itself(platform: Browser, tool: Tool, link: ToolLink, moodle: Seen) -> None:
    """What somebody below has done shows without reloading; focus and place stay."""
    house, learning = tool.house, Learning(tool.house, moodle)
    platform.look((360, 500), "light")
    open_activity(platform, "e1", link)
    course = platform.find("#courses ~ ul a")
    platform.chrome.execute_script("arguments[0].focus(); window.scrollTo(0, 300)", course)
    place = platform.chrome.execute_script(PLACE)
    platform.until(lambda: "connector_live_connections 1.0" in tool.client.get("/metrics").text, "it hears")
    for done in ("enrol", "complete"):
        learning.act(done, "E1", "FIRE")
    anyio.run(house.mirror, Extent.CHANGES)
    platform.until(lambda: platform.text.count("Course completed") == 2, "it shows")
    assert platform.focus() == course
    assert abs(platform.chrome.execute_script(PLACE) - place) < 60, "though what stands above has become shorter"
    said = platform.find("body > [role=status]")
    platform.until(lambda: "up to date" in said.get_property("textContent"), "it is said, too")
    assert platform.complaints() == []


HEAR = """
window.heard = [];
const hear = (kind) => (said) => window.heard.push([kind, said.detail.verb || said.detail.state]);
for (const kind of ["missed", "score", "event"]) document.addEventListener("live:" + kind, hear(kind));
for (const address of arguments[0]) {
  const script = Object.assign(document.createElement("script"), { src: address, async: false });
  script.dataset.token = arguments[1];
  document.head.append(script);
}
"""


def test_a_page_is_told_at_once(platform: Browser, tool: Tool, link: ToolLink) -> None:
    """Within the platform's page and under the policy of pages; where many answer at once, not of each."""
    open_activity(platform, "e1", link)
    files, connector = StaticFiles(), tool.house.connector
    actor = Actor(tool.platform_id, "7", "11", "anna", None, "c")
    launch = Launch(
        tool.platform_id, "1", Message.RESOURCE, "anna", tool.url, frozenset({Role.INSTRUCTOR}), Place("7")
    )
    connector.launch_logins.open_session(launch, digest("of anna"), None, tool.house.clock())
    scripts = [files.address(name) for name in ("socket.io.min.js", "live.js")]
    platform.chrome.execute_script(HEAR, scripts, "of anna")

    def heard() -> list[list[str]]:
        found: list[list[str]] = platform.chrome.execute_script("return window.heard")
        return found

    both = "connector_live_connections 2.0"
    platform.until(lambda: both in tool.client.get("/metrics").text, "it hears, beside the page's own script")
    events = (Event(actor, verb) for verb in (Verb.INITIALIZED, Verb.ANSWERED, Verb.ANSWERED, Verb.SCORED))
    connector.learning_events.tell(*events)
    platform.until(lambda: ["event", "scored"] in heard(), "it hears the last")
    said = [word for word in heard() if word[0] != "missed"]
    assert said == [["event", "initialized"], ["score", "marked"], ["event", "scored"]]
    assert platform.complaints() == []
