"""The console: its pages, put together from explicit tables, and what goes around all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.bootstrap import Connector
from connector.web import words
from connector.web.desk import Desk
from connector.web.headers import SecurityHeaders
from connector.web.languages import OWN_NAMES, load_languages
from connector.web.limits import RateLimit
from connector.web.navigation import entries
from connector.web.page import THEMES, House, Open, Page, Visit, endpoint
from connector.web.pages import certificates, holds, own, set_up, sign_in
from connector.web.static_files import StaticFiles

PAGES: tuple[Page, ...] = (*sign_in.PAGES, *set_up.PAGES, *own.PAGES, *holds.PAGES, *certificates.PAGES)
TRIES_A_MINUTE = 60
"""To sign in, from one address."""


def add_console(app: FastAPI, connector: Connector, wake: Callable[[str], None], desk: Desk) -> None:
    """Serve the console from ``app``; ``wake`` asks for a job to run soon. Raises SettingsError without a secret."""
    _ = connector.signing_in, connector.setting_up  # once, and not in several threads
    static = StaticFiles()
    house = House(connector, _templates(static), load_languages(), wake, RateLimit(TRIES_A_MINUTE, 60), desk)
    for page in PAGES:
        app.router.routes.append(Route(page.path, endpoint(page, house), methods=[page.method]))
    app.router.routes.append(Route("/static/{digest}/{name}", _open(static.serve), methods=["GET"]))
    nothing_there = endpoint(Page("GET", "", Open.TO_ALL, _nothing_there), house)

    async def answer_404(request: Request, _error: Exception) -> Response:
        return await nothing_there(request)

    app.add_exception_handler(404, answer_404)
    app.add_middleware(SecurityHeaders, https=house.https)


def _nothing_there(visit: Visit) -> Response:
    return visit.show("pages/nothing_there.html", 404)


def _open(serve: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """A route that is no page and open to all."""

    async def answer(request: Request) -> Response:
        response: Response = await serve(request)
        return response

    answer.may = Open.TO_ALL  # type: ignore[attr-defined]
    return answer


def _templates(static: StaticFiles) -> Environment:
    made = Environment(
        loader=PackageLoader("connector.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_shared(static))
    return made


def _shared(static: StaticFiles) -> Mapping[str, Any]:
    """What every template may use."""
    return {
        "static": static.address,
        "entries": entries,
        "languages": OWN_NAMES,
        "themes": THEMES,
        "words": words,
    }
