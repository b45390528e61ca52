"""What a platform shows to whoever looks whether all is well: its keys, its clock, its access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapters.lti.guarded import PlatformHttp
from adapters.lti.keys import WHAT, keys_of
from adapters.lti.services import PlatformServices
from connector.domain.lti import Platform, Scope
from connector.domain.lti_probes import Shown


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """The port ``PlatformProbe`` over HTTP."""

    http: PlatformHttp
    services: PlatformServices

    async def shown(self, platform: Platform) -> Shown:
        """See the port."""
        answer = await self.http.ask("GET", platform.keys_url, WHAT)
        dates = (value for name, value in answer.headers.items() if name.lower() == "date")
        usable = sum(key.get("kty") == "RSA" for key in keys_of(answer).values())
        return Shown(usable, _moment(next(dates, "")))

    async def passes_header(self, platform: Platform) -> bool | None:
        """See the port."""
        return await self.services.is_token_taken(platform) if platform.moodle else None

    async def refusal(self, platform: Platform, scope: Scope) -> str:
        """See the port."""
        return await self.services.refusal(platform, scope)


def _moment(date: str) -> datetime | None:
    """A date of HTTP (RFC 9110, section 5.6.7)."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
