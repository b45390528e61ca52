"""Moodle's word that something has changed: a signed POST, which wakes the mirror and is no more than a hint."""

from __future__ import annotations

from enum import Enum

import structlog
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from connector.bootstrap import Connector
from connector.domain.errors import StorageError
from connector.domain.signing import signed_at
from connector.web.limits import RateLimit

PATH = "/hooks/moodle"
LARGEST = 4096
"""Bytes of a request; a hint has less than a hundred and the address of the site."""
HINTS_A_MINUTE = 600
WRONG_A_MINUTE = 60
"""From one address."""

log = structlog.get_logger("hints")


class BySignature(Enum):
    """Who may call: a machine that signs what it sends."""

    MOODLE = "a Moodle, by the signature of its webhook"


def add_hints(app: FastAPI, connector: Connector) -> None:
    """Take hints where the settings have the secret that they are signed with; a named site has its own path."""
    secret = connector.settings.hint_secret()
    if secret is None:
        return
    hints, wrong = RateLimit(HINTS_A_MINUTE, 60), RateLimit(WRONG_A_MINUTE, 60)

    async def hint(request: Request) -> Response:
        """Believed where it was signed within minutes; sent again it only wakes the mirror once more."""
        address = request.client.host if request.client else ""
        if not hints.allows(address):
            return _too_many()
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return Response(status_code=413)
        timestamp = request.headers.get("x-connector-timestamp", "")
        given = request.headers.get("x-connector-signature", "")
        now = connector.clock()
        sent_at = signed_at(secret, timestamp, given, bytes(body), now)
        if sent_at is None:
            if wrong.allows(address):
                log.warning("not believed", why="signature or time; see moodle.webhook_secret, and both clocks")
                return Response(status_code=401)
            return _too_many()
        try:
            await run_in_threadpool(connector.hints.note, sent_at, now)
        except StorageError as error:
            log.error("not kept", message=str(error))
            return Response(status_code=503)
        return Response(status_code=204)

    hint.may = BySignature.MOODLE  # type: ignore[attr-defined]
    app.add_api_route(path_of(connector.settings.site), hint, methods=["POST"])


def path_of(site: str) -> str:
    """Where hints of this site are taken."""
    return f"{PATH}/{site}" if site else PATH


def _too_many() -> Response:
    return Response(status_code=429, headers={"Retry-After": "60"})
