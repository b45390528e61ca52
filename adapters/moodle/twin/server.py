"""Serving a twin over real HTTP on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
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
from adapters.moodle.twin.tools.life import ToolLife

_START_SECONDS = 10.0


class CuttableProtocol(H11Protocol):
    """HTTP whose application may close the connection without an answer, by the extension ABORT of its scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), ABORT: self.transport.abort}
            with contextlib.suppress(asyncio.CancelledError):  # the server stops: no answer, and no report either
                await inner({**scope, "extensions": extensions}, receive, send)

        self.app = app


@dataclass(frozen=True, slots=True)
class ServedTwin:
    """A running twin: its address and token, and the handles of ``Twin``. ``settle`` waits
    until all that it was asked for is done, whether or not anybody waits for it."""

    url: str
    token: str
    state: TwinState
    faults: Faults
    life: Life
    tools: ToolLife
    settle: Callable[[], None]


class _Server(uvicorn.Server):
    """uvicorn that stops when it is told, not at its next tick, and waits for nobody."""

    def __init__(self, twin: Twin) -> None:
        super().__init__(
            uvicorn.Config(
                twin.app,
                http=CuttableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                timeout_keep_alive=30,
            )
        )
        self.ready = threading.Event()
        self._told: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def stop(self) -> None:
        """From another thread."""
        self.should_exit = True
        if self._told:
            loop, event = self._told
            loop.call_soon_threadsafe(event.set)

    async def main_loop(self) -> None:
        event = asyncio.Event()
        self._told = asyncio.get_running_loop(), event
        self.ready.set()
        await event.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
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
    server = _Server(twin)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="moodle-twin", daemon=True)
    thread.start()
    try:
        if not server.ready.wait(_START_SECONDS):
            raise RuntimeError("the Moodle twin did not start")
        yield ServedTwin(state.url, twin.token, state, twin.faults, twin.life, twin.tools, twin.settle)
    finally:
        server.stop()
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
