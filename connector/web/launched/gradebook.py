"""What has become of the score of whoever launched, on its way to the gradebook of the platform."""

from __future__ import annotations

from starlette.responses import Response

from connector.bootstrap import Connector
from connector.domain.lti import LaunchSession
from connector.domain.lti_scores import Standing
from connector.web.launched.launches import Part, Visit


def standing(connector: Connector, session: LaunchSession) -> Standing | None:
    """None where nothing is graded: here, yet, or of who teaches."""
    graded = _graded(session)
    return connector.launch_scores.standing(*graded) if graded else None


def percent(connector: Connector, session: LaunchSession) -> float | None:
    """What the gradebook has of who launched, or is about to have; None for nothing."""
    graded = _graded(session)
    return connector.launch_scores.percent(*graded) if graded else None


def _graded(session: LaunchSession) -> tuple[int, str, str] | None:
    """Where the score of who launched goes: platform, line item and who it is."""
    launch = session.launch
    if launch.scores is None or launch.teaches or not launch.scores.line_item:
        return None
    return launch.platform_id, launch.scores.line_item, launch.subject


def show(visit: Visit) -> Response:
    return visit.part("content/score.html", score=standing(visit.connector, visit.session))


PARTS = (Part("GET", "/lti/score", show),)
