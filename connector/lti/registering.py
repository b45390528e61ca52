"""How a platform becomes known: it registers itself by a link that an administrator makes, once; or by hand.

Source: LTI Dynamic Registration 1.0. Moodle opens the link in the administrator's browser with the address of its
configuration and a token of its own; we read the one and answer with ours (``mod/lti/openid-registration.php``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from connector.domain.accounts import Audited, AuditTrail
from connector.domain.errors import LaunchRefused, SettingsError
from connector.domain.lti import TIMEZONE, Platform, Platforms, Trouble, origin
from connector.lti.claims import SOURCE_ID
from connector.lti.login import digest

GOOD = timedelta(hours=24)
"""So long a link is good; Moodle's own token within it is good for an hour."""
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
CUSTOM: Mapping[str, str] = {SOURCE_ID: "$Person.sourcedId", TIMEZONE: "$Person.address.timezone"}
"""What each launch brings along: HR's key, and the time zone of the account."""
DESCRIPTION = "Assessments, video lessons, My learning and the course view: press Select content."
"""Stands in Moodle beside the tool, also in the activity chooser, for whoever teaches."""
ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""Stands in the policy of pages, as who may frame them: nothing else may come with it."""
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
SHOWS = "`moodle-connector lti platforms` shows all."


class Invitations(Protocol):
    """Links by which platforms register."""

    def add(self, token: bytes, by: str, now: datetime, expires_at: datetime) -> None: ...

    def take(self, token: bytes, now: datetime) -> str | None:
        """Use a link up; gives who made it. None where there is none that is good."""
        ...


class PlatformAnswers(Protocol):
    """What a platform says of itself, and to a registration."""

    async def configuration(self, url: str) -> Mapping[str, Any]: ...

    async def register(self, url: str, token: str, told: Mapping[str, Any]) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this tool is: its origin, and the addresses that a platform has to know."""

    tool: str
    login: str
    launch: str
    keys: str


@dataclass(frozen=True, slots=True)
class Registering:
    platforms: Platforms
    invitations: Invitations
    answers: PlatformAnswers
    trail: AuditTrail
    here: Addresses
    first_key: Callable[[], object]
    """Sees to it that there is a key that signs."""
    token: Callable[[], str]
    clock: Callable[[], datetime]

    def invite(self, by: str) -> str:
        """A token for the address under which one platform may register, once, within a day."""
        token, now = self.token(), self.clock()
        self.invitations.add(digest(token), by, now, now + GOOD)
        self.trail.note(by, Audited.LTI_INVITED, self.here.tool, {"expires": (now + GOOD).isoformat()}, now)
        return token

    async def register(self, invitation: str, configuration: str, token: str) -> Platform:
        """A platform comes with a link, the address of its ``configuration`` and a ``token`` of its own.

        The link is used up by this, whatever comes of it. Raises LaunchRefused, and what the platform's answers do.
        """
        by = self.invitations.take(digest(invitation), self.clock())
        if by is None:
            raise LaunchRefused("The link was used or is too old: make a new one.", Trouble.AGAIN)
        if not configuration:
            raise LaunchRefused("openid_configuration: missing.", Trouble.MALFORMED)
        told = await self.answers.configuration(configuration)
        check_configuration(told, configuration)
        answer = await self.answers.register(told["registration_endpoint"], token, self.registration())
        client, configured = answer.get("client_id"), answer.get(TOOL)
        deployment = configured.get("deployment_id") if isinstance(configured, dict) else None
        if not isinstance(client, str) or not client:
            raise LaunchRefused("client_id: the platform has given none.", Trouble.MALFORMED)
        return self.add(told, client, (str(deployment),) if deployment else (), by)

    def add(self, told: Mapping[str, Any], client: str, deployments: tuple[str, ...], by: str) -> Platform:
        """Let a platform launch; ``told`` are its addresses. Raises SettingsError where it is known."""
        name = urlsplit(told["issuer"]).netloc
        addresses = (told["authorization_endpoint"], told["token_endpoint"], told["jwks_uri"])
        platform = Platform(0, name, told["issuer"], client, *addresses, deployments)
        self.first_key()  # so that `lti doctor` can ask the platform at once
        now = self.clock()
        if self.platforms.add(platform, by, now) is None:
            raise SettingsError(f"{platform.issuer} with the client {client} is registered already.")
        self.trail.note(by, Audited.LTI_REGISTERED, platform.issuer, {"client": client}, now)
        return platform

    def end(self, platform_id: int, by: str) -> None:
        """Let a platform launch no more, at once. Raises SettingsError where there is none."""
        now = self.clock()
        if not self.platforms.end(platform_id, now):
            raise SettingsError(f"There is no platform {platform_id}. {SHOWS}")
        self.trail.note(by, Audited.LTI_ENDED, str(platform_id), {}, now)

    def allow(self, platform_id: int, deployment: str, by: str) -> None:
        """Let launches come from one more deployment. Raises SettingsError where there is no such platform."""
        if not deployment.strip():
            raise SettingsError("DEPLOYMENT: it is empty. Moodle shows it with the tool's configuration details.")
        now = self.clock()
        if not self.platforms.allow(platform_id, deployment):
            raise SettingsError(f"There is no platform {platform_id} that may launch. {SHOWS}")
        self.trail.note(by, Audited.LTI_ALLOWED, str(platform_id), {"deployment": deployment}, now)

    def forbid(self, platform_id: int, deployment: str, by: str) -> None:
        """Let none come from it any more, at once. Raises SettingsError where none could."""
        now = self.clock()
        if not self.platforms.forbid(platform_id, deployment):
            raise SettingsError(f"Platform {platform_id} does not launch from this deployment. {SHOWS}")
        self.trail.note(by, Audited.LTI_FORBIDDEN, str(platform_id), {"deployment": deployment}, now)

    def note_rotation(self, kid: str, by: str) -> None:
        """Write down that a new key signs."""
        self.trail.note(by, Audited.LTI_KEY_ROTATED, kid, {}, self.clock())

    def registration(self) -> dict[str, Any]:
        """What we ask a platform to set up: who may be told, which messages, and the key of HR."""
        here = self.here
        return {
            "application_type": "web",
            "response_types": ["id_token"],
            "grant_types": ["client_credentials", "implicit"],
            "initiate_login_uri": here.login,
            "redirect_uris": [here.launch],
            "client_name": "moodle-connector",
            "jwks_uri": here.keys,
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(SCOPES),
            TOOL: {
                "domain": urlsplit(here.tool).netloc,
                "target_link_uri": here.launch,
                "description": DESCRIPTION,
                "custom_parameters": dict(CUSTOM),
                "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
                "messages": [
                    {"type": "LtiResourceLinkRequest", "target_link_uri": here.launch},
                    {"type": "LtiDeepLinkingRequest", "target_link_uri": here.launch},
                ],
            },
        }


def check_configuration(told: Mapping[str, Any], configuration: str) -> None:
    """All of a platform is at one host: nobody registers another's. Raises LaunchRefused."""
    if lacking := [name for name in NEEDED if not isinstance(told.get(name), str) or not told[name]]:
        raise LaunchRefused(f"{lacking[0]}: the platform does not tell it.", Trouble.MALFORMED)
    here = origin(configuration)
    if not ORIGIN.fullmatch(here):
        raise LaunchRefused("openid_configuration: it is at no host.", Trouble.MALFORMED)
    if strange := [name for name in NEEDED if origin(told[name]) != here]:
        raise LaunchRefused(f"{strange[0]}: it is at another host than the configuration.", Trouble.UNTRUSTED)
