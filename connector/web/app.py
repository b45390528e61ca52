"""The service's HTTP face: thin routes. Health is open to everybody and tells nothing but health."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response

from connector.bootstrap import Connector

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

    @app.get("/ready")
    def ready(response: Response) -> dict[str, Any]:
        """Whether the database and Moodle answer. Anybody may ask; no address, name or reason is told."""
        found = connector.readiness()
        if not all(found.values()):
            response.status_code = 503
        return {"status": "ready" if all(found.values()) else "not ready", **found}

    return app
