"""The channel ``webhook``: a signed POST of JSON for each telling."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio
import httpx
import orjson
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from adapters.guard import Target, checked
from connector.domain.errors import AccessRefused, TryAgain, Unavailable
from connector.domain.notices import Notice, Telling
from connector.domain.signing import signature

ATTEMPTS = 3
TIMEOUT = 10.0
"""Seconds to connect, and for each read."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Tells a program. ``allowed`` are hosts that may be private or without TLS, ``links`` is where the console is.

    ``trust`` are the certificates that are believed, None for the usual ones.
    """

    url: str
    key: str = field(repr=False)
    allowed: frozenset[str]
    site: str
    links: str = ""
    trust: ssl.SSLContext | None = None
    first_wait: float = 1.0
    name: str = "webhook"

    async def tell(self, telling: Telling, now: datetime) -> None:
        """Send, and try again a few times. Raises SettingsError, AccessRefused or Unavailable."""
        target = await checked(self.url, self.allowed, what="notices.webhook.url", allow="notices.webhook.allow")
        body = orjson.dumps(self._body(telling, now))
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception_type(TryAgain),
            wait=wait_exponential_jitter(multiplier=self.first_wait, max=10.0, jitter=self.first_wait),
            sleep=anyio.sleep,
            reraise=True,
        ):
            with attempt:
                await self._post(target, body, str(int(now.timestamp())))

    async def _post(self, target: Target, body: bytes, timestamp: str) -> None:
        headers = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "moodle-connector",
            "X-Connector-Timestamp": timestamp,
            "X-Connector-Signature": signature(self.key, timestamp, body),
        }
        verify = self.trust or ssl.create_default_context()
        try:
            async with (
                httpx.AsyncClient(verify=verify, timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
                client.stream(
                    "POST", target.url, content=body, headers=headers, extensions={"sni_hostname": target.host}
                ) as answer,
            ):
                status = answer.status_code  # what the answer says is of no interest, and not read
        except httpx.HTTPError as error:
            raise Unavailable(f"The webhook at {target.host} cannot be reached ({type(error).__name__}).") from None
        if 200 <= status < 300:
            return
        if status >= 500 or status in (408, 429):
            raise Unavailable(f"The webhook at {target.host} answered {status}.")
        raise AccessRefused(f"The webhook at {target.host} answered {status}; redirects are not followed.")

    def _body(self, telling: Telling, now: datetime) -> dict[str, Any]:
        return {
            "version": 1,
            "site": self.site,
            "sent_at": now.isoformat(),
            "notices": [
                *self._told("new", telling.new),
                *self._told("reminder", telling.again),
                *self._told("settled", telling.over),
            ],
        }

    def _told(self, status: str, notices: Sequence[Notice]) -> list[dict[str, Any]]:
        return [
            {
                "status": status,
                "kind": notice.kind.value,
                "key": notice.key,
                "facts": dict(notice.facts),
                "link": self.links + notice.path if self.links and notice.path else None,
            }
            for notice in notices
        ]
