"""What platforms answer, and what harm they cannot do by it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from time import process_time
from typing import ClassVar

import anyio
import pytest

from adapters.lti.guarded import LARGEST, PlatformHttp
from adapters.lti.keys import FetchedKeys
from adapters.lti.services import PlatformServices, below, next_page
from connector.domain.errors import AccessRefused, Unavailable
from connector.domain.lti import Platform
from connector.lti.keys import made

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 30, tzinfo=UTC)
PACKED = gzip.compress(b" " * 100_000_000)


class Strange(BaseHTTPRequestHandler):
    """Answers that are packed, large or slow, and keys of which the first are there at once, and the next never."""

    wanted: ClassVar[list[str]]
    hangs: ClassVar[Event]
    over: ClassVar[Event]

    def do_GET(self) -> None:
        self.wanted.append(self.headers.get("Accept-Encoding", ""))
        first = not self.hangs.is_set()
        self.send_response(200)
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with suppress(OSError):  # whoever asked has gone
            if self.path == "/packed":
                self.wfile.write(PACKED)
            elif self.path == "/large":
                self.wfile.write(b" " * (LARGEST + 1))
            elif self.path == "/drips":
                while not self.over.wait(0.05):
                    self.wfile.write(b" ")
            elif first:
                self.hangs.set()
                self.wfile.write(b'{"keys": [{"kid": "good"}]}')
            else:
                self.over.wait(20)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    Strange.wanted, Strange.hangs, Strange.over = [], Event(), Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        yield f"http://127.0.0.1:{server.server_port}"
        Strange.over.set()
        server.shutdown()
    server.server_close()


HTTP = PlatformHttp(frozenset({"127.0.0.1"}), seconds=5.0)


async def test_what_is_packed_is_not_unpacked(address: str) -> None:
    """A hundred thousand bytes can be a hundred million: each piece would be in memory before it is counted."""
    answer = await HTTP.ask("GET", f"{address}/packed", "It")
    assert (answer.body, Strange.wanted) == (PACKED, ["identity"])


async def test_an_answer_has_its_time_and_its_size(address: str) -> None:
    """However slowly it drips, and before all of it is there."""
    with pytest.raises(AccessRefused, match="more than"):
        await HTTP.ask("GET", f"{address}/large", "It")
    with anyio.fail_after(3), pytest.raises(Unavailable):
        await PlatformHttp(frozenset({"127.0.0.1"}), seconds=0.3).ask("GET", f"{address}/drips", "It")


async def test_who_has_a_good_key_does_not_wait_for_those_that_are_looked_for(address: str) -> None:
    """Anybody may make names of keys up while the platform does not answer."""
    keys = FetchedKeys(HTTP)
    platform = Platform(1, "", "https://m", "c", "", "", f"{address}/keys", ())
    assert await keys.find(platform, "good") == {"kid": "good"}

    async def made_up() -> None:
        with suppress(Unavailable):
            await keys.find(platform, "made up")

    async with anyio.create_task_group() as group:
        group.start_soon(made_up)
        await anyio.sleep(0.1)
        with anyio.fail_after(1):
            assert await keys.find(platform, "good") == {"kid": "good"}
        Strange.over.set()


async def test_what_is_no_address_of_a_service_holds_up_nobody() -> None:
    """Scores go one after the other: one that can never be sent is put aside, and breaks nothing."""
    with pytest.raises(AccessRefused):
        below("https://[line", "scores")
    services = PlatformServices(HTTP, lambda: made(NOW), lambda: NOW)
    platform = Platform(1, "", "https://m", "c", "", "https://m/token", "", ())
    with pytest.raises(AccessRefused):
        [one async for one in services.members(platform, "https://[members")]


def test_a_link_that_means_harm_is_read_in_no_time() -> None:
    begun = process_time()
    assert next_page({"Link": "<" * 60_000}) == ""
    assert next_page({"Link": '<https://m/2>; rel="next"'}) == "https://m/2"
    assert process_time() - begun < 1
