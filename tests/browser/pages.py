"""A browser in the words of a test: go, fill in, press, look, and ask axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.console import PASSWORD, Owner

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = (1280, 900), (360, 780)
PATIENCE = 30
REFUSAL = re.compile(r"responded with a status of 4\d\d")


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
        return self.find("main").text

    def find(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.chrome.find_elements(By.CSS_SELECTOR, selector)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            field = self.find(f"main [name={name}]:not([type=hidden])")
            field.clear()
            field.send_keys(value)

    def choose(self, name: str, value: str) -> None:
        Select(self.find(f"[name={name}]")).select_by_value(value)

    def press(self, selector: str = "main form button[type=submit]") -> None:
        """Press, and wait until another page is there."""
        old = self.find("html")
        self.find(selector).click()
        self.until(lambda: old != self.find("html"))

    def until(self, true: Callable[[], Any], why: str = "") -> None:
        """Wait until something is so; a page that is just being replaced is not."""
        waiting = WebDriverWait(self.chrome, PATIENCE, 0.1, ignored_exceptions=(Exception,))
        waiting.until(lambda _: true(), why)

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


TAB, ENTER = Keys.TAB, Keys.ENTER
