"""Whether a certificate is valid, for whoever has it before them."""

from __future__ import annotations

from starlette.responses import Response

from connector.web.desk import TooOften
from connector.web.page import Open, Page, Visit, plain


def ask(visit: Visit) -> Response:
    """The form that asks for code and number."""
    return visit.show("pages/certificates.html", code="", number="", failed=False)


def show(visit: Visit) -> Response:
    """What the code alone tells, to whoever has followed it."""
    return _answer(visit, plain(visit.path["code"], 200), "")


def verify(visit: Visit) -> Response:
    """What was typed; the name to whoever gives the number too. A POST, so that no address names anybody."""
    return _answer(visit, visit.given("code"), visit.given("number"))


def _answer(visit: Visit, code: str, number: str) -> Response:
    try:
        found = visit.house.desk.look(visit.address, code, number)
    except TooOften:
        return visit.show("pages/too_often.html", 429, certificate=True)
    if found is None:
        return visit.show("pages/certificates.html", 404, code=code, number=number, failed=True)
    return visit.show("pages/certificate.html", found=found)


PAGES = (
    Page("GET", "/certificates", Open.TO_ALL, ask),
    Page("POST", "/certificates", Open.TO_ALL, verify),
    Page("GET", "/certificates/{code}", Open.TO_ALL, show),
)
