"""The pages of the service: who may scrape, what a scrape says, and what is logged of a request."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from structlog.testing import capture_logs

from connector.bootstrap import Connector
from connector.domain.jobs import JobOutcome
from connector.domain.observing import Course, Figures
from connector.settings.parts import MoodleSettings, ServiceSettings
from connector.settings.whole import Settings
from connector.web.app import web_app
from connector.web.metrics import COURSES, Metrics

pytestmark = pytest.mark.anyio
TOKEN = "open-sesame"
OPERATIONS = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")


class Woken:
    """A schedule that only notes who was woken."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def soon(self, name: str) -> None:
        self.names.append(name)


def connector_of(database_url: str, token: str | None = TOKEN) -> Connector:
    return Connector(
        Settings(
            database_url=SecretStr(database_url),
            moodle=MoodleSettings(url="http://127.0.0.1:9", token=SecretStr("x")),
            service=ServiceSettings(metrics_token=SecretStr(token) if token else None),
        )
    )


@contextmanager
def nothing_scheduled() -> Iterator[Woken]:
    yield Woken()


@asynccontextmanager
async def asking(app: FastAPI, host: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the computer with this address."""
    transport = httpx.ASGITransport(app, client=(host, 40000), raise_app_exceptions=False)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://connector.example") as client,
        app.router.lifespan_context(app),
    ):
        yield client


@pytest.mark.parametrize(
    ("host", "headers", "token", "status"),
    [
        ("127.0.0.1", {}, None, 200),
        ("::1", {}, TOKEN, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, TOKEN, 401),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, None, 401),
        ("203.0.113.9", {}, None, 401),
        ("203.0.113.9", {}, TOKEN, 401),
        ("203.0.113.9", {"Authorization": "Bearer open-sesame"}, None, 401),
        ("203.0.113.9", {"Authorization": "Bearer open-sesame"}, TOKEN, 200),
        ("203.0.113.9", {"Authorization": "bearer open-sesame", "X-Forwarded-For": "10.1.1.1"}, TOKEN, 200),
        ("203.0.113.9", {"Authorization": "Bearer öpen"}, TOKEN, 401),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, TOKEN, 401),
        ("203.0.113.9", {"Authorization": "Bearer "}, TOKEN, 401),
    ],
)
async def test_who_may_scrape(
    database_url: str, host: str, headers: dict[str, str], token: str | None, status: int
) -> None:
    """This computer, but no proxy on it, and who has the token."""
    with connector_of(database_url, token) as connector:
        async with asking(web_app(connector, nothing_scheduled), host) as client:
            raw = {name: value.encode("latin-1") for name, value in headers.items()}
            answer = await client.get("/metrics", headers=raw)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert (answer.headers.get("www-authenticate") is None) == (status == 200)
    assert ("connector_database_up 1.0" in answer.text) == (status == 200)


def families(page: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by the name of the sample and its labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels[name] for name in sorted(sample.labels))] = (
                sample.value
            )
    return found


class Kept:
    """A store of figures that answers, counts how often, and can be away."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self) -> Figures:
        self.asked += 1
        return Figures(
            active_users=2008,
            lags={"people": 12.5},
            feed_age=3600.0,
            holds={"suspend": 31},
            refused_feeds=1,
            cases={"missing_course": 2},
            unsent=31,
            succeeded={"sync": 1772431200.0},
            failures={"sync": 0, "mirror": 3},
            quarantined={"sync": 0, "mirror": 1},
        )

    def courses(self, limit: int) -> list[Course]:
        assert limit == COURSES
        return [Course("SAFE 101", 200, 50), Course("EMPTY", 0, 0)]


def test_what_a_scrape_says() -> None:
    """Figures of the database and counts of this process; a course with nobody in it has no rate."""
    kept = Kept()
    metrics = Metrics(lambda: kept, lambda: 2)
    metrics.called("core_user_create_users", 0.2, "ok")
    metrics.called("core_user_create_users", 9.0, "AnswerLost")
    metrics.ran("sync", JobOutcome.DONE, 3.0, {"done": 7, "refused": 1, "waiting": 0, "held": []})
    metrics.ran("notices", JobOutcome.FAILED, 0.1, {})
    metrics.answered("GET", "/ready", 503, 0.02)
    metrics.connected(2)
    metrics.told("score")
    metrics.cut_off("silent")
    for _ in range(3):
        found = families(metrics.page().decode())
    assert kept.asked == 1, "asked again and again, the database is spared"
    expected: dict[str, Any] = {
        "connector_database_up": {(): 1},
        "connector_queue_depth": {("jobs",): 2},
        "training_active_users": {(): 2008},
        "training_course_completion_rate": {("SAFE 101",): 0.25},
        "training_course_enrolled": {("SAFE 101",): 200, ("EMPTY",): 0},
        "connector_fact_lag_seconds": {("people",): 12.5},
        "connector_feed_age_seconds": {(): 3600},
        "connector_holds_waiting": {(): 1},
        "connector_held_changes": {("suspend",): 31},
        "connector_feeds_refused": {(): 1},
        "connector_cases_open": {("missing_course",): 2},
        "connector_changes_unsent": {(): 31},
        "connector_job_last_success_timestamp_seconds": {("sync",): 1772431200},
        "connector_job_failures": {("sync",): 0, ("mirror",): 3},
        "connector_job_quarantined": {("sync",): 0, ("mirror",): 1},
        "connector_operations_total": {("done",): 7, ("refused",): 1, ("waiting",): 0},
        "connector_notices_undelivered_total": {(): 1},
        "connector_live_connections": {(): 2},
        "connector_live_words_total": {("score",): 1},
        "connector_live_refused_total": {("silent",): 1},
        "connector_job_duration_seconds_count": {("sync", "done"): 1, ("notices", "failed"): 1},
        "connector_moodle_call_duration_seconds_count": {
            ("core_user_create_users", "ok"): 1,
            ("core_user_create_users", "AnswerLost"): 1,
        },
        "http_request_duration_seconds_count": {("/ready", "GET", "503"): 1},
    }
    assert {name: found[name] for name in expected} == expected
    told = set(re.findall(r"^\| `((?:training|connector|http)_\w+)` \|", OPERATIONS, re.MULTILINE))
    assert told == {name.removesuffix("_count") for name in expected}, "each of them is told in operations.md"


def test_a_database_that_does_not_answer_holds_no_scrape_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape waits a moment only; the answer that comes late is there for the next one."""
    monkeypatch.setattr("connector.web.metrics.PATIENCE", 0.05)
    answer = Event()

    class Slow(Kept):
        def now(self) -> Figures:
            answer.wait(20)
            return super().now()

    kept = Slow()
    metrics = Metrics(lambda: kept)
    for _ in range(3):
        begun = monotonic()
        assert families(metrics.page().decode())["connector_database_up"] == {(): 0}
        assert monotonic() - begun < 2
    answer.set()
    monkeypatch.setattr("connector.web.metrics.PATIENCE", 5.0)
    assert families(metrics.page().decode())["connector_database_up"] == {(): 1}
    assert kept.asked == 1


def test_a_database_that_breaks_fails_no_scrape() -> None:
    """Also where the error is not one of ours."""

    class Broken(Kept):
        def now(self) -> Figures:
            raise ZeroDivisionError

    assert families(Metrics(Broken).page().decode())["connector_database_up"] == {(): 0}


def test_two_services_in_one_process_share_nothing() -> None:
    """Each has a registry of its own."""
    one, other = Metrics(Kept), Metrics(Kept)
    one.answered("GET", "/health", 200, 0.1)
    assert b'endpoint="/health"' in one.page()
    assert b'endpoint="/health"' not in other.page()


async def test_a_scrape_without_a_database() -> None:
    """It answers, says that the database is away, and still has the counts of the process."""
    connector = connector_of("postgresql://nobody@127.0.0.1:9/none")
    with connector:
        async with asking(web_app(connector, nothing_scheduled)) as client:
            await client.get("/health")
            answer = await client.get("/metrics")
    assert answer.status_code == 200
    found = families(answer.text)
    assert found["connector_database_up"] == {(): 0}
    assert "training_active_users" not in found
    assert found["http_request_duration_seconds_count"] == {("/health", "GET", "200"): 1}


async def test_figures_of_a_real_database(database_url: str) -> None:
    """An empty one: nothing is there, and every query works."""
    with connector_of(database_url) as connector:
        assert connector.figures.now() == Figures()
        assert connector.figures.courses(5) == []


@pytest.fixture
def app(database_url: str) -> Iterator[FastAPI]:
    with connector_of(database_url) as connector:
        application = web_app(connector, nothing_scheduled)

        @application.get("/people/{key}")
        async def person(key: str) -> dict[str, str]:
            structlog.get_logger("test").info("within")
            if key == "broken":
                raise ZeroDivisionError("xiaoming@example.com")
            return {"key": key}

        @application.post("/approve")
        async def approve(request: Request) -> None:
            request.app.state.wake("sync")

        yield application


async def test_routes_can_wake_a_job(app: FastAPI) -> None:
    """By what the schedule gave when the service began."""
    async with asking(app) as client:
        assert (await client.post("/approve")).status_code == 200
        assert app.state.wake.running.names == ["sync"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("4bf92f3577b34da6", True), ("a" * 64, True), ("a" * 65, False), ("short", False), ("new\tline-and-more", False)],
)
async def test_a_request_has_an_id(app: FastAPI, given: str, kept: bool) -> None:
    """The one it came with where that is well formed, else one of ours; it goes back and stands in the log."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        async with asking(app) as client:
            answer = await client.get("/people/E001", headers={"X-Request-ID": given})
    request_id = answer.headers["x-request-id"]
    assert (request_id == given) is kept
    assert [line["request"] for line in logged] == [request_id] * 2


@pytest.mark.parametrize(
    ("path", "endpoint", "status", "level"),
    [
        ("/people/E001?name=Xiaoming", "/people/{key}", 200, "info"),
        ("/people/broken", "/people/{key}", 500, "error"),
        ("/Xiaoming/passwords.php", "none", 404, "info"),
        ("/health", "/health", 200, "info"),
    ],
)
async def test_one_line_for_each_request(app: FastAPI, path: str, endpoint: str, status: int, level: str) -> None:
    """With the pattern of the address and nothing that somebody typed, also where it leads nowhere or breaks."""
    with capture_logs() as logged:
        async with asking(app) as client:
            assert (await client.get(path)).status_code == status
    [line] = [line for line in logged if line["event"] == "request"]
    assert (line["method"], line["endpoint"], line["status"], line["log_level"]) == ("GET", endpoint, status, level)
    assert "iaoming" not in json.dumps(logged)


async def test_a_method_that_somebody_made_up(app: FastAPI) -> None:
    """It must not become a label: whoever asks could fill the memory with them."""
    with capture_logs() as logged:
        async with asking(app) as client:
            await client.request("XIAOMING", "/health")
    assert [line["method"] for line in logged] == ["OTHER"]
