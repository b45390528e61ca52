"""Whoever has a certificate before them can verify it, and nobody learns more than that."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from connector.domain.certificates import code_of
from connector.domain.certifying import Certificate
from connector.web.desk import ASKED_A_MINUTE, NUMBERS_AN_HOUR
from tests.console import Browserless, Served, serving
from tests.integration.certified import certifying
from tests.support import House

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
API = "/api/v1/certificates/verify"
NOBODYS = code_of(1)
UNKNOWN = dict.fromkeys(("title", "issuer", "issued_on", "expires_on", "name")) | {"valid": False, "state": "unknown"}


@pytest.fixture
async def served(house: House) -> AsyncIterator[Served]:
    """The console of a company that certifies."""
    await certifying(house)
    with serving(house) as one:
        yield one


@pytest.fixture
def one(served: Served, house: House) -> Certificate:
    """A certificate that HR has issued to E2."""
    return house.connector.issuing().by_hand("E2", "SAFETY", "anna", "a secret reason", hr=True)


def typed(client: Browserless, code: str, number: str = "") -> httpx.Response:
    """What the form answers."""
    return client.send_form("/certificates", "/certificates", code=code, number=number)


async def test_the_code_alone_names_nobody(one: Certificate, client: Browserless) -> None:
    """It tells what, by whom and until when; neither name nor number, nor who issued it and why. Nothing is kept."""
    page = client.get(f"/certificates/{one.code.lower()}")
    assert page.status_code == 200
    for told in ("This certificate is valid.", "Safety at work", "Example Works", str(one.issued_on.year)):
        assert told in page.text
    answer = client.get(API, params={"code": one.code})
    for kept in (one.name, "LastE2", one.number, "anna", "secret reason", ">E2<"):
        assert kept not in page.text + answer.text
    assert answer.json() == {
        "valid": True,
        "state": "valid",
        "title": "Safety at work",
        "issuer": "Example Works",
        "issued_on": one.issued_on.isoformat(),
        "expires_on": one.expires_on.isoformat() if one.expires_on else None,
        "name": None,
    }
    for response, referrer in ((page, "same-origin"), (answer, "no-referrer")):
        told = [response.headers[name] for name in ("cache-control", "x-robots-tag", "referrer-policy")]
        assert told == ["no-store", "noindex", referrer]
    for asked, says in (("fr", "certificat est valable"), ("vi", "này có giá trị"), ("zh-TW", "此證書有效")):
        assert says in client.get(f"/certificates/{one.code}", headers={"Accept-Language": asked}).text


async def test_the_number_shows_the_name(one: Certificate, client: Browserless) -> None:
    """To be compared with that on the paper; no address has the number in it. What is wrong is told from nothing."""
    page = typed(client, f" {one.code.lower()} ", one.number)
    assert (page.status_code, page.text.count(one.name)) == (200, 1)
    assert one.number not in page.text, "neither in a link nor in a field"
    assert one.name not in client.get(f"/certificates/{one.code}", params={"number": one.number}).text
    answer = client.get(API, params={"code": one.code, "number": f" {one.number.lower()} "})
    assert answer.json()["name"] == one.name
    unknown_and_wrong_look_the_same(one, client)


def without_what_was_typed(page: httpx.Response) -> str:
    """The page with its fields empty and without its token."""
    return re.sub(r' value="[^"]*"', "", page.text)


def unknown_and_wrong_look_the_same(one: Certificate, client: Browserless) -> None:
    """A code of nobody, one that cannot be any, and a wrong number: one answer, by page and by API."""
    cases = [(NOBODYS, ""), (NOBODYS, one.number), (one.code, "SAFE-2026-999999"), ("x", ""), ("\x00", ""), ("é", "1")]
    pages = [typed(client, *case) for case in cases]
    assert {page.status_code for page in pages} == {404}
    seen = set(map(without_what_was_typed, pages))
    assert len(seen) == 1
    assert one.title not in seen.pop()
    for code in (NOBODYS, "x", "%00", "é" * 50, "%2e%2e"):
        page = client.get(f"/certificates/{code}")
        assert (page.status_code, "There is no such certificate." in page.text) == (404, True)
    answers = [client.get(API, params={"code": code, "number": number}) for code, number in [*cases, ("", "")]]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, UNKNOWN)] * 7


async def test_expired_and_revoked(one: Certificate, client: Browserless, house: House) -> None:
    """Each is said, and of a revoked one neither by whom nor why; nor what a database has that is away."""
    house.clock.forward(days=400)
    assert client.get(API, params={"code": one.code}).json()["state"] == "expired"
    assert "has expired" in client.get(f"/certificates/{one.code}").text
    house.connector.issuing().revoke(one.number, "berta", "it was forged", hr=True)
    answer = client.get(API, params={"code": one.code, "number": one.number})
    assert (answer.json()["valid"], answer.json()["state"]) == (False, "revoked")
    page = typed(client, one.code, one.number).text
    assert "was revoked" in page
    assert not {"forged", "berta"} & set(re.findall(r"\w+", page + answer.text))
    house.sql("UPDATE connector.certificate SET name = '', code = ''")
    assert "no longer kept" in typed(client, one.code, one.number).text, "of somebody who was erased"
    assert f'value="{one.code}"' in client.get(f"/certificates/{one.code}").text
    house.sql("ALTER TABLE connector.certificate RENAME TO elsewhere")
    answer = client.get(API, params={"code": one.code})
    assert (answer.status_code, answer.json()) == (503, {"detail": "Not available now; try again later."})
    assert client.get(f"/certificates/{one.code}").status_code == 503


async def test_nobody_asks_too_often(one: Certificate, client: Browserless) -> None:
    """From one address, by page and API together; and numbers that follow each other are not tried one by one."""
    mistyped = [
        client.get(API, params={"code": "x", "number": "SAFE-1"}).status_code for _ in range(NUMBERS_AN_HOUR + 1)
    ]
    assert set(mistyped) == {200}, "what cannot be a code is nobody's, and keeps nobody else from asking"
    tried = [client.get(API, params={"code": one.code, "number": f"SAFE-{n}"}) for n in range(NUMBERS_AN_HOUR + 1)]
    assert [answer.status_code for answer in tried] == [200] * NUMBERS_AN_HOUR + [429]
    assert tried[-1].headers["retry-after"] == "60"
    assert (typed(client, one.code, one.number).status_code, client.get(f"/certificates/{one.code}").status_code) == (
        429,
        200,
    ), "what the code alone tells is still told"
    left = ASKED_A_MINUTE - 2 * (NUMBERS_AN_HOUR + 1) - 2
    found = [client.get(f"/certificates/{NOBODYS}").status_code for _ in range(left + 1)]
    assert found == [404] * left + [429]
    assert client.get(API, params={"code": NOBODYS}).status_code == 429
    assert client.get("/sign-in").status_code == 200, "whoever signs in is not counted with them"
