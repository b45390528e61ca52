"""What an API wants to see before it answers, and which addresses may be called at all."""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from adapters.guard import is_public
from connector.domain.errors import AccessRefused, SettingsError, Unavailable

Ask = Callable[[httpx.Request], httpx.Response]
"""Sends a request and gives its whole answer; raises the tree of errors for the network only."""
Resolve = Callable[[str, int], Collection[str]]
EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""


class Access(Protocol):
    """``headers`` are added to each request, and ``params`` to its address, which nothing but the API may see then.

    ``forget`` is called once when they were refused: True to try again.
    """

    def headers(self, ask: Ask) -> dict[str, str]: ...

    def params(self) -> dict[str, str]: ...

    def forget(self) -> bool: ...


@dataclass(frozen=True)
class ApiKey:
    """A key in a header, ``X-Api-Key`` or as the API has it; or in ``param``, a parameter of the address."""

    key: str = field(repr=False)
    header: str = "X-Api-Key"
    param: str = ""

    def headers(self, _ask: Ask) -> dict[str, str]:
        return {} if self.param else {self.header: self.key}

    def params(self) -> dict[str, str]:
        return {self.param: self.key} if self.param else {}

    def forget(self) -> bool:
        return False


@dataclass(frozen=True)
class Basic:
    """User and password. Neither is shown: some APIs take a key as the user."""

    user: str = field(repr=False)
    password: str = field(repr=False)

    def headers(self, _ask: Ask) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()}

    def params(self) -> dict[str, str]:
        return {}

    def forget(self) -> bool:
        return False


@dataclass
class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4); a token is kept until shortly before its end.

    ``in_body``: the client's id and secret go in the form, not in the Authorization header.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    in_body: bool = True
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    _token: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)

    def headers(self, ask: Ask) -> dict[str, str]:
        if not self._token or self.clock() >= self._until:
            self._renew(ask)
        return {"Authorization": f"Bearer {self._token}"}

    def params(self) -> dict[str, str]:
        return {}

    def forget(self) -> bool:
        had, self._token = self._token, ""
        return bool(had)

    def _renew(self, ask: Ask) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        headers = {"Accept": "application/json"}
        if self.in_body:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            headers |= Basic(self.client_id, self.client_secret).headers(ask)
        answer = ask(httpx.Request("POST", self.token_url, data=form, headers=headers))
        said: Any = None
        if answer.status_code == 200:
            try:
                said = answer.json()
            except ValueError:
                said = None
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token:
            raise AccessRefused(f"rest: {answer.request.url.host} gives no token (status {answer.status_code}).")
        lasts = said.get("expires_in")
        self._token = token
        self._until = self.clock() + (float(lasts) if isinstance(lasts, int | float) else 300.0) - EARLY


def looked_up(host: str, port: int) -> list[str]:
    """The numbers of a host. Raises Unavailable."""
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise Unavailable(f"rest: {host} is not found ({error.strerror}).") from None


def guarded(url: httpx.URL, allowed: Collection[str], resolve: Resolve) -> tuple[httpx.URL, str]:
    """The address with the number that was checked in place of the name, and the Host header for it.

    Raises SettingsError where it must not be called: plain http or an address within, and not in ``allowed``. Checked
    and called is the same number: a name that changes in between does not get round it.
    """
    host = url.host
    if url.userinfo:
        raise SettingsError("rest.url: no user and password in the address; they are settings of their own.")
    if url.scheme not in ("http", "https") or not host:
        raise SettingsError("rest.url: give an address that begins with https://.")
    if url.scheme != "https" and host not in allowed:
        raise SettingsError(f"rest.url: only https, unless {host} is allowed to be private.")
    addresses = list(resolve(host, url.port or (443 if url.scheme == "https" else 80)))
    if not addresses or (host not in allowed and not all(is_public(address) for address in addresses)):
        raise SettingsError(f"rest.url: {host} leads to an address that is not public. Allow it where that is meant.")
    return url.copy_with(host=addresses[0]), url.netloc.decode()
