"""The API at /api/v1: thin routes. Who comes brings a token; what is wrong is told as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache

import orjson
import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.api import openapi, page
from connector.api.answering import BASE, Answer, Ask, Caller, Endpoint, answer, spoken
from connector.api.asking import languages, read, read_sent
from connector.api.endpoints import by_path
from connector.api.problems import (
    MEDIA_TYPE,
    Mistaken,
    NoGoodToken,
    NotAvailable,
    NothingThere,
    NotReadable,
    NotSupported,
    Problem,
    TooManyRequests,
    refused,
)
from connector.bootstrap import Connector
from connector.domain.api_tokens import ApiToken
from connector.domain.errors import ConnectorError, LaunchRefused, Unreadable, raised_at
from connector.domain.lti import LaunchSession
from connector.web.launched.launches import roster
from connector.web.launched.sent import body
from connector.web.limits import RateLimit
from connector.web.page import Open
from connector.web.tokens import ByToken, Named, bearer, sender

REQUESTS_A_MINUTE = 100
"""With one token."""
WRONG_TOKENS_A_MINUTE = 60
"""From one address."""
LARGEST = 100_000
"""Bytes of a body."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
READING = ("GET", "HEAD")
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
log = structlog.get_logger("api")

Work = Callable[[Request, bytes], Response]
"""What a request is answered, by what was sent with it."""


def add_api(app: FastAPI, connector: Connector) -> None:
    """Serve the API from ``app``: to nobody, until a token is made. What else lies under its path is added before."""
    told = _told_once()
    door = _Door(
        connector,
        told.version,
        RateLimit(REQUESTS_A_MINUTE, 60),
        RateLimit(WRONG_TOKENS_A_MINUTE, 60),
    )
    kept = {**HEADERS, "Cache-Control": "no-cache"}
    routes: list[tuple[str, Open | ByToken, Mapping[str, Work]]] = [
        ("/openapi.json", Open.TO_ALL, {"GET": lambda *_: Response(told.document, 200, kept, "application/json")}),
        ("/docs", Open.TO_ALL, {"GET": lambda *_: Response(told.page, 200, _for_browsers(kept), "text/html")}),
        *(
            (path, ByToken.API, {method: door.work(one) for method, one in methods.items()})
            for path, methods in by_path().items()
        ),
        ("/{rest:path}", Open.TO_ALL, dict.fromkeys(("GET", "POST", "PUT"), _nothing_there)),
    ]
    for path, may, works in routes:
        app.router.routes.append(Route(BASE + path, _endpoint(path, may, works), methods=METHODS))


@dataclass(frozen=True, slots=True)
class _Document:
    """What is told of the API: for machines, and as a page."""

    version: str
    document: bytes
    page: str


@cache
def _told_once() -> _Document:
    """It is made from the table of addresses, once in a process."""
    told = openapi.document()
    return _Document(openapi.version_of(told), orjson.dumps(told), page.docs(told))


def _for_browsers(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Content-Security-Policy": page.policy(), "X-Frame-Options": "DENY"}


def _nothing_there(_request: Request, _sent: bytes) -> Response:
    raise NothingThere("There is nothing at this address.")


def _endpoint(path: str, may: Open | ByToken, works: Mapping[str, Work]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        request.scope["route"] = Named(BASE + path)
        try:
            work = works.get("GET" if request.method in READING else request.method)
            if work is None:
                raise NotSupported([one for method in works for one in (READING if method == "GET" else (method,))])
            sent = b"" if request.method in READING else await body(request, LARGEST)
            return await run_in_threadpool(work, request, sent)
        except Problem as problem:
            return _told(problem)
        except LaunchRefused as error:
            return _told(refused(error))
        except Unreadable as error:
            log.error("failed", error=type(error).__name__, message=str(error))
            return _told(NotReadable())
        except ConnectorError as error:
            log.error("failed", error=type(error).__name__, message=str(error))
            return _told(NotAvailable())
        except Exception as error:  # its text may hold personal data: only its type and its place are told
            log.error("broken", error=type(error).__name__, where=raised_at(error))
            return _told(Mistaken())

    respond.may = may  # type: ignore[attr-defined]
    return respond


@dataclass(frozen=True)
class _Door:
    connector: Connector
    version: str
    requests: RateLimit
    wrong_tokens: RateLimit

    def work(self, endpoint: Endpoint) -> Work:
        def respond(request: Request, sent: bytes) -> Response:
            caller = self._caller(request)
            endpoint.admit(caller)
            query, headers = request.query_params.multi_items(), request.headers
            asked = read(endpoint.asks, query)
            ask = Ask(
                caller,
                request.url.path,
                query,
                languages(asked.lang, headers.get("accept-language", "")) or spoken(caller),
                request.path_params,
                headers.get("if-none-match", ""),
                read_sent(endpoint.sends, sent) if endpoint.sends else None,
                lambda: roster(self.connector, caller) if isinstance(caller, LaunchSession) else None,
            )
            return _answered(answer(endpoint, asked, ask, self.connector, self.version))

        return respond

    def _caller(self, request: Request) -> Caller:
        """Whose token was sent. Raises NoGoodToken, TooManyRequests."""
        given = bearer(request)
        caller = self.connector.api_access.holder_of(given) or self._launched(given)
        limit, who = (self.wrong_tokens, sender(request)) if caller is None else (self.requests, _name(caller))
        if not limit.allows(who):
            raise TooManyRequests(limit.wait(who))
        if caller is None:
            raise NoGoodToken(given=bool(given))
        return caller

    def _launched(self, token: str) -> LaunchSession | None:
        """Launches are there where this tool has an address."""
        return self.connector.launching.session(token) if self.connector.settings.lti.url else None


def _name(caller: Caller) -> str:
    """For the count of requests."""
    return str(caller.token_id) if isinstance(caller, ApiToken) else f"launch {caller.session_id}"


def _answered(made: Answer) -> Response:
    headers = {**HEADERS, **made.headers}
    if not made.body:
        return Response(status_code=made.status, headers=headers)
    return Response(made.body, made.status, headers, "application/json")


def _told(problem: Problem) -> Response:
    headers = {**HEADERS, "Cache-Control": "no-store", **problem.headers}
    return Response(orjson.dumps(problem.body(BASE)), problem.status, headers, MEDIA_TYPE)
