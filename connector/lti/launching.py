"""A launch comes back from a platform: who, where and what for, or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from anyio import to_thread

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Begun, Kept, Launch, LaunchSession, LoginStore, PlatformKeys, Trouble
from connector.lti import claims, library
from connector.lti.binding import Binding
from connector.lti.login import cookie_name, digest
from connector.lti.own_window import own_window


@dataclass(frozen=True, slots=True)
class Opened:
    """What a launch has opened; ``token`` is shown to the page that is launched, and to nobody else."""

    session: LaunchSession
    frame: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Launching:
    logins: LoginStore
    keys: PlatformKeys
    binding: Binding
    tool: str
    token: Callable[[], str]
    clock: Callable[[], datetime]

    async def launch(self, posted: Mapping[str, str], cookies: Mapping[str, str], kept: Kept) -> Opened:
        """Verify what a platform has ``posted`` and open a session; ``kept`` is where the browser kept the cookies.

        Raises LaunchRefused, or Unavailable where the platform's keys cannot be had.
        """
        if posted.get("error"):
            raise LaunchRefused("The platform has refused the login.", Trouble.AGAIN)
        begun = await to_thread.run_sync(self._take, posted.get("state", ""), cookies)
        kid = library.key_name(posted.get("id_token", ""))
        key = await self.keys.find(begun.platform, kid)
        if key is None:
            raise LaunchRefused("id_token: signed by a key that the platform does not publish.", Trouble.UNTRUSTED)
        return await to_thread.run_sync(self._open, posted, begun, key, kept)

    def _take(self, state: str, cookies: Mapping[str, str]) -> Begun:
        """The login, which is over with this."""
        now, given = self.clock(), digest(state)
        begun = self.logins.take(given, digest(cookies.get(cookie_name(state), "")), now)
        if begun is not None:
            return begun
        if (lost := self.logins.begun(given, now)) is not None:
            way_on = own_window(lost.platform, lost.hint)
            raise LaunchRefused("The browser has not kept the cookie of the login.", Trouble.COOKIE, way_on)
        raise LaunchRefused("state: it is unknown, too old, or was used.", Trouble.AGAIN)

    def _open(self, posted: Mapping[str, str], begun: Begun, key: Mapping[str, object], kept: Kept) -> Opened:
        now = self.clock()
        told = claims.read(library.verified(posted, begun, key))
        claims.check(told, begun, self.tool, now)
        launch: Launch = claims.launch_of(told, begun.platform.platform_id)
        person = self.binding.person_of(launch, begun.platform, now)
        token = self.token()
        session = self.logins.open_session(launch, digest(token), person, now, kept)
        return Opened(session, begun.platform.origin, token)

    def session(self, token: str) -> LaunchSession | None:
        """What the bearer of this token may work with; None where it is none, or over."""
        return self.logins.session(digest(token), self.clock()) if token else None
