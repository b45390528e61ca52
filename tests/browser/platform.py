"""A browser at the platform, which shows what is launched in a frame of its page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from selenium.webdriver import Chrome

from adapters.moodle.twin.tools.state import ToolLink
from tests.browser.pages import DESK, Browser, Look
from tests.integration.lti.launched import Tool

FRAME = "iframe#contentframe"


@contextmanager
def at_platform(chrome: Chrome, tool: Tool) -> Iterator[Browser]:
    at = Browser(chrome, tool.house.twin.url, os.environ.get("CONNECTOR_TEST_SCREENSHOTS", ""))
    at.begin()
    yield at
    chrome.switch_to.default_content()
    at.begin()


def sign_in(at: Browser, username: str) -> None:
    at.go("/login/index.php")
    at.fill(username=username)
    at.press("main form button")


def open_activity(at: Browser, username: str, link: ToolLink, look: Look = (DESK, "light")) -> None:
    """Somebody signs in, opens the activity, and looks at what it frames."""
    at.chrome.switch_to.default_content()
    at.begin()
    at.look(*look)
    sign_in(at, username)
    at.go(f"/mod/lti/view.php?id={link.cmid}")
    at.chrome.switch_to.frame(at.find(FRAME))
    at.until(lambda: at.read("main h1") and at.loaded(), "the tool answers")
