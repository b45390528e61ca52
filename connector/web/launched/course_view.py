"""How a course stands, for who teaches in it: people, assessments, and the list of people as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.responses import Response

from connector.bootstrap import Connector
from connector.content.course_view.opening import CourseLook
from connector.content.launched import maker_of
from connector.domain.course_view import OVERDUE, Order, Person, State, Wanted, select, sums
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Trouble
from connector.reports.formats import csv_table
from connector.web.languages import Speech, message
from connector.web.launched.assessment_results import items_of
from connector.web.launched.launches import HEADERS, Part, Visit, roster, teachers_of
from connector.web.launched.paging import page_of

COURSE = "/lti/course"
NEWEST = 500
"""Attempts by which questions are looked at."""
HARDEST = 5
STATES: Mapping[str, str] = {
    State.NOT_BEGUN: message("Not begun"),
    State.UNDER_WAY: message("In progress"),
    State.STUCK: message("Stuck"),
    State.COMPLETED: message("Completed"),
    OVERDUE: message("Overdue"),
}
ORDERS: Mapping[Order, str] = {
    Order.NAME: message("Name"),
    Order.PROGRESS: message("Least progress"),
    Order.GRADE: message("Lowest grade"),
    Order.DUE: message("Next due"),
    Order.LAST: message("Longest without activity"),
}
OF_MOODLE = {OVERDUE, Order.GRADE, Order.DUE}
"""What is known of people of our own Moodle alone: nobody is found or put in order by it elsewhere."""
COLUMNS = (
    message("Name"),
    message("State"),
    message("Overdue"),
    message("Progress in percent"),
    message("Grade in percent"),
    message("Assessments tried"),
    message("Assessments passed"),
    message("Average in percent"),
    message("Due on"),
    message("Last activity"),
    message("Completed on"),
)
COLUMNS_OF_MOODLE = {message("Overdue"), message("Grade in percent"), message("Due on"), message("Completed on")}
"""Those that nothing fills elsewhere: the file has none of them there."""
ACCOUNT = message("Account {number}")
YES_OR_NO: Mapping[bool, str] = {True: message("yes"), False: message("no")}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: ``template`` with what ``values`` gives. Other content adds one to ``SECTIONS``."""

    template: str
    values: Callable[[Connector, LaunchSession, CourseLook], Mapping[str, Any]]


def page(connector: Connector, session: LaunchSession) -> Mapping[str, Any]:
    """All of it. Raises LaunchRefused where who launched does not teach in a course."""
    found = look(connector, session)
    shown: dict[str, Any] = {"look": found, "sections": [one.template for one in SECTIONS]}
    for section in SECTIONS:
        shown |= section.values(connector, session, found)
    return shown


def look(connector: Connector, session: LaunchSession) -> CourseLook:
    return connector.course_view.of(session, lambda: roster(connector, session))


def show(visit: Visit) -> Response:
    return visit.part("content/course_view/page.html", **page(visit.connector, visit.session))


def show_people(visit: Visit) -> Response:
    """Those that are asked for, a page of them."""
    found = look(visit.connector, visit.session)
    return visit.part("content/course_view/found.html", **_listed(found, _wanted(visit), visit.request.query_params))


def download(visit: Visit) -> Response:
    """Those that are asked for, all of them, as a CSV file."""
    speech = visit.speech
    found = look(visit.connector, visit.session)
    told = [found.as_of is not None or one not in COLUMNS_OF_MOODLE for one in COLUMNS]
    rows = [[*compress(_row(one, speech), told)] for one in select(found.people, _wanted(visit))]
    body = csv_table([speech.t(one) for one in compress(COLUMNS, told)], rows)
    return Response(body, media_type="text/csv; charset=utf-8", headers=HEADERS)


def show_questions(visit: Visit) -> Response:
    """The questions of an assessment that fewest had right, by its newest attempts in this course."""
    connector, maker = visit.connector, visit.maker
    try:
        key = UUID(visit.request.path_params["content"])
    except ValueError:
        raise LaunchRefused("content: there is none of this id.", Trouble.GONE) from None
    teachers = teachers_of(connector, visit.session, roster(connector, visit.session) or ())
    newest = connector.attempts.scored(key, maker.platform_id, maker.course, NEWEST)
    scored = [one for one in newest if one.actor.subject not in teachers]
    hardest, unread = items_of(connector, scored, HARDEST)
    read = len(scored) - unread
    return visit.part("content/course_view/questions.html", items=hardest, attempts=read, unread=unread)


def _people(_connector: Connector, _session: LaunchSession, found: CourseLook) -> Mapping[str, Any]:
    unknown = set() if found.as_of else OF_MOODLE
    return {
        **_listed(found, Wanted(), QueryParams()),
        "sums": sums(found.people),
        "choices": {state: text for state, text in STATES.items() if state not in unknown},
        "orders": {order: text for order, text in ORDERS.items() if order not in unknown},
    }


def _assessments(_connector: Connector, _session: LaunchSession, found: CourseLook) -> Mapping[str, Any]:
    return {"names": {one.learner.subject: one.learner.name for one in found.people}}


def _videos(connector: Connector, session: LaunchSession, _found: CourseLook) -> Mapping[str, Any]:
    maker = maker_of(session)
    return {"videos": connector.viewings.in_course(maker.platform_id, maker.course)}


SECTIONS: Sequence[Section] = (
    Section("content/course_view/people.html", _people),
    Section("content/course_view/assessments.html", _assessments),
    Section("content/course_view/videos.html", _videos),
)


def _listed(found: CourseLook, wanted: Wanted, query: QueryParams) -> dict[str, Any]:
    chosen = select(found.people, wanted)
    page = page_of(query, len(chosen))
    asked = urlencode({"name": wanted.name, "state": wanted.state, "order": wanted.order.value})
    return {
        "shown": chosen[page.part],
        "chosen": len(chosen),
        "page": page,
        "asked": asked,
        "states": STATES,
        "of_moodle": found.as_of is not None,
    }


def _wanted(visit: Visit) -> Wanted:
    """What is no state and no order asks for everybody, by name."""
    asked = visit.request.query_params
    state, order = asked.get("state", ""), asked.get("order", "")
    orders = {one.value: one for one in Order}
    return Wanted(asked.get("name", "")[:200], state if state in STATES else "", orders.get(order, Order.NAME))


def _row(person: Person, speech: Speech) -> list[Any]:
    learner, work = person.learner, person.work
    return [
        learner.name or speech.t(ACCOUNT, number=learner.subject),
        speech.t(STATES[person.state]),
        speech.t(YES_OR_NO[learner.overdue]),
        _rounded(learner.progress),
        _rounded(learner.grade),
        work.tried if work else 0,
        work.passed if work else 0,
        _rounded(work.percent if work else None),
        learner.due_on,
        person.last and speech.here(person.last),
        learner.completed_at and speech.here(learner.completed_at),
    ]


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)


PARTS = (
    Part("GET", COURSE, show, teaches=True, far=True),
    Part("GET", COURSE + "/people", show_people, teaches=True, far=True),
    Part("GET", COURSE + "/people.csv", download, teaches=True, far=True),
    Part("GET", COURSE + "/assessments/{content}/questions", show_questions, teaches=True, far=True),
)
