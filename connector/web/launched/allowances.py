"""What who teaches allows one person beyond what all are allowed: more attempts in this activity, and more time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from connector.content.assessment import bodies
from connector.domain.allowances import Given
from connector.domain.contents import ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Actor
from connector.domain.lti import Trouble
from connector.web.launched.assessment_editing import read_form
from connector.web.launched.fields import Fields
from connector.web.launched.launches import Part, Visit, roster
from connector.web.launched.result_list import asked_for

ALLOWANCES = "/lti/assessment/allowances"
MOST_ATTEMPTS = 1000
MOST_MINUTES = 10_000


def show(visit: Visit) -> Response:
    asked = visit.request.query_params
    return _page(visit, _whose(visit, asked.get("subject", ""), asked.get("link", "")), Fields.untouched())


def give(visit: Visit, form: FormData) -> Response:
    """Keep what was typed; nothing is nothing more than all have. What the form did not ask for stays as it is."""
    fields = Fields(form)
    whose = _whose(visit, fields.text("subject"), fields.text("link"))
    given = Given(_typed(fields, "more", MOST_ATTEMPTS), _typed(fields, "longer", MOST_MINUTES))
    if fields.wrong:
        return _page(visit, whose, fields)
    connector, content = visit.connector, visit.content(ContentKind.ASSESSMENT)
    connector.allowances.give(content.content_id, whose, given, visit.maker.subject, connector.clock())
    return _page(visit, whose, Fields.untouched(), saved=True)


def _typed(fields: Fields, name: str, most: int) -> int | None:
    """None where the form has no such field."""
    return fields.whole(name, 0, most) or 0 if fields.has(name) else None


def _whose(visit: Visit, subject: str, link: str) -> Actor:
    """Somebody in an activity of the course that opens this content; without ``link`` in the one that was launched.

    Raises LaunchRefused where nobody of this number is in the course, or has tried it there, or where it has no such
    activity.
    """
    content, maker, here = visit.content(ContentKind.ASSESSMENT), visit.maker, visit.actor
    tried = visit.connector.attempts.results(content.content_id, maker.platform_id, maker.course)
    if link not in {"", here.link, *(one.link for one in tried)}:
        raise LaunchRefused("link: the course has no such activity of this assessment.", Trouble.NOT_ALLOWED)
    members = roster(visit.connector, visit.session) or ()
    if subject not in {one.subject for one in members} | {one.subject for one in tried}:
        raise LaunchRefused("subject: nobody in the course has this number.", Trouble.NOT_ALLOWED)
    return replace(here, subject=subject, link=link or here.link, person_id=None)


def _page(visit: Visit, whose: Actor, fields: Fields, *, saved: bool = False) -> Response:
    content = visit.content(ContentKind.ASSESSMENT)
    names = {one.subject: one.name for one in roster(visit.connector, visit.session) or ()}
    values: dict[str, Any] = {
        "made": bodies.rules(content.body),
        "allowed": visit.connector.allowances.of(content.content_id, whose),
        "subject": whose.subject,
        "link": whose.link,
        "name": names.get(whose.subject, ""),
        "form": fields,
        "listed": asked_for(visit),
        "saved": saved,
    }
    return visit.part("content/assessment/allowance.html", **values)


PARTS = (
    Part("GET", ALLOWANCES, show, teaches=True, far=True),
    Part("POST", ALLOWANCES, give, teaches=True, far=True, read=read_form),
)
