"""Services of platforms: access tokens, scores, results and members (LTI AGS 2.0, NRPS 2.0)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

import jwt
import orjson

from adapters.lti.guarded import Answer as Http
from adapters.lti.guarded import PlatformHttp, json_of
from connector.domain.errors import AccessRefused, SettingsError, TryAgain, Unavailable
from connector.domain.lti import Platform, Scope, ToolKey
from connector.domain.lti_scores import Answer, Score

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
WHAT = "The platform's access token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel\s*=\s*["“]?next["”]?', re.IGNORECASE)
"""Moodle writes curly quotes in some services; the address is taken as it is written."""
ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
"""Why a token is refused (RFC 6749, section 5.2)."""
EARLY = timedelta(seconds=60)
"""So long before its end an access token is not used any more."""
PAGES = 1000
"""Pages of members at most."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    good_until: datetime


class PlatformServices:
    """``key`` gives the key that signs. Access tokens are kept by platform, client and scope."""

    def __init__(self, http: PlatformHttp, key: Callable[[], ToolKey], clock: Callable[[], datetime]) -> None:
        self._http = http
        self._key = key
        self._clock = clock
        self._tokens: dict[tuple[str, str, str], _Token] = {}

    # ------------------------------------------------------------ the port Gradebook
    async def send(self, platform: Platform, score: Score) -> tuple[Answer, str]:
        """See the port. What is FullyGraded counts; anything else takes the grade away in Moodle."""
        wanted = score.scored
        told: dict[str, Any] = {
            "userId": wanted.subject,
            "timestamp": score.stamp.isoformat(),
            "activityProgress": wanted.progress.value,
            "gradingProgress": "NotReady" if wanted.value is None else "FullyGraded",
        }
        if wanted.value is not None:
            told |= {"scoreGiven": wanted.value, "scoreMaximum": wanted.most}
        if wanted.comment:
            told["comment"] = wanted.comment
        headers = {"Content-Type": SCORE_TYPE}
        try:
            await self._token(platform, Scope.SCORE)
        except (TryAgain, AccessRefused, SettingsError) as error:
            return Answer.NOT_NOW, str(error)  # that says nothing of this score
        try:
            url = below(wanted.line_item, "scores")
            http = await self._call(platform, Scope.SCORE, "POST", url, headers, orjson.dumps(told))
        except TryAgain as error:
            return Answer.NOT_NOW, str(error)
        except (AccessRefused, SettingsError) as error:
            return Answer.REFUSED, str(error)
        return _answer(http.status), f"the platform answered {http.status}"

    async def result(self, platform: Platform, line_item: str, subject: str) -> float | None:
        """See the port."""
        url = below(line_item, "results", user_id=subject)
        http = await self._call(platform, Scope.RESULT, "GET", url, {"Accept": RESULTS_TYPE})
        for one in json_of(http, "The platform's results"):
            if str(one.get("userId")) == subject and one.get("resultScore") is not None:
                return float(one["resultScore"]) / float(one.get("resultMaximum") or 1)
        return None

    # ------------------------------------------------------------ members
    async def members(self, platform: Platform, url: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Who is in a course, page by page. Raises TryAgain and AccessRefused."""
        for _ in range(PAGES):
            http = await self._call(platform, Scope.ROSTER, "GET", url, {"Accept": MEMBERS_TYPE})
            yield json_of(http, "The platform's members")["members"]
            following = next_page(http.headers)
            if not following:
                return
            url = following

    # ------------------------------------------------------------ access
    async def refusal(self, platform: Platform, scope: Scope) -> str:
        """Ask for a new access token; gives "" where there is one, else the error of RFC 6749, or what was answered.

        Raises Unavailable, SettingsError and AccessRefused where nothing can be asked.
        """
        http = await self._asked(platform, scope, self._clock())
        if 400 <= http.status < 500 and http.status not in (408, 429):
            return _error(http)
        _token_of(http)
        return ""

    async def is_token_taken(self, platform: Platform) -> bool:
        """Ask a Moodle for members of a course that is not there, with a token: it answers 404, or 401 where no token
        arrives. (Of the tool 0 it compares none: ``get_oauth_key_from_headers``.)"""
        url = f"{platform.moodle}/mod/lti/services.php/CourseSection/0/bindings/0/memberships"
        http = await self._call(platform, Scope.ROSTER, "GET", url, {"Accept": MEMBERS_TYPE})
        if http.status >= 500 or http.status in (408, 429):
            raise Unavailable(f"The platform's service: answered {http.status}.")
        return http.status != 401

    async def _call(
        self, platform: Platform, scope: str, method: str, url: str, headers: Mapping[str, str], content: bytes = b""
    ) -> Http:
        """Call a service of the platform, with a fresh token where the known one is refused."""
        if split(url).netloc != split(platform.token_url).netloc:
            raise AccessRefused("A service of the platform is at another host than the platform.")
        for last in (False, True):
            token = await self._token(platform, scope)
            sent = {**headers, "Authorization": f"Bearer {token}"}
            http = await self._http.ask(method, url, "The platform's service", headers=sent, content=content)
            if http.status != 401 or last:
                return http
            self._tokens.pop((platform.issuer, platform.client_id, scope), None)
        raise AssertionError("the second answer is given as it is")

    async def _token(self, platform: Platform, scope: str) -> str:
        key, now = (platform.issuer, platform.client_id, scope), self._clock()
        known = self._tokens.get(key)
        if known is None or known.good_until <= now:
            known = self._tokens[key] = await self._new_token(platform, scope, now)
        return known.value

    async def _new_token(self, platform: Platform, scope: str, now: datetime) -> _Token:
        token, lasts = _token_of(await self._asked(platform, scope, now))
        return _Token(token, now + lasts - EARLY)

    async def _asked(self, platform: Platform, scope: str, now: datetime) -> Http:
        """Client credentials with a signed assertion (Security Framework 1.0, section 4.1)."""
        key, issued = self._key(), int(now.timestamp())
        claims = {
            "iss": platform.client_id,
            "sub": platform.client_id,
            "aud": platform.token_url,
            "iat": issued - 5,
            "exp": issued + 60,
            "jti": token_urlsafe(24),
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": jwt.encode(claims, key.private, "RS256", {"kid": key.kid}),
            "scope": scope,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._http.ask(
            "POST", platform.token_url, WHAT, headers=headers, content=urlencode(form).encode()
        )


def split(url: str) -> SplitResult:
    """The parts of an address that a platform has told. Raises AccessRefused where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        raise AccessRefused("What the platform calls the address of a service is none.") from None


def _token_of(http: Http) -> tuple[str, timedelta]:
    """The access token of an answer, and how long it is good."""
    told = json_of(http, WHAT)
    token = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token:
        raise Unavailable(f"{WHAT}: there is none in the answer.")
    seconds = told.get("expires_in")
    return token, timedelta(seconds=seconds if isinstance(seconds, int) else 3600)


def _error(http: Http) -> str:
    """Why a token was refused: a word of the standard, or the status; nothing else is quoted."""
    try:
        told = orjson.loads(http.body)
    except ValueError:
        told = None
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, str) and error in ERRORS else f"answered {http.status}"


def _answer(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer.TAKEN
    if status == 409:
        return Answer.NOT_LATER
    if status == 400:  # Moodle's word for who has no graded role in the course
        return Answer.NOT_ENROLLED
    return Answer.NOT_NOW if status >= 500 or status in (408, 429) else Answer.REFUSED


def below(line_item: str, part: str, **query: str) -> str:
    """An address below a line item, whose query stays (LTI AGS 2.0, section 3.2.2). Raises AccessRefused."""
    parts = split(line_item)
    asked = "&".join(one for one in (parts.query, urlencode(query)) if one)
    return urlunsplit((parts.scheme, parts.netloc, f"{parts.path}/{part}", asked, ""))


def next_page(headers: Mapping[str, str]) -> str:
    """The address of the next page by the header Link (RFC 8288), "" at the end."""
    told = next((value for name, value in headers.items() if name.lower() == "link"), "")
    found = NEXT.search(told.encode("latin-1", "ignore").decode("utf-8", "ignore") or told)
    return found[1] if found else ""
