"""The first page, one's own account, and how the console looks and speaks."""

from __future__ import annotations

from zoneinfo import available_timezones

from starlette.responses import Response

from connector.domain.sign_in import LANGUAGES, Permission
from connector.web.navigation import first_page
from connector.web.page import THEMES, Open, Page, Visit, safe_path

A_YEAR = 365 * 24 * 3600


def home(visit: Visit) -> Response:
    """On to the first page that this person may see."""
    return visit.go(first_page(visit.person))


def account(visit: Visit) -> Response:
    """Name, role, language and time zone."""
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/")))
    return visit.show("pages/account.html", zones=["UTC", *zones], saved=bool(visit.asked("saved")))


def save(visit: Visit) -> Response:
    """Keep the choice of language and time zone; what is not offered is not taken."""
    language, zone = visit.given("language"), visit.given("timezone")
    visit.connector.console_accounts.choose(
        visit.person.account_id,
        language if language in LANGUAGES else visit.person.language,
        zone if zone in available_timezones() else visit.person.timezone,
    )
    return visit.go("/account", saved="1")


def prefer(visit: Visit) -> Response:
    """Language and theme of this browser; the language of the account too, where somebody is signed in."""
    language, theme = visit.given("language"), visit.given("theme")
    response = visit.go(safe_path(visit.given("next", 2000) or "/"))
    if language in LANGUAGES:
        _keep(visit, response, "language", language)
        if visit.account:
            visit.connector.console_accounts.choose(visit.account.account_id, language, visit.account.timezone)
    if theme in ("", *THEMES):
        _keep(visit, response, "theme", theme)
    return response


def _keep(visit: Visit, response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=A_YEAR, path="/", secure=visit.house.https, httponly=True, samesite="lax")


PREFER = Page("POST", "/preferences", Open.TO_ALL, prefer)
PAGES = (
    Page("GET", "/", Permission.OWN_ACCOUNT, home),
    Page("GET", "/account", Permission.OWN_ACCOUNT, account),
    Page("POST", "/account", Permission.OWN_ACCOUNT, save),
    PREFER,
)
