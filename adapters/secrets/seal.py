"""Secrets encrypted at rest by Fernet (AES-128-CBC with HMAC-SHA256), with keys that can be changed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector.domain.errors import SettingsError

ONE_TIME_CODES = "one-time codes"
SIGNING_KEYS = "signing keys"
"""What is closed: each purpose has keys of its own, though the secret were the same."""


class FernetSeal:
    """``secrets``: the newest first. It closes with the first, and opens with each. ``setting`` names them."""

    def __init__(self, secrets: Sequence[str], purpose: str = ONE_TIME_CODES, setting: str = "console.secret") -> None:
        self._fernet = MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])
        self._setting = setting

    def close(self, plain: str) -> str:
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                f"{self._setting}: it does not open what was sealed before. "
                "Give the earlier secret too, after the new one and a comma."
            ) from None


def _key(secret: str, purpose: str) -> bytes:
    """A key from a secret of any form, for this purpose alone (RFC 5869)."""
    info = f"moodle-connector: {purpose}".encode()
    return urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode()))
