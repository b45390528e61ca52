"""Where a request may go that somebody set the address of: over TLS, to a public address, looked up once and kept to.

Without this, whoever sets the address could have this service call what only this computer can reach (SSRF), and a
name that changes its address between the check and the call would get round a check.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import anyio

from connector.domain.errors import SettingsError, Unavailable

PORTS = {"https": 443, "http": 80}
TRANSLATED = ip_network("64:ff9b::/96")
"""NAT64: leads to any IPv4 address, private ones too."""

COMPATIBLE = ip_network("::/96")
"""So IPv4 addresses were written once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: ``host`` for the Host header and the certificate, ``address`` to connect to."""

    scheme: str
    host: str
    port: int
    address: str
    path: str

    @property
    def url(self) -> str:
        """The address with the number instead of the name."""
        number = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{number}:{self.port}{self.path}"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


async def checked(url: str, allowed: Collection[str], *, what: str, allow: str) -> Target:
    """Look the name up and check what it leads to; hosts in ``allowed`` may be private and without TLS.

    ``what`` is the name of this address, ``allow`` the setting that names such hosts; messages tell both. Raises
    SettingsError where it must not be called, Unavailable where the name is not found.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(f"{what}: it is no address of http or https.") from None
    host = (parts.hostname or "").lower()
    if parts.username or parts.password:
        raise SettingsError(f"{what}: no user and password in the address.")
    if parts.scheme != "https" and host not in allowed:
        raise SettingsError(f"{what}: only https, unless {allow} names {host}.")
    if parts.scheme not in PORTS or not host:
        raise SettingsError(f"{what}: it is no address of http or https.")
    port = port or PORTS[parts.scheme]
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(f"{what}: {host} is not found ({error.strerror}).") from None
    addresses = [str(entry[4][0]) for entry in found]
    if host not in allowed and not all(is_public(address) for address in addresses):
        raise SettingsError(
            f"{what}: {host} leads to an address that is not public. Where that is meant, name it in {allow}."
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, addresses[0], path)


def is_public(address: str) -> bool:
    """Is this an address of the internet, and not one within this computer or a private net?"""
    number: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(number, IPv6Address):
        if number in TRANSLATED or number in COMPATIBLE or number.sixtofour or number.teredo:
            return False
        number = number.ipv4_mapped or number
    return number.is_global and not number.is_multicast
