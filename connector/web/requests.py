"""Each HTTP request: it gets an id, one line in the log, and is counted. Nothing that somebody typed is logged."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "none"
"""The end point of an address that leads nowhere."""

log = structlog.get_logger("web")

Answered = Callable[[str, str, int, float], None]
"""Called with method, end point, status and seconds."""


class Requests:
    """An ASGI middleware, outside of everything else."""

    def __init__(self, app: ASGIApp, answered: Answered) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _id(Headers(scope=scope).get(HEADER, ""))
        begun, status = monotonic(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with bound_contextvars(request=request_id):
            try:
                await self._app(scope, receive, answer)
            finally:
                self._tell(scope, status, monotonic() - begun)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        endpoint = endpoint_of(scope)
        self._answered(method, endpoint, status, seconds)
        say = log.error if status >= 500 and status != 503 else log.info
        say("request", method=method, endpoint=endpoint, status=status, seconds=round(seconds, 4))


def endpoint_of(scope: Scope) -> str:
    """The pattern of the route, such as ``/holds/{hash}``."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else NOWHERE


def _id(given: str) -> str:
    return given if WELL_FORMED.fullmatch(given) else uuid4().hex
