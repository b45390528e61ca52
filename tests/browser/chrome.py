"""A Chromium that runs without a screen, and who wants one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en",
)  # fmt: skip
BROWSERS = ("chromium", "google-chrome")
HOW = "apt-get install chromium chromium-driver fonts-noto-cjk"


class NoChromium(Exception):
    """There is none on this machine, or no driver for it."""


@contextmanager
def running(profile: Path, preferences: Mapping[str, object] | None = None) -> Iterator[Chrome]:
    """One with a profile of its own. Raises NoChromium."""
    browser, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
    if browser is None or driver is None:
        raise NoChromium(f"needs Chromium and its driver: {HOW}")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", dict(preferences or {}))
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()
