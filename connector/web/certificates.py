"""The API that verifies certificates. It is open to all, and tells what the page tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import structlog
from fastapi import FastAPI, HTTPException, Query, Request, Response

from connector.certificates.verifying import Verified
from connector.domain.certificates import CertificateState
from connector.domain.errors import ConnectorError
from connector.web.desk import Desk, TooOften
from connector.web.page import declared_open, plain

PATH = "/api/v1/certificates/verify"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
log = structlog.get_logger("certificates")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a certificate. ``state``: valid, expired, revoked or unknown. ``name``: by code and number."""

    valid: bool
    state: str
    title: str | None = None
    issuer: str | None = None
    issued_on: date | None = None
    expires_on: date | None = None
    name: str | None = None


def add_certificates(app: FastAPI, desk: Desk) -> None:
    """Answer whether a certificate is valid, by its code, and with its number by whose name it is."""

    @app.get(PATH)
    @declared_open
    def verify(
        request: Request,
        response: Response,
        code: Annotated[str, Query(description="The verification code on the certificate.")] = "",
        number: Annotated[str, Query(description="Its number: with it the name is told too.")] = "",
    ) -> Answer:
        """Whether a certificate is valid. Anybody may ask, as often as people do."""
        response.headers.update(HEADERS)
        address = request.client.host if request.client else ""
        try:
            return told(desk.look(address, plain(code, 200), plain(number, 200)))
        except TooOften:
            raise HTTPException(429, "Too many requests; try again later.", {**HEADERS, "Retry-After": "60"}) from None
        except ConnectorError as error:
            log.error("failed", error=type(error).__name__, message=str(error))
            raise HTTPException(503, "Not available now; try again later.", HEADERS) from None


def told(found: Verified | None) -> Answer:
    """What is said of a certificate, None of one that there is not."""
    if found is None:
        return Answer(valid=False, state="unknown")
    return Answer(
        found.state is CertificateState.VALID,
        found.state.value,
        found.title,
        found.issuer,
        found.issued_on,
        found.expires_on,
        found.name,
    )
