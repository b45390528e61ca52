"""Signing in and out."""

from __future__ import annotations

from starlette.responses import Response

from connector.domain.sign_in import Permission
from connector.sign_in.tokens import new_token
from connector.web.page import Open, Page, Visit, safe_path


def form(visit: Visit) -> Response:
    """The form; who is signed in already goes on."""
    path = safe_path(visit.asked("next", 2000) or "/")
    return visit.go(path) if visit.account else visit.show("pages/sign_in.html", path=path, failed=False, name="")


def sign_in(visit: Visit) -> Response:
    """Try; the token that the browser had before is good for nothing afterwards."""
    path, name = safe_path(visit.given("next", 2000) or "/"), visit.given("name")
    token = visit.connector.signing_in.sign_in(name, visit.given("password", 1000), visit.given("code"))
    if token is None:
        return visit.show("pages/sign_in.html", 401, path=path, failed=True, name=name)
    if visit.account:
        visit.connector.signing_in.sign_out(visit.token, visit.account)
    visit.token = token
    return visit.go(path)


def sign_out(visit: Visit) -> Response:
    """End the session, here and in the database."""
    visit.connector.signing_in.sign_out(visit.token, visit.person)
    visit.token = new_token()
    return visit.go("/sign-in")


PAGES = (
    Page("GET", "/sign-in", Open.TO_ALL, form),
    Page("POST", "/sign-in", Open.TO_ALL, sign_in, limited=True),
    Page("POST", "/sign-out", Permission.OWN_ACCOUNT, sign_out),
)
