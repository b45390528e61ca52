"""The service's HTTP face: thin routes. Health is open to everybody and tells nothing but health."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from fastapi import FastAPI, Response

from connector.bootstrap import Connector
from connector.web.console import add_console
from connector.web.page import Asked, Open

READY_SECONDS = 5.0
"""For so long an answer of /ready holds: whoever may ask it must not be able to press Moodle with it."""

Schedule = Callable[[], AbstractContextManager[object]]
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


class Waker:
    """Asks the schedule that runs for a job soon. Where it cannot be asked, the clock has the next word."""

    def __init__(self) -> None:
        self.running: object = None

    def __call__(self, job: str) -> None:
        soon = getattr(self.running, "soon", None)
        if soon is not None:
            soon(job)


def web_app(connector: Connector, schedule: Schedule) -> FastAPI:
    """The application; ``schedule`` runs jobs by the clock while it is served.

    The console is part of it where the settings give its address. Raises SettingsError where its secret is missing.
    """
    wake = Waker()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with schedule() as running:
            wake.running = running
            yield

    app = FastAPI(title="moodle-connector", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    @app.get("/health")
    @open_to_all
    async def health() -> dict[str, str]:
        """Alive. Anybody may ask."""
        return {"status": "alive"}

    readiness = _Remembered(connector.readiness)

    @app.get("/ready")
    @open_to_all
    def ready(response: Response) -> dict[str, Any]:
        """Whether the database and Moodle answer. Anybody may ask; no address, name or reason is told."""
        found = readiness()
        if not all(found.values()):
            response.status_code = 503
        return {"status": "ready" if all(found.values()) else "not ready", **found}

    if connector.settings.console.url:
        add_console(app, connector, wake)
    refuse_undeclared(app)
    return app


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Declares that anybody may call this route; pages of the console declare it in their tables."""
    endpoint.may = Open.TO_ALL  # type: ignore[attr-defined]
    return endpoint


def declared(app: FastAPI) -> list[tuple[str, Asked | None]]:
    """Every route with what it asks for; None where it does not say."""
    return [(getattr(one, "path", "?"), getattr(getattr(one, "endpoint", None), "may", None)) for one in app.routes]


def refuse_undeclared(app: FastAPI) -> None:
    """No route is served that does not say who may call it."""
    if silent := [path for path, asked in declared(app) if asked is None]:
        raise LookupError(f"These routes do not say who may call them: {', '.join(silent)}.")


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
