"""Keys with which this tool signs: made here, published, and replaced while the earlier one is still believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwcrypto.jwk import JWK

from connector.domain.lti import ToolKey, ToolKeys

BITS = 2048
OVERLAP = timedelta(days=7)
"""So long an earlier key is published: platforms keep what they have read for hours, and deep links travel slowly."""


def made(now: datetime) -> ToolKey:
    """A new key. Its name is its thumbprint (RFC 7638)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = JWK.from_pem(pem)
    kid = key.thumbprint()
    public = {**key.export_public(as_dict=True), "kid": kid, "alg": "RS256", "use": "sig"}
    return ToolKey(kid, pem.decode(), public, now)


@dataclass(frozen=True, slots=True)
class Keyring:
    keys: ToolKeys
    clock: Callable[[], datetime]

    def known(self) -> list[ToolKey]:
        """Those that are published, the one that signs before others; none is made by this."""
        return self.keys.all(self.clock())

    def signing(self) -> ToolKey:
        """The key that signs; the first is made when it is asked for."""
        if known := self.known():
            return known[0]
        self.rotate()
        return self.known()[0]

    def rotate(self) -> ToolKey:
        """A new key signs from now on."""
        now = self.clock()
        new = made(now)
        self.keys.add(new, now + OVERLAP)
        return new

    def published(self) -> Mapping[str, Any]:
        """The key set (RFC 7517) by which platforms verify what we sign."""
        self.signing()
        return {"keys": [dict(key.public) for key in self.known()]}
