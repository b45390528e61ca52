"""Where an activity opens in a window of its own: the way on for browsers that keep nothing for a page within another.

Made of the platform's own address and a number, and of nothing else that was sent. Source: ``mod/lti/launch.php``, and
``lti_build_login_request`` in ``mod/lti/locallib.php``, which puts the number of the activity into the hint.
"""

from __future__ import annotations

import json

from connector.domain.lti import Kept, Platform

LAUNCHES = "/mod/lti/launch.php"
LARGEST = 2**63 - 1
DESTINATIONS = {"document": Kept.WINDOW, "iframe": Kept.FRAME, "frame": Kept.FRAME}
"""What browsers say of where a page will be (Fetch Metadata, ``Sec-Fetch-Dest``)."""


def own_window(platform: Platform, hint: str) -> str:
    """The address of the activity of which a login was begun with this ``hint``; "" where it cannot be told."""
    activity = _activity(hint)
    return f"{platform.moodle}{LAUNCHES}?id={activity}" if platform.moodle and activity else ""


def kept_by(destination: str) -> Kept:
    """By which means the browser has kept the login."""
    return DESTINATIONS.get(destination, Kept.UNTOLD)


def _activity(hint: str) -> int:
    """The hint is the platform's own, and may be anything."""
    try:
        told = json.loads(hint)
    except (ValueError, RecursionError):
        return 0
    number = told.get("cmid") if isinstance(told, dict) else None
    return number if type(number) is int and 0 < number <= LARGEST else 0
