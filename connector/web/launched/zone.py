"""In which time zone whoever launched is, told by their browser where neither Moodle nor HR says it.

The next launch begins with it, and is told only where the browser is somewhere else.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import Request, Response
from starlette.responses import JSONResponse

from connector.content.sent import BrowserZone
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble
from connector.domain.zones import known_zone, same_days
from connector.web.launched.launches import HEADERS, Launches, Part, Visit
from connector.web.launched.sent import body, understood

LARGEST = 1000
"""Bytes of what a page tells."""


async def sent(_here: Launches, request: Request) -> bytes:
    """A body of at most LARGEST bytes."""
    return await body(request, LARGEST)


def tell(visit: Visit, content: bytes) -> Response:
    """Tells whether the page shows ``other_days``, and has to be made anew. What Moodle or HR says stays.

    Raises LaunchRefused where it is no time zone.
    """
    told: BrowserZone = understood(BrowserZone, content)
    zone = known_zone(told.zone)
    if not zone:
        raise LaunchRefused("zone: it is no time zone.", Trouble.MALFORMED)
    if visit.session.launch.zone:
        return JSONResponse({"other_days": False}, headers=HEADERS)
    shown = visit.speech.zone
    visit.connector.launch_logins.tell_zone(visit.session.session_id, zone)
    other = not same_days(shown, ZoneInfo(zone), visit.connector.clock())
    return JSONResponse({"other_days": other}, headers=HEADERS)


PARTS = (Part("POST", "/lti/zone", tell, read=sent),)
