"""Addresses of segments and pictures, which stand for themselves: signed, for minutes, for one media and one launch.

Players ask for them by themselves and can send no token along; no token stands in them either.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LIVES = timedelta(minutes=15)
"""The page gets a new one each time that it tells what was watched."""
PURPOSE = b"addresses of videos"
_TICKET = re.compile(r"([0-9a-f]{32})\.([0-9]{1,19})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Addresses:
    """``secrets``, the newest first: it signs, and all are believed."""

    secrets: Sequence[str]

    def ticket(self, media_id: UUID, session_id: int, session_ends: datetime, now: datetime) -> str:
        """What opens the files of a media for a while, and no longer than the session."""
        until = int(min(now + LIVES, session_ends).timestamp())
        told = f"{media_id.hex}.{session_id}.{until}"
        return f"{told}.{_signature(self.secrets[0], told)}"

    def opened(self, ticket: str, now: datetime) -> tuple[UUID, int] | None:
        """Whose files it opens, and for which session; None where it is over, or not ours."""
        found = _TICKET.fullmatch(ticket)
        if found is None or int(found[3]) <= now.timestamp():
            return None
        told = ticket.rpartition(".")[0]
        good = [hmac.compare_digest(_signature(one, told), found[4]) for one in self.secrets]
        return (UUID(found[1]), int(found[2])) if any(good) else None


def _signature(secret: str, told: str) -> str:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return urlsafe_b64encode(hmac.digest(key, told.encode(), hashlib.sha256)).decode().rstrip("=")
