"""Who may scrape: this computer itself, or who has the token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import Request

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers by which a proxy on this computer tells that somebody else asks."""


def may_scrape(request: Request, token: str | None) -> bool:
    """True for a request of this computer that no proxy passed on, and for one with the token."""
    given = request.headers.get("authorization", "").partition(" ")
    if token and given[0].lower() == "bearer":
        return hmac.compare_digest(given[2].strip().encode(), token.encode())
    return _is_local(request)


def _is_local(request: Request) -> bool:
    if request.client is None or any(header in request.headers for header in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
