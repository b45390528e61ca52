"""The SCIM server as a suite that knows nothing of it sees it: scim2-tester, whole, over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from tests.scim import Identity, serving


class Engine(BaseSyncSCIMClient):
    """The suite's client by way of httpx."""

    def __init__(self, http: Identity) -> None:
        super().__init__()
        self.http = http

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self.http.build_request("GET", endpoint).url).startswith(str(self.http.base_url))

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        return self.http.request(method, url, **kwargs)


def test_scim2_tester_finds_nothing(database_url: str) -> None:
    """Discovery, creation, reading, replacing, every PATCH on every attribute, and deletion do what RFC 7644 says."""
    with serving(database_url) as service, service.client() as http:
        results = check_server(Engine(http))
    wrong = [f"{one.status.name} {one.title}: {one.reason}" for one in results if one.status is not Status.SUCCESS]
    assert "\n".join(wrong) == ""
    assert len(results) > 100
