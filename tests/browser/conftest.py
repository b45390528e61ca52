"""A real Chromium, and an installation to look at. Where there is no Chromium these tests are left out and named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from adapters.moodle.twin import ServedTwin, TwinState, serve_twin
from tests.browser.chrome import HOW, NoChromium, running
from tests.browser.pages import Browser
from tests.console import Served, speak
from tests.console import served as served
from tests.support import House, Seen, make_courses


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One Chromium for each test process, as it comes: cookies of other sites are blocked."""
    with _running(tmp_path_factory.mktemp("chromium")) as chrome:
        yield chrome


@pytest.fixture
def chromium_with_cookies(tmp_path: Path) -> Iterator[Chrome]:
    """One that keeps cookies of other sites."""
    with _running(tmp_path / "chromium", {"profile.cookie_controls_mode": 0}) as chrome:
        yield chrome


@pytest.fixture
def chromium_without_cookies(tmp_path: Path) -> Iterator[Chrome]:
    """One that keeps none at all of the tool's within a page of the platform, not even partitioned."""
    never = {"localhost,127.0.0.1": {"setting": 2}}
    with _running(tmp_path / "chromium", {"profile.content_settings.exceptions.cookies": never}) as chrome:
        yield chrome


@contextmanager
def _running(profile: Path, preferences: Mapping[str, object] | None = None) -> Iterator[Chrome]:
    try:
        with running(profile, preferences) as chrome:
            yield chrome
    except NoChromium as error:
        if os.environ.get("CONNECTOR_TEST_BROWSER") == "required":
            pytest.fail(f"CONNECTOR_TEST_BROWSER=required, and there is no Chromium: {HOW}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def browser(chromium: Chrome, served: Served) -> Iterator[Browser]:
    """It begins with no cookie, on a screen of 1280 × 900, light."""
    opened = Browser(chromium, served.url, os.environ.get("CONNECTOR_TEST_SCREENSHOTS", ""))
    opened.begin()
    yield opened
    opened.begin()


@pytest.fixture
def twin() -> Iterator[ServedTwin]:
    with serve_twin(state=TwinState("4.5", languages=frozenset({"en", "vi", "zh_tw"}))) as served:
        make_courses(served.life)
        yield served


@pytest.fixture
def house(tmp_path: Path, database_url: str, twin: ServedTwin) -> Iterator[House]:
    built = House(tmp_path, database_url, twin)
    speak(built)
    yield built
    built.close()


@pytest.fixture
def moodle(twin: ServedTwin) -> Seen:
    return Seen(twin.state)
