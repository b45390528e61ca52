"""The course view in a real browser, in a frame of the platform: looked at, filtered, marked from, taken away."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest
from selenium.webdriver import Chrome, Keys

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.course_view.opening import CONTENT
from connector.domain.assessments import Kind
from tests.browser.pages import DESK, PHONE, Browser, Look, had, hold, press, shown, tab_to, type_into, type_keys
from tests.browser.platform import at_platform, open_activity
from tests.integration.lti.launched import COURSE, Tool, linked, serving_tool
from tests.integration.lti.made import activity, asked, assessment, made, opened
from tests.integration.mirrored import Learning
from tests.support import House, Seen, row

pytestmark = pytest.mark.slow


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    """Known by another host name than the platform, so that its frame is of another site; it counts days where nobody
    tests."""
    service = house.settings.service.model_copy(update={"timezone": "Pacific/Kiritimati"})
    house.settings = house.settings.model_copy(update={"service": service})
    with serving_tool(house, "localhost") as served:
        yield served


@pytest.fixture
def link(tool: Tool, moodle: Seen) -> ToolLink:
    """People on a path, one of whom has completed the course; two took an assessment, one of whom waits for marks."""
    anyio.run(learned, tool, moodle)
    linked(tool)
    questions = [asked("a"), asked("b", text={"en": "Which valve is closed first, and why?"})]
    opened(tool, "other", activity(tool, made(tool, assessment(*questions)))).take(("a", "r"), ("b", "w"))
    task = assessment(asked("p", kind=Kind.PRACTICAL, options=()))
    page = opened(tool, "learner", activity(tool, made(tool, task)))
    attempt = page.begin()
    page.answer(attempt, "p", text="Done so.")
    page.submit(attempt)
    return tool.house.twin.tools.add_link(COURSE, tool.registered, "Course view", content=CONTENT)


async def learned(tool: Tool, moodle: Seen) -> None:
    await tool.house.settled_in([row(f"E{n}", unit="Field", cost="en") for n in range(1, 5)])
    learning = Learning(tool.house, moodle)
    learning.act("complete", "E1", COURSE)
    learning.act("grade", "E1", COURSE, 80)
    await tool.house.mirror()


@pytest.fixture
def platform(chromium: Chrome, tool: Tool) -> Iterator[Browser]:
    with at_platform(chromium, tool) as browser:
        yield browser


def looks_well(at: Browser, name: str, look: Look) -> None:
    at.picture(f"course-view-{name}-{look[0][0]}-{look[1]}")
    assert at.violations() == [], name
    assert not at.too_wide(), name


def asked_by(at: Browser) -> list[str]:
    """What a page has asked for by itself since it came."""
    found: list[str] = at.chrome.execute_script(
        "return performance.getEntriesByType('resource').map(e => new URL(e.name).pathname)"
    )
    return [one for one in found if one in ("/lti/zone", "/lti/course", "/lti/course/people", "/lti/my-learning")]


def test_who_teaches_looks_at_a_course(platform: Browser, link: ToolLink) -> None:
    """On a desk and on a phone; axe finds nothing, nobody has to scroll sideways, and what changes is in place. The
    browser tells its time zone, and all comes anew from one address; the next page begins with it."""
    for look, asks in (((DESK, "light"), ["/lti/zone", "/lti/course"]), ((PHONE, "dark"), [])):
        open_activity(platform, "teacher", link, look)
        platform.until(lambda asks=asks: asked_by(platform) == asks, "it shows days of the reader")
        shown(platform, "Hardest questions")
        platform.picture(f"course-view-top-{look[0][0]}")
        press(platform, "Hardest questions of Safety")
        shown(platform, "Which valve is closed first")
        looks_well(platform, "whole", look)
        assert asked_by(platform) == asks
    type_into(platform, "#by-name", "laste1")
    type_keys(platform, Keys.ENTER)
    platform.until(lambda: platform.read("#found [role=status]") == "1 person", "it is filtered")
    assert "FirstE1 LastE1" in platform.read("#found")
    tab_to(platform, "Download as CSV")
    type_keys(platform, Keys.ENTER)
    press(platform, "Mark Learner Lê")
    shown(platform, "Done so.")
    looks_well(platform, "mark", (PHONE, "dark"))
    press(platform, "Back to the course")
    shown(platform, "Hardest questions")
    assert platform.complaints() == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_pressed_after_typing_stays_under_the_pointer(
    platform: Browser, link: ToolLink, size: tuple[int, int]
) -> None:
    """Leaving the field filters the list, with which the button would go before it is let go."""
    open_activity(platform, "teacher", link, (size, "light"))
    type_into(platform, "#by-name", "nobody")
    hold(platform, "Download as CSV")
    platform.until(lambda: had(platform, "/lti/course/people.csv"), "it is downloaded")
    shown(platform, "0 people", "#found")
