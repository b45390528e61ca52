"""The API at /api/v1: thin routes. Who comes brings a token; what is wrong is told as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.api import openapi, page
from connector.api.answering import BASE, Answer, Ask, Endpoint, answer
from connector.api.asking import languages, read
from connector.api.endpoints import ENDPOINTS
from connector.api.problems import (
    MEDIA_TYPE,
    Mistaken,
    NoGoodToken,
    NotAllowed,
    NotAvailable,
    NothingThere,
    NotSupported,
    Problem,
    TooManyRequests,
)
from connector.bootstrap import Connector
from connector.domain.api_tokens import ApiToken
from connector.domain.errors import ConnectorError, raised_at
from connector.web.limits import RateLimit
from connector.web.page import Open
from connector.web.tokens import ByToken, Named, bearer, sender

REQUESTS_A_MINUTE = 100
"""With one token."""
WRONG_TOKENS_A_MINUTE = 60
"""From one address."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
READING = ("GET", "HEAD")
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
log = structlog.get_logger("api")

Work = Callable[[Request], Response]


def add_api(app: FastAPI, connector: Connector) -> None:
    """Serve the API from ``app``: to nobody, until a token is made. What else lies under its path is added before."""
    told = openapi.document()
    door = _Door(
        connector,
        openapi.version_of(told),
        RateLimit(REQUESTS_A_MINUTE, 60),
        RateLimit(WRONG_TOKENS_A_MINUTE, 60),
    )
    document, shown = orjson.dumps(told), page.docs(told)
    kept = {**HEADERS, "Cache-Control": "no-cache"}
    routes: list[tuple[str, Open | ByToken, Work]] = [
        ("/openapi.json", Open.TO_ALL, lambda _: Response(document, 200, kept, "application/json")),
        ("/docs", Open.TO_ALL, lambda _: Response(shown, 200, _for_browsers(kept), "text/html")),
        *((one.path, ByToken.API, door.work(one)) for one in ENDPOINTS),
        ("/{rest:path}", Open.TO_ALL, _nothing_there),
    ]
    for path, may, work in routes:
        app.router.routes.append(Route(BASE + path, _endpoint(path, may, work), methods=METHODS))


def _for_browsers(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Content-Security-Policy": page.policy(), "X-Frame-Options": "DENY"}


def _nothing_there(_request: Request) -> Response:
    raise NothingThere("There is nothing at this address.")


def _endpoint(path: str, may: Open | ByToken, work: Work) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        request.scope["route"] = Named(BASE + path)
        try:
            if request.method not in READING:
                raise NotSupported
            return await run_in_threadpool(work, request)
        except Problem as problem:
            return _told(problem)
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
        def respond(request: Request) -> Response:
            holder = self._holder(request)
            if not holder.may(endpoint.scope):
                raise NotAllowed(endpoint.scope.value)
            query = request.query_params.multi_items()
            asked = read(endpoint.asks, query)
            headers = request.headers
            wished = languages(asked.lang, headers.get("accept-language", ""))
            known = headers.get("if-none-match", "")
            ask = Ask(holder, request.url.path, query, wished, request.path_params, known)
            with self.connector.analytics.look(holder.unit) as look:
                return _answered(answer(endpoint, asked, ask, look, self.version))

        return respond

    def _holder(self, request: Request) -> ApiToken:
        """Whose token was sent. Raises NoGoodToken, TooManyRequests."""
        given = bearer(request)
        holder = self.connector.api_access.holder_of(given)
        limit, who = (self.wrong_tokens, sender(request)) if holder is None else (self.requests, str(holder.token_id))
        if not limit.allows(who):
            raise TooManyRequests(limit.wait(who))
        if holder is None:
            raise NoGoodToken(given=bool(given))
        return holder


def _answered(made: Answer) -> Response:
    headers = {**HEADERS, **made.headers}
    if made.body is None:
        return Response(status_code=made.status, headers=headers)
    return Response(made.body, made.status, headers, "application/json")


def _told(problem: Problem) -> Response:
    headers = {**HEADERS, "Cache-Control": "no-store", **problem.headers}
    return Response(orjson.dumps(problem.body(BASE)), problem.status, headers, MEDIA_TYPE)
