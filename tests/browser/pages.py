"""A browser in the words of a test: go, fill in, press, look, and ask axe.

Pages are redrawn while a test looks at them: what is looked for is waited for, and found and read by one script, so
that no part of it goes meanwhile. What never comes fails the test after PATIENCE, with what was waited for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.console import PASSWORD, Owner

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = (1280, 900), (360, 780)
PATIENCE = 30
HELD = 1.0
"""Seconds that somebody holds what they press."""
REFUSAL = re.compile(r"responded with a status of 4\d\d")
Look = tuple[tuple[int, int], str]
NOT_DONE = (StaleElementReferenceException, ElementClickInterceptedException, ElementNotInteractableException)
"""What ended so has not happened: that which it was for had gone, or something lay on it."""

SEEN = """
const said = (one) => [one.innerText.trim(), one.getAttribute("aria-label")];
const seen = [...document.querySelectorAll(arguments[0])].filter((one) => one.getClientRects().length
  && one.checkVisibility({ visibilityProperty: true }) && (arguments[1] === null || said(one).includes(arguments[1])));
"""
READ = """
const one = document.querySelector(arguments[0]);
return one && one.checkVisibility() ? one.innerText.trim() : "";
"""
ASKED = "return performance.getEntriesByType('resource').filter((one) => one.name.includes(arguments[0])).length"
FOCUSED = """
const one = document.activeElement;
return one === document.body ? "" : one.innerText?.trim() || one.parentElement.innerText;
"""


class Browser:
    def __init__(self, chrome: Chrome, url: str, pictures: str) -> None:
        self.chrome = chrome
        self.url = url
        self._pictures = Path(pictures) if pictures else None

    def begin(self) -> None:
        """Nobody is signed in, on a desk, in the light."""
        self.chrome.get("about:blank")
        self.chrome.get_log("browser")
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.look(DESK, "light")

    def look(self, size: tuple[int, int], scheme: str) -> None:
        """On a screen of this size (CSS pixels), with a system that is light or dark."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def go(self, path: str) -> None:
        self.chrome.get(path if path.startswith("http") else self.url + path)

    @property
    def path(self) -> str:
        return self.chrome.current_url.removeprefix(self.url)

    @property
    def text(self) -> str:
        """What can be read on the page now."""
        return self.read("main")

    def read(self, selector: str) -> str:
        text: str = self.chrome.execute_script(READ, selector)
        return text

    def find(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.chrome.find_elements(By.CSS_SELECTOR, selector)

    def seen(self, selector: str, words: str | None = None) -> list[WebElement]:
        """What can be seen now; of that what is called so, by its text or its label."""
        found: list[WebElement] = self.chrome.execute_script(SEEN + "return seen", selector, words)
        return found

    def each(self, selector: str, what: str) -> list[Any]:
        """Something of everything that can be seen now, such as its ``innerText``."""
        asked = SEEN + f"return seen.map((one) => one.{what})"
        found: list[Any] = self.chrome.execute_script(asked, selector, None)
        return found

    # ------------------------------------------------------------ what is waited for
    def until(self, true: Callable[[], Any], why: str = "") -> Any:
        """Wait until something is so, and give it; a page that is just being replaced is not."""
        end = monotonic() + PATIENCE
        while True:
            last: Exception | None = None
            try:
                if found := true():
                    return found
            except Exception as error:
                last = error
            if monotonic() > end:
                raise AssertionError(f"it never came: {why}") from last
            sleep(0.05)

    def one(self, selector: str, words: str | None = None) -> WebElement:
        """Wait for what can be seen: the first, or the only one that is called so."""

        def there() -> WebElement | None:
            found = self.seen(selector, words)
            return found[0] if found and (words is None or len(found) == 1) else None

        found: WebElement = self.until(there, f"{selector} {words or ''}")
        return found

    def click(self, selector: str, words: str | None = None) -> None:
        self._do(selector, words, lambda one: one.click())

    def write(self, selector: str, text: str) -> None:
        """Put this into a field instead of what stands there; or choose a file."""

        def put(field: WebElement) -> None:
            if field.get_attribute("type") != "file":
                field.clear()
            field.send_keys(text)

        self._do(selector, None, put)

    def _do(self, selector: str, words: str | None, act: Callable[[WebElement], None]) -> None:
        """To what can be seen; again where it went before it could be done."""
        end = monotonic() + PATIENCE
        while True:
            one = self.one(selector, words)
            try:
                self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
                return act(one)
            except NOT_DONE:
                if monotonic() > end:
                    raise

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.write(f"main [name={name}]:not([type=hidden])", value)

    def choose(self, name: str, value: str) -> None:
        self._do(f"[name={name}]", None, lambda one: Select(one).select_by_value(value))

    def press(self, selector: str = "main form button[type=submit]") -> None:
        """Press, and wait until another page is there, whole."""
        old = self.find("html")
        self.click(selector)
        self.until(lambda: old != self.find("html") and self.loaded(), f"another page after {selector}")

    def loaded(self) -> bool:
        """Whether the page is there, and its scripts have begun."""
        loaded: bool = self.chrome.execute_script("return document.readyState === 'complete'")
        return loaded

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.chrome.switch_to.active_element.send_keys(key)

    def focus(self) -> WebElement:
        return self.chrome.switch_to.active_element

    def sign_in(self, owner: Owner, path: str = "/") -> None:
        self.go(path)
        self.fill(name=owner.name, password=PASSWORD, code=owner.next_code())
        self.press()

    def violations(self) -> list[str]:
        """What axe finds wrong with the page as it is shown now."""
        if not self.chrome.execute_script("return 'axe' in window"):
            self.chrome.execute_script(AXE)
        found = self.chrome.execute_async_script(
            "const done = arguments[1];"
            "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']})"
            ".then(r => done(r.violations), e => done([{id: String(e), nodes: []}]))",
            WCAG,
        )
        return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]] + [
            one["id"] for one in found if not one["nodes"]
        ]

    def too_wide(self) -> bool:
        """Whether one has to scroll sideways."""
        wide: bool = self.chrome.execute_script(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide

    def complaints(self) -> list[str]:
        """What the browser itself objected to, such as a broken Content-Security-Policy; refusals are no complaint."""
        said = [entry["message"] for entry in self.chrome.get_log("browser") if entry["level"] == "SEVERE"]
        return [one for one in said if not REFUSAL.search(one)]

    def picture(self, name: str) -> None:
        """Keep the whole page as a picture, where somebody wants to look (CONNECTOR_TEST_SCREENSHOTS)."""
        if self._pictures:
            self._pictures.mkdir(parents=True, exist_ok=True)
            if self.chrome.execute_script(
                "return window !== window.top"
            ):  # a frame is as large as its page lets it be
                self.chrome.save_screenshot(str(self._pictures / f"{name}.png"))
                return
            height = self.chrome.execute_script("return document.documentElement.scrollHeight")
            width = self.chrome.execute_script("return window.innerWidth")
            metrics = {
                "width": width,
                "height": min(height, 3000),
                "deviceScaleFactor": 1,
                "mobile": width == PHONE[0],
            }
            self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            self.chrome.save_screenshot(str(self._pictures / f"{name}.png"))


def press(at: Browser, text: str) -> None:
    """The one button that can be seen and is called so."""
    at.click("button", text)


def hold(at: Browser, text: str, what: str = "button") -> None:
    """Press the one button that is called so, as a person does: it is let go after a while, where it was."""
    one = at.one(what, text)
    at.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
    ActionChains(at.chrome).move_to_element(one).click_and_hold().pause(HELD).release().perform()


def had(at: Browser, part: str) -> int:
    """How often the page has had something by an address with this part."""
    count: int = at.chrome.execute_script(ASKED, part)
    return count


def shown(at: Browser, text: str, where: str = "main") -> None:
    """Wait until this can be read."""
    at.until(lambda: text in at.read(where), text)


def type_keys(at: Browser, *keys: str) -> None:
    """As from a keyboard, wherever the focus is; a field for files takes no other."""
    ActionChains(at.chrome).send_keys(*keys).perform()


def type_into(at: Browser, selector: str, text: str) -> None:
    """Behind what stands there."""
    at.click(selector)
    type_keys(at, text)


def tab_to(at: Browser, text: str) -> None:
    """Tab until what has the focus says so."""
    for _ in range(40):
        type_keys(at, TAB)
        if text in at.chrome.execute_script(FOCUSED):
            return
    raise AssertionError(f"never reached: {text}")


def focused(at: Browser, attribute: str = "id") -> str | None:
    """What it is that has the focus."""
    found: str | None = at.chrome.execute_script("return document.activeElement.getAttribute(arguments[0])", attribute)
    return found


TAB, ENTER = Keys.TAB, Keys.ENTER
