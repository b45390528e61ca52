"""What tests of SCIM share: the service over real HTTP, and clients with tokens of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr

from connector.bootstrap import Connector
from connector.cli.service import _listen
from connector.settings.parts import MoodleSettings, ServiceSettings
from connector.settings.whole import Settings
from connector.web.app import Waking, web_app

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USER, GROUP = f"{CORE}:User", f"{CORE}:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **of: float) -> None:
        self.now += timedelta(**of)


class Identity(httpx.Client):
    """An identity system that pushes people here."""

    def user(self, user_name: str, /, **more: Any) -> dict[str, Any]:
        """Create a user; gives it as it was answered."""
        answer = self.post("/Users", json={"schemas": [USER], "userName": user_name, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def group(self, name: str, members: list[str] | None = None) -> dict[str, Any]:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members or []]}
        answer = self.post("/Groups", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def change(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.patch(path, json=body, headers=headers)


@dataclass
class Service:
    """The service on loopback."""

    connector: Connector
    clock: Clock
    url: str

    def token(self, client: str) -> str:
        return self.connector.scim_access.add(client, 365, "tester")

    def client(self, name: str = "entra-id", token: str | None = None) -> Identity:
        """A client with a directory of its own."""
        return self.with_token(self.token(name) if token is None else token)

    def with_token(self, token: str) -> Identity:
        headers = {"Authorization": f"Bearer {token}"}
        return Identity(base_url=f"{self.url}/scim/v2", headers=headers, timeout=60)


class _Nothing:
    def soon(self, _name: str) -> None:
        """No job is run."""


@contextmanager
def _nothing() -> Iterator[Waking]:
    yield _Nothing()


def schedule() -> AbstractContextManager[Waking]:
    return _nothing()


@contextmanager
def serving(database_url: str) -> Iterator[Service]:
    """The service with this database, served by uvicorn."""
    settings = Settings(
        database_url=SecretStr(database_url),
        moodle=MoodleSettings(url="http://127.0.0.1:9", token=SecretStr("x")),
        service=ServiceSettings(port=0),
    )
    clock = Clock()
    with Connector(settings, clock=clock) as connector, _listen(settings.service) as listener:
        server = uvicorn.Server(uvicorn.Config(web_app(connector, schedule), log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until = monotonic() + 20
            while not server.started and monotonic() < until:
                sleep(0.01)
            yield Service(connector, clock, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()
