"""REST over real HTTP: all pages or nothing, to where it may go only, and vendors' published answers."""

from __future__ import annotations

import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx
import trustme

from adapters.drops.fetched import FetchedDrop
from adapters.fetchers.presets import names, preset
from adapters.fetchers.rest import Limits, RestFetch, asked_to_wait
from adapters.fetchers.rest_access import Access, ApiKey, Basic, ClientCredentials
from adapters.fetchers.rest_paging import Paging
from connector.domain.errors import AccessRefused, ConnectorError, FeedRefused, SettingsError, Unavailable

KEY = "k3y-of-the-api"
PEOPLE = [{"id": number, "name": f"Née {number}"} for number in range(95)]
Answer = tuple[int, dict[str, str], bytes]
Handle = Callable[[str, dict[str, str], "Api"], Answer]


class Api:
    """A served API; ``asked`` are the requests that came, as path and headers."""

    def __init__(self, handle: Handle, certificate: trustme.LeafCert | None = None) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                headers["body"] = self.rfile.read(length).decode()
                api.asked.append((self.path, headers))
                status, extra, body = handle(self.path, headers, api)
                self.send_response(status)
                promised = extra.pop("promised", str(len(body)))
                for name, value in {"Content-Length": promised, **extra}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - its name is given

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name is given
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = int(self.server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(handle: Handle, certificate: trustme.LeafCert | None = None) -> Iterator[Api]:
    api = Api(handle, certificate)
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        api.server.shutdown()
        thread.join()
        api.server.server_close()


def ok(value: object, **headers: str) -> Answer:
    return 200, headers, json.dumps(value).encode()


def source(api: Api, **options: Any) -> RestFetch:
    given = {"access": ApiKey(KEY), "records": "people", "allowed": frozenset({"127.0.0.1"}), "first_wait": 0.01}
    return RestFetch(**{"url": f"{api.url}/people", **given, **options})


def fetched(tmp_path: Path, one: RestFetch) -> list[dict[str, Any]]:
    (delivery,) = FetchedDrop(tmp_path, "hr", one).look().ready
    return [json.loads(line) for line in delivery.path.read_text().splitlines()]


def refused(tmp_path: Path, one: RestFetch) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        FetchedDrop(tmp_path, "hr", one).look()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert KEY not in f"{caught.value} {one!r}"
    return caught.value


def paged(path: str, _headers: dict[str, str], api: Api, people: list[dict[str, Any]] = PEOPLE) -> Answer:
    """Answers every kind of paging, ten people at a time."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    at = int(asked.get("offset") or asked.get("after") or (int(asked.get("page", 1)) - 1) * 10)
    value: dict[str, Any] = {
        "people": people[at : at + 10],
        "meta": {"total": len(people), "more": at + 10 < len(people)},
    }
    headers = {}
    if not value["people"] and "page" in asked and "limit" not in asked:
        return 404, {}, b""
    if at + 10 < len(people):
        value |= {"cursor": str(at + 10), "next": f"/people?after={at + 10}"}
        headers["Link"] = f'<{api.url}/people?after={at + 10}>; rel="next", <{api.url}/people>; rel="first"'
    return 200, headers, json.dumps(value).encode()


KINDS = {
    "offset": Paging("offset", "offset"),
    "offset with a total": Paging("offset", "offset", total="meta.total"),
    "page": Paging("page", "page", size_param="limit", size=10, first=1),
    "page with more": Paging("page", "page", first=1, more="meta.more"),
    "page that is not there": Paging("page", "page", first=1, ends_with=404),
    "cursor": Paging("cursor", "after", path="cursor", total="meta.total"),
    "next": Paging("next", path="next"),
    "link": Paging("link"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_pages(tmp_path: Path, kind: str) -> None:
    """However an API counts, everybody comes once and in its order."""
    with serving(paged) as api:
        assert fetched(tmp_path, source(api, paging=KINDS[kind])) == PEOPLE
        assert api.asked[0][1]["x-api-key"] == KEY
        assert len(api.asked) == (11 if kind in ("offset", "page", "page that is not there") else 10)


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_fails(tmp_path: Path, kind: str, tenth: int) -> None:
    """Wherever it fails, after all tries, there is no delivery."""

    def handle(path: str, headers: dict[str, str], api: Api) -> Answer:
        status, extra, body = paged(path, headers, api)
        at = json.loads(body)["people"][:1] == PEOPLE[tenth * 10 : tenth * 10 + 1]
        return (503, {}, b"") if at else (status, extra, body)

    with serving(handle) as api:
        error = refused(tmp_path, source(api, paging=KINDS[kind], tries=2))
        assert isinstance(error, Unavailable)
        assert len(api.asked) == tenth + 2


def broken(**change: Any) -> Handle:
    """Pages of which the third is another one."""

    def handle(path: str, headers: dict[str, str], api: Api) -> Answer:
        _, extra, body = paged(path, headers, api)
        value = json.loads(body)
        if value["people"][:1] == PEOPLE[20:21]:
            value |= change
        return 200, extra, json.dumps(value).encode()

    return handle


def cut(path: str, headers: dict[str, str], api: Api) -> Answer:
    status, extra, body = paged(path, headers, api)
    return status, extra, body[:-20] if b'"id": 20' in body else body


def short(path: str, headers: dict[str, str], api: Api) -> Answer:
    status, extra, body = paged(path, headers, api)
    return status, {**extra, "promised": str(len(body) + 5)}, body


REFUSED: dict[str, tuple[Handle, dict[str, Any], type[ConnectorError], str]] = {
    "repeats": (broken(people=PEOPLE[:10]), {}, FeedRefused, "page 3 is the same as one before"),
    "empty in the middle": (broken(people=[]), {}, FeedRefused, "page 3 is empty, and more is said to follow"),
    "total changes": (
        broken(meta={"total": 94}),
        {"paging": KINDS["cursor"]},
        FeedRefused,
        "page 3: the total is another one",
    ),
    "total too large": (
        broken(people=PEOPLE[20:25]),
        {"paging": KINDS["cursor"]},
        FeedRefused,
        "95 rows were said to be there and 90 came",
    ),
    "empty before the total": (
        broken(people=[]),
        {"paging": KINDS["offset with a total"]},
        FeedRefused,
        "95 rows were said to be there and 20 came",
    ),
    "empty before the last": (
        broken(people=[]),
        {"paging": KINDS["page with more"]},
        FeedRefused,
        "page 3 is empty, and more is said to follow",
    ),
    "more is not said": (
        broken(meta={"total": 95}),
        {"paging": KINDS["page with more"]},
        FeedRefused,
        "page 3: it does not say at meta.more",
    ),
    "not even a first page": (
        lambda *_: (404, {}, b""),
        {"paging": KINDS["page that is not there"]},
        SettingsError,
        "status 404",
    ),
    "no list": (broken(people={"id": 1}), {}, FeedRefused, "page 3 has no list of objects at people"),
    "no objects": (broken(people=[1, 2]), {}, FeedRefused, "page 3 has no list of objects at people"),
    "elsewhere": (
        broken(next="https://evil.example/x"),
        {},
        FeedRefused,
        "3: the next page is said to be elsewhere",
    ),
    "another port": (broken(next="//127.0.0.1:9/x"), {}, FeedRefused, "3: the next page is said to be elsewhere"),
    "cut off JSON": (cut, {}, FeedRefused, "page 3 is no JSON; it is cut off"),
    "cut off answer": (short, {"tries": 1}, Unavailable, "its answer was cut off"),
    "too many pages": (paged, {"limits": Limits(pages=5)}, FeedRefused, "more than 5 pages"),
    "too many bytes": (paged, {"limits": Limits(bytes=2000)}, FeedRefused, "more than 2,000 bytes"),
    "too long": (paged, {"limits": Limits(seconds=0)}, FeedRefused, "takes longer"),
    "private": (paged, {"allowed": frozenset()}, SettingsError, "only https, unless 127.0.0.1 is allowed"),
    "moved": (lambda *_: (302, {"Location": "/x"}, b""), {}, SettingsError, "redirects are not followed"),
    "forbidden": (lambda *_: (403, {}, b""), {}, AccessRefused, "refuses the credentials"),
    "not there": (lambda *_: (404, {}, b""), {}, SettingsError, "status 404"),
    "twice": (lambda *_: (200, {}, b'{"people": [], "people": []}'), {}, FeedRefused, "a name stands twice"),
    "not UTF-8": (lambda *_: (200, {}, b'{"people": "\xff"}'), {}, FeedRefused, "no UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_contradicts_itself_is_refused(tmp_path: Path, case: str) -> None:
    """Each says which page, and what is wrong with it."""
    handle, options, kind, words = REFUSED[case]
    with serving(handle) as api:
        error = refused(tmp_path, source(api, **{"paging": KINDS["next"], **options}))
    assert isinstance(error, kind)
    assert words in str(error)


def test_a_host_that_leads_within_is_not_called(tmp_path: Path) -> None:
    """A public name with a private number is no way in, nor is one that is https."""
    for number in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"):
        one = RestFetch("https://api.example.com/x", ApiKey(KEY), resolve=lambda _host, _port, n=number: [n])
        error = refused(tmp_path, one)
        assert isinstance(error, SettingsError)
        assert "not public" in str(error)


def test_tls_is_checked_against_the_name(tmp_path: Path) -> None:
    """The number is called and the name has to be in the certificate."""
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    for name, good in (("api.example.com", True), ("other.example.com", False)):
        with serving(lambda *_: ok([{"id": 1}]), authority.issue_cert(name)) as api:
            one = RestFetch(
                f"https://api.example.com:{api.port}/x", ApiKey(KEY), allowed=frozenset({"api.example.com"}),
                trust=trust, resolve=lambda *_: ["127.0.0.1"], tries=1,
            )  # fmt: skip
            if good:
                assert fetched(tmp_path / "good", one) == [{"id": 1}]
                assert api.asked[0][1]["host"] == f"api.example.com:{api.port}"
            else:
                assert isinstance(refused(tmp_path / "bad", one), Unavailable)


def test_a_server_that_asks_to_wait(tmp_path: Path) -> None:
    """As long as it says, and then the fetch goes on."""
    answers = iter([(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "100000"}, b"")])
    waits: list[float] = []
    with serving(lambda *_: next(answers, ok({"people": PEOPLE[:1]}))) as api:
        assert fetched(tmp_path, source(api, sleep=waits.append)) == PEOPLE[:1]
    assert waits == [7.0, 300.0]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (" 7.5", 7.5),
        ("Mon, 02 Mar 2026 06:00:30 GMT", 30.0),
        ("Mon, 02 Mar 2026 06:00:30 -0000", 30.0),
        ("Mon, 02 Mar 2026 05:00:00 GMT", 0.0),
        ("Mon, 02 Mar 9999 05:00:00 GMT", 251_603_535_600.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1e9", None),
    ],
)
def test_how_long_to_wait(said: str, seconds: float | None) -> None:
    """A number of seconds, or a time as HTTP writes it; what is neither says nothing."""
    assert asked_to_wait(said, datetime(2026, 3, 2, 6, tzinfo=UTC)) == seconds


def test_a_key_in_the_address_is_told_to_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On every page it stands in the address, and in no log and no error."""
    caplog.set_level(logging.DEBUG)
    access = ApiKey(KEY, param="key")
    with serving(paged) as api:
        assert fetched(tmp_path, source(api, access=access, paging=KINDS["next"])) == PEOPLE
        assert all(parse_qs(urlsplit(path).query)["key"] == [KEY] for path, _ in api.asked)
        assert "x-api-key" not in api.asked[0][1]
    for status in (302, 400, 401, 503):
        with serving(lambda *_, status=status: (status, {}, b"")) as api:
            refused(tmp_path / str(status), source(api, access=access, tries=1))
    assert KEY not in caplog.text


def test_one_answer_as_it_is(tmp_path: Path) -> None:
    """XML goes to the xml source untouched."""
    with serving(lambda *_: (200, {}, b"<a>\xc3\xa9</a>")) as api:
        one = source(api, answer="as_is", access=Basic("u", KEY))
        (delivery,) = FetchedDrop(tmp_path, "wd", one, ending=".xml").look().ready
        assert delivery.path.read_bytes() == b"<a>\xc3\xa9</a>"
        assert api.asked[0][1]["authorization"].startswith("Basic ")


def test_a_delta(tmp_path: Path) -> None:
    """The mark of the last page is what the next fetch asks from, once this one is done."""
    with serving(lambda path, *_: ok({"people": [{"path": path}], "now": "2026-01-31"})) as api:
        drop = FetchedDrop(tmp_path, "hr", source(api, since_param="changed", since_path="now"))
        drop.mark_done(drop.look().ready[0])
        drop.look()
        assert [path for path, _ in api.asked] == ["/people", "/people?changed=2026-01-31"]


@pytest.mark.parametrize(("status", "said"), [(410, {}), (400, {"error": {"code": "syncStateNotFound"}})])
def test_a_mark_that_has_expired_is_dropped(tmp_path: Path, status: int, said: object) -> None:
    """Everything is read once, and from there on only changes; without a mark it is an error like others."""
    expired: list[str] = []

    def handle(path: str, headers: dict[str, str], api: Api) -> Answer:
        if path in expired:
            return status, {}, json.dumps(said).encode()
        return ok({"people": [{"id": len(api.asked)}], "delta": f"{api.url}/people?since={len(api.asked)}"})

    with serving(handle) as api:
        drop = FetchedDrop(tmp_path, "hr", source(api, since_path="delta"))
        drop.mark_done(drop.look().ready[0])
        expired.append("/people?since=1")
        drop.mark_done(drop.look().ready[0])
        drop.mark_done(drop.look().ready[0])
        assert [path for path, _ in api.asked] == ["/people", "/people?since=1", "/people", "/people?since=3"]
        expired.append("/people")
        assert isinstance(refused(tmp_path / "other", source(api, since_path="delta")), SettingsError)


def test_numbers_are_not_rounded(tmp_path: Path) -> None:
    """What the API wrote is what the file has."""
    with serving(lambda *_: (200, {}, b'{"people": [{"a": 1.10, "b": 12345678901234567890123}]}')) as api:
        (delivery,) = FetchedDrop(tmp_path, "hr", source(api)).look().ready
        assert delivery.path.read_text() == '{"a":1.10,"b":12345678901234567890123}\n'


def test_a_token_is_kept_and_renewed(tmp_path: Path) -> None:
    """One token for all pages; a new one when it ends, and once when the API refuses it."""
    valid = ["t1"]

    def handle(path: str, headers: dict[str, str], api: Api) -> Answer:
        if path == "/token":
            assert "client_secret=k3y" in headers["body"]
            return ok({"access_token": valid[-1], "expires_in": 3600})
        if headers["authorization"] != f"Bearer {valid[-1]}":
            return 401, {}, b""
        if len(api.asked) == 4:
            valid.append("t2")
        return paged(path, headers, api)

    now = [0.0]
    with serving(handle) as api:
        access = ClientCredentials(f"{api.url}/token", "id", KEY, clock=lambda: now[0])
        one = source(api, access=access, paging=KINDS["next"])
        assert fetched(tmp_path, one) == PEOPLE
        assert sum(path == "/token" for path, _ in api.asked) == 2
        now[0] = 3600 - 30
        fetched(tmp_path, one)
        assert sum(path == "/token" for path, _ in api.asked) == 3


def test_a_token_that_is_not_given(tmp_path: Path) -> None:
    """Wrong credentials are told as such, and not tried again."""
    with serving(lambda *_: (401, {}, b'{"error": "invalid_client"}')) as api:
        one = source(api, access=ClientCredentials(f"{api.url}/token", "id", KEY))
        assert isinstance(refused(tmp_path, one), AccessRefused)
        assert len(api.asked) == 1


def test_a_token_that_is_refused_again(tmp_path: Path) -> None:
    """Renewed once, and no more."""
    with serving(lambda path, *_: ok({"access_token": "t"}) if path == "/token" else (401, {}, b"")) as api:
        one = source(api, access=ClientCredentials(f"{api.url}/token", "id", KEY))
        assert isinstance(refused(tmp_path, one), AccessRefused)
        assert len(api.asked) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"records": "a["}, "rest.records: a"),
        ({"answer": "as_is", "paging": Paging("link")}, "as_is is one answer"),
    ],
)
def test_wrong_settings(options: dict[str, Any], words: str) -> None:
    """They are told when it is built."""
    with pytest.raises(SettingsError, match=words):
        RestFetch("https://x.example", ApiKey(KEY), **options)
    wrongs: list[dict[str, Any]] = [
        {"kind": "page"},
        {"kind": "next"},
        {"kind": "next", "path": "a["},
        {"kind": "next", "path": "a", "more": "b"},
        {"kind": "page", "param": "p", "more": "a["},
        {"kind": "page", "param": "p", "more": "a", "ends_with": 404},
    ]
    for wrong in wrongs:
        with pytest.raises(SettingsError):
            Paging(**wrong)


GRAPH = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users",
    "value": [
        {
            "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
            "displayName": "Adele Vance",
            "givenName": "Adele",
            "surname": "Vance",
            "jobTitle": "Product Marketing Manager",
            "mail": "AdeleV@contoso.com",
            "userPrincipalName": "AdeleV@contoso.com",
        }
    ],
}
BAMBOO = {
    "fields": [{"id": "displayName", "type": "text", "name": "Display name"}],
    "employees": [{"id": "123", "displayName": "John Doe", "firstName": "John", "lastName": "Doe", "workEmail": None}],
}
VENDORS: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "bamboohr": ({"company": "acme"}, BAMBOO, "123"),
    "workday-json": (
        {"host": "wd2.myworkday.com", "tenant": "acme", "owner": "isu", "report": "Staff List"},
        {"Report_Entry": [{"id": "7", "Employee_ID": "7"}]},
        "7",
    ),
    "microsoft-graph": ({"tenant": "t"}, GRAPH, "87d349ed-44d7-43e1-9a83-5f2406dee5bd"),
    "microsoft-graph-delta": (
        {"tenant": "t"},
        {**GRAPH, "@odata.deltaLink": "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=x"},
        "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
    ),
}


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_published_answer(tmp_path: Path, name: str, respx_mock: respx.MockRouter) -> None:
    """Presets read what the vendors' documents show."""
    places, answer, key = VENDORS[name]
    options = preset(name, places)
    known = options.pop("access")
    if known["kind"] == "client_credentials":
        access: Access = ClientCredentials(known["token_url"], "id", KEY, known["scope"])
    else:
        access = Basic(KEY, "x")
    respx_mock.post(path__regex="/token$").mock(httpx.Response(200, json={"access_token": "t", "expires_in": 3599}))
    route = respx_mock.get(path=httpx.URL(options["url"]).path).mock(httpx.Response(200, json=answer))
    paging = Paging(**options.pop("paging", {}))
    one = RestFetch(access=access, paging=paging, resolve=lambda *_: ["93.184.215.14"], **options)
    respx_mock._assert_all_called = False
    (row,) = fetched(tmp_path, one)
    assert row["id"] == key
    assert route.calls[0].request.headers["host"] == httpx.URL(options["url"]).host


def test_places_of_a_preset() -> None:
    """What is missing is named, and what is filled in cannot lead elsewhere."""
    assert names() == [*sorted([*VENDORS, "workday-xml"])]
    assert preset("bamboohr", {"company": "a/../b@evil"})["url"].startswith("https://a%2F..%2Fb%40evil.bamboohr.com/")
    with pytest.raises(SettingsError, match="bamboohr needs: company"):
        preset("bamboohr", {})
    with pytest.raises(SettingsError, match=r"sap is not known\. Known are: bamboohr, "):
        preset("sap", {})
