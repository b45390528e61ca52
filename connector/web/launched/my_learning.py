"""My learning of whoever launched: the page, and what of it keeps up by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from connector.bootstrap import Connector
from connector.domain.lti import LaunchSession
from connector.domain.multilang import choose
from connector.web.launched import certified
from connector.web.launched.launches import Part, Visit


def page(connector: Connector, session: LaunchSession) -> Mapping[str, Any]:
    """Courses, due dates and certificates of whoever launched. ``elsewhere``: the host of the Moodle of which they
    are, "" where that is the one that has launched."""
    moodle, platform = connector.settings.moodle.url.rstrip("/"), connector.platforms.one(session.launch.platform_id)
    elsewhere = "" if platform is not None and platform.moodle == moodle else urlsplit(moodle).hostname
    mine, own = connector.my_learning.of(session), certified.own(connector, session)
    courses = f"{moodle}/course/view.php?id="
    return {"mine": mine, "course_url": courses, "choose": choose, "own": own, "elsewhere": elsewhere}


def show(visit: Visit) -> Response:
    return visit.part("content/my_learning/page.html", **page(visit.connector, visit.session))


PARTS = (Part("GET", "/lti/my-learning", show),)
