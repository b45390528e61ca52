"""How pages look and speak: templates, languages and static files, shared by the console and by what is launched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.web import words
from connector.web.headers import SecurityHeaders
from connector.web.languages import OWN_NAMES, Language, load_languages
from connector.web.navigation import entries
from connector.web.page import THEMES, Open
from connector.web.static_files import StaticFiles


@dataclass(frozen=True)
class Dress:
    templates: Environment
    languages: Mapping[str, Language]


def dress(app: FastAPI, *, https: bool) -> Dress:
    """Serve static files from ``app``, with headers that keep pages safe. ``https``: never reached without."""
    static, templates = _made_once()
    app.router.routes.append(Route("/static/{digest}/{name}", _open(static.serve), methods=["GET"]))
    app.add_middleware(SecurityHeaders, https=https)
    return Dress(templates, load_languages())


@cache
def _made_once() -> tuple[StaticFiles, Environment]:
    """Files are read and templates compiled once in a process, however many applications it serves."""
    static = StaticFiles()
    made = Environment(
        loader=PackageLoader("connector.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_shared(static))
    for name in made.list_templates(extensions=["html"]):  # or all who come first would wait for it
        made.get_template(name)
    return static, made


def _open(serve: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """A route that is no page and open to all."""

    async def answer(request: Request) -> Response:
        response: Response = await serve(request)
        return response

    answer.may = Open.TO_ALL  # type: ignore[attr-defined]
    return answer


def _shared(static: StaticFiles) -> Mapping[str, Any]:
    """What every template may use."""
    return {
        "static": static.address,
        "entries": entries,
        "languages": OWN_NAMES,
        "themes": THEMES,
        "words": words,
    }
