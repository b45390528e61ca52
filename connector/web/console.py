"""The console, and what is open to all without it: their pages, put together from explicit tables."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.bootstrap import Connector
from connector.web.desk import Desk
from connector.web.dress import Dress
from connector.web.limits import RateLimit
from connector.web.page import House, Open, Page, Visit, endpoint
from connector.web.pages import certificates, holds, own, set_up, sign_in

PAGES: tuple[Page, ...] = (*sign_in.PAGES, *set_up.PAGES, *own.PAGES, *holds.PAGES, *certificates.PAGES)
PUBLIC: tuple[Page, ...] = (*certificates.PAGES, own.PREFER)
"""Where certificates are verified, which needs no console."""
TRIES_A_MINUTE = 60
"""To sign in, from one address."""


def add_pages(app: FastAPI, connector: Connector, wake: Callable[[str], None], desk: Desk, dressed: Dress) -> None:
    """Serve the console from ``app``, or without its address the pages that are open to all.

    ``wake`` asks for a job to run soon. Raises SettingsError where the console has no secret.
    """
    house = House(connector, dressed.templates, dressed.languages, wake, RateLimit(TRIES_A_MINUTE, 60), desk)
    if house.signs_in:
        _ = connector.signing_in, connector.setting_up  # once, and not in several threads
    for page in PAGES if house.signs_in else PUBLIC:
        app.router.routes.append(Route(page.path, endpoint(page, house), methods=[page.method]))
    nothing_there = endpoint(Page("GET", "", Open.TO_ALL, _nothing_there), house)

    async def answer_404(request: Request, _error: Exception) -> Response:
        return await nothing_there(request)

    app.add_exception_handler(404, answer_404)


def _nothing_there(visit: Visit) -> Response:
    return visit.show("pages/nothing_there.html", 404)
