"""The services of the platform that a tool calls: access tokens, line items, scores, results, members.

As ``mod/lti/token.php`` and ``mod/lti/service`` of Moodle 4.5 and 5.1, with what is odd there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import jwt
import orjson
from jwcrypto.jwk import JWK
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.moodle.twin.state import STUDENT, TwinState, TwinUser
from adapters.moodle.twin.tools import messages
from adapters.moodle.twin.tools.keys import FetchKeys
from adapters.moodle.twin.tools.state import ROSTER_SCOPE, SCOPE, SCOPES, TOKEN_SECONDS, ExternalTool, LineItem, Scored

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
BASE = "/mod/lti/services.php"


class _Refused(Exception):
    """Moodle answers with a status and nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ToolServices:
    def __init__(self, state: TwinState, fetch_keys: FetchKeys) -> None:
        self._state = state
        self._fetch_keys = fetch_keys

    def routes(self) -> list[Route]:
        item = BASE + "/{course:int}/lineitems/{item:int}"
        return [
            Route("/mod/lti/token.php", self.token, methods=["POST"]),
            Route(BASE + "/{course:int}/lineitems", self._answer(self._items), methods=["GET", "POST"]),
            Route(item + "/lineitem", self._answer(self._item), methods=["GET", "PUT", "DELETE"]),
            Route(item + "/lineitem/scores", self._answer(self._score), methods=["POST"]),
            Route(item + "/lineitem/results", self._answer(self._results), methods=["GET"]),
            Route(
                BASE + "/CourseSection/{course:int}/bindings/{tool:int}/memberships",
                self._answer(self._members),
                methods=["GET"],
            ),
        ]

    async def token(self, request: Request) -> Response:
        """Client credentials with a signed assertion (RFC 7523), checked against the tool's published keys."""
        with self._state.lock:
            if self._state.tools.down:
                return Response(status_code=503)
        form = await request.form()
        assertion, scope = str(form.get("client_assertion", "")), str(form.get("scope", ""))
        try:
            client = str(jwt.decode(assertion, options={"verify_signature": False})["sub"])
            with self._state.lock:
                tool = self._state.tools.by_client(client)
            if tool is None:
                return JSONResponse({"error": "invalid_client"}, 400)
            keys = {key["kid"]: key for key in (await self._fetch_keys(tool.keys_url))["keys"]}
            pem = JWK(**keys[jwt.get_unverified_header(assertion)["kid"]]).export_to_pem()
            jwt.decode(assertion, pem, ["RS256"], options={"verify_aud": False})
        except (jwt.InvalidTokenError, KeyError, ValueError):
            return JSONResponse({"error": "invalid_request"}, 400)
        scopes = frozenset(scope.split()) & {*SCOPES, ROSTER_SCOPE}
        if not scopes:
            return JSONResponse({"error": "invalid_scope"}, 400)
        with self._state.lock:
            token = self._state.tools.grant(tool, scopes)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": " ".join(scopes)}
        return JSONResponse(body)

    def _answer(self, act: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            with self._state.lock:
                if self._state.tools.down:
                    return Response(status_code=503)
                try:
                    return act(request, body)
                except _Refused as refused:
                    return Response(status_code=refused.status)

        return endpoint

    def _tool(self, request: Request, *scopes: str) -> ExternalTool:
        told = "" if self._state.tools.loses_header else request.headers.get("authorization", "")
        token = told.removeprefix("Bearer ")
        found = (self._state.tools.granted(token, scope) for scope in scopes)
        tool = next((one for one in found if one), None)
        if tool is None:
            raise _Refused(401)
        if request.path_params["course"] not in self._state.courses:
            raise _Refused(404)
        return tool

    # ------------------------------------------------------------ line items
    def _items(self, request: Request, body: bytes) -> Response:
        course = request.path_params["course"]
        if request.method == "POST":
            tool = self._tool(request, f"{SCOPE}lineitem")
            told = _json(body)
            if "label" not in told or not _is_number(told.get("scoreMaximum")):
                raise _Refused(400)
            item = LineItem(
                self._state.tools.next_id(), course, tool.id, told["label"], float(told["scoreMaximum"]),
                str(told.get("resourceId") or ""), str(told.get("tag") or ""), int(told.get("resourceLinkId") or 0),
            )  # fmt: skip
            self._state.tools.items[item.id] = item
            url = messages.line_item_url(self._state, tool, course, item.id)
            return Response(orjson.dumps({**told, "id": url}), 201, media_type=ITEM)
        tool = self._tool(request, f"{SCOPE}lineitem", f"{SCOPE}lineitem.readonly")
        asked = request.query_params
        found = [
            one
            for one in self._state.tools.items.values()
            if (one.course_id, one.tool_id) == (course, tool.id)
            and asked.get("resource_id", one.resource_id) == one.resource_id
            and asked.get("tag", one.tag) == one.tag
            and int(asked.get("resource_link_id", one.link_id)) == one.link_id
        ]
        page, links = _paged(
            f"{self._state.url}{request.url.path}", dict(asked), [self._told(tool, one) for one in found]
        )
        return Response(orjson.dumps(page), media_type=ITEMS, headers=links)

    def _item(self, request: Request, body: bytes) -> Response:
        read = [f"{SCOPE}lineitem.readonly"] if request.method == "GET" else []
        tool = self._tool(request, f"{SCOPE}lineitem", *read)
        item = self._known(request, tool)
        if request.method == "DELETE":
            del self._state.tools.items[item.id]
            return Response(status_code=204)
        if request.method == "PUT":
            told = _json(body)
            if "label" not in told or not _is_number(told.get("scoreMaximum")):
                raise _Refused(400)
            item.label, item.most = told["label"], float(told["scoreMaximum"])
        return Response(orjson.dumps(self._told(tool, item)), media_type=ITEM)

    def _told(self, tool: ExternalTool, item: LineItem) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": messages.line_item_url(self._state, tool, item.course_id, item.id),
            "label": item.label,
            "scoreMaximum": item.most,
            "resourceId": item.resource_id,
            "tag": item.tag,
        }
        if item.link_id:
            told |= {"resourceLinkId": str(item.link_id), "ltiLinkId": str(item.link_id)}
        return told

    def _known(self, request: Request, tool: ExternalTool) -> LineItem:
        item = self._state.tools.items.get(request.path_params["item"])
        if item is None or (item.course_id, item.tool_id) != (request.path_params["course"], tool.id):
            raise _Refused(404)
        return item

    # ------------------------------------------------------------ scores
    def _score(self, request: Request, body: bytes) -> Response:
        """409 for a time that is not later than the grade's; what is not FullyGraded takes the grade away."""
        item = self._known(request, self._tool(request, f"{SCOPE}score"))
        if request.headers.get("content-type", "").split(";")[0] != SCORE:
            raise _Refused(400)
        told = _json(body)
        needed = ("userId", "timestamp", "gradingProgress", "activityProgress")
        if any(told.get(name) is None for name in needed) or not TIME.fullmatch(str(told["timestamp"])):
            raise _Refused(400)
        given, most = told.get("scoreGiven"), told.get("scoreMaximum")
        if given is not None and not (_is_number(given) and _is_number(most)):
            raise _Refused(400)
        user = int(told["userId"])
        if not self._gradable(user, item.course_id):
            raise _Refused(400)
        at = int(datetime.fromisoformat(str(told["timestamp"])).timestamp())
        known = self._state.tools.scores.get((item.id, user))
        if known and known.at >= at:
            raise _Refused(409)
        value = None
        if given is not None and told["gradingProgress"] == "FullyGraded":
            value = float(given) * item.most / float(most or 1)
        self._state.tools.scores[item.id, user] = Scored(value, at, str(told.get("comment") or ""))
        self._state.tools.received.append((item.id, user, value))
        if self._state.tools.loses_answers:
            self._state.tools.loses_answers -= 1
            raise _Refused(502)
        return Response(b"[]", media_type=SCORE)

    def _gradable(self, user: int, course: int) -> bool:
        """Whoever has a graded role there: a student."""
        return user in self._state.users and STUDENT in self._state.course_roles(user, course)

    def _results(self, request: Request, _body: bytes) -> Response:
        """A score of 0 is told, as Moodle 4.5.5 and 5.1 do; where there is none, nothing."""
        tool = self._tool(request, f"{SCOPE}result.readonly")
        item = self._known(request, tool)
        wanted = int(request.query_params.get("user_id", 0))
        url = messages.line_item_url(self._state, tool, item.course_id, item.id)
        rows = []
        for (key, user), scored in self._state.tools.scores.items():
            if key != item.id or (wanted and user != wanted):
                continue
            told: dict[str, Any] = {"id": f"{url}/results?type_id={tool.id}&user_id={user}", "userId": str(user)}
            if scored.value is not None:
                told |= {"resultScore": scored.value, "resultMaximum": item.most, "scoreOf": url}
                told["timestamp"] = datetime.fromtimestamp(scored.at).astimezone().isoformat()
                if scored.comment:
                    told["comment"] = scored.comment
            rows.append(told)
        page, links = _paged(f"{self._state.url}{request.url.path}", dict(request.query_params), rows)
        return Response(orjson.dumps(page), media_type=RESULTS, headers=links)

    # ------------------------------------------------------------ members
    def _members(self, request: Request, _body: bytes) -> Response:
        """Everybody who is enrolled, in pages; the next one is told by a header with straight quotes here."""
        self._tool(request, ROSTER_SCOPE)
        course = self._state.courses[request.path_params["course"]]
        asked = request.query_params
        role = asked.get("role", "")
        members = []
        for user_id in sorted(course.enrolled()):
            user = self._state.users[user_id]
            roles = messages.roles(self._state, user, course, messages.EDITORS)
            if not role or any(one.endswith(role.rpartition("#")[2]) for one in roles):
                members.append(_member(user, roles))
        begin, limit = int(asked.get("from", 0)), int(asked.get("limit", 0)) or self._state.tools.page
        url = f"{self._state.url}{request.url.path}"
        context = {"id": str(course.id), "label": course.shortname, "title": course.fullname}
        body = {"id": url, "context": context, "members": members[begin : begin + limit]}
        headers = {}
        if begin + limit < len(members):
            query = {**dict(asked), "limit": str(limit), "from": str(begin + limit)}
            headers["Link"] = f'<{url}?{urlencode(query)}>; rel="next"'
        return Response(orjson.dumps(body), media_type=MEMBERS, headers=headers)


def _member(user: TwinUser, roles: list[str]) -> dict[str, Any]:
    return {
        "status": "Active",
        "roles": [role.rpartition("#")[2] for role in roles],
        "user_id": str(user.id),
        "lis_person_sourcedid": user.fields.get("idnumber", ""),
        "name": f"{user.fields['firstname']} {user.fields['lastname']}",
        "given_name": user.fields["firstname"],
        "family_name": user.fields["lastname"],
        "email": user.fields["email"],
    }


def _paged(url: str, asked: dict[str, str], rows: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """A page of line items or results where a limit is asked for; Moodle writes the relation in curly quotes."""
    limit, begin = int(asked.get("limit", 0)), int(asked.get("from", 0))
    if not limit:
        return rows, {}
    links = [f"<{url}?{urlencode({**asked, 'from': '0'})}>; rel=“first”"]
    if begin + limit < len(rows):
        links.append(f"<{url}?{urlencode({**asked, 'from': str(begin + limit)})}>; rel=“next”")
    return rows[begin : begin + limit], {"Link": ", ".join(links).encode().decode("latin-1")}


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except ValueError:
        raise _Refused(400) from None
    if not isinstance(told, dict) or not told:
        raise _Refused(400)
    return told


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
