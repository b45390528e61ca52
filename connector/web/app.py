"""The service's HTTP face: thin routes. Health is open to everybody and tells nothing but health."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from threading import Lock
from time import monotonic
from typing import Any, Protocol

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from connector.bootstrap import Connector
from connector.web.access import may_scrape
from connector.web.metrics import Metrics
from connector.web.requests import Requests

READY_SECONDS = 5.0
"""For so long an answer of /ready holds: whoever may ask it must not be able to press Moodle with it."""


class Waking(Protocol):
    """The schedule, as routes see it."""

    def soon(self, name: str) -> None:
        """Run this job as soon as possible; asked again before it begins, it runs once."""
        ...


Schedule = Callable[[], AbstractContextManager[Waking]]


def web_app(connector: Connector, schedule: Schedule, metrics: Metrics | None = None) -> FastAPI:
    """The application; ``schedule`` runs jobs by the clock while it is served, and is ``app.state.schedule`` then."""
    counted = metrics or Metrics(lambda: connector.figures)
    token = connector.settings.service.scrape_token()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with schedule() as running:
            app.state.schedule = running
            yield

    app = FastAPI(title="moodle-connector", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(Requests, answered=counted.answered)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Alive. Anybody may ask."""
        return {"status": "alive"}

    readiness = _Remembered(connector.readiness)

    @app.get("/ready")
    def ready(response: Response) -> dict[str, Any]:
        """Whether the database and Moodle answer. Anybody may ask; no address, name or reason is told."""
        found = readiness()
        if not all(found.values()):
            response.status_code = 503
        return {"status": "ready" if all(found.values()) else "not ready", **found}

    @app.get("/metrics")
    def metrics_page(request: Request) -> Response:
        """For Prometheus. Only this computer may ask, or who has the token."""
        if not may_scrape(request, token):
            return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
        return Response(counted.page(), media_type=CONTENT_TYPE_LATEST)

    return app


class _Remembered:
    """What ``ask`` gave, for READY_SECONDS; one question at a time."""

    def __init__(self, ask: Callable[[], dict[str, bool]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._until = 0.0
        self._found: dict[str, bool] = {}

    def __call__(self) -> dict[str, bool]:
        with self._lock:
            if monotonic() >= self._until:
                self._found = self._ask()
                self._until = monotonic() + READY_SECONDS
            return self._found
