"""Whether platforms can launch and take scores: what is looked at, and what to change where it is not well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.domain.errors import ConnectorError
from connector.domain.lti import Kept, LoginStore, Platform, Platforms, Scope, ToolKey
from connector.domain.lti_probes import PlatformProbe, Shown
from connector.lti.claims import SKEW

SERVICES: Mapping[Scope, str] = {
    Scope.SCORE: "scores",
    Scope.RESULT: "results",
    Scope.ROSTER: "members",
}
"""What each scope is for, in a word."""
EDIT = "Site administration, Plugins, External tool, Manage tools, the tool, Edit"
MEANS: Mapping[Kept, str] = {
    Kept.FRAME: "in a frame",
    Kept.WINDOW: "in a window of its own",
    Kept.UNTOLD: "without telling where",
}
GRADES = "Services, IMS LTI Assignment and Grade Services: use this service for grade sync and column management"
MEMBERS = "Services, IMS LTI Names and Role Provisioning: use this service to retrieve members' information"
MEND: Mapping[str, str] = {
    "invalid_client": (
        "Moodle does not know this client id: the tool was deleted there, or has another one. Register it anew by "
        "`moodle-connector lti register`, and end this one by `moodle-connector lti end {number}`."
    ),
    "unauthorized_client": f"Moodle does not let this tool ask: activate it at {EDIT.removesuffix(', Edit')}.",
    "invalid_request": (
        "Moodle could not verify what this tool has signed. It must reach {keys}: look at its address blocklist "
        f"(Site security, HTTP security), and at Public keyset at {EDIT}."
    ),
}
"""What to change, by the error of RFC 6749; a scope that is not allowed says which service."""
HEADER = (
    "Moodle gives a token, and does not see it when it comes back: Apache keeps the header Authorization from PHP. "
    'Let it through, by CGIPassAuth On or SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1; look whether a proxy '
    "takes it away."
)
ELSE = "Look at the tool at {edit}: LTI version 1.3, public key type Keyset URL, public keyset {keys}."


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of looking at one thing; ``well`` None says that it was not looked at, and ``text`` why."""

    what: str
    well: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Probing:
    """``tool`` is our public address, ``keys_url`` where our keys are; ``keys`` gives them, that which signs first."""

    tool: str
    keys_url: str
    keys: Callable[[], Sequence[ToolKey]]
    platforms: Platforms
    logins: LoginStore
    probe: PlatformProbe
    clock: Callable[[], datetime]

    async def look(self) -> list[Probed]:
        """At this tool, and at each platform that has not ended."""
        key = self._key()
        found = [of_address(self.tool), key]
        active = [one for one in self.platforms.all() if one.ended_at is None]
        if not active:
            found.append(
                Probed("platforms", None, "None is registered: `moodle-connector lti register` makes a link.")
            )
        for one in active:
            found += await self._platform(one, signs=bool(key.well))
        return found

    def _key(self) -> Probed:
        try:
            return of_keys(self.keys())
        except ConnectorError as error:
            return Probed("signing key", False, str(error))

    async def _platform(self, platform: Platform, *, signs: bool) -> list[Probed]:
        of = f"platform {platform.platform_id}"
        try:
            shown = await self.probe.shown(platform)
        except ConnectorError as error:
            return [Probed(f"{of}: keys", False, f"{error} {_where(platform)}"), *_left_out(of, "clock", "access")]
        found = [of_shown(of, platform, shown), of_clock(of, shown.clock, self.clock())]
        if signs:
            services = {scope: await self._access(of, platform, scope) for scope in Scope}
            found += services.values()
            may_ask = services[Scope.ROSTER].well
            found += [await self._header(of, platform)] if may_ask else _left_out(of, "authorization")
        else:
            found += _left_out(of, "access")
        return [*found, of_cookies(of, self.logins.kept(platform.platform_id, self.clock()))]

    async def _header(self, of: str, platform: Platform) -> Probed:
        what = f"{of}: authorization"
        try:
            passes = await self.probe.passes_header(platform)
        except ConnectorError as error:
            return Probed(what, False, str(error))
        if passes is None:
            return Probed(what, None, "not looked for: it is no Moodle")
        return Probed(what, passes, "an access token is taken" if passes else HEADER)

    async def _access(self, of: str, platform: Platform, scope: Scope) -> Probed:
        what = f"{of}: {SERVICES[scope]}"
        try:
            refused = await self.probe.refusal(platform, scope)
        except ConnectorError as error:
            return Probed(what, False, f"{error} It is asked at {platform.token_url}.")
        if not refused:
            return Probed(what, True, "an access token can be had")
        return Probed(what, False, f"No access token ({refused}). {mend(refused, platform, scope, self.keys_url)}")


def of_address(tool: str) -> Probed:
    """Whether this tool has an address; the settings take no other than https, or this computer's own."""
    if not tool:
        return Probed("address", False, "lti.url: this tool has no address. Set CONNECTOR_LTI__URL.")
    if tool.startswith("https://"):
        return Probed("address", True, tool)
    return Probed("address", True, f"{tool}: only a Moodle and a browser on this computer reach it")


def of_keys(keys: Sequence[ToolKey]) -> Probed:
    """Whether there is a key that signs."""
    if keys:
        return Probed("signing key", True, f"{keys[0].kid}, since {keys[0].made_at:%Y-%m-%d}")
    text = "There is none. Registering a platform makes one; `moodle-connector lti keys rotate` makes one now."
    return Probed("signing key", False, text)


def of_shown(of: str, platform: Platform, shown: Shown) -> Probed:
    """Whether launches can be verified."""
    if shown.keys:
        return Probed(f"{of}: keys", True, f"{shown.keys} at {platform.keys_url}")
    return Probed(f"{of}: keys", False, f"It publishes no RSA key, so that no launch is believed. {_where(platform)}")


def of_clock(of: str, theirs: datetime | None, ours: datetime) -> Probed:
    """Whether both clocks are near enough for tokens that are good for a minute."""
    what = f"{of}: clock"
    if theirs is None:
        return Probed(what, None, "its answer has no date")
    apart = round((theirs - ours).total_seconds())
    if abs(apart) <= SKEW.total_seconds():
        return Probed(what, True, f"{abs(apart)} s apart")
    which = "ahead of" if apart > 0 else "behind"
    text = f"It is {abs(apart)} s {which} this computer's; launches are refused above {SKEW.seconds} s."
    return Probed(what, False, f"{text} Let both keep time by NTP.")


def of_cookies(of: str, kept: Mapping[Kept, int]) -> Probed:
    """Where browsers kept the cookies of launches; those that kept none have not come so far."""
    if not kept:
        return Probed(f"{of}: cookies", None, "nobody has launched in the last hours")
    told = [f"{count} {MEANS[means]}" for means, count in sorted(kept.items())]
    return Probed(f"{of}: cookies", True, f"of launches in the last hours browsers kept {', '.join(told)}")


def mend(refused: str, platform: Platform, scope: Scope, keys_url: str) -> str:
    """What to change in Moodle where an access token is refused."""
    if refused == "invalid_scope":
        return f"At {EDIT}: {MEMBERS if scope is Scope.ROSTER else GRADES}."
    return MEND.get(refused, ELSE).format(number=platform.platform_id, keys=keys_url, edit=EDIT)


def _where(platform: Platform) -> str:
    return (
        f"Moodle's keys must be at {platform.keys_url}; where its address has changed, end this platform by "
        f"`moodle-connector lti end {platform.platform_id}` and register it anew."
    )


def _left_out(of: str, *parts: str) -> list[Probed]:
    return [Probed(f"{of}: {part}", None, "not looked for") for part in parts]
