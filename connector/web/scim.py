"""SCIM 2.0 over HTTP, at /scim/v2: thin routes. Who comes brings a client's token; every answer is in SCIM's form."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from scim2_models import Context, PayloadTooLargeException, SCIMException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.bootstrap import Connector
from connector.domain.errors import CannotKeep, ConnectorError, raised_at
from connector.domain.scim import Kind
from connector.domain.scim_clients import Presented
from connector.scim import discovery, reading
from connector.scim.answers import MEDIA_TYPE, Answer, Conditions, failure, failure_of
from connector.scim.directory import Directory
from connector.scim.listing import Listing
from connector.scim.models import LARGEST
from connector.web.limits import RateLimit
from connector.web.tokens import ByToken, Named, bearer, sender

BASE = "/scim/v2"
REQUESTS_A_MINUTE = 3000
"""Of one client; Entra ID asks for 25 in a second."""
WRONG_TOKENS_A_MINUTE = 60
"""From one address."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SLASHES = re.compile("/{2,}")
log = structlog.get_logger("scim")


@dataclass(frozen=True)
class Call:
    """One request of a client that has shown its token."""

    connector: Connector
    client: Presented
    request: Request
    base: str
    body: bytes

    @property
    def query(self) -> Mapping[str, Any]:
        return reading.query(dict(self.request.query_params))

    @property
    def payload(self) -> Mapping[str, Any]:
        return reading.read_json(self.body)

    @property
    def id(self) -> str | None:
        found: str | None = self.request.path_params.get("id")
        return found

    @property
    def conditions(self) -> Conditions:
        headers = self.request.headers
        return Conditions(headers.get("if-match"), headers.get("if-none-match"))

    @property
    def directory(self) -> Directory:
        return self.connector.scim_directory(self.client.client_id, self.base)

    @property
    def listing(self) -> Listing:
        return self.connector.scim_listing(self.client.client_id, self.base)


Handler = Callable[[Call], Answer]
Handlers = Mapping[str, Handler]
"""By method."""


def _collection(kind: Kind) -> Handlers:
    return {
        "GET": lambda call: call.listing.of_kind(kind, call.query, Context.RESOURCE_QUERY_RESPONSE),
        "POST": lambda call: call.directory.create(kind, call.payload, call.query),
    }


def _search(kind: Kind) -> Handlers:
    return {"POST": lambda call: call.listing.of_kind(kind, call.payload, Context.SEARCH_RESPONSE)}


def _resource(kind: Kind) -> Handlers:
    return {
        "GET": lambda call: call.directory.read(kind, call.id or "", call.query, call.conditions),
        "PUT": lambda call: call.directory.replace(kind, call.id or "", call.payload, call.query, call.conditions),
        "PATCH": lambda call: call.directory.patch(kind, call.id or "", call.payload, call.query, call.conditions),
        "DELETE": lambda call: call.directory.remove(kind, call.id or "", call.conditions),
    }


def _everything() -> Handlers:
    return {"GET": lambda call: call.listing.of_all(call.query, Context.RESOURCE_QUERY_RESPONSE)}


def _filtered(call: Call) -> bool:
    return "filter" in call.query


_SCHEMAS: Handlers = {"GET": lambda call: discovery.schemas(call.base, call.id, _filtered(call))}
_TYPES: Handlers = {"GET": lambda call: discovery.resource_types(call.base, call.id, _filtered(call))}

ROUTES: tuple[tuple[str, Handlers], ...] = (
    ("/ServiceProviderConfig", {"GET": lambda call: discovery.service_provider_config(call.base)}),
    ("/Schemas", _SCHEMAS),
    ("/Schemas/{id}", _SCHEMAS),
    ("/ResourceTypes", _TYPES),
    ("/ResourceTypes/{id}", _TYPES),
    ("/.search", {"POST": lambda call: call.listing.of_all(call.payload, Context.SEARCH_RESPONSE)}),
    ("/Users", _collection(Kind.USER)),
    ("/Users/.search", _search(Kind.USER)),
    ("/Users/{id}", _resource(Kind.USER)),
    ("/Groups", _collection(Kind.GROUP)),
    ("/Groups/.search", _search(Kind.GROUP)),
    ("/Groups/{id}", _resource(Kind.GROUP)),
    ("", _everything()),
    ("/{rest:path}", {}),
)


def add_scim(app: FastAPI, connector: Connector) -> None:
    """Serve SCIM from ``app``: to nobody, until a token is made."""
    app.add_middleware(_OneSlash)
    door = _Door(connector, RateLimit(REQUESTS_A_MINUTE, 60), RateLimit(WRONG_TOKENS_A_MINUTE, 60))
    for path, handlers in ROUTES:
        app.router.routes.append(Route(BASE + path, door.endpoint(path, handlers), methods=METHODS))


@dataclass(frozen=True, slots=True)
class _OneSlash:
    """An address that a client has put together with two slashes, or with one at its end, is taken without them."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith(BASE + "/"):
            scope = {**scope, "path": SLASHES.sub("/", path).rstrip("/")}
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class _Door:
    connector: Connector
    requests: RateLimit
    wrong_tokens: RateLimit

    def endpoint(self, path: str, handlers: Handlers) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request.scope["route"] = Named(BASE + path)
            try:
                return _response(await self._answer(request, handlers))
            except SCIMException as error:
                return _response(failure_of(error))
            except CannotKeep as error:
                log.error("cannot_keep", message=str(error))
                return _response(failure(400, "A value is too long, or cannot be kept.", "invalidValue"))
            except ConnectorError as error:
                log.error("failed", error=type(error).__name__, message=str(error))
                return _response(failure(503, "Not available now; try again later."))
            except Exception as error:  # its text may hold personal data: only its type and its place are told
                log.error("broken", error=type(error).__name__, where=raised_at(error))
                return _response(failure(500, "The server has made a mistake."))

        answer.may = ByToken.SCIM  # type: ignore[attr-defined]
        return answer

    async def _answer(self, request: Request, handlers: Handlers) -> Answer:
        client = await run_in_threadpool(self._client, request)
        if isinstance(client, Answer):
            return client
        if not self.requests.allows(str(client.client_id)):
            return _too_many()
        if not handlers:
            return failure(404, "There is nothing at this address.")
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            refused = failure(405, "This cannot be done here.")
            return Answer(405, refused.body, {"Allow": ", ".join(sorted(handlers))})
        call = Call(self.connector, client, request, self._base(request), await _body(request))
        return await run_in_threadpool(handler, call)

    def _client(self, request: Request) -> Presented | Answer:
        client = self.connector.scim_access.client_of(bearer(request))
        if client is not None:
            return client
        if not self.wrong_tokens.allows(sender(request)):
            return _too_many()
        refused = failure(401, "A good token of a client is needed in the header Authorization.")
        return Answer(401, refused.body, {"WWW-Authenticate": 'Bearer realm="scim"'})

    def _base(self, request: Request) -> str:
        """The public address where the settings tell it, else the one that the client has used."""
        return (self.connector.settings.console.url or str(request.base_url).rstrip("/")) + BASE


async def _body(request: Request) -> bytes:
    """The body, as far as we take it. Raises PayloadTooLargeException."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LARGEST:
            raise PayloadTooLargeException(detail=f"A request may have {LARGEST} bytes.")
    return bytes(found)


def _too_many() -> Answer:
    refused = failure(429, "Too many requests; try again in a while.")
    return Answer(429, refused.body, {"Retry-After": "30"})


def _response(answer: Answer) -> Response:
    headers = {"Cache-Control": "no-store", **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return Response(orjson.dumps(answer.body), answer.status, headers, media_type=MEDIA_TYPE)
