"""One connection of a page that is told at once, and what it may send: whose it is, and then that it is still there.

The protocol is Socket.IO 5 over Engine.IO 4, by WebSocket alone: nothing is polled for, so that several services may
stand behind one address, and no address has anything in it.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from connector.web.limits import RateLimit

LARGEST = 1024
"""Characters of what a page sends: a token and little else."""
BEATS_A_MINUTE = 20
"""Of a page that answers; it is asked every 25 seconds."""
TIMELY = 10.0
"""Seconds within which it says whose it is."""
ASKED = frozenset({"EIO", "transport", "t"})
"""What may stand in the address; a token, for one, may not."""
CONNECT, GOODBYES, BEAT = "40", frozenset({"41", "1"}), "3"
GONE: Message = {"type": "websocket.disconnect", "code": 1008}


class Line:
    """``receive`` gives only what may be said; ``known`` is set once it is known whose it is."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._beats = RateLimit(BEATS_A_MINUTE, 60, addresses=1)
        self._until = asyncio.get_running_loop().time() + TIMELY
        self._said = False
        self.known = False
        self.broken = ""
        """Why it was cut off; empty while it was not."""

    async def receive(self) -> Message:
        if self.known:
            return self._allowed(await self._receive())
        if self._said:
            return self._cut("refused")
        try:
            async with asyncio.timeout_at(self._until):
                return self._allowed(await self._receive())
        except TimeoutError:
            return self._cut("silent")

    def _allowed(self, message: Message) -> Message:
        if message["type"] != "websocket.receive":
            return message
        text = message.get("text") or ""
        if text in GOODBYES or (text == BEAT and self._beats.allows("")):
            return message
        if text.startswith(CONNECT) and not self._said and len(text) <= LARGEST:
            self._said = True
            return message
        return self._cut("unwanted")

    def _cut(self, why: str) -> Message:
        self.broken = why
        return GONE


def wanted(scope: Scope, origin: str) -> bool:
    """Whether such a connection may begin: from a page of ours, if from a page, and with nothing in its address."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    plain = query.keys() <= ASKED and query.get("EIO") == "4" and query.get("transport") == "websocket"
    return plain and Headers(scope=scope).get("origin", origin) == origin


async def turn_away(receive: Receive, send: Send) -> None:
    """Answer with 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def with_line(scope: Scope, line: Line) -> Scope:
    return {**scope, "line": line}


def line_of(environ: dict[str, Any]) -> Line:
    """The line of a connection, as Engine.IO hands its request on."""
    line: Line = environ["asgi.scope"]["line"]
    return line
