"""What a platform says of itself, and to a registration, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from adapters.lti.guarded import PlatformHttp, json_of
from connector.domain.errors import AccessRefused


class HttpAnswers:
    """The port ``PlatformAnswers``."""

    def __init__(self, http: PlatformHttp) -> None:
        self._http = http

    async def configuration(self, url: str) -> Mapping[str, Any]:
        what = "The platform's configuration"
        return _object(json_of(await self._http.ask("GET", url, what), what), what)

    async def register(self, url: str, token: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
        what = "The platform's registration"
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = await self._http.ask("POST", url, what, headers=headers, content=orjson.dumps(told))
        return _object(json_of(answer, what), what)


def _object(told: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise AccessRefused(f"{what}: the answer is no object.")
    return told
