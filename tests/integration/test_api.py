"""The API over real HTTP: what it answers, to whom, in which language, and what it refuses."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import hypothesis
import psycopg
import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from connector.api.answering import Ask, Endpoint, link_header
from connector.api.endpoints import ENDPOINTS
from connector.api.openapi import document
from connector.api.problems import PROBLEMS
from connector.domain.api_tokens import Scope
from connector.domain.lti import Launch, LaunchSession, Message
from connector.web.api import REQUESTS_A_MINUTE
from tests.integration.facts import fill
from tests.scim import Service, serving

NOW = datetime.now(UTC).replace(microsecond=0)
EVERYTHING = tuple(scope.value for scope in Scope)
SUMS = {"North": ("North", "North-1"), "South-1": ("South-1",), "Top": ("Top", "North", "North-1", "South", "South-1")}


@pytest.fixture(scope="module")
def database(module_database_url: str) -> str:
    """The company of two halves, with a catalogue."""
    fill(module_database_url, NOW)
    with psycopg.connect(module_database_url) as connection:
        connection.execute(
            "UPDATE facts.dim_course SET title = %s, description = %s, category_ids = '{1,4}', category_names = %s, "
            "minutes = 45, difficulty = %s, visible = false WHERE idnumber = 'SAFE'",
            [
                json.dumps({"en": "Safety", "fr": "Sécurité", "zh-TW": "安全"}),
                json.dumps({"und": "All of 100 % _safety_"}),
                json.dumps([{"und": "Duties"}, {"en": "Plant", "fr": "Usine"}]),
                json.dumps({"en": "Easy", "fr": "Facile"}),
            ],
        )
    return module_database_url


@pytest.fixture(scope="module")
def service(database: str) -> Iterator[Service]:
    with serving(database) as one:
        yield one


class Client(httpx.Client):
    def data(self, path: str, **params: Any) -> Any:
        answer = self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
def ask(service: Service) -> Iterator[Any]:
    """A client with a token of its own."""
    made: list[Client] = []

    def client(*scopes: str, unit: str = "", days: float = 1) -> Client:
        name = f"t{len(service.connector.api_access.all())}"
        token = service.connector.api_access.create(name, scopes or EVERYTHING, unit, days, "tester")
        headers = {"Authorization": f"Bearer {token}"}
        made.append(Client(base_url=f"{service.url}/api/v1", headers=headers, timeout=30))
        return made[-1]

    yield client
    for one in made:
        one.close()


def test_courses(ask: Any) -> None:
    """In the wished language, filtered, in order, by pages with links."""
    client = ask()
    safe, fire = client.data("/courses", sort="-id", lang="fr")[::-1]
    assert (safe["title"], safe["description"], safe["category"][1]) == (
        "Sécurité", "All of 100 % _safety_", {"id": 4, "name": "Usine"},
    )  # fmt: skip
    assert (safe["difficulty"], safe["minutes"], safe["visible"]) == ("Facile", 45, False)
    assert (safe["learners"], safe["completions"], safe["completion_rate"]) == (10, 10, 100)
    assert safe["languages"] == ["en", "fr", "zh-TW"]
    assert (fire["title"], fire["difficulty"], fire["completion_rate"]) == ("Course FIRE", None, 0)
    assert client.get("/courses/11", headers={"Accept-Language": "de;q=1, zh-HK;q=.9, fr;q=.5"}).json()["data"][
        "title"
    ] == ("安全")

    def ids(**params: Any) -> list[int]:
        return [one["id"] for one in client.data("/courses", **params)]

    assert ids(category=1) == ids(category=4) == ids(difficulty="easy") == ids(language="zh_tw") == [11]
    assert ids(search="100 % _S") == ids(search="sécur") == ids(visible="false") == [11]
    assert ids(search="fire") == ids(visible="true") == [12]
    assert ids(category=2) == ids(search="gas") == ids(language="vi") == []
    assert ids(sort="-completion_rate") == ids(sort="id") == [11, 12]
    assert ids(sort="title", lang="en") == [12, 11]
    page = client.get("/courses", params={"limit": 1, "page": 2, "sort": "id"})
    body = page.json()
    assert ([one["id"] for one in body["data"]], body["meta"]["total"], body["meta"]["page"]) == ([12], 2, 2)
    assert body["links"]["prev"] == "/api/v1/courses?limit=1&page=1&sort=id"
    assert "next" not in body["links"]
    assert '</api/v1/courses?limit=1&page=1&sort=id>; rel="first"' in page.headers["Link"]
    beyond = client.get("/courses", params={"page": 9}).json()
    assert (beyond["data"], beyond["meta"]["total"], beyond["links"]["prev"]) == ([], 2, "/api/v1/courses?page=1")


def test_links_are_addresses_whatever_a_job_is_called() -> None:
    """They stand in a header, too, which knows few letters, and in which nothing may be added to them."""
    session = LaunchSession(1, Launch(1, "1", Message.RESOURCE, "2", "", frozenset()), None, NOW)
    ask = Ask(session, '/api/v1/learning-paths/店長>; rel="x"', [("page", "2")], [], {})
    links = link_header({"next": ask.link(page=3)})
    assert links == '</api/v1/learning-paths/%E5%BA%97%E9%95%B7%3E%3B%20rel%3D%22x%22?page=3>; rel="next"'


@pytest.mark.parametrize("unit", ["", *SUMS])
@pytest.mark.parametrize("way", ["token", "parameter"])
def test_sums_are_those_of_the_views_narrowed_to_the_unit(ask: Any, database: str, unit: str, way: str) -> None:
    """A token of a unit, and the parameter, tell what the views do under ``reporting.unit``."""
    client = ask(unit=unit if way == "token" else "")
    asked = {"unit": unit} if unit and way == "parameter" else {}
    with psycopg.connect(database, row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("SELECT set_config('reporting.unit', %s, false)", [unit])

        def view(text: str) -> list[dict[str, Any]]:
            return connection.execute(text.encode()).fetchall()

        [whole] = view("SELECT * FROM reporting.executive_overview")
        told = client.data("/analytics/overview", period="day", periods=40, **asked)
        assert (told["people"], told["active_learners_24h"]) == (whole["people"], whole["active_24h"])
        assert (told["certificates_issued"], told["average_score"]) == (whole["certificates"], whole["average_score"])
        assert told["by_status"] == {name: whole[name] for name in ("satisfied", "open", "overdue")}
        points = view("SELECT starts_on::text, completions FROM reporting.trend WHERE period = 'day' ORDER BY 1")
        assert [
            {name: one[name] for name in ("starts_on", "completions")} for one in told["trend"]["points"]
        ] == points
        [course] = view("SELECT * FROM reporting.course_performance WHERE course_id = 11")
        one = client.data("/analytics/courses/11", **asked)
        names = {"enrolments": "enrolled", "completions": "completed", "average_score": "average_grade",
                 "median_score": "median_grade", "pass_rate": "pass_rate", "average_days": "average_days",
                 "passed": "passed_people"}  # fmt: skip
        assert {name: one[name] for name in names} == {name: course[column] for name, column in names.items()}
        assert client.data("/courses/11", **asked)["learners"] == course["enrolled"]
        for by, table in (("requirement", "compliance_by_requirement"), ("day", "compliance_daily")):
            rows = view(
                f"SELECT * FROM reporting.{table} WHERE {'true' if by == 'requirement' else f'''unit = '{unit}' '''}"
            )
            told = client.data("/analytics/progress", by=by, **asked)
            assert sum(one["assigned"] for one in told) == sum(row["assigned"] for row in rows) > 0
            assert sum(one["overdue"] for one in told) == sum(row["overdue"] for row in rows)
        units = {one["unit"]: one["assigned"] for one in client.data("/analytics/progress", by="unit", **asked)}
        assert set(units) == set(SUMS[unit or "Top"])
        told = client.data("/analytics/expiring", **asked)
        for days in (30, 60, 90):
            ends = view(f"SELECT kind FROM reporting.expiring WHERE renewed IS NOT TRUE AND days_left <= {days}")
            sums = Counter({one["kind"]: one[f"in_{days}_days"] for one in told})
            assert sums == Counter(one["kind"] for one in ends)
        assert {one["kind"] for one in told} == {"requirement", "certificate"}, "a unit that proves nothing"
        certificates = client.data("/certificates", limit=100, **asked)
        people = {one["person"]["key"] for one in certificates}
        assert people == {row["hr_key"] for row in view("SELECT hr_key FROM reporting.certificates")}


def test_what_ends_soon_is_told_by_what_it_is(ask: Any) -> None:
    """With its name in the wished language and the first day, by pages, of one kind alone; and it is no news twice."""
    client = ask(Scope.ANALYTICS)
    requirement, certificate = client.data("/analytics/expiring", lang="fr")
    assert (requirement["kind"], requirement["code"], requirement["source"]) == ("requirement", "SAFE-R", None)
    assert (certificate["kind"], certificate["source"]) == ("certificate", "badge")
    assert client.data("/analytics/expiring", kind="certificate") == [certificate]
    page = client.get("/analytics/expiring", params={"limit": 1, "page": 2})
    assert (page.json()["data"], page.json()["meta"]["total"]) == ([certificate], 2)
    again = client.get(
        "/analytics/expiring", headers={"If-None-Match": client.get("/analytics/expiring").headers["ETag"]}
    )
    assert again.status_code == 304
    assert client.get("/analytics/expiring", params={"kind": "badge"}).status_code == 400
    assert ask(Scope.COURSES).get("/analytics/expiring").status_code == 403


def test_a_token_of_a_unit_learns_nothing_of_others(ask: Any) -> None:
    """Neither by asking for another unit nor for somebody's certificate; that it exists is not told either."""
    north = ask(unit="North")
    for unit in ("South", "Top", "Nowhere"):
        refused = north.get("/analytics/overview", params={"unit": unit})
        assert (refused.status_code, refused.json()["detail"]) == (
            404, "There is no such unit, or it is not in sight of this token.",
        )  # fmt: skip
    assert north.get("/certificates/B-708-code", params={"source": "badge"}).status_code == 404, "S1's"
    assert north.data("/certificates", person="S1") == []
    assert ask().data("/certificates/B-708-code", source="badge")["person"]["key"] == "S1"


def test_paths_of_a_job(ask: Any, database: str) -> None:
    """With steps in order, in the wished language, whichever way it is written; and how people of the unit stand."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE facts.dim_requirement SET name = %s WHERE requirement = 'SAFE-R'",
            [json.dumps({"en": "Do SAFE", "fr": "Faire", "vi": "Làm", "zh_tw": "安全訓練"})],
        )
    everybody, north = ask(), ask(unit="North")
    fire, safe = everybody.data("/learning-paths/clerk", lang="fr")
    assert (safe["requirement"], safe["name"], safe["recertify_months"], safe["own"]) == ("SAFE-R", "Faire", 2, None)
    assert safe["steps"] == [{"course": 11, "title": "Sécurité", "minutes": 45, "completed": None}]
    assert (safe["people"]["assigned"], safe["people"]["satisfied"], safe["people"]["first_due_on"]) == (10, 10, None)
    assert (fire["people"]["overdue"], fire["people"]["open"]) == (10, 0)
    assert [one["people"]["assigned"] for one in north.data("/learning-paths/clerk")] == [5, 5]
    names = {tag: everybody.data("/learning-paths/clerk", lang=tag)[1]["name"] for tag in ("zh-TW", "zh_tw", "vi")}
    assert names == {"zh-TW": "安全訓練", "zh_tw": "安全訓練", "vi": "Làm"}
    told = everybody.data("/analytics/progress", requirement="SAFE-R", lang="zh-TW")
    assert told[0]["name"] == "安全訓練"
    assert everybody.get("/learning-paths/driver").status_code == 404
    assert everybody.data("/learning-paths/clerk", unit="South-1")[0]["people"]["assigned"] == 2
    assert {one["people"] for one in ask(Scope.COURSES).data("/learning-paths/clerk")} == {None}
    page = everybody.get("/learning-paths/clerk", params={"limit": 1, "page": 2}).json()
    assert ([one["requirement"] for one in page["data"]], page["meta"]["total"]) == (["SAFE-R"], 2)


def test_how_far_people_are(ask: Any, database: str) -> None:
    """One by one and course by course, of the unit alone, and by name for who may see people only."""
    client, north, nameless = ask(), ask(unit="North"), ask("progress:read")
    told = client.data("/progress/user/N1", lang="fr")
    assert (told["person"]["lastname"], told["person"]["unit"]) == ("Trần-Bắc", "North-1")
    fire, safe = told["courses"]
    assert (safe["title"], safe["completed"], safe["score"]) == ("Sécurité", True, 55 + 704 % 10)
    with psycopg.connect(database) as connection:
        own = "UPDATE facts.fact_grade SET maximum = %s WHERE moodle_id = 90704 AND valid_to = 'infinity'"
        assert connection.execute(own, [118]).rowcount == 1
    assert client.data("/progress/user/N1")["courses"][1]["score"] == 50, "of the points that their own total can have"
    assert {one["score"] for one in client.data("/progress/course/11") if one["key"] == "N1"} == {50}
    with psycopg.connect(database) as connection:
        connection.execute(own, [None])
    assert (fire["course"], fire["progress"], fire["completed"]) == (12, 10, False)
    assert {one["code"]: one["state"] for one in told["requirements"]} == {"SAFE-R": "satisfied", "FIRE-R": "overdue"}
    assert north.data("/progress/user/N1", lang="fr") == told
    assert north.get("/progress/user/S1").status_code == 404, "neither whether there is one"
    assert nameless.get("/progress/user/N1").json()["scope"] == "people:read"

    everybody = client.get("/progress/course/12").json()
    assert everybody["meta"]["total"] == 10
    assert {(one["state"], one["overdue"], one["progress"]) for one in everybody["data"]} == {("under_way", True, 10)}
    assert {one["key"] for one in north.data("/progress/course/12")} == {"N-boss", "N1", "N2", "N-lent", "N-moved"}
    assert [one["key"] for one in client.data("/progress/course/12", name="duong")] == []
    assert [one["key"] for one in client.data("/progress/course/12", name="dusud")] == ["S3"]
    assert client.data("/progress/course/12", state="completed") == []
    assert [one["key"] for one in client.data("/progress/course/11", unit="South-1", sort="grade")] == ["S1", "S2"]
    for one in nameless.data("/progress/course/12"):
        assert (one["key"], one["name"], one["progress"]) == (None, None, 10)
    assert nameless.get("/progress/course/12", params={"name": "dusud"}).status_code == 403, "found out by searching"
    assert nameless.get("/progress/course/12", params={"sort": "name"}).status_code == 403
    assert client.get("/progress/course/13").status_code == 404


def test_certificates(ask: Any, database: str) -> None:
    """By pages that go on where the last one ended, filtered, and without names unless the token may see people."""
    client, nameless = ask(), ask("certificates:read")
    seen, path = [], "/api/v1/certificates?limit=3"
    while path:
        answer = client.get(httpx.URL(str(client.base_url)).join(path)).json()
        seen += [(one["issued_at"], one["number"]) for one in answer["data"]]
        path = answer["links"].get("next", "")
    assert len(seen) == len(set(seen)) == 10
    assert [at for at, _ in seen] == sorted((at for at, _ in seen), reverse=True)
    assert nameless.data("/certificates") == [], "by the code of a badge Moodle tells everybody whose it is"
    assert nameless.get("/certificates", params={"source": "badge"}).status_code == 403
    assert nameless.get("/certificates/B-701-code", params={"source": "badge"}).status_code == 403
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE facts.fact_certificate SET source = 'connector' WHERE code = 'B-701-code'")
        connection.execute("UPDATE facts.dim_certificate_template SET source = 'connector'")
    assert [(one["number"], one["person"]) for one in nameless.data("/certificates")] == [("B-701-code", None)]
    assert nameless.data("/certificates/B-701-code")["person"] is None
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE facts.fact_certificate SET source = 'badge'")
        connection.execute("UPDATE facts.dim_certificate_template SET source = 'badge'")
    assert nameless.get("/certificates", params={"person": "N1"}).status_code == 403
    assert [one["number"] for one in client.data("/certificates", person="N1")] == ["B-704-code"]
    day = (NOW - timedelta(days=28)).date().isoformat()
    on_the_day = client.data("/certificates", issued_since=day, issued_until=day)
    assert {one["issued_at"][:10] for one in on_the_day} == {day}
    assert client.data("/certificates", status="revoked") == client.data("/certificates", source="connector") == []
    assert len(client.data("/certificates", status="valid", template="T")) == 10
    assert client.get("/certificates/B-701-code").status_code == 404, "of the source connector there is none"


def test_nothing_new_is_told_without_looking(ask: Any, service: Service, database: str) -> None:
    """A tag holds until facts are read anew, and is another one by unit, language and parameters."""
    client = ask()
    first = client.get("/courses", params={"lang": "fr"})
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Last-Modified"].endswith(" GMT")
    again = client.get("/courses", params={"lang": "fr"}, headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    others = [
        client.get("/courses", params={"lang": "en"}),
        client.get("/courses", params={"lang": "fr", "page": 2}),
        client.get("/courses/11", params={"lang": "fr"}),
        ask(unit="North").get("/courses", params={"lang": "fr"}),
    ]
    assert len({one.headers["ETag"] for one in others} | {tag}) == 5
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE facts.hop SET reached_at = reached_at + interval '1 second'")
    moved = client.get("/courses", params={"lang": "fr"}, headers={"If-None-Match": tag})
    assert (moved.status_code, moved.headers["ETag"] == tag) == (200, False)
    listed = client.get("/certificates")
    assert client.get("/certificates", headers={"If-None-Match": listed.headers["ETag"]}).status_code == 304
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE facts.person_name SET lastname = 'Erased' WHERE person_id = 701")
    erased = client.get("/certificates", headers={"If-None-Match": listed.headers["ETag"]})
    assert erased.status_code == 200, "a name that is gone is not kept for the sake of a tag"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/courses?limit=101", 400, "limit: should be less than or equal to 100"),
        ("/courses?limit=1_0", 400, "limit: should be a whole number"),
        ("/courses?page=0", 400, "page: should be greater than or equal to 1"),
        ("/courses?colour=red", 400, "colour: unknown; there are lang, unit,"),
        ("/courses?page=1&page=2", 400, "page: given more than once"),
        ("/courses?visible=yes", 400, "visible: should be true or false"),
        ("/courses?sort=colour", 400, "sort: should be 'id'"),
        ("/courses?search=%00", 400, "search: "),
        ("/certificates?after=!", 400, "after: "),
        ("/certificates?after=x", 400, "after: should be taken from a link"),
        ("/certificates?issued_since=1700000000", 400, "issued_since: should be a day such as 2026-03-31"),
        ("/certificates?issued_since=2026-02-30", 400, "issued_since: should be a valid date"),
        ("/analytics/progress?by=unit&since=2026-01-01", 400, "since, until: are for by=day only"),
        ("/analytics/progress?by=day&since=2026-02-01&until=2026-01-01", 400, "since: should not be after until"),
        ("/courses/0", 404, "There is no such course."),
        ("/courses/99999999999999999999", 404, "There is no such course."),
        ("/analytics/courses/x", 404, "There is no such course."),
        ("/certificates/%00", 404, "There is no such certificate."),
        ("/colours", 404, "There is nothing at this address."),
    ],
)
def test_what_is_refused(ask: Any, path: str, status: int, said: str) -> None:
    """Each wrong request says what is wrong, as problem details."""
    answer = ask().get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["detail"].startswith(said), answer.text
    assert answer.json()["status"] == status


def test_who_may_ask(ask: Any, service: Service) -> None:
    """Without a token, with a strange, revoked or expired one nobody; and each only for what its scopes say."""
    client = ask("courses:read")
    assert client.get("/courses").status_code == 200
    refused = client.get("/analytics/overview")
    assert (refused.status_code, refused.json()["scope"]) == (403, "analytics:read")
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer realm="api", error="insufficient_scope", scope="analytics:read"'
    )
    nobody = httpx.get(f"{service.url}/api/v1/courses")
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    strange = httpx.get(f"{service.url}/api/v1/courses", headers={"Authorization": "Bearer strange"})
    assert (strange.status_code, strange.headers["WWW-Authenticate"]) == (
        401,
        'Bearer realm="api", error="invalid_token"',
    )
    service.connector.api_access.revoke(service.connector.api_access.all()[0][0].name, "tester")
    assert client.get("/courses").status_code == 401
    short = ask("courses:read", days=1)
    service.clock.forward(days=2)
    assert short.get("/courses").status_code == 401
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, "/courses")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_how_often_one_may_ask(ask: Any) -> None:
    """A hundred times a minute with one token; then it is told how long to wait, and others go on."""
    client, other = ask(), ask()
    statuses = {client.get("/courses/11").status_code for _ in range(REQUESTS_A_MINUTE)}
    late = client.get("/courses/11")
    assert (statuses, late.status_code) == ({200}, 429)
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    assert other.get("/courses/11").status_code == 200


ODD = st.one_of(st.text(max_size=6), st.sampled_from(["", "0", "-1", "1e3", "null", "%", "\x00", "\ud7ff", "9" * 30]))
KNOWN = [
    "North",
    "South-1",
    "fr",
    "zh-TW",
    "easy",
    "T",
    "badge",
    "SAFE-R",
    "N1",
    "stuck",
    "2026-11-01",
    "0001-01-01",
    "9999-12-31",
]


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What the document allows for a parameter, and what it does not."""
    if "enum" in schema:
        sound: st.SearchStrategy[Any] = st.sampled_from(schema["enum"])
    elif schema["type"] == "integer":
        sound = st.integers(schema["minimum"], min(schema.get("maximum", 2**63), 2**63 - 1)) | st.integers(1, 20)
    else:
        sound = st.sampled_from(["true", "false"] if schema["type"] == "boolean" else KNOWN) | st.text(max_size=6)
    return sound | sound | sound | ODD


@cache
def told_of(endpoint: Endpoint) -> dict[str, Any]:
    """The operation as the document tells it."""
    operation: dict[str, Any] = document()["paths"][endpoint.path][endpoint.method.lower()]
    return operation


@cache
def form_of(address: str) -> Draft202012Validator:
    """What has the form of a schema of the document."""
    form = {"$ref": address, "components": document()["components"]}
    return Draft202012Validator(form, format_checker=FormatChecker())


def is_as_told(endpoint: Endpoint, answer: httpx.Response) -> None:
    """No mistake of the server's own, and the form that the document gives to this status."""
    assert answer.status_code < 500
    for kind, content in told_of(endpoint)["responses"][str(answer.status_code)].get("content", {}).items():
        assert answer.headers["Content-Type"] == kind
        form_of(content["schema"]["$ref"]).validate(answer.json())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_whatever_is_asked_the_answer_is_as_told(ask: Any, endpoint: Endpoint) -> None:
    """No mistake of the server's own, and every answer has the form that the document gives to its status."""
    client = ask()
    optional = {one["name"]: values(one["schema"]) for one in told_of(endpoint)["parameters"] if one["in"] == "query"}
    places = st.sampled_from(["11", "12", "B-701-code", "N1", "clerk"]) | ODD.filter(bool)

    @hypothesis.settings(max_examples=25 if endpoint.tokens else 3)
    @hypothesis.given(
        query=st.fixed_dictionaries({}, optional=optional),
        place=places,
        more=st.sampled_from([False, False, False, True]),
    )
    def asked(query: dict[str, Any], place: str, more: bool) -> None:
        path = re.sub(r"{\w+}", quote(place, safe=""), endpoint.path)
        answer = client.request(endpoint.method, path, params={**query, **({"more": "1"} if more else {})})
        assert endpoint.tokens or answer.status_code in (403, 404), "it is for people"
        is_as_told(endpoint, answer)

    asked()


def test_heads(ask: Any) -> None:
    """HEAD tells what GET would, without the body."""
    client = ask()
    got, head = client.get("/courses"), client.head("/courses")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", got.headers["ETag"])


def test_the_pages_that_tell_of_it(service: Service) -> None:
    """The document is for machines, the page for people; both are open, and the page loads nothing."""
    told = httpx.get(f"{service.url}/api/v1/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert "/certificates/{number}" in told["paths"]
    page = httpx.get(f"{service.url}/api/v1/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "http" not in page.text.replace("https://YOUR-ADDRESS", "")
    for one in PROBLEMS:
        assert f'id="{one.code}"' in page.text
    for path, methods in told["paths"].items():
        for method in methods:
            assert f"{method.upper()} /api/v1{path}</code>" in page.text


def test_before_the_first_reading(database_url: str) -> None:
    """Nothing is there yet: zeros and empty lists, and no mistake."""
    with serving(database_url) as service:
        token = service.connector.api_access.create("new", EVERYTHING, "", 1, "tester")
        with Client(base_url=f"{service.url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
            whole = client.get("/analytics/overview").json()
            assert (whole["data"]["people"], whole["data"]["trend"]["points"], whole["meta"]["as_of"]) == (0, [], None)
            for path in ("/courses", "/analytics/progress?by=day", "/certificates"):
                assert client.data(path) == []
