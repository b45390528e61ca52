"""Moodle's word that something has changed: who is believed, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import nullcontext
from threading import Event

import httpx
import pytest
from pydantic import SecretStr

from connector.domain.signing import signature
from connector.store.hints import Hint
from connector.web.app import Waker, web_app
from connector.web.hints import LARGEST, WRONG_A_MINUTE
from jobs.pushes import heard
from jobs.running import Job, Running
from jobs.schedule import scheduled
from tests.support import House

pytestmark = pytest.mark.anyio
SECRET = "s" * 32
BODY = b'{"cursor":1,"site":"https://moodle.example.com"}'


@pytest.fixture
def told(house: House) -> House:
    """An installation that Moodle tells."""
    house.settings.moodle.webhook_secret = SecretStr(SECRET)
    house.reopen()
    return house


@pytest.fixture
async def moodle_side(told: House) -> AsyncIterator[httpx.AsyncClient]:
    app = web_app(told.connector, lambda: nullcontext(Waker()))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector.test") as client:
        yield client


async def send(
    client: httpx.AsyncClient, at: float, *, body: bytes = BODY, key: str = SECRET, sent: bytes = b"", path: str = ""
) -> int:
    """The status that such a request is answered with; ``sent``: another body than what was signed."""
    moment = str(int(at))
    headers = {"X-Connector-Timestamp": moment, "X-Connector-Signature": signature(key, moment, body)}
    return (await client.post(f"/hooks/moodle{path}", content=sent or body, headers=headers)).status_code


async def test_who_signed_within_minutes_is_believed(told: House, moodle_side: httpx.AsyncClient) -> None:
    """Another key, another body, another time, too long a body: nothing comes of it. Sent again it is a hint again."""
    now = told.clock().timestamp()
    assert await send(moodle_side, now, key="x" * 32) == 401
    assert await send(moodle_side, now, sent=BODY + b" ") == 401
    assert await send(moodle_side, now - 310) == await send(moodle_side, now + 310) == 401
    assert await send(moodle_side, 10**20) == 401
    assert (await moodle_side.post("/hooks/moodle", content=BODY)).status_code == 401
    assert await send(moodle_side, now, body=b"x" * (LARGEST + 1)) == 413
    assert await send(moodle_side, now, path="/other") == 404
    assert (await moodle_side.get("/hooks/moodle")).status_code == 405
    assert told.connector.hints.last() is None
    assert [await send(moodle_side, now - 2), await send(moodle_side, now - 2)] == [204, 204]
    last = told.connector.hints.last()
    assert isinstance(last, Hint) and last.times == 2
    assert last.sent_at.timestamp() == int(now - 2)
    for _ in range(WRONG_A_MINUTE):
        await send(moodle_side, now, key="x" * 32)
    assert await send(moodle_side, now, key="x" * 32) == 429, "who guesses is slowed down"


async def test_without_a_secret_nothing_is_taken(house: House) -> None:
    app = web_app(house.connector, lambda: nullcontext(Waker()))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector.test") as client:
        assert await send(client, house.clock().timestamp()) == 404


class Ignoring:
    """Observes nothing."""

    def ran(self, *_: object) -> None: ...


def test_hints_while_moodle_is_read_lead_to_one_more_reading(told: House) -> None:
    """Right after, and only one, however many have come; of another site none."""
    runs: list[float] = []
    go_on, stopping = Event(), Event()

    def read() -> dict[str, object]:
        runs.append(time.monotonic())
        assert go_on.wait(20)
        return {}

    def until(there: int) -> None:
        end = time.monotonic() + 20
        while len(runs) < there and time.monotonic() < end:
            time.sleep(0.01)
        assert len(runs) == there

    hints = told.connector.hints
    running = Running(told.connector.jobs, told.clock, Ignoring())
    with (
        scheduled({"mirror": Job(read)}, running, stopping) as waiting,
        heard(hints.heard, lambda: waiting.came("mirror"), stopping),
    ):
        until(1)  # something may have been told before it could hear
        for _ in range(5):
            hints.note(told.clock(), told.clock())
        told.sql("SELECT pg_notify('connector_hint', 'other')")
        time.sleep(0.2)
        go_on.set()
        until(2)
        time.sleep(0.2)
        assert len(runs) == 2
        began = time.monotonic()
        hints.note(told.clock(), told.clock())
        until(3)
        assert runs[-1] - began < 2
