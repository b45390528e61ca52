"""The list of results of an assessment: filtered, in order, a page of it, or all of it as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from connector.content.assessment import bodies, results
from connector.content.assessment.result_list import Entry, Order, State, Wanted, entries, select
from connector.domain.allowances import NOTHING, Allowed
from connector.domain.assessments import Assessment
from connector.domain.attempting import Result
from connector.domain.contents import ContentKind
from connector.lti.rosters import Member
from connector.reports.formats import csv_table
from connector.web.languages import Speech, message
from connector.web.launched.launches import HEADERS, Part, Visit, roster
from connector.web.launched.paging import page_of

LIST = "/lti/assessment/list"
STATES: Mapping[State, str] = {
    State.WAITING: message("Waiting to be marked"),
    State.PASSED: message("Passed"),
    State.NOT_PASSED: message("Not passed"),
    State.OPEN: message("In progress"),
    State.NOT_BEGUN: message("Not begun"),
}
ORDERS: Mapping[Order, str] = {
    Order.NAME: message("Name"),
    Order.LOWEST: message("Lowest result"),
    Order.HIGHEST: message("Highest result"),
    Order.LAST: message("Last attempt"),
}
COLUMNS = (
    message("Name"),
    message("State"),
    message("Result that counts in percent"),
    message("Attempt"),
    message("Begun"),
    message("Submitted"),
    message("Minutes"),
    message("Result of the attempt in percent"),
)
ACCOUNT = message("Account {number}")


def listed(visit: Visit, made: Assessment, attempts: Sequence[Result], members: Sequence[Member]) -> Mapping[str, Any]:
    """What of the list is asked for, and what can be."""
    wanted = _wanted(visit)
    chosen = select(entries(results.overview(made, attempts).standings, members), wanted)
    page = page_of(visit.request.query_params, len(chosen))
    return {
        "shown": chosen[page.part],
        "chosen": len(chosen),
        "page": page,
        "wanted": wanted,
        "asked": urlencode({"name": wanted.name, "state": wanted.state or "", "order": wanted.order.value}),
        "allowed": _allowed(visit),
        "nothing": NOTHING,
        "states": STATES,
        "orders": ORDERS,
    }


def show_list(visit: Visit) -> Response:
    """Those that are asked for, a page of them."""
    return visit.part("content/assessment/found.html", **listed(visit, *_read(visit)))


def download(visit: Visit) -> Response:
    """Those that are asked for, all of them, as a CSV file: a line for each attempt."""
    speech = visit.launches.speech(visit.session.launch.locale)
    made, attempts, members = _read(visit)
    found = select(entries(results.overview(made, attempts).standings, members), _wanted(visit))
    rows = [row for one in found for row in _rows(one, speech)]
    body = csv_table([speech.t(one) for one in COLUMNS], rows)
    return Response(body, media_type="text/csv; charset=utf-8", headers=HEADERS)


def _read(visit: Visit) -> tuple[Assessment, Sequence[Result], Sequence[Member]]:
    content, maker = visit.content(ContentKind.ASSESSMENT), visit.maker
    attempts = visit.connector.attempts.results(content.content_id, maker.platform_id, maker.course)
    return bodies.assessment(content.body), attempts, roster(visit.connector, visit.session) or ()


def _allowed(visit: Visit) -> Mapping[str, Allowed]:
    """Whom more is allowed in this activity."""
    content, actor = visit.content(ContentKind.ASSESSMENT), visit.actor
    return visit.connector.allowances.of_activity(content.content_id, actor.platform_id, actor.link)


def _rows(entry: Entry, speech: Speech) -> list[list[Any]]:
    counts = entry.standing.percent if entry.standing else None
    whose = [
        entry.name or speech.t(ACCOUNT, number=entry.subject),
        speech.t(STATES[entry.state]),
        None if counts is None else round(counts, 2),
    ]
    if entry.standing is None:
        return [[*whose, None, None, None, None, None]]
    return [
        [
            *whose,
            one.number,
            one.started_at,
            one.submitted_at,
            None if one.seconds is None else round(one.seconds / 60, 1),
            None if one.percent is None else round(one.percent, 2),
        ]
        for one in entry.standing.attempts
    ]


def _wanted(visit: Visit) -> Wanted:
    """What is no state and no order asks for everybody, by name."""
    asked = visit.request.query_params
    states, orders = {one.value: one for one in State}, {one.value: one for one in Order}
    order = orders.get(asked.get("order", ""), Order.NAME)
    return Wanted(asked.get("name", "")[:200], states.get(asked.get("state", "")), order)


PARTS = (
    Part("GET", LIST, show_list, teaches=True, far=True),
    Part("GET", LIST + ".csv", download, teaches=True, far=True),
)
