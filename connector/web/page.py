"""A page: an address, what it asks of those who come, and a function that shows it. There is no other way in.

Each ``Page`` stands in a table of its module and names who may see it; ``endpoint`` makes a route of it that looks up
the session, refuses whoever may not, and lets no form of another site through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import structlog
from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from connector.bootstrap import Connector
from connector.domain.errors import ConnectorError, raised_at
from connector.domain.sign_in import ConsoleAccount, Permission
from connector.sign_in.tokens import form_token, is_form_token, new_token
from connector.web.desk import Desk
from connector.web.languages import Language, Speech, preferred
from connector.web.limits import RateLimit

LARGEST_FORM = 16_384
"""Bytes. Our forms have a few short fields."""
LONGEST_TOKEN = 100
THEMES = ("light", "dark")
log = structlog.get_logger("console")


class Open(Enum):
    """What asks for no permission: everybody may come, signed in or not."""

    TO_ALL = "open to all"


Asked = Permission | Open
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Page:
    """``quiet``: asked by a page itself, so that it keeps no session from idling. ``limited``: tries are counted."""

    method: Literal["GET", "POST"]
    path: str
    may: Asked
    show: Callable[[Visit], Response]
    quiet: bool = False
    limited: bool = False


@dataclass(frozen=True)
class House:
    """What all pages share. ``wake`` asks for a job to run soon."""

    connector: Connector
    templates: Environment
    languages: Mapping[str, Language]
    wake: Callable[[str], None]
    tries: RateLimit
    desk: Desk

    @property
    def https(self) -> bool:
        settings = self.connector.settings
        return (settings.console.url or settings.certificates_url).startswith("https:")

    @property
    def origins(self) -> frozenset[str]:
        """Where our pages are: a public address of certificates may lead here too."""
        settings = self.connector.settings
        return frozenset({settings.console.url, settings.certificates_url} - {""})

    @property
    def signs_in(self) -> bool:
        """Whether there is a console; else these are the pages that are open to all."""
        return bool(self.connector.settings.console.url)

    @property
    def cookie(self) -> str:
        """The session's cookie. ``__Host-``: from this host alone, with Secure and for all paths (RFC 6265bis)."""
        return "__Host-console" if self.https else "console"


@dataclass
class Visit:
    """One request: who asks, for what, and how to answer."""

    house: House
    request: Request
    token: str
    account: ConsoleAccount | None = None
    form: FormData = field(default_factory=FormData)

    @property
    def connector(self) -> Connector:
        return self.house.connector

    @property
    def address(self) -> str:
        """From where it comes."""
        return self.request.client.host if self.request.client else ""

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    def asked(self, name: str, longest: int = 200) -> str:
        """A value of the address's query, "" where it is missing."""
        return plain(self.request.query_params.get(name, ""), longest)

    @property
    def now(self) -> datetime:
        return self.connector.clock()

    @property
    def person(self) -> ConsoleAccount:
        """Who is signed in, on a page that asks for a permission."""
        if self.account is None:
            raise LookupError("this page is open to all")
        return self.account

    def may(self, permission: Permission) -> bool:
        return self.account is not None and self.account.may(permission)

    def given(self, name: str, longest: int = 200) -> str:
        """A field of the form that was sent, "" where it is missing."""
        value = self.form.get(name, "")
        return plain(value, longest) if isinstance(value, str) else ""

    @property
    def speech(self) -> Speech:
        """By the account, then the cookie, then what the browser asks for."""
        chosen = (self.account.language if self.account else "") or self.request.cookies.get("language", "")
        tag = chosen if chosen in self.house.languages else preferred(self.request.headers.get("accept-language", ""))
        return Speech(self.house.languages[tag], ZoneInfo(self.account.timezone if self.account else "UTC"))

    @property
    def theme(self) -> str:
        chosen = self.request.cookies.get("theme", "")
        return chosen if chosen in THEMES else ""

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page from a template."""
        speech = self.speech
        text = self.house.templates.get_template(template).render(
            visit=self,
            speech=speech,
            t=speech.t,
            tn=speech.tn,
            form_token=form_token(self.token),
            **values,
        )
        return HTMLResponse(text, status)

    def go(self, path: str, **query: str) -> Response:
        """On to another page, with GET."""
        return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


def declared_open(endpoint: Endpoint) -> Endpoint:
    """Declares that no account of the console is asked for; pages of the console declare theirs in their tables."""
    endpoint.may = Open.TO_ALL  # type: ignore[attr-defined]
    return endpoint


def plain(text: str, longest: int) -> str:
    """Text that somebody sent, in a length that we take, and without NUL, which no database keeps."""
    return text.replace("\x00", "")[:longest]


def safe_path(path: str) -> str:
    """A path of this site to go on to; "/" where ``path`` would lead elsewhere."""
    parts = urlsplit(path)
    plain = path.isprintable() and "\\" not in path and not parts.scheme and not parts.netloc
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def endpoint(page: Page, house: House) -> Callable[[Request], Awaitable[Response]]:
    """The route of a page; it carries what the page asks for as ``may``."""

    async def answer(request: Request) -> Response:
        sent = request.cookies.get(house.cookie, "")
        visit = Visit(house, request, sent if 0 < len(sent) <= LONGEST_TOKEN else new_token())
        try:
            response = await _answer(page, visit)
        except HTTPException as error:  # a form that is none
            response = visit.show("pages/trouble.html", error.status_code)
        except ConnectorError as error:
            log.error("failed", page=page.path, error=type(error).__name__, message=str(error))
            response = visit.show("pages/trouble.html", 503)
        except Exception as error:  # its text may hold personal data: only its type and its place are told
            log.error("broken", page=page.path, error=type(error).__name__, where=raised_at(error))
            response = visit.show("pages/trouble.html", 500)
        if visit.token != sent:
            response.set_cookie(house.cookie, visit.token, path="/", secure=house.https, httponly=True, samesite="lax")
        return response

    answer.may = page.may  # type: ignore[attr-defined]
    return answer


async def _answer(page: Page, visit: Visit) -> Response:
    request = visit.request
    if request.method == "POST" and (refused := await _read_form(visit)) is not None:
        return refused
    if page.limited and not visit.house.tries.allows(visit.address):
        return visit.show("pages/too_often.html", 429)
    if visit.house.signs_in:
        signing_in = visit.connector.signing_in
        visit.account = await run_in_threadpool(signing_in.signed_in, visit.token, used=not page.quiet)
    if isinstance(page.may, Permission):
        if visit.account is None:
            return _to_sign_in(visit)
        if not visit.account.may(page.may):
            return visit.show("pages/not_allowed.html", 403)
    return await run_in_threadpool(page.show, visit)


async def _read_form(visit: Visit) -> Response | None:
    """Read the form that was sent; the refusal where it is too large or does not come from a page of ours."""
    request = visit.request
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST_FORM:
        return visit.show("pages/trouble.html", 413)
    origin = request.headers.get("origin")
    strange = origin is not None and origin not in visit.house.origins
    visit.form = await request.form(max_files=0, max_fields=20)
    if strange or not is_form_token(visit.token, visit.given("form_token")):
        return visit.show("pages/form_too_old.html", 403)
    return None


def _to_sign_in(visit: Visit) -> Response:
    """To the sign-in and back; what htmx asked for would be put into the page, so the page itself is sent there."""
    request = visit.request
    if request.headers.get("hx-request"):
        back = safe_path(urlsplit(request.headers.get("referer", "")).path)
        return Response(status_code=204, headers={"HX-Redirect": f"/sign-in?{urlencode({'next': back})}"})
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return visit.go("/sign-in", **({"next": here} if request.method == "GET" and here != "/" else {}))
