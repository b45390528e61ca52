"""Secrets encrypted at rest by Fernet (AES-128-CBC with HMAC-SHA256), with keys that can be changed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector.domain.errors import SettingsError

_PURPOSE = b"moodle-connector: one-time codes"


class FernetSeal:
    """``secrets``: the newest first. It closes with the first, and opens with each."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_key(secret)) for secret in secrets])

    def close(self, plain: str) -> str:
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                "console.secret: it does not open what was sealed before. "
                "Give the earlier secret too, after the new one and a comma."
            ) from None


def _key(secret: str) -> bytes:
    """A key from a secret of any form, for this purpose alone (RFC 5869)."""
    return urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode()))
