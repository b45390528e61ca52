"""What who teaches allows one person beyond what all are allowed: more attempts in this activity, and more time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from connector.content.assessment import bodies
from connector.domain.allowances import Allowed
from connector.domain.contents import ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Actor
from connector.domain.lti import Trouble
from connector.web.launched.assessment_editing import read_form
from connector.web.launched.fields import Fields
from connector.web.launched.launches import Part, Visit, roster

ALLOWANCES = "/lti/assessment/allowances"
MOST_ATTEMPTS = 1000
MOST_MINUTES = 10_000


def show(visit: Visit) -> Response:
    return _page(visit, _whose(visit, visit.request.query_params.get("subject", "")), Fields.untouched())


def give(visit: Visit, form: FormData) -> Response:
    """Keep what was typed; nothing is nothing more than all have."""
    fields = Fields(form)
    whose = _whose(visit, fields.text("subject"))
    allowed = Allowed(fields.whole("more", 0, MOST_ATTEMPTS) or 0, fields.whole("longer", 0, MOST_MINUTES) or 0)
    if fields.wrong:
        return _page(visit, whose, fields)
    connector, content = visit.connector, visit.content(ContentKind.ASSESSMENT)
    connector.allowances.give(content.content_id, whose, allowed, visit.maker.subject, connector.clock())
    return _page(visit, whose, Fields.untouched(), saved=True)


def _whose(visit: Visit, subject: str) -> Actor:
    """Raises LaunchRefused where nobody of this number is in the course, or has tried it there."""
    content, maker = visit.content(ContentKind.ASSESSMENT), visit.maker
    known = {one.subject for one in roster(visit.connector, visit.session) or ()}
    if subject not in known:
        tried = visit.connector.attempts.results(content.content_id, maker.platform_id, maker.course)
        known = {one.subject for one in tried}
    if subject not in known:
        raise LaunchRefused("subject: nobody in the course has this number.", Trouble.NOT_ALLOWED)
    return replace(visit.actor, subject=subject)


def _page(visit: Visit, whose: Actor, fields: Fields, *, saved: bool = False) -> Response:
    content = visit.content(ContentKind.ASSESSMENT)
    names = {one.subject: one.name for one in roster(visit.connector, visit.session) or ()}
    values: dict[str, Any] = {
        "made": bodies.assessment(content.body),
        "allowed": visit.connector.allowances.of(content.content_id, whose),
        "subject": whose.subject,
        "name": names.get(whose.subject, ""),
        "form": fields,
        "saved": saved,
    }
    return visit.part("content/assessment/allowance.html", **values)


PARTS = (
    Part("GET", ALLOWANCES, show, teaches=True, far=True),
    Part("POST", ALLOWANCES, give, teaches=True, far=True, read=read_form),
)
