"""What routes of LTI and of launched content share: who may come, how they refuse, and how pages are framed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import anyio.from_thread
import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from connector.bootstrap import Connector
from connector.content import launched
from connector.domain.contents import Content, ContentKind, Maker
from connector.domain.errors import AccessRefused, ConnectorError, LaunchRefused, TryAgain, Unreadable, raised_at
from connector.domain.learners import name_in
from connector.domain.learning_events import Actor
from connector.domain.lti import LaunchSession, Trouble, origin
from connector.domain.multilang import choose
from connector.lti.rosters import Member, teaching
from connector.web.dress import Dress
from connector.web.languages import Speech, preferred
from connector.web.limits import Budget, RateLimit
from connector.web.page import Open
from connector.web.words import CANNOT_OPEN, IN_A_WINDOW, ONE_MORE_STEP, REFUSED, REFUSED_HEADINGS

LARGEST = 200_000
"""Bytes of a form: a token with all that a platform can say."""
STATUS: Mapping[Trouble, int] = {
    Trouble.AGAIN: 400,
    Trouble.OVER: 401,
    Trouble.COOKIE: 400,
    Trouble.MALFORMED: 400,
    Trouble.UNTRUSTED: 401,
    Trouble.CLOCK: 401,
    Trouble.NOT_ALLOWED: 403,
    Trouble.GONE: 400,
    Trouble.UNREADABLE: 410,
    Trouble.TOO_FAST: 429,
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action {form}; base-uri 'none'; frame-ancestors {frame}"
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
STAYS: Mapping[str, str] = {"HX-Retarget": "#main", "HX-Reswap": "afterbegin"}
"""What is told stands above the page, and what was typed into it stays to be copied."""
ANYBODY = "*"
"""May frame a page that says that nothing can be opened: by whom is not known, and there is nothing to click."""
log = structlog.get_logger("lti")


FAR_AT_ONCE = 40
"""Requests that work with storage or with a platform."""


class ByLaunch(Enum):
    """Who may call."""

    PLATFORM = "a platform that is registered, by its signature"
    SESSION = "whoever a platform has launched, by the token of the page"
    TEACHER = "who teaches in the course, by the token of the page"
    SIGNED = "who has an address that was signed for a page, for minutes"
    INVITED = "who has a link that an administrator made, once"


class TooFast(LaunchRefused):
    """``seconds``: so long is to be waited."""

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many requests of one session.", Trouble.TOO_FAST)
        self.seconds = seconds


@dataclass(frozen=True)
class Launches:
    """What the routes share. Each answer may raise the error tree."""

    connector: Connector
    dressed: Dress
    tries: RateLimit
    pace: RateLimit
    files: RateLimit
    """Of videos, by session, whatever address was signed for it."""
    megabytes: Budget
    far: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(FAR_AT_ONCE))

    def keep_pace(self, session: LaunchSession) -> None:
        """Raises TooFast where somebody asks too often; the page waits, and asks again."""
        who = str(session.session_id)
        if not self.pace.allows(who):
            raise TooFast(self.pace.wait(who))

    def may_have_files(self, session_id: int) -> None:
        """Raises TooFast where more of a video is asked for than anybody watches; players wait, and ask again."""
        who = str(session_id)
        if seconds := self.megabytes.spend(who):
            raise TooFast(ceil(seconds))
        if not self.files.allows(who):
            raise TooFast(self.files.wait(who))

    async def asked(self, request: Request) -> dict[str, str]:
        """The fields of a form, or of the address. Raises LaunchRefused."""
        if not self.tries.allows(request.client.host if request.client else ""):
            raise LaunchRefused("Too many launches from one address.", Trouble.AGAIN)
        if request.method == "GET":
            return _without_nul(request.query_params.items())
        form = await self.form(request)
        return _without_nul((name, value) for name, value in form.items() if isinstance(value, str))

    async def form(self, request: Request, largest: int = LARGEST, files: int = 0, fields: int = 50) -> FormData:
        """A form of at most ``largest`` bytes. Raises LaunchRefused."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > largest:
            raise LaunchRefused("The form is too large, or does not say how large it is.", Trouble.MALFORMED)
        _, told = parse_options_header(request.headers.get("content-type"))
        if told.get(b"charset", b"utf-8").lower() != b"utf-8":  # Python knows some that are read in no good time
            raise LaunchRefused("The form is not in UTF-8.", Trouble.MALFORMED)
        try:
            return await request.form(max_files=files, max_fields=fields, max_part_size=largest)
        except HTTPException:
            raise LaunchRefused("The form cannot be read.", Trouble.MALFORMED) from None

    def refuse(self, request: Request, status: int, trouble: Trouble | None, way_on: str = "") -> Response:
        """A page that a person can act on; with a ``way_on`` the platform alone may frame it.

        Whoever asks from within a page that was launched gets a part of it.
        """
        accepted = preferred(request.headers.get("accept-language", ""))
        heading = REFUSED_HEADINGS.get(trouble, CANNOT_OPEN) if trouble else CANNOT_OPEN
        told = (ONE_MORE_STEP, IN_A_WINDOW) if way_on else (heading, REFUSED[trouble])
        values = {"heading": told[0], "text": told[1], "way_on": way_on}
        if "authorization" in request.headers:
            stays = STAYS if trouble in (Trouble.OVER, Trouble.UNREADABLE) else {}
            return HTMLResponse(self.rendered("lti/refusal.html", accepted, **values), status, {**HEADERS, **stays})
        return self.page("lti/refused.html", accepted, status, origin(way_on) if way_on else ANYBODY, **values)

    def page(self, template: str, locale: str, status: int, frame: str, posts_to: str = "", **values: Any) -> Response:
        """``frame`` is whose pages may frame it, ``posts_to`` where its forms go, if not here."""
        policy = POLICY.format(frame=frame, form=posts_to or "'self'")
        text = self.rendered(template, locale, **values)
        return HTMLResponse(text, status, {**HEADERS, "Content-Security-Policy": policy})

    def rendered(self, template: str, locale: str, **values: Any) -> str:
        """A template in the language of ``locale``. ``text_of`` gives a text by language as the reader wishes it, and
        ``name_in`` a name of the mapping."""
        session = values.get("session")
        speech = self.speech(locale, session.timezone if isinstance(session, LaunchSession) else "")

        def text_of(texts: Mapping[str, str] | None) -> str:
            return choose(texts or {}, [speech.language.tag, "en"])

        made = self.dressed.templates.get_template(template)
        return made.render(speech=speech, t=speech.t, tn=speech.tn, text_of=text_of, name_in=name_in, **values)

    def speech(self, locale: str, timezone: str = "") -> Speech:
        """``locale`` is a language tag, or Moodle's name of a language, such as zh_tw.

        Without a ``timezone`` it is that of the installation.
        """
        zone = ZoneInfo(timezone or self.connector.settings.service.timezone)
        return Speech(self.dressed.languages[preferred(locale.replace("_", "-"))], zone)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who was launched and comes back, by the token of the page."""

    launches: Launches
    session: LaunchSession
    request: Request

    @property
    def connector(self) -> Connector:
        return self.launches.connector

    @property
    def actor(self) -> Actor:
        return launched.actor_of(self.session)

    @property
    def maker(self) -> Maker:
        return launched.maker_of(self.session)

    @property
    def speech(self) -> Speech:
        return self.launches.speech(self.session.launch.locale, self.session.timezone)

    def content(self, kind: ContentKind) -> Content:
        """What was launched, as it is now. Raises LaunchRefused where it is of another kind, or gone."""
        return launched.of_kind(self.connector.contents, self.connector.platforms, self.session, kind)

    def part(self, template: str, status: int = 200, **values: Any) -> Response:
        """A part of the page that was launched."""
        text = self.launches.rendered(template, self.session.launch.locale, session=self.session, **values)
        return HTMLResponse(text, status, HEADERS)


def roster(connector: Connector, session: LaunchSession) -> Sequence[Member] | None:
    """Who is in the course, in a thread of a request, as the platform says; None where it does not."""
    launch = session.launch
    platform = connector.platforms.one(launch.platform_id)
    if platform is None or not launch.roster:
        return None
    try:
        members: Sequence[Member] = anyio.from_thread.run(connector.rosters.of, platform, launch.roster)
    except (TryAgain, AccessRefused) as error:
        log.warning("members not read", error=type(error).__name__)
        return None
    return members


def teachers_of(connector: Connector, session: LaunchSession, members: Sequence[Member]) -> set[str]:
    """Who teaches in the course, by its roster or by launches: those are known, too, where there is no roster."""
    launch = session.launch
    if launch.course is None:
        return teaching(members)
    known = connector.course_view.work.teachers(launch.platform_id, launch.course.id)
    return {*teaching(members), *known, *([launch.subject] * launch.teaches)}


def named(connector: Connector, session: LaunchSession) -> Content | None:
    """The content that was launched; None where there is none."""
    return launched.named(connector.contents, connector.platforms, session)


@dataclass(frozen=True, slots=True)
class Way:
    """A route, and who may come by it."""

    methods: tuple[str, ...]
    path: str
    may: ByLaunch | Open
    answer: Callable[[Launches, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Part:
    """A route of launched content, for the bearer of its token; ``teaches``: for those who teach alone.

    ``answer`` runs in a thread of its own, ``read`` reads what was sent before; ``far``: what it works with may lie
    elsewhere and answer slowly, so that nothing else waits for such a thread.
    """

    method: str
    path: str
    answer: Callable[..., Response]
    teaches: bool = False
    far: bool = False
    read: Callable[[Launches, Request], Awaitable[Any]] | None = None

    def way(self) -> Way:
        may = ByLaunch.TEACHER if self.teaches else ByLaunch.SESSION
        return Way((self.method,), self.path, may, self._answer)

    async def _answer(self, launches: Launches, request: Request) -> Response:
        session = await run_in_threadpool(launches.connector.launching.session, bearer(request))
        if session is None:
            raise LaunchRefused("session: it is over.", Trouble.OVER)
        launches.keep_pace(session)
        if self.teaches and not session.launch.teaches:
            raise LaunchRefused("Only who teaches may do this.", Trouble.NOT_ALLOWED)
        visit = Visit(launches, session, request)
        sent = () if self.read is None else (await self.read(launches, request),)
        return await to_thread.run_sync(partial(self.answer, visit, *sent), limiter=launches.far if self.far else None)


def bearer(request: Request) -> str:
    """The token of the page, which no address and no cookie has."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def add_ways(app: FastAPI, launches: Launches, ways: tuple[Way, ...]) -> None:
    for way in ways:
        app.add_api_route(way.path, _endpoint(way, launches), methods=list(way.methods))


def _endpoint(way: Way, launches: Launches) -> Callable[[Request], Awaitable[Response]]:
    """The route of a way; it carries who may come by it. What exactly was wrong is for the log, which tells launches
    from what pages ask for that were launched."""
    what = "launch" if way.may in (ByLaunch.PLATFORM, ByLaunch.INVITED) else "request"

    async def respond(request: Request) -> Response:
        try:
            return await way.answer(launches, request)
        except TooFast as error:
            log.warning("too fast", wait=error.seconds)
            answer = launches.refuse(request, STATUS[Trouble.TOO_FAST], Trouble.TOO_FAST)
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        except LaunchRefused as error:
            log.warning(f"{what} refused", why=str(error), trouble=error.code)
            return launches.refuse(request, STATUS[Trouble(error.code)], Trouble(error.code), error.way_on)
        except Unreadable as error:  # for ever, as far as a page knows: it asks no more
            log.error(f"{what} failed", why=str(error), error=type(error).__name__)
            return launches.refuse(request, STATUS[Trouble.UNREADABLE], Trouble.UNREADABLE)
        except ConnectorError as error:
            log.warning(f"{what} failed", why=str(error), error=type(error).__name__)
            return launches.refuse(request, 503, None)
        except Exception as error:  # its text may hold personal data: only its type and its place are told
            log.error("broken", error=type(error).__name__, where=raised_at(error))
            return launches.refuse(request, 500, None)

    respond.may = way.may  # type: ignore[attr-defined]
    return respond


def _without_nul(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """No database keeps NUL."""
    return {name: value.replace("\x00", "") for name, value in fields}
