"""One-time codes by the clock (RFC 6238): six digits, a new one every thirty seconds."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

import pyotp

SECONDS = 30
WINDOW = 1
"""Steps before and after now that are good too: clocks differ, and typing takes time (RFC 6238, 5.2)."""


class TimeCodes:
    def new_secret(self) -> str:
        return pyotp.random_base32()

    def step_of(self, secret: str, code: str, now: datetime) -> int | None:
        """The earliest step of the window that the code belongs to. Each step is compared, whatever was found."""
        totp, this = pyotp.TOTP(secret, interval=SECONDS), int(now.timestamp()) // SECONDS
        steps = range(this - WINDOW, this + WINDOW + 1)
        given = code.encode()
        good = [step for step in steps if compare_digest(totp.generate_otp(step).encode(), given)]
        return good[0] if good else None

    def address(self, secret: str, name: str, issuer: str) -> str:
        return pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=name, issuer_name=issuer)
