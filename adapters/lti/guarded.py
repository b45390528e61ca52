"""Requests to platforms: within seconds, of a bounded size, to the address that was checked, and no further."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import anyio
import httpx
import orjson

from adapters.guard import checked
from connector.domain.errors import AccessRefused, Unavailable

SECONDS = 10.0
"""For a whole answer, however slowly it drips."""
LARGEST = 1_000_000
"""Bytes of an answer."""
ALLOW = "lti.allow"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class PlatformHttp:
    """``allowed`` are hosts that may be private or without TLS; ``trust`` are the certificates that are believed."""

    allowed: frozenset[str]
    trust: ssl.SSLContext | None = None
    seconds: float = SECONDS

    async def ask(
        self, method: str, url: str, what: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """``what`` names the address in messages. Raises SettingsError, AccessRefused or Unavailable."""
        target = await checked(url, self.allowed, what=what, allow=ALLOW)
        own = {"Host": target.authority, "User-Agent": "moodle-connector", "Accept-Encoding": "identity"}
        sent = {**own, **(headers or {})}
        try:
            with anyio.fail_after(self.seconds):
                async with (
                    httpx.AsyncClient(
                        verify=self.trust or _usual_trust(), timeout=self.seconds,
                        follow_redirects=False, trust_env=False,
                    ) as client,
                    client.stream(
                        method, target.url, content=content, headers=sent, extensions={"sni_hostname": target.host}
                    ) as answer,
                ):  # fmt: skip
                    if answer.is_redirect:
                        raise AccessRefused(
                            f"{what}: {target.host} answered {answer.status_code}; redirects are not followed."
                        )
                    body = bytearray()
                    async for part in answer.aiter_raw():  # as it comes: what is packed may be far larger unpacked
                        body += part
                        if len(body) > LARGEST:
                            raise AccessRefused(f"{what}: {target.host} answered more than {LARGEST} bytes.")
                    return Answer(answer.status_code, dict(answer.headers), bytes(body))
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(f"{what}: {target.host} cannot be reached ({type(error).__name__}).") from None


@cache
def _usual_trust() -> ssl.SSLContext:
    """The certificates that this computer believes; to read them takes longer than most requests."""
    return ssl.create_default_context()


def json_of(http: Answer, what: str) -> Any:
    """What an answer says. Raises Unavailable where it is an error that may pass, AccessRefused where not."""
    if http.status >= 500 or http.status in (408, 429):
        raise Unavailable(f"{what}: answered {http.status}.")
    if not 200 <= http.status < 300:
        raise AccessRefused(f"{what}: answered {http.status}.")
    try:
        return orjson.loads(http.body)
    except ValueError:
        raise AccessRefused(f"{what}: the answer is no JSON.") from None
