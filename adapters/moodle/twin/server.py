"""Serving a twin over real HTTP on loopback, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.moodle.twin.app import ABORT, Twin
from adapters.moodle.twin.faults import Faults
from adapters.moodle.twin.life import Life
from adapters.moodle.twin.pace import Pace
from adapters.moodle.twin.state import TwinState

_START_SECONDS = 10.0


class CuttableProtocol(H11Protocol):
    """HTTP whose application may close the connection without an answer, by the extension ABORT of its scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), ABORT: self.transport.abort}
            await inner({**scope, "extensions": extensions}, receive, send)

        self.app = app


@dataclass(frozen=True, slots=True)
class ServedTwin:
    """A running twin: its address and token, and the handles of ``Twin``."""

    url: str
    token: str
    state: TwinState
    faults: Faults
    life: Life


def server_config(twin: Twin) -> uvicorn.Config:
    """uvicorn without lifespan, web sockets, log set-up or access log."""
    return uvicorn.Config(
        twin.app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )


@contextmanager
def serve_twin(
    version: str = "4.5",
    *,
    state: TwinState | None = None,
    token: str | None = None,
    control: bool = False,
    pace: Pace | None = None,
    port: int = 0,
) -> Iterator[ServedTwin]:
    """Run a twin on 127.0.0.1 for the length of the block; ``port`` 0 is a free one.

    ``state`` overrides ``version``; ``token`` is random unless given; ``control`` adds the routes
    under /twin; ``pace`` slows calls to a real Moodle's.
    """
    state = state or TwinState(version)
    twin = Twin(state, token=token, control=control, pace=pace)
    listener = _listen(port)
    state.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(server_config(twin))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="moodle-twin", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield ServedTwin(state.url, twin.token, state, twin.faults, twin.life)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _listen(port: int) -> socket.socket:
    """Protocol TCP is named: asyncio turns Nagle's delay (40 ms for each answer) off for such sockets only."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the Moodle twin did not start")
        time.sleep(0.002)
