"""Setting an account up with its code: a password, an authenticator app, recovery codes."""

from __future__ import annotations

import segno
from markupsafe import Markup
from starlette.responses import Response

from connector.domain.sign_in import PasswordProblem
from connector.sign_in.setting_up import Enrolment, SetUpProblem
from connector.web.languages import message
from connector.web.page import Open, Page, Visit
from connector.web.words import SET_UP_PROBLEMS

NOT_THE_SAME = ("repeated", message("The two passwords are not the same."))


def ask(visit: Visit) -> Response:
    """The form that asks for the set-up code."""
    return visit.show("pages/set_up.html", failed=False)


def begin(visit: Visit) -> Response:
    """What to put into the authenticator app, and the form for a password."""
    enrolment = visit.connector.setting_up.begin(visit.given("invitation"))
    if enrolment is None:
        return visit.show("pages/set_up.html", 401, failed=True)
    return _enrol(visit, enrolment, [])


def finish(visit: Visit) -> Response:
    """Make the account ready and show its recovery codes, once."""
    invitation, password = visit.given("invitation"), visit.given("password", 1000)
    enrolment = visit.connector.setting_up.begin(invitation)
    if enrolment is None:
        return visit.show("pages/set_up.html", 401, failed=True)
    if password != visit.given("repeated", 1000):
        return _enrol(visit, enrolment, [NOT_THE_SAME])
    came = visit.connector.setting_up.finish(invitation, password, visit.given("one_time"))
    if isinstance(came, list):
        return visit.show("pages/set_up_done.html", codes=came)
    if SetUpProblem.INVITATION in came:
        return visit.show("pages/set_up.html", 401, failed=True)
    return _enrol(visit, enrolment, [SET_UP_PROBLEMS[one] for one in _in_order(came)])


def _in_order(problems: set[PasswordProblem | SetUpProblem]) -> list[PasswordProblem | SetUpProblem]:
    return [one for one in SET_UP_PROBLEMS if one in problems]


def _enrol(visit: Visit, enrolment: Enrolment, problems: list[tuple[str, str]]) -> Response:
    secret = enrolment.secret
    return visit.show(
        "pages/set_up_enrol.html",
        422 if problems else 200,
        enrolment=enrolment,
        invitation=visit.given("invitation"),
        spaced=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=_picture(enrolment.address),
        problems=problems,
    )


def _picture(address: str) -> Markup:
    """A QR code as SVG: dark on light whatever the theme, because not every app reads it the other way round."""
    code = segno.make(address, micro=False)
    drawn = code.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704 - made by segno; the address is in its modules, not in its text


PAGES = (
    Page("GET", "/set-up", Open.TO_ALL, ask),
    Page("POST", "/set-up", Open.TO_ALL, begin, limited=True),
    Page("POST", "/set-up/finish", Open.TO_ALL, finish, limited=True),
)
