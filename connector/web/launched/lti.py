"""Where platforms reach this tool: login, launch, and the keys by which they believe what it signs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse

from connector.bootstrap import Connector
from connector.bootstrap.launching import KEYS, LAUNCH, LOGIN, PICK, REGISTER
from connector.content.launched import actor_of
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Event, Verb
from connector.domain.lti import LOGIN as LOGIN_TIME
from connector.domain.lti import Message, Trouble, origin
from connector.lti.deep_linking import answer
from connector.lti.launching import Opened
from connector.lti.own_window import kept_by
from connector.web.dress import Dress
from connector.web.languages import preferred
from connector.web.launched.content import PARTS, picked, picking, place_picked, shown
from connector.web.launched.content import WAYS as OF_CONTENT
from connector.web.launched.fields import Fields
from connector.web.launched.launches import HEADERS, STATUS, ByLaunch, Launches, Way, add_ways, log
from connector.web.limits import Budget, RateLimit
from connector.web.page import Open

LAUNCHES_A_MINUTE = 3000
"""From one address: a whole company may stand behind one, and a class begins at once."""

LAUNCHED_WITH = frozenset(("id_token", "state", "error"))
"""What a launch brings, or a login that failed. Without any, nobody launches: Moodle looks here for a cartridge when a
tool or an activity is saved (``lti_load_cartridge`` in ``mod/lti/locallib.php``)."""


async def login(here: Launches, request: Request) -> Response:
    """A platform begins a login, by GET or POST: a plain redirect back to it."""
    asked = await here.asked(request)
    redirect = await run_in_threadpool(here.connector.launch_login.begin, asked)
    response = RedirectResponse(redirect.url, 302, HEADERS)
    response.headers.append("Set-Cookie", _cookie(redirect.cookie, redirect.value, LOGIN_TIME.total_seconds()))
    return response


async def launch(here: Launches, request: Request) -> Response:
    """What a platform posts, signed; answered with the page of what was launched. What stands in an address is none:
    whoever comes back to it reads how to go on."""
    if request.method == "GET":
        if not LAUNCHED_WITH & request.query_params.keys():
            log.info("no launch")
            return here.refuse(request, STATUS[Trouble.AGAIN], Trouble.AGAIN)
        raise LaunchRefused("It was not posted.", Trouble.AGAIN)
    posted = await here.asked(request)
    kept = kept_by(request.headers.get("sec-fetch-dest", ""))
    opened = await here.connector.launching.launch(posted, request.cookies, kept)
    log.info("launched", platform=opened.session.launch.platform_id, kept=kept.value)
    return await run_in_threadpool(_show, here, opened)


def _show(here: Launches, opened: Opened) -> Response:
    """The page of what was launched. Raises LaunchRefused."""
    launched = opened.session.launch
    if launched.message is Message.DEEP_LINKING:
        if not launched.teaches:
            raise LaunchRefused("Only who teaches picks content.", Trouble.NOT_ALLOWED)
        values = picking(here.connector, opened.session, opened.token)
        shared: dict[str, Any] = {"opened": opened, "session": opened.session}
        return here.page("lti/pick.html", launched.locale, 200, opened.frame, **shared, **values)
    page = shown(here.connector, opened.session)
    here.connector.learning_events.tell(Event(actor_of(opened.session), Verb.LAUNCHED))
    values = {"opened": opened, "session": opened.session, **page.values}
    return here.page(page.template, launched.locale, 200, opened.frame, **values)


async def pick(here: Launches, request: Request) -> Response:
    """An instructor has picked content; the browser takes the answer to the platform."""
    return await run_in_threadpool(_picked, here, await here.form(request, fields=1000))


def _picked(here: Launches, form: FormData) -> Response:
    connector = here.connector
    chosen = [one for one in form.getlist("content") if isinstance(one, str)]
    session = connector.launching.session(str(form.get("session", "")))
    if session is None or not session.launch.teaches:
        raise LaunchRefused("session: it is over, or may not pick.", Trouble.AGAIN)
    here.keep_pace(session)
    launched = session.launch
    platform = connector.platforms.one(launched.platform_id)
    if platform is None or launched.linking is None:
        raise LaunchRefused("content: nothing was to be picked.", Trouble.MALFORMED)
    if origin(launched.linking.return_url) != platform.origin:
        raise LaunchRefused("deep_link_return_url: it is not at the platform.", Trouble.UNTRUSTED)
    speech = here.speech(launched.locale)
    fields = Fields(form)
    items = [picked(connector, session, one, fields, speech) for one in chosen]
    if fields.wrong or not chosen:
        opened = Opened(session, platform.origin, str(form.get("session")))
        values = picking(connector, session, opened.token, fields, chosen)
        shared: dict[str, Any] = {"opened": opened, "session": session}
        return here.page("lti/pick.html", launched.locale, 200, opened.frame, **shared, **values)
    key, tool = connector.tool_keys.signing(), connector.settings.lti.url + LAUNCH
    token = answer(items, launched, platform, key, tool, connector.clock())
    place_picked(connector, session, chosen)
    there = platform.origin
    values = {"to": launched.linking.return_url, "jwt": token}
    return here.page("lti/picked.html", launched.locale, 200, there, posts_to=there, **values)


async def register(here: Launches, request: Request) -> Response:
    """Moodle has opened the link that an administrator made, with where it tells of itself."""
    asked = await here.asked(request)
    names = (asked.get(name, "") for name in ("openid_configuration", "registration_token"))
    platform = await here.connector.registering.register(request.path_params["invitation"], *names)
    accepted = preferred(request.headers.get("accept-language", ""))
    return here.page("lti/registered.html", accepted, 200, platform.origin, platform=platform)


async def keys(here: Launches, _request: Request) -> Response:
    """The public keys of this tool."""
    published = await run_in_threadpool(here.connector.tool_keys.published)
    return JSONResponse(published, headers={"Cache-Control": "max-age=600", "Access-Control-Allow-Origin": "*"})


WAYS = (
    Way(("GET", "POST"), LOGIN, ByLaunch.PLATFORM, login),
    Way(("GET", "POST"), LAUNCH, ByLaunch.PLATFORM, launch),
    Way(("POST",), PICK, ByLaunch.SESSION, pick),
    Way(("GET",), REGISTER + "/{invitation}", ByLaunch.INVITED, register),
    Way(("GET",), KEYS, Open.TO_ALL, keys),
)


def add_lti(app: FastAPI, connector: Connector, dressed: Dress) -> None:
    """Let platforms launch, and whoever was launched work. Raises SettingsError without a secret for the keys."""
    _ = connector.tool_keys, connector.launching, connector.launch_login  # once, and not in several threads
    launches = Launches(
        connector,
        dressed,
        RateLimit(LAUNCHES_A_MINUTE, 60),
        RateLimit(connector.settings.content.requests_a_minute, 60),
        RateLimit(connector.settings.video.requests_a_minute, 60),
        Budget(connector.settings.video.mb_a_minute, 60),
    )
    add_ways(app, launches, (*WAYS, *OF_CONTENT, *(part.way() for part in PARTS)))


def _cookie(name: str, value: str, seconds: float) -> str:
    """Written by hand: Python's own refuses Partitioned before 3.14. It lives in the frame of this platform only."""
    return f"{name}={value}; Max-Age={seconds:.0f}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
