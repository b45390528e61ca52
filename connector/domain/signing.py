"""Signatures of webhooks, ours and Moodle's: HMAC over time and body, so that an old request is not sent as new."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=5)
"""So far may the clock of the sender be from ours; what was sent longer ago is not believed."""
LATEST = 10**11
"""Epoch seconds after which no clock is."""


def signature(key: str, timestamp: str, body: bytes) -> str:
    """``sha256=`` and the HMAC of the timestamp, a dot and the body."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def signed_at(key: str, timestamp: str, given: str, body: bytes, now: datetime) -> datetime | None:
    """When it was signed with this key; None where it was not, or not within the window."""
    good = hmac.compare_digest(signature(key, timestamp, body).encode(), given.encode())
    if not good or not (timestamp.isascii() and timestamp.isdecimal()) or int(timestamp) > LATEST:
        return None
    at = datetime.fromtimestamp(int(timestamp), now.tzinfo)
    return at if abs(now - at) <= WINDOW else None
