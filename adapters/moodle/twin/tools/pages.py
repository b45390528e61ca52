"""What a browser sees of the platform: signing in, an activity that frames its tool, and what passes between."""

from __future__ import annotations

import json
import secrets
from email.utils import formatdate
from html import escape
from typing import Any

import jwt
from jwcrypto.jwk import JWK
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.moodle.twin.state import TwinState, TwinUser
from adapters.moodle.twin.tools import messages
from adapters.moodle.twin.tools.keys import FetchKeys
from adapters.moodle.twin.tools.life import ToolLife
from adapters.moodle.twin.tools.state import ExternalTool
from connector.domain.lti import origin

COOKIE = "MoodleSession"
REVIEW = "LtiSubmissionReviewRequest"
PICK = "ContentItemSelectionRequest"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0"><title>{title}</title></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""


class ToolPages:
    """Routes of ``mod/lti`` that a person walks through; ``fetch_keys`` asks a tool for its public keys."""

    def __init__(self, state: TwinState, life: ToolLife, fetch_keys: FetchKeys) -> None:
        self._state = state
        self._life = life
        self._fetch_keys = fetch_keys

    def routes(self) -> list[Route]:
        return [
            Route("/login/index.php", self.sign_in, methods=["GET", "POST"]),
            Route("/mod/lti/view.php", self.view, methods=["GET"]),
            Route("/mod/lti/launch.php", self.launch, methods=["GET"]),
            Route("/mod/lti/contentitem.php", self.pick, methods=["GET"]),
            Route("/mod/lti/auth.php", self.authorize, methods=["GET", "POST"]),
            Route("/mod/lti/contentitem_return.php", self.picked, methods=["POST"]),
            Route("/mod/lti/certs.php", self.certificates, methods=["GET"]),
        ]

    async def sign_in(self, request: Request) -> Response:
        """Whoever names a username is in: a twin has no passwords."""
        if request.method == "GET":
            form = '<form method="post"><label>Username <input name="username"></label><button>Log in</button></form>'
            return _page("Log in", form)
        name = str((await request.form()).get("username", ""))
        with self._state.lock:
            user = self._state.by_username.get(name)
            if user is None:
                return _page("Invalid login, please try again", "", 401)
            session = secrets.token_hex(16)
            self._state.tools.sessions[session] = user
        response = RedirectResponse("/", 303)
        response.headers["Set-Cookie"] = f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"
        return response

    async def view(self, request: Request) -> Response:
        with self._state.lock:
            link = self._state.tools.links[int(request.query_params["id"])]
            tool = origin(link.tool.tool_url)
        allow = "; ".join(f"{what} {tool}" for what in ("microphone", "camera", "autoplay"))
        source = f"/mod/lti/launch.php?id={link.cmid}&triggerview=0"
        frame = (
            f'<iframe id="contentframe" title="{escape(link.name)}" height="600px" width="100%" '
            f'src="{escape(source)}" allow="{allow}" allowfullscreen="1"></iframe>'
        )
        return _page(escape(link.name), frame)

    async def launch(self, request: Request) -> Response:
        """The form that sends the browser to the tool's login, as ``lti_initiate_login`` makes it."""
        user = self._user(request)
        if user is None:
            return RedirectResponse("/login/index.php", 303)
        with self._state.lock:
            link = self._state.tools.links[int(request.query_params["id"])]
            for_user = int(request.query_params.get("user", 0))
            message = REVIEW if for_user else "basic-lti-launch-request"
            hint = self._hint(user, link.tool, link.cmid, message, for_user, {"cmid": link.cmid})
            return self._login(user, link.tool, link.url or link.tool.tool_url, hint)

    async def pick(self, request: Request) -> Response:
        """An instructor picks content."""
        user = self._user(request)
        if user is None:
            return RedirectResponse("/login/index.php", 303)
        with self._state.lock:
            tool = self._state.tools.tools[int(request.query_params["id"])]
            course = int(request.query_params["course"])
            hint = self._hint(user, tool, course, PICK, 0, {})
            return self._login(user, tool, tool.selection_url or tool.tool_url, hint)

    def _hint(
        self, user: TwinUser, tool: ExternalTool, where: int, message: str, for_user: int, told: dict[str, Any]
    ) -> str:
        launch = f"ltilaunch{where}_{secrets.randbelow(2**31)}"
        self._state.tools.hints[launch] = (user.id, tool.id, where, message, for_user)
        return json.dumps({**told, "launchid": launch})

    def _login(self, user: TwinUser, tool: ExternalTool, target: str, hint: str) -> Response:
        params = {
            "iss": self._state.url,
            "target_link_uri": target,
            "login_hint": str(user.id),
            "lti_message_hint": hint,
            "client_id": tool.client_id,
            "lti_deployment_id": str(tool.id),
        }
        return _posts_itself(tool.login_url, params)

    async def authorize(self, request: Request) -> Response:
        """Answers a tool that has asked who it is, by a form that posts itself; as ``auth.php``."""
        user = self._user(request)
        asked = dict(request.query_params)
        if user is None:  # a cookie that is Lax is lost when another site posts: Moodle asks the browser to come again
            return _page("Redirecting", "")
        with self._state.lock:
            tool = self._state.tools.by_client(asked.get("client_id", ""))
            if tool is None or asked.get("redirect_uri") not in tool.redirect_uris:
                return _page("Invalid request", "", 404)
            sent: dict[str, str] = {}
            if error := self._wrong(asked, user):
                sent["error"] = error
            else:
                launch = json.loads(asked["lti_message_hint"])["launchid"]
                sent["id_token"] = self._token(user, tool, self._state.tools.hints.pop(launch), asked["nonce"])
            return _posts_itself(asked["redirect_uri"], {**sent, "state": asked.get("state", "")})

    def _wrong(self, asked: dict[str, str], user: TwinUser) -> str:
        """Moodle's word for what is wrong with a request, "" where nothing is."""
        try:
            launch = self._state.tools.hints[json.loads(asked.get("lti_message_hint", ""))["launchid"]]
        except (ValueError, KeyError, TypeError):
            return "invalid_request"
        if asked.get("scope") != "openid":
            return "invalid_scope"
        if asked.get("response_type") != "id_token":
            return "unsupported_response_type"
        if asked.get("login_hint") != str(user.id) or launch[0] != user.id:
            return "access_denied"
        if asked.get("response_mode") != "form_post" or not asked.get("nonce"):
            return "invalid_request"
        return "" if asked.get("prompt", "none") == "none" else "invalid_request"

    def _token(self, user: TwinUser, tool: ExternalTool, hint: tuple[int, int, int, str, int], nonce: str) -> str:
        _, _, where, message, for_user = hint
        state = self._state
        if message == PICK:
            claims = messages.deep_linking(state, user, tool, state.courses[where], nonce)
        else:
            claims = messages.launch(state, user, state.tools.links[where], nonce, for_user)
        return messages.signed(claims, state.tools.key)

    async def picked(self, request: Request) -> Response:
        """What an instructor has picked becomes activities, as ``contentitem_return.php`` and the page after it do.

        A post from another site has no cookie of the session: the page posts it once more, from its own."""
        posted = {name: str(value) for name, value in (await request.form()).items()}
        if self._user(request) is None:
            again = _posts_itself(str(request.url), {**posted, "repost": "1"})
            return _page("Redirecting", "") if "repost" in posted else again
        token = posted.get("JWT", "")
        with self._state.lock:
            tool = self._state.tools.tools[int(request.query_params["id"])]
            course = int(request.query_params["course"])
        keys = {key["kid"]: key for key in (await self._fetch_keys(tool.keys_url))["keys"]}
        pem = JWK(**keys[jwt.get_unverified_header(token)["kid"]]).export_to_pem()
        claims = jwt.decode(token, pem, ["RS256"], audience=self._state.url, issuer=tool.client_id)
        with self._state.lock:
            items = claims["https://purl.imsglobal.org/spec/lti-dl/claim/content_items"]
            made = [self._life.add_picked(course, tool, item) for item in items]
        names = "".join(f'<li><a href="/mod/lti/view.php?id={one.cmid}">{escape(one.name)}</a></li>' for one in made)
        return _page("Content was added", f"<ul>{names}</ul>")

    async def certificates(self, _request: Request) -> Response:
        """The public keys by which what is signed here is verified."""
        with self._state.lock:
            self._state.calls["certs.php"] += 1
            if self._state.tools.down:
                return Response(status_code=503)
            keys = [key.public() for key in self._state.tools.keys]
        return JSONResponse({"keys": keys}, headers={"Date": formatdate(usegmt=True)})

    def _user(self, request: Request) -> TwinUser | None:
        with self._state.lock:
            found = self._state.tools.sessions.get(request.cookies.get(COOKIE, ""))
            return self._state.users.get(found) if found else None


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(title=title, body=body), status)


def _posts_itself(address: str, fields: dict[str, str]) -> Response:
    inputs = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}"/>' for k, v in fields.items())
    form = f'<form action="{escape(address)}" id="f" method="post">{inputs}</form>'
    return HTMLResponse(f"{form}<script>document.getElementById('f').submit();</script>")
