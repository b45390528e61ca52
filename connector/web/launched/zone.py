"""In which time zone whoever launched is, told by their browser where neither Moodle nor HR says it."""

from __future__ import annotations

from fastapi import Request, Response

from connector.content.sent import BrowserZone
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble
from connector.domain.zones import known_zone
from connector.web.launched.launches import HEADERS, Launches, Part, Visit
from connector.web.launched.sent import body, understood

LARGEST = 1000
"""Bytes of what a page tells."""


async def sent(_here: Launches, request: Request) -> bytes:
    """A body of at most LARGEST bytes."""
    return await body(request, LARGEST)


def tell(visit: Visit, content: bytes) -> Response:
    """Once: what is known of a session stays. Raises LaunchRefused where it is no time zone."""
    told: BrowserZone = understood(BrowserZone, content)
    zone = known_zone(told.zone)
    if not zone:
        raise LaunchRefused("zone: it is no time zone.", Trouble.MALFORMED)
    visit.connector.launch_logins.tell_zone(visit.session.session_id, zone)
    return Response(status_code=204, headers=HEADERS)


PARTS = (Part("POST", "/lti/zone", tell, read=sent),)
