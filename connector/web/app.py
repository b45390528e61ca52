"""The service's HTTP face: thin routes. Health is open to everybody and tells nothing but health."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from threading import Lock
from time import monotonic
from typing import Any

from fastapi import FastAPI, Response

from connector.bootstrap import Connector

READY_SECONDS = 5.0
"""For so long an answer of /ready holds: whoever may ask it must not be able to press Moodle with it."""

Schedule = Callable[[], AbstractContextManager[object]]


def web_app(connector: Connector, schedule: Schedule) -> FastAPI:
    """The application; ``schedule`` runs jobs by the clock while it is served."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with schedule():
            yield

    app = FastAPI(title="moodle-connector", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

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
