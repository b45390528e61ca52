"""Where platforms reach this tool: login, launch, and the keys by which they believe what it signs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from connector.bootstrap import Connector
from connector.bootstrap.launching import KEYS, LAUNCH, LOGIN, PICK, REGISTER
from connector.domain.errors import ConnectorError, LaunchRefused
from connector.domain.lti import LOGIN as LOGIN_TIME
from connector.domain.lti import Message, Trouble, origin
from connector.lti.deep_linking import CONTENT, Picked, answer
from connector.lti.launching import Opened
from connector.web.content import CONTENTS, USUAL
from connector.web.dress import Dress
from connector.web.languages import Speech, preferred
from connector.web.limits import RateLimit
from connector.web.page import Open, place_of
from connector.web.words import REFUSED

LARGEST = 200_000
"""Bytes of a form: a token with all that a platform can say."""
LAUNCHES_A_MINUTE = 3000
"""From one address: a whole company may stand behind one, and a class begins at once."""
STATUS: Mapping[Trouble, int] = {
    Trouble.AGAIN: 400,
    Trouble.COOKIE: 400,
    Trouble.MALFORMED: 400,
    Trouble.UNTRUSTED: 401,
    Trouble.CLOCK: 401,
    Trouble.NOT_ALLOWED: 403,
    Trouble.GONE: 400,
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; form-action {form}; base-uri 'none'; frame-ancestors {frame}"
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
ANYBODY = "*"
"""May frame a page that says that nothing can be opened: by whom is not known, and there is nothing to click."""
log = structlog.get_logger("lti")


class ByLaunch(Enum):
    """Who may call."""

    PLATFORM = "a platform that is registered, by its signature"
    SESSION = "whoever a platform has launched, by the token of the page"
    INVITED = "who has a link that an administrator made, once"


@dataclass(frozen=True)
class Launches:
    """What the routes share. Each answer may raise the error tree."""

    connector: Connector
    dressed: Dress
    tries: RateLimit

    async def login(self, request: Request) -> Response:
        """A platform begins a login, by GET or POST: a plain redirect back to it."""
        asked = await self._asked(request)
        redirect = await run_in_threadpool(self.connector.launch_login.begin, asked)
        response = RedirectResponse(redirect.url, 302, HEADERS)
        response.headers.append("Set-Cookie", _cookie(redirect.cookie, redirect.value, LOGIN_TIME.total_seconds()))
        return response

    async def launch(self, request: Request) -> Response:
        """What a platform posts, signed; answered with the page of what was launched."""
        posted = await self._asked(request)
        opened = await self.connector.launching.launch(posted, request.cookies)
        return await run_in_threadpool(self._show, opened)

    def _show(self, opened: Opened) -> Response:
        """The page of what was launched. Raises LaunchRefused."""
        session, launch = opened.session, opened.session.launch
        if launch.message is Message.DEEP_LINKING:
            if not launch.teaches:
                raise LaunchRefused("Only who teaches picks content.", Trouble.NOT_ALLOWED)
            return self._page("lti/pick.html", launch.locale, 200, opened.frame, kinds=CONTENTS, token=opened.token)
        kind = CONTENTS.get(launch.custom.get(CONTENT, USUAL))
        if kind is None:
            raise LaunchRefused("content: there is none of this name.", Trouble.GONE)
        shown = kind.show(self.connector, session)
        return self._page(kind.template, launch.locale, 200, opened.frame, kind=kind, launch=launch, **shown)

    async def pick(self, request: Request) -> Response:
        """An instructor has picked content; the browser takes the answer to the platform."""
        return await run_in_threadpool(self._picked, await self._asked(request))

    def _picked(self, asked: Mapping[str, str]) -> Response:
        connector = self.connector
        session = connector.launching.session(asked.get("session", ""))
        if session is None or not session.launch.teaches:
            raise LaunchRefused("session: it is over, or may not pick.", Trouble.AGAIN)
        launch = session.launch
        platform = connector.platforms.one(launch.platform_id)
        kind = CONTENTS.get(asked.get("content", ""))
        if platform is None or launch.linking is None or kind is None:
            raise LaunchRefused("content: nothing was picked.", Trouble.MALFORMED)
        if origin(launch.linking.return_url) != platform.origin:
            raise LaunchRefused("deep_link_return_url: it is not at the platform.", Trouble.UNTRUSTED)
        speech = self._speech(launch.locale)
        picked = Picked(asked["content"], speech.t(kind.title), speech.t(kind.text))
        key, tool = connector.tool_keys.signing(), connector.settings.lti.url + LAUNCH
        token = answer([picked], launch, platform, key, tool, connector.clock())
        there = platform.origin
        values = {"to": launch.linking.return_url, "jwt": token}
        return self._page("lti/picked.html", launch.locale, 200, there, form=there, **values)

    async def register(self, request: Request) -> Response:
        """Moodle has opened the link that an administrator made, with where it tells of itself."""
        asked = await self._asked(request)
        names = (asked.get(name, "") for name in ("openid_configuration", "registration_token"))
        platform = await self.connector.registering.register(request.path_params["invitation"], *names)
        accepted = preferred(request.headers.get("accept-language", ""))
        return self._page("lti/registered.html", accepted, 200, platform.origin, platform=platform)

    async def keys(self, _request: Request) -> Response:
        """The public keys of this tool."""
        published = await run_in_threadpool(self.connector.tool_keys.published)
        return JSONResponse(published, headers={"Cache-Control": "max-age=600", "Access-Control-Allow-Origin": "*"})

    async def _asked(self, request: Request) -> dict[str, str]:
        """The fields of a form, or of the address. Raises LaunchRefused."""
        if not self.tries.allows(request.client.host if request.client else ""):
            raise LaunchRefused("Too many launches from one address.", Trouble.AGAIN)
        if request.method == "GET":
            return dict(request.query_params)
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            raise LaunchRefused("The form is too large, or does not say how large it is.", Trouble.MALFORMED)
        try:
            form = await request.form(max_files=0, max_fields=50)
        except HTTPException:
            raise LaunchRefused("The form cannot be read.", Trouble.MALFORMED) from None
        return {name: value.replace("\x00", "") for name, value in form.items() if isinstance(value, str)}

    def refuse(self, request: Request, status: int, trouble: Trouble | None) -> Response:
        """A page that a person can act on."""
        accepted = preferred(request.headers.get("accept-language", ""))
        return self._page("lti/refused.html", accepted, status, ANYBODY, text=REFUSED[trouble])

    def _page(self, template: str, locale: str, status: int, frame: str, form: str = "", **values: Any) -> Response:
        """``frame`` is whose pages may frame it, ``form`` where its forms go, if not here."""
        speech = self._speech(locale)
        text = self.dressed.templates.get_template(template).render(speech=speech, t=speech.t, tn=speech.tn, **values)
        policy = POLICY.format(frame=frame, form=form or "'self'")
        return HTMLResponse(text, status, {**HEADERS, "Content-Security-Policy": policy})

    def _speech(self, locale: str) -> Speech:
        """``locale`` is a language tag, or Moodle's name of a language, such as zh_tw."""
        return Speech(self.dressed.languages[preferred(locale.replace("_", "-"))], ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Way:
    """A route, and who may come by it."""

    methods: tuple[str, ...]
    path: str
    may: ByLaunch | Open
    answer: Callable[[Launches, Request], Awaitable[Response]]


WAYS = (
    Way(("GET", "POST"), LOGIN, ByLaunch.PLATFORM, Launches.login),
    Way(("POST",), LAUNCH, ByLaunch.PLATFORM, Launches.launch),
    Way(("POST",), PICK, ByLaunch.SESSION, Launches.pick),
    Way(("GET",), REGISTER + "/{invitation}", ByLaunch.INVITED, Launches.register),
    Way(("GET",), KEYS, Open.TO_ALL, Launches.keys),
)


def add_lti(app: FastAPI, connector: Connector, dressed: Dress) -> None:
    """Let platforms launch. Raises SettingsError without a secret for the keys."""
    _ = connector.tool_keys, connector.launching, connector.launch_login  # once, and not in several threads
    launches = Launches(connector, dressed, RateLimit(LAUNCHES_A_MINUTE, 60))
    for way in WAYS:
        app.add_api_route(way.path, _endpoint(way, launches), methods=list(way.methods))


def _endpoint(way: Way, launches: Launches) -> Callable[[Request], Awaitable[Response]]:
    """The route of a way; it carries who may come by it. What exactly was wrong is for the log."""

    async def answer(request: Request) -> Response:
        try:
            return await way.answer(launches, request)
        except LaunchRefused as error:
            log.warning("launch refused", why=str(error), trouble=error.code)
            return launches.refuse(request, STATUS[Trouble(error.code)], Trouble(error.code))
        except ConnectorError as error:
            log.warning("launch failed", why=str(error), error=type(error).__name__)
            return launches.refuse(request, 503, None)
        except Exception as error:  # its text may hold personal data: only its type and its place are told
            log.error("broken", error=type(error).__name__, where=place_of(error))
            return launches.refuse(request, 500, None)

    answer.may = way.may  # type: ignore[attr-defined]
    return answer


def _cookie(name: str, value: str, seconds: float) -> str:
    """Written by hand: Python's own refuses Partitioned before 3.14. It lives in the frame of this platform only."""
    return f"{name}={value}; Max-Age={seconds:.0f}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
