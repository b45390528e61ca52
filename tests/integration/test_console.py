"""The console over HTTP: who may come where, what every answer carries, and what a decision does."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import hypothesis
import pytest
from fastapi import FastAPI
from hypothesis import strategies as st
from pydantic import SecretStr

from connector.domain.plan import GuardClass, HoldState
from connector.domain.sign_in import MATRIX, Permission, Role
from connector.settings.parts import ConsoleSettings
from connector.web.app import declared, refuse_undeclared, web_app
from connector.web.console import PAGES
from connector.web.page import LARGEST_FORM, Open, Page
from connector.web.tokens import ByToken
from tests.console import FORM_TOKEN, SECRET, Browserless, Jobs, Owner, Served, employees, leaving
from tests.support import House, Seen

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


async def held(house: House, count: int = 30) -> str:
    """The hash of a plan by which ``count`` of forty people leave."""
    people = employees(40)
    await house.settled_in(people)
    return (await house.plan(leaving(people, count))).hash


# ---------------------------------------------------------------- who may come where
async def test_every_route_says_who_may_call_it(served: Served, house: House) -> None:
    """Pages, static files and health; one that does not say keeps the service from starting."""
    app = web_app(house.connector, lambda: Jobs(house))
    routes = declared(app)
    assert {asked for _, asked in routes} == {Open.TO_ALL, *ByToken, *Permission} - {Permission.SEE_PEOPLE}
    assert all(path.startswith("/scim/v2") for path, asked in routes if asked is ByToken.SCIM)
    open_to_all = {path for path, asked in routes if asked is Open.TO_ALL}
    assert open_to_all == {
        "/health", "/ready", "/metrics", "/static/{digest}/{name}", "/sign-in", "/set-up", "/set-up/finish",
        "/preferences", "/certificates", "/certificates/{code}", "/api/v1/certificates/verify",
            "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/{rest:path}",
    }  # fmt: skip
    app = FastAPI()
    app.add_api_route("/forgotten", lambda: None)
    with pytest.raises(LookupError, match="/forgotten"):
        refuse_undeclared(app)


@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_every_page_is_refused_to_who_may_not(
    served: Served, client: Browserless, house: House, role: Role | None
) -> None:
    """Each page of the tables, as nobody and in each role: to the sign-in, or a plain no."""
    if role is not None:
        client.sign_in(served.account("ada", role))
    for page in PAGES:
        if page.may is Open.TO_ALL or page.path == "/sign-out":
            continue
        path = page.path.replace("{plan}", "0" * 64).replace("{decision}", "approve")
        if page.method == "GET":
            answer = client.get(path)
        else:
            answer = client.send_form(path, "/sign-in" if role is None else "/account")
        if role is None:
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), page.path
        else:
            assert (answer.status_code == 403) == (page.may not in MATRIX[role]), page.path


async def test_names_are_for_those_who_may_see_them(served: Served, client: Browserless, house: House) -> None:
    """Reporting sees how many and which keys, and cannot find out names by searching either."""
    plan = await held(house)
    client.sign_in(served.account("rita", Role.REPORTING))
    page = client.get(f"/holds/{plan}").text
    assert "G00001" in page
    assert [one for one in ("林", "建宏", "Nguyễn", "@example.test", "/approve") if one in page] == []
    assert client.get(f"/holds/{plan}", params={"person": "林"}).text.count('scope="row"') == 50
    assert client.get(f"/holds/{plan}/approve").status_code == 403


# ---------------------------------------------------------------- forms of other sites
@pytest.mark.parametrize("how", ["no token", "another session's", "another site", "too large", "no length"])
async def test_only_forms_of_our_own_pages_are_taken(
    served: Served, hr: Owner, client: Browserless, house: House, how: str
) -> None:
    """Otherwise nothing is decided, whoever is signed in."""
    plan = await held(house)
    client.sign_in(hr)
    path, headers = f"/holds/{plan}/approve", {}
    found = FORM_TOKEN.search(client.get(path).text)
    assert found
    fields = {"form_token": found[1], "class": ""}
    if how == "no token":
        del fields["form_token"]
    if how == "another session's":
        with served.client() as other:
            strange = FORM_TOKEN.search(other.get("/sign-in").text)
            assert strange
            fields["form_token"] = strange[1]
    if how == "another site":
        headers["Origin"] = "https://evil.example"
    if how == "too large":
        fields["class"] = "x" * LARGEST_FORM
    if how == "no length":
        body = httpx.Request("POST", "http://x", data=fields).content
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post(path, content=iter([body]), headers=form)
    else:
        answer = client.post(path, data=fields, headers=headers)
    assert answer.status_code == (413 if how in ("too large", "no length") else 403)
    assert {hold.state for hold in house.connector.plans.holds()} == {HoldState.WAITING}
    assert served.jobs.asked == []


async def test_every_answer_carries_security_headers(served: Served, client: Browserless) -> None:
    """Pages, static files, errors and health."""
    css = client.get("/sign-in").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    for path in ("/sign-in", css, "/nothing", "/health", "/holds"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in headers, "this one is on loopback without TLS"
        assert headers["cache-control"] == ("public, max-age=31536000, immutable" if path == css else "no-store")
    assert client.get(css.replace("console.css", "htmx.LICENSE")).status_code == 404
    assert client.get("/static/0000000000000000/console.css").status_code == 404


async def test_behind_tls_the_cookie_is_for_this_host_alone(house: House) -> None:
    """Secure, HttpOnly, __Host-; and browsers are told to come by TLS only."""
    console = ConsoleSettings(url="https://connector.example.com", secret=SecretStr(SECRET))
    house.settings = house.settings.model_copy(update={"console": console})
    house.reopen()
    app = web_app(house.connector, lambda: Jobs(house))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://connector.example.com") as client:
        answer = await client.get("/sign-in")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-console=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "secure", "httponly", "samesite=lax", "path=/"
    }  # fmt: skip
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


# ---------------------------------------------------------------- decisions
async def test_a_whole_plan_is_approved_without_any_script(
    served: Served, hr: Owner, client: Browserless, house: House, moodle: Seen
) -> None:
    """By plain forms and links: both classes, by one word; the trail says who and what."""
    plan = await held(house)
    client.sign_in(hr)
    listed = client.get("/holds").text
    assert f'href="/holds/{plan}"' in listed
    answer = client.send_form(f"/holds/{plan}/approve", f"/holds/{plan}/approve")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/holds/{plan}?said=approve")
    for thread in served.jobs.running:
        thread.join()
    page = client.get(f"/holds/{plan}").text
    assert page.count("30 changes done") == 2
    assert sum(moodle.suspended(one["id"]) for one in employees(40)) == 30
    decided = [
        (one.actor, one.action, one.subject, one.detail["class"], one.detail["count"])
        for one in house.connector.audit_trail.newest(2)
    ]
    assert sorted(decided) == [
        ("ada", "hold_approved", plan, "remove_grant", 30),
        ("ada", "hold_approved", plan, "suspend", 30),
    ]
    assert "Nothing is held" in client.get("/holds").text
    assert client.send_form(f"/holds/{plan}/reject", "/account").status_code == 409, "it has been carried out"


async def test_one_class_is_rejected_and_approved_after_all(
    served: Served, hr: Owner, client: Browserless, house: House, moodle: Seen
) -> None:
    """A person may think again; the other class is not touched."""
    plan = await held(house)
    client.sign_in(hr)
    client.send_form(f"/holds/{plan}/reject", "/account", **{"class": "suspend"})
    assert served.jobs.asked == [], "there is nothing to be done"
    assert "Rejected by ada" in client.get(f"/holds/{plan}").text
    assert "Your rejection is recorded" in client.get(f"/holds/{plan}?said=reject").text
    assert "Your approval is recorded" not in client.get(f"/holds/{plan}?said=approve").text, "nobody has approved"
    states = {hold.guard: hold.state for hold in house.connector.plans.holds()}
    assert states == {GuardClass.SUSPEND: HoldState.REJECTED, GuardClass.REMOVE_GRANT: HoldState.WAITING}
    assert client.send_form(f"/holds/{plan}/reject", "/account", **{"class": "suspend"}).status_code == 409
    client.send_form(f"/holds/{plan}/approve", "/account", **{"class": "suspend"})
    for thread in served.jobs.running:
        thread.join()
    assert moodle.suspended("G00001")
    assert len(moodle.cohorts()) == 4, "nobody has left a cohort"
    assert [one.action for one in house.connector.audit_trail.newest(2)] == ["hold_approved", "hold_rejected"]


async def test_a_decision_by_command_is_in_the_trail_too(house: House) -> None:
    """It is written with the decision, whoever takes it."""
    people = employees(40)
    await house.settled_in(people)
    house.decide(await house.plan(leaving(people, 30)), HoldState.REJECTED, GuardClass.SUSPEND)
    [entry] = house.connector.audit_trail.newest()
    assert (entry.actor, entry.action, entry.detail["class"]) == ("tester", "hold_rejected", "suspend")


async def test_an_approval_that_has_expired_is_asked_again(
    served: Served, hr: Owner, client: Browserless, house: House
) -> None:
    """After a day, without a new plan."""
    plan = await held(house)
    house.connector.plans.decide_hold(plan, None, HoldState.APPROVED, "bob", house.clock())
    client.sign_in(hr)
    page = client.get(f"/holds/{plan}").text
    assert "Approved, waiting for the next run" in page
    assert "/approve" not in page
    house.clock.forward(hours=25)
    client.sign_in(hr)
    page = client.get(f"/holds/{plan}").text
    assert page.count("Waiting for a decision") == 2
    assert f"/holds/{plan}/approve?class=suspend" in page


async def test_the_changes_can_be_searched_and_paged(
    served: Served, hr: Owner, client: Browserless, house: House
) -> None:
    """By class, action, person and unit; every change stands on exactly one page; nonsense finds what it can."""
    plan = await held(house, 30)
    client.sign_in(hr)

    def keys(**query: str) -> list[str]:
        found = client.get(f"/holds/{plan}", params=query)
        assert found.status_code == 200
        return [piece.partition("<")[0] for piece in found.text.split('class="key" translate="no">')[1:]]

    everyone = [f"G{number:05}" for number in range(1, 31)]
    assert keys(**{"class": "suspend"}) == everyone
    first = keys()
    assert len(first) == 50
    assert first[:30] == everyone
    assert first[30:] + keys(after="50") == keys(**{"class": "remove_grant"})
    assert sorted(keys(**{"class": "remove_grant"})) == everyone
    assert keys(before="51") == first
    assert keys(action="suspend_account", person="g0000") == everyone[:9]
    assert keys(**{"class": "suspend"}, person="林") == ["G00001", "G00017"]
    assert keys(**{"class": "suspend"}, person="林建宏") == ["G00001"]
    assert keys(**{"class": "suspend"}, unit="工務部") == everyone[3::4]
    assert keys(person="%") == keys(person="_") == keys(unit="?") == []
    for nonsense in ("-1", "9" * 30, "x", "1e3", "٣"):
        assert keys(after=nonsense) == first, nonsense
    assert keys(action="nonsense", **{"class": "suspend"}) == everyone


async def test_what_is_not_there_says_so(served: Served, hr: Owner, client: Browserless) -> None:
    """A plan, a decision, a page: each with a page and its status."""
    client.sign_in(hr)
    for path in ("/holds/abc", "/holds/abc/approve", "/holds/abc/burn", "/nothing", f"/holds/{'%00' * 3}x"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "<h1>" in answer.text


async def test_nothing_that_is_sent_breaks_it(served: Served, hr: Owner, house: House) -> None:
    """Whatever stands in addresses and forms: an answer below 500, and nothing is decided."""
    plan = await held(house)
    texts = st.text(max_size=40) | st.sampled_from(["suspend", "approve", "\x00", "%", "' OR 1=1 --", "9" * 40])
    names = ("class", "action", "person", "unit", "after", "before", "next", "name", "password", "code", "invitation",
             "one_time", "repeated", "language", "theme", "timezone", "said")  # fmt: skip
    pages = [one for one in PAGES if not one.limited and one.path != "/sign-out"]

    @hypothesis.settings(max_examples=150, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(st.sampled_from(pages), texts, st.booleans(), st.dictionaries(st.sampled_from(names), texts))
    def send(page: Page, text: str, known: bool, fields: dict[str, str]) -> None:
        part = plan if known else quote(text, safe="")
        path = page.path.replace("{plan}", part).replace("{decision}", "reject" if known else quote(text, safe=""))
        if page.method == "GET":
            assert client.get(path, params=fields).status_code < 500
        elif page.path != "/holds/{plan}/{decision}" or not known:
            assert client.post(path, data={"form_token": token, **fields}).status_code < 500

    with served.client() as client:
        client.sign_in(hr)
        found = FORM_TOKEN.search(client.get("/account").text)
        assert found
        token = found[1]
        send()
    assert {hold.state for hold in house.connector.plans.holds()} == {HoldState.WAITING}


async def test_a_form_that_is_none_is_refused(served: Served, client: Browserless) -> None:
    """A file where none is asked for, and what is no multipart at all."""
    assert client.post("/sign-in", files={"name": b"x"}).status_code == 400
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/sign-in", content=b"--y\r\n", headers=kind).status_code in (400, 403)


@pytest.mark.parametrize("path", ["/sign-in", "/set-up", "/set-up/finish"])
async def test_nonsense_does_not_break_signing_in(served: Served, client: Browserless, path: str) -> None:
    """Letters that no database keeps, in every field."""
    nonsense = dict.fromkeys(("name", "password", "code", "invitation", "one_time", "next"), "a\x00\ud83d\ude00b")
    nonsense = {name: value.encode("utf-16", "surrogatepass").decode("utf-16") for name, value in nonsense.items()}
    assert client.send_form(path, "/sign-in", **nonsense).status_code == 401


async def test_a_database_that_is_away_is_a_page_too(
    served: Served, hr: Owner, client: Browserless, house: House
) -> None:
    """503, and nothing of the reason."""
    client.sign_in(hr)
    house.connector.database._pool.close()
    answer = client.get("/holds")
    assert answer.status_code in (500, 503)
    assert "Something went wrong" in answer.text
    assert "postgresql" not in answer.text
