"""The list of results of an assessment: filtered, in order, a page of it, or all of it as a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from connector.content.assessment import results
from connector.content.assessment.result_list import (
    Entry,
    Order,
    State,
    Wanted,
    activities,
    entries,
    of_activity,
    select,
)
from connector.content.assessment.results import Standing
from connector.domain.activities import Activity
from connector.domain.allowances import NOTHING, Allowed
from connector.domain.attempting import Result
from connector.domain.contents import ContentKind
from connector.lti.rosters import Member
from connector.reports.formats import csv_table
from connector.web.languages import Speech, message
from connector.web.launched.launches import HEADERS, Part, Visit, roster, teachers_of
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
ACTIVITY = message("Activity")
UNTITLED = message("Activity {number}")


def listed(
    visit: Visit,
    attempts: Sequence[Result],
    standings: Sequence[Standing],
    members: Sequence[Member],
    teachers: Collection[str],
) -> Mapping[str, Any]:
    """What of the list is asked for, and what can be. ``standings`` are those of the activity that is wanted."""
    wanted, known = wanted_of(visit), _activities(visit, attempts)
    found = entries(standings, members, teachers)
    chosen = select(found, wanted)
    page = page_of(visit.request.query_params, len(chosen))
    return {
        "shown": chosen[page.part],
        "chosen": len({one.subject for one in chosen}),
        "anybody": bool(found),
        "page": page,
        "wanted": wanted,
        "asked": _query(wanted),
        "here": f"{_query(wanted)}&page={page.number}",
        "allowed": _allowed(visit, known),
        "activities": known if len(known) > 1 else {},
        "own_link": visit.actor.link,
        "nothing": NOTHING,
        "states": STATES,
        "orders": ORDERS,
    }


def show_list(visit: Visit) -> Response:
    """Those that are asked for, a page of them."""
    content = visit.content(ContentKind.ASSESSMENT)
    attempts, members, teachers = _read(visit)
    standings = results.standings(of_activity(attempts, wanted_of(visit)))
    found = listed(visit, attempts, standings, members, teachers)
    return visit.part("content/assessment/found.html", content=content, **found)


def download(visit: Visit) -> Response:
    """Those that are asked for, all of them, as a CSV file: a line for each attempt."""
    speech = visit.speech
    attempts, members, teachers = _read(visit)
    wanted, known = wanted_of(visit), _activities(visit, attempts)
    found = select(entries(results.standings(of_activity(attempts, wanted)), members, teachers), wanted)
    where = [ACTIVITY] if len(known) > 1 else []
    columns = [COLUMNS[0], *where, *COLUMNS[1:]]
    rows = []
    for one in found:
        said = [_said(known, one, speech)] if where else []
        rows += [[name, *said, *others] for name, *others in _rows(one, speech)]
    body = csv_table([speech.t(one) for one in columns], rows)
    return Response(body, media_type="text/csv; charset=utf-8", headers=HEADERS)


def asked_for(visit: Visit) -> str:
    """What of the list was asked for, where an address takes it along, so that one comes back to it."""
    asked = visit.request.query_params
    return f"?{_query(wanted_of(visit))}&{urlencode({'page': asked.get('page', '1')[:6]})}" if "order" in asked else ""


def _query(wanted: Wanted) -> str:
    state, order = wanted.state or "", wanted.order.value
    return urlencode({"name": wanted.name, "state": state, "order": order, "activity": wanted.activity})


def _read(visit: Visit) -> tuple[Sequence[Result], Sequence[Member], Collection[str]]:
    content, maker = visit.content(ContentKind.ASSESSMENT), visit.maker
    attempts = visit.connector.attempts.results(content.content_id, maker.platform_id, maker.course)
    members = roster(visit.connector, visit.session) or ()
    return attempts, members, teachers_of(visit.connector, visit.session, members)


def _activities(visit: Visit, attempts: Sequence[Result]) -> Mapping[str, Activity]:
    link = visit.session.launch.link
    return activities(attempts, link.id if link else "", link.title if link else "")


def _said(known: Mapping[str, Activity], entry: Entry, speech: Speech) -> str:
    if entry.standing is None:
        return ""
    one = known[entry.standing.link]
    return one.title or speech.t(UNTITLED, number=one.number)


def _allowed(visit: Visit, known: Mapping[str, Activity]) -> Mapping[tuple[str, str], Allowed]:
    """Whom more is allowed, in this activity and in others of the course where it was tried."""
    content, actor = visit.content(ContentKind.ASSESSMENT), visit.actor
    return visit.connector.allowances.of_activities(content.content_id, actor.platform_id, {*known, actor.link})


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
            speech.here(one.started_at),
            one.submitted_at and speech.here(one.submitted_at),
            None if one.seconds is None else round(one.seconds / 60, 1),
            None if one.percent is None else round(one.percent, 2),
        ]
        for one in entry.standing.attempts
    ]


def wanted_of(visit: Visit) -> Wanted:
    """What is no state and no order asks for everybody, by name. Who names no activity asks for the one that was
    launched; all are asked for by an empty one."""
    asked = visit.request.query_params
    states, orders = {one.value: one for one in State}, {one.value: one for one in Order}
    order = orders.get(asked.get("order", ""), Order.NAME)
    activity = asked.get("activity", visit.actor.link)[:255]
    return Wanted(asked.get("name", "")[:200], states.get(asked.get("state", "")), order, activity)


PARTS = (
    Part("GET", LIST, show_list, teaches=True, far=True),
    Part("GET", LIST + ".csv", download, teaches=True, far=True),
)
