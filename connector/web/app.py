"""The service's HTTP face: thin routes. Health is open to everybody and tells nothing but health."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from threading import Lock
from time import monotonic
from typing import Any, Protocol

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from connector.bootstrap import Connector
from connector.web.access import may_scrape
from connector.web.api import add_api
from connector.web.certificates import add_certificates
from connector.web.console import add_pages
from connector.web.desk import Desk
from connector.web.dress import dress
from connector.web.hints import BySignature, add_hints
from connector.web.launched.launches import ByLaunch
from connector.web.launched.live import Live, add_live
from connector.web.launched.lti import add_lti
from connector.web.metrics import Metrics
from connector.web.page import Asked, declared_open
from connector.web.requests import Requests
from connector.web.scim import add_scim
from connector.web.tokens import ByToken

THREADS = 10
"""That answer requests, a few less than there are connections to the database: more would wait for one, and for each
other. Measured with launches: at 100 a second the slowest of a hundred takes 0.05 s, and 0.3 s with 40."""
READY_SECONDS = 5.0
"""For so long an answer of /ready holds: whoever may ask it must not be able to press Moodle with it."""


class Waking(Protocol):
    """The schedule, as routes see it."""

    def soon(self, name: str) -> None:
        """Run this job as soon as possible; asked again before it begins, it runs once."""
        ...


Schedule = Callable[[], AbstractContextManager[Waking]]


class Waker:
    """Asks the schedule that runs for a job soon. Before it runs, the clock has the next word."""

    def __init__(self) -> None:
        self.running: Waking | None = None

    def __call__(self, job: str) -> None:
        if self.running is not None:
            self.running.soon(job)


def web_app(connector: Connector, schedule: Schedule, metrics: Metrics | None = None) -> FastAPI:
    """The application; ``schedule`` runs jobs by the clock while it is served.

    The console is part of it where the settings give its address. Raises SettingsError where its secret is missing.
    """
    counted = metrics or Metrics(lambda: connector.figures)
    token = connector.settings.service.scrape_token()
    wake = Waker()
    live: Live | None = None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        with schedule() as running:
            wake.running = running
            async with live.running() if live else nullcontext():
                yield

    app = FastAPI(title="moodle-connector", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.wake = wake
    app.add_middleware(Requests, answered=counted.answered)

    @app.get("/health")
    @declared_open
    async def health() -> dict[str, str]:
        """Alive. Anybody may ask."""
        return {"status": "alive"}

    readiness = _Remembered(connector.readiness)

    @app.get("/ready")
    @declared_open
    def ready(response: Response) -> dict[str, Any]:
        """Whether the database and Moodle answer. Anybody may ask; no address, name or reason is told."""
        found = readiness()
        if not all(found.values()):
            response.status_code = 503
        return {"status": "ready" if all(found.values()) else "not ready", **found}

    @app.get("/metrics")
    @declared_open
    def metrics_page(request: Request) -> Response:
        """For Prometheus. Only this computer may ask, or who has the token: it looks for itself."""
        if not may_scrape(request, token):
            return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
        return Response(counted.page(), media_type=CONTENT_TYPE_LATEST)

    add_scim(app, connector)
    add_hints(app, connector)
    desk = Desk(connector)
    add_certificates(app, desk)
    add_api(app, connector)
    settings = connector.settings
    public = [one for one in (settings.console.url, settings.certificates.url, settings.lti.url) if one]
    if public:
        dressed = dress(app, https=all(one.startswith("https:") for one in public))
        add_pages(app, connector, wake, desk, dressed)
    if settings.lti.url:
        add_lti(app, connector, dressed)
        live = add_live(app, connector, counted)
    refuse_undeclared(app)
    return app


def declared(app: FastAPI) -> list[tuple[str, Asked | ByToken | BySignature | ByLaunch | None]]:
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
