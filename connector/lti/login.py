"""A login that a platform begins: we answer by a redirect to it, and remember what we asked for.

Source: Security Framework 1.0 section 5.1.1. Moodle wants a plain redirect, since its session cookie is SameSite=Lax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Digests, LoginStore, Platform, Platforms, Trouble, origin

LONGEST = 2000
"""Characters of what a platform sends along; Moodle's hint has some sixty."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the browser goes, and the cookie that it keeps meanwhile."""

    url: str
    cookie: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """``tool`` is our public address, ``launch_url`` where the platform posts to; ``token`` makes random ones."""

    platforms: Platforms
    logins: LoginStore
    tool: str
    launch_url: str
    token: Callable[[], str]
    clock: Callable[[], datetime]

    def begin(self, asked: Mapping[str, str]) -> Redirect:
        """Begin one, as a platform has ``asked`` by GET or POST. Raises LaunchRefused."""
        hint, message = asked.get("login_hint", ""), asked.get("lti_message_hint", "")
        target = asked.get("target_link_uri", "")
        if not hint or max(map(len, (hint, message, target))) > LONGEST:
            raise LaunchRefused("login_hint: missing, or something is too long.", Trouble.MALFORMED)
        if origin(target) != self.tool:
            raise LaunchRefused("target_link_uri: it is missing, or leads to another tool.", Trouble.MALFORMED)
        platform = self._platform(asked)
        state, nonce, value = self.token(), self.token(), self.token()
        kept = Digests(digest(state), digest(nonce), digest(value))
        self.logins.begin(platform.platform_id, kept, target, message, self.clock())
        return Redirect(self._authorization(platform, state, nonce, hint, message), cookie_name(state), value)

    def _platform(self, asked: Mapping[str, str]) -> Platform:
        issuer, client, deployment = (asked.get(name, "") for name in ("iss", "client_id", "lti_deployment_id"))
        found = [one for one in self.platforms.of(issuer) if client in ("", one.client_id)]
        if len(found) > 1 and deployment:  # clients of one issuer that are told apart by this alone
            found = [one for one in found if deployment in one.deployments]
        if len(found) != 1:
            raise LaunchRefused("iss, client_id: no platform, or not one alone, is registered so.", Trouble.UNTRUSTED)
        return found[0]

    def _authorization(self, platform: Platform, state: str, nonce: str, hint: str, message: str) -> str:
        params = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": platform.client_id,
            "redirect_uri": self.launch_url,
            "state": state,
            "nonce": nonce,
            "login_hint": hint,
        }
        if message:
            params["lti_message_hint"] = message
        joint = "&" if "?" in platform.authorization_url else "?"
        return f"{platform.authorization_url}{joint}{urlencode(params)}"


def digest(token: str) -> bytes:
    """By which a token is known here."""
    return sha256(token.encode()).digest()


def cookie_name(state: str) -> str:
    """One for each login: several frames of one page begin at the same time. ``__Host-``: see RFC 6265bis."""
    return f"__Host-lti-{digest(state).hex()[:16]}"
