"""LTI 1.3 as a tool sees it: platforms, logins, what a launch says; and the ports to where they are kept.

Sources: LTI Core 1.3, LTI Deep Linking 2.0, LTI Advantage's services, and the 1EdTech Security Framework 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from connector.domain.zones import known_zone

LOGIN = timedelta(minutes=10)
"""So long a login may take: a person may have to sign in to Moodle meanwhile."""
SESSION = timedelta(hours=4)
"""So long after the launch somebody may work with what was launched."""

TIMEZONE = "timezone"
"""The custom parameter that brings the time zone of the account: ``timezone=$Person.address.timezone``."""
AUTHORIZES = "/mod/lti/auth.php"
"""Where a Moodle authorizes launches, below its own address."""


class Message(StrEnum):
    """What a launch is for."""

    RESOURCE = "LtiResourceLinkRequest"
    DEEP_LINKING = "LtiDeepLinkingRequest"
    REVIEW = "LtiSubmissionReviewRequest"


class Role(StrEnum):
    """What somebody is in the course, or on the site, as far as content asks."""

    LEARNER = "learner"
    INSTRUCTOR = "instructor"
    ADMINISTRATOR = "administrator"


TEACHING = frozenset({Role.INSTRUCTOR, Role.ADMINISTRATOR})
"""Whoever is any of these in a course teaches there."""
TAUGHT = timedelta(days=180)
"""So long a launch says that somebody teaches in a course where the roster does not; a later one may say otherwise."""


class Scope(StrEnum):
    """Services of platforms that are called, each with an access token of its own (LTI AGS 2.0, NRPS 2.0)."""

    SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    RESULT = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
    ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


class Trouble(StrEnum):
    """Why a launch is refused, as a page tells it to whoever launched."""

    AGAIN = "again"
    """What was begun is over or was used: open it once more from Moodle."""
    OVER = "over"
    """The page was open for longer than a launch is good for: what was typed is not sent."""
    COOKIE = "cookie"
    """The browser kept nothing between login and launch: open it in a window of its own."""
    MALFORMED = "malformed"
    """It is no launch as the standard has it."""
    UNTRUSTED = "untrusted"
    """Not from a platform that was registered here, or not signed by it: IT has to look."""
    CLOCK = "clock"
    """The platform's clock and ours are apart."""
    NOT_ALLOWED = "not_allowed"
    """Who launched may not do this."""
    GONE = "gone"
    """What the activity opens is not there any more."""
    UNREADABLE = "unreadable"
    """It is there, and cannot be read: it was changed by hand, or by a newer release."""
    TOO_FAST = "too_fast"
    """Too much was asked for in a minute: it goes on after a moment."""


class Kept(StrEnum):
    """Where a browser kept the cookie between login and launch.

    Moodle does not offer platform storage, the standard's other means.
    """

    FRAME = "frame"
    """Within a page of the platform."""
    WINDOW = "window"
    """In a window of its own."""
    UNTOLD = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """A Moodle that may launch. ``deployments`` are those that are allowed; ``ended_at``: since then it may not."""

    platform_id: int
    name: str
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    keys_url: str
    deployments: tuple[str, ...]
    ended_at: datetime | None = None

    @property
    def origin(self) -> str:
        """What may frame our pages: scheme, host and port of the platform's pages."""
        return origin(self.authorization_url)

    @property
    def moodle(self) -> str:
        """The address of the Moodle that it is, "" of another platform."""
        there = self.authorization_url.removesuffix(AUTHORIZES)
        return "" if there == self.authorization_url else there


@dataclass(frozen=True, slots=True)
class Digests:
    """By what a login is known here: SHA-256 of what the browser and the platform bring back."""

    state: bytes
    nonce: bytes
    cookie: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that was begun here and has not come back; ``nonce`` is the digest of what the token must bring."""

    platform: Platform
    nonce: bytes
    target: str
    hint: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the platform: a course, or a link within it. ``label`` is the short name of a course."""

    id: str
    title: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """Where scores go: the line item of this link, "" where it has none, and all of the course's."""

    line_item: str
    line_items: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Linking:
    """How the platform wants content that is picked: where the answer goes, and what it takes."""

    return_url: str
    accepts: tuple[str, ...]
    several: bool
    line_items: bool
    data: str | None


@dataclass(frozen=True, slots=True)
class Launch:
    """What a platform says of a launch, after it was verified. ``source_id`` is the key of the person at HR."""

    platform_id: int
    deployment: str
    message: Message
    subject: str
    target: str
    roles: frozenset[Role]
    course: Place | None = None
    link: Place | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    source_id: str = ""
    name: str = ""
    email: str = ""
    locale: str = ""
    return_url: str = ""
    scores: Scores | None = None
    roster: str = ""
    linking: Linking | None = None
    for_user: str = ""

    @property
    def zone(self) -> str:
        """The time zone of the account, "" where the platform says none."""
        return known_zone(self.custom.get(TIMEZONE, ""))

    @property
    def teaches(self) -> bool:
        """In the course: who was launched from none teaches nowhere, whatever else they are."""
        return self.course is not None and bool(self.roles & TEACHING)


@dataclass(frozen=True, slots=True)
class LaunchSession:
    """What the bearer of a token may work with. ``timezone``: in which days are counted, "" where nobody has said.
    ``asks_zone``: neither the account nor HR says it, and the browser is asked; told when a session is opened."""

    session_id: int
    launch: Launch
    person_id: int | None
    ends_at: datetime
    kept: Kept = Kept.UNTOLD
    timezone: str = ""
    asks_zone: bool = False

    @property
    def began_at(self) -> datetime:
        return self.ends_at - SESSION


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a platform means; ``key`` is the one at HR."""

    person_id: int
    key: str


@dataclass(frozen=True, slots=True)
class ToolKey:
    """A key with which this tool signs. ``private`` is a PEM, and never leaves the process; ``public`` is a JWK."""

    kid: str
    private: str = field(repr=False)
    public: Mapping[str, Any]
    made_at: datetime


class Platforms(Protocol):
    """Platforms of one site."""

    def all(self) -> list[Platform]: ...

    def of(self, issuer: str) -> list[Platform]:
        """Those that may launch, of one issuer."""
        ...

    def one(self, platform_id: int) -> Platform | None: ...

    def add(self, platform: Platform, by: str, now: datetime) -> int | None:
        """Gives its number; None, and nothing done, where one has this issuer and client."""
        ...

    def allow(self, platform_id: int, deployment: str) -> int:
        """Let launches come from this deployment too; gives 0 where there is no such platform that may launch."""
        ...

    def forbid(self, platform_id: int, deployment: str) -> int:
        """Let none come from it any more; gives 0 where none could."""
        ...

    def end(self, platform_id: int, now: datetime) -> int: ...


class LoginStore(Protocol):
    """Logins that were begun, and sessions that came of them."""

    def begin(self, platform_id: int, login: Digests, target: str, hint: str, now: datetime) -> None:
        """Begin one; logins and sessions that are over go."""
        ...

    def take(self, state: bytes, cookie: bytes, now: datetime) -> Begun | None:
        """End a login, once, whoever else asks at the same time. None where there is none that is good."""
        ...

    def begun(self, state: bytes, now: datetime) -> Begun | None:
        """A login that is good, and goes on being so; for whoever has lost the cookie."""
        ...

    def open_session(
        self, launch: Launch, token: bytes, person_id: int | None, now: datetime, kept: Kept = Kept.UNTOLD
    ) -> LaunchSession:
        """Its time zone is that of the account in the platform, else that of the person at HR, else that of the last
        session of whoever it is."""
        ...

    def tell_zone(self, session_id: int, timezone: str) -> None:
        """In which time zone the browser is, where neither the account nor HR says any."""
        ...

    def session(self, token: bytes, now: datetime) -> LaunchSession | None: ...

    def kept(self, platform_id: int, now: datetime) -> Mapping[Kept, int]:
        """How many sessions that are good came by which means."""
        ...


class ToolKeys(Protocol):
    """Keys of this tool, the newest first: it signs, and those before it are published for a while."""

    def all(self, now: datetime) -> list[ToolKey]: ...

    def add(self, key: ToolKey, old_until: datetime) -> None: ...


class PlatformKeys(Protocol):
    """Public keys of platforms."""

    async def find(self, platform: Platform, kid: str) -> Mapping[str, Any] | None:
        """The key of this name as a JWK, looked up anew where it is unknown; None where the platform has none.

        Raises Unavailable where the platform does not answer.
        """
        ...


def origin(address: str) -> str:
    """Scheme, host and port of an address; a name in letters of another script is written as browsers send it."""
    scheme, _, rest = address.partition("://")
    host = rest.split("/", 1)[0]
    if not host.isascii():
        with suppress(UnicodeError):  # it is no name of a host
            host = host.encode("idna").decode()
    return f"{scheme}://{host}"
