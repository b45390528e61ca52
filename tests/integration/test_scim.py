"""The SCIM server over real HTTP: conditions, errors, listings, clients apart from each other, and changes at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from string import ascii_letters

import httpx
import psycopg
import pytest

from connector.scim.listing import SCANNED
from connector.scim.models import LARGEST, MOST
from connector.scim.resources import LONGEST
from connector.web.app import declared, web_app
from connector.web.page import Open
from connector.web.scim import ROUTES
from connector.web.tokens import ByToken
from tests.scim import ENTERPRISE, GROUP, USER, Identity, Service, schedule, serving

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def refused(answer: httpx.Response, status: int, scim_type: str | None = None) -> None:
    """An error in SCIM's form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    body = answer.json()
    assert (body["schemas"], body["status"], body.get("scimType")) == ([ERROR], str(status), scim_type)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["userName"] for one in answer.json()["Resources"]]


# ---------------------------------------------------------------- who may come
def test_every_route_asks_for_a_token(database_url: str) -> None:
    """Each address of SCIM, by each method, is closed without a token, with a wrong one and with another scheme."""
    with serving(database_url) as service:
        asked = dict(declared(web_app(service.connector, schedule)))
        ours = {path: may for path, may in asked.items() if path.startswith("/scim/v2")}
        assert len(ours) == len(ROUTES)
        assert set(ours.values()) == {ByToken.SCIM}
        assert Open.TO_ALL in asked.values()
        token = service.token("entra-id")
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {token}"}):
            with httpx.Client(base_url=f"{service.url}/scim/v2", headers=header) as nobody:
                for path in ("/Users", "/Groups/1", "/Schemas", "/nothing"):
                    answer = nobody.request("PATCH" if path == "/Groups/1" else "GET", path)
                    refused(answer, 401)
                    assert answer.headers["www-authenticate"] == 'Bearer realm="scim"'


def test_wrong_tokens_and_too_many_requests_are_slowed_down(database_url: str) -> None:
    """After 60 wrong tokens in a minute from one address; the good token still opens."""
    with serving(database_url) as service, service.client() as client, service.with_token("guess") as guess:
        answers = [guess.get("/Users").status_code for _ in range(62)]
        assert (answers[:60], answers[60:]) == ([401] * 60, [429] * 2)
        assert client.get("/Users").status_code == 200


def test_a_token_lives_and_ends(database_url: str) -> None:
    """Shown once and kept as a digest; rotated with an overlap; revoked at once; expired; each on the audit trail."""
    with serving(database_url) as service:
        access = service.connector.scim_access
        first = access.add("entra-id", 30, "ada")
        second = access.rotate("entra-id", 30, 24, "ada")
        with service.with_token(first) as old, service.with_token(second) as new:
            assert [one.get("/Users").status_code for one in (old, new)] == [200, 200]
            service.clock.forward(hours=25)
            assert [one.get("/Users").status_code for one in (old, new)] == [401, 200]
            service.clock.forward(days=30)
            assert new.get("/Users").status_code == 401
        third = access.add("entra-id", 30, "ada")
        with service.with_token(third) as client:
            assert client.get("/Users").status_code == 200
            assert access.revoke("entra-id", None, "ada") == 3
            assert client.get("/Users").status_code == 401
        assert [state.value for _, state in access.all()] == ["revoked"] * 3
        assert access.all()[0][0].used_at is not None
        actions = [one.action for one in service.connector.audit_trail.newest()]
        assert actions == ["scim_token_revoked", "scim_token_added", "scim_token_rotated", "scim_token_added"]
        with service.connector.database.transaction() as connection:
            rows = connection.execute("SELECT t::text AS kept FROM connector.scim_token t").fetchall()
        assert [row for row in rows if first in row["kept"]] == []


def test_a_client_never_sees_anothers_people(database_url: str) -> None:
    """Not by id, filter, listing or membership; the same userName may be in both; nothing of it can be altered."""
    with serving(database_url) as service, service.client("entra-id") as one, service.client("okta") as other:
        ada = one.user("ada", externalId="1")
        team = one.group("Team", [ada["id"]])
        assert other.user("ADA")["id"] != ada["id"]
        refused(other.get(f"/Users/{ada['id']}"), 404)
        refused(other.put(f"/Users/{ada['id']}", json={"schemas": [USER], "userName": "x"}), 404)
        refused(other.change(f"/Users/{ada['id']}", {"op": "replace", "path": "active", "value": False}), 404)
        refused(other.delete(f"/Users/{ada['id']}"), 404)
        add = {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}
        refused(other.change(f"/Groups/{team['id']}", add), 404)
        refused(other.change(f"/Groups/{other.group('Theirs')['id']}", add), 400, "invalidValue")
        assert names(other.get("/Users")) == ["ADA"]
        for wanted in ('externalId eq "1"', f'id eq "{ada["id"]}"', f'groups.value eq "{team["id"]}"', "groups pr"):
            assert names(other.get("/Users", params={"filter": wanted})) == []
        found = other.post("/.search", json={"filter": 'displayName eq "Team" or userName eq "ada"'}).json()
        assert [resource["userName"] for resource in found["Resources"]] == ["ADA"]
        assert one.get(f"/Users/{ada['id']}").json()["groups"][0]["value"] == team["id"]


# ---------------------------------------------------------------- conditions and errors
def test_versions(database_url: str) -> None:
    """Weak tags: 304 for what the client has, 412 for what has changed meanwhile; no change is no new version."""
    with serving(database_url) as service, service.client() as client:
        answer = client.post("/Users", json={"schemas": [USER], "userName": "ada"})
        tag, path = answer.headers["etag"], f"/Users/{answer.json()['id']}"
        assert answer.headers["location"] == answer.json()["meta"]["location"] == f"{service.url}/scim/v2{path}"
        assert tag == answer.json()["meta"]["version"] == 'W/"1"'
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        replace = {"op": "replace", "path": "title", "value": "Engineer"}
        changed = client.change(path, replace, **{"If-Match": tag})
        assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
        refused(client.change(path, replace, **{"If-Match": tag}), 412)
        refused(client.put(path, json={"schemas": [USER], "userName": "x"}, headers={"If-Match": tag}), 412)
        refused(client.delete(path, headers={"If-Match": tag}), 412)
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
        assert client.change(path, replace, **{"If-Match": "*"}).headers["etag"] == 'W/"2"'
        assert client.delete(path, headers={"If-Match": 'W/"1", W/"2"'}).status_code == 204
        refused(client.get(path), 404)


def test_mistakes_are_told_in_scims_form(database_url: str) -> None:
    """With scimType where RFC 7644 has one, and nothing is half done."""
    with serving(database_url) as service, service.client() as client:
        ada, bob = client.user("ada"), client.user("bob")
        path = f"/Users/{ada['id']}"
        refused(client.post("/Users", json={"schemas": [USER], "userName": "ADA"}), 409, "uniqueness")
        refused(client.change(path, {"op": "replace", "path": "userName", "value": "Bob"}), 409, "uniqueness")
        refused(client.put(path, json={"schemas": [USER], "userName": bob["userName"]}), 409, "uniqueness")
        refused(client.post("/Users", json={"schemas": [USER]}), 400, "invalidValue")
        refused(client.post("/Users", json={"schemas": [USER], "userName": "  "}), 400, "invalidValue")
        refused(client.post("/Users", json={"schemas": ["urn:x"], "userName": "x"}), 400, "invalidSyntax")
        refused(client.post("/Users", content=b"{"), 400, "invalidSyntax")
        refused(client.post("/Users", content=b"[]"), 400, "invalidSyntax")
        refused(client.post("/Users", content=b'{"userName": "\\ud800"}'), 400, "invalidSyntax")
        refused(client.post("/Users", json={"schemas": [USER], "userName": "a\x00b"}), 400, "invalidValue")
        refused(client.post("/Users", content=b" " * (LARGEST + 1)), 413)
        refused(client.get("/Users", params={"filter": "userName eq"}), 400, "invalidFilter")
        refused(client.get("/Users", params={"filter": 'nobody eq "x"'}), 400, "invalidFilter")
        refused(client.get("/Users", params={"filter": 'userName eq "\x00"'}), 400, "invalidValue")
        refused(client.get("/Users", params={"count": "many"}), 400, "invalidValue")
        refused(client.get("/Schemas", params={"filter": 'id eq "x"'}), 403)
        refused(client.change(path, {"op": "replace", "path": "id", "value": "x"}), 400, "mutability")
        refused(client.change(path, {"op": "remove"}), 400, "noTarget")
        refused(client.change(path, {"op": "move", "path": "title"}), 400, "invalidValue")
        refused(client.change(path, {"op": "replace", "path": "emails[", "value": "x"}), 400, "invalidPath")
        two = {"op": "replace", "path": "title", "value": "T"}, {"op": "remove", "path": "userName"}
        refused(client.change(path, *two), 400, "mutability")
        assert "title" not in client.get(path).json()
        refused(client.get("/Nothing"), 404)
        refused(client.delete("/Users"), 405)
        assert client.delete("/Users").headers["allow"] == "GET, POST"


def test_what_is_too_long_to_be_looked_up_is_told(database_url: str) -> None:
    """An index of PostgreSQL takes it no longer: the client is told what is too long, and not to try again later."""
    long = "".join(Random(1).choices(ascii_letters, k=6000))
    with serving(database_url) as service, service.client() as client:
        path = f"/Users/{client.user('ada')['id']}"
        for attribute, more in {
            "userName": {"userName": long},
            "externalId": {"externalId": long},
            "emails.value": {"emails": [{"value": long}]},
            "employeeNumber": {ENTERPRISE: {"employeeNumber": long}},
        }.items():
            answer = client.post("/Users", json={"schemas": [USER], "userName": "bob", **more})
            refused(answer, 400, "invalidValue")
            assert answer.json()["detail"].startswith(f"{attribute} is too long")
            refused(client.change(path, {"op": "replace", "value": more}), 400, "invalidValue")
        refused(client.post("/Groups", json={"schemas": [GROUP], "displayName": long}), 400, "invalidValue")
        most = {"userName": long[:LONGEST], "externalId": long[:LONGEST], "emails": [{"value": long[:LONGEST]}]}
        assert client.post("/Users", json={"schemas": [USER], **most}).status_code == 201


def test_an_address_with_a_slash_too_many_is_the_same_address(database_url: str) -> None:
    """Clients put a base address with a slash at its end before /Users."""
    with serving(database_url) as service, service.client() as client:
        path = f"{service.url}/scim/v2//Users"
        made = client.post(path, json={"schemas": [USER], "userName": "ada"})
        assert made.status_code == 201, made.text
        assert names(client.get(f"{path}/", params={"filter": 'userName eq "ada"'})) == ["ada"]
        assert client.delete(f"{path}/{made.json()['id']}").status_code == 204
        assert client.get(f"{service.url}/scim/v2/").json()["totalResults"] == 0


# ---------------------------------------------------------------- listings
@pytest.fixture
def people(database_url: str) -> Iterator[tuple[Service, Identity, list[str]]]:
    """A service with a few people of one client."""
    with serving(database_url) as service, service.client() as client:
        yield service, client, _people(client)


def _people(client: Identity) -> list[str]:
    for number, (name, title, active) in enumerate(
        [("Ada", "Engineer", True), ("bob", "Chef", True), ("Çelik", "engineer 100%", False), ("dan", "", True)]
    ):
        client.user(
            name,
            title=title or None,
            active=active,
            externalId=f"X{number}",
            emails=[
                {"value": f"{name}@corp.local", "type": "work"},
                {"value": f"{name}@home.example", "type": "home"},
            ],
            **{ENTERPRISE: {"department": "IT" if number % 2 else "Kitchen", "employeeNumber": str(number)}},
        )
    return ["Ada", "bob", "Çelik", "dan"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ('userName eq "ADA"', ["Ada"]),
        ('USERNAME Eq "çELIK"', ["Çelik"]),
        ('externalId eq "x0"', []),
        ('externalId eq "X0" and active eq true', ["Ada"]),
        ('externalId eq "X0" and active eq false', []),
        ('userName eq "ada" or userName eq "bob"', ["Ada", "bob"]),
        ('not (userName eq "ada") and active eq true', ["bob", "dan"]),
        ('title co "100%"', ["Çelik"]),
        ('title sw "engineer"', ["Ada", "Çelik"]),
        ('title ew "f"', ["bob"]),
        ("title pr", ["Ada", "bob", "Çelik"]),
        ("not (title pr)", ["dan"]),
        ('title ne "Chef"', ["Ada", "Çelik", "dan"]),
        ('emails[type eq "work" and value co "@corp"]', ["Ada", "bob", "Çelik", "dan"]),
        ('emails[type eq "home" and value co "@corp"]', []),
        ('emails[type eq "work"].value eq "BOB@corp.local"', ["bob"]),
        ('emails[type eq "home"].value eq "bob@corp.local"', []),
        ('emails.value eq "dan@home.example"', ["dan"]),
        (f'{ENTERPRISE}:department eq "it"', ["bob", "dan"]),
        (f'({ENTERPRISE}:employeeNumber gt "1" or title eq "chef") and active eq true', ["bob", "dan"]),
        ('meta.created gt "2020-01-01T00:00:00Z" and userName lt "c"', ["Ada", "bob"]),
        ('userName eq "ada" and userName eq "bob"', []),
    ],
)
def test_filters(people: tuple[Service, Identity, list[str]], wanted: str, expected: list[str]) -> None:
    """The grammar of RFC 7644, 3.4.2.2, by GET and by POST to .search, alone and paged."""
    _, client, _ = people
    assert names(client.get("/Users", params={"filter": wanted})) == expected
    assert names(client.post("/Users/.search", json={"filter": wanted})) == expected
    last = client.get("/Users", params={"filter": wanted, "startIndex": len(expected), "count": 1}).json()
    assert (last["totalResults"], len(last["Resources"])) == (len(expected), min(len(expected), 1))


def test_order_pages_and_attributes(people: tuple[Service, Identity, list[str]]) -> None:
    """By the index and by evaluation the same; pages are limited; attributes are those asked for, id always."""
    _, client, everybody = people
    by_name = sorted(everybody, key=str.lower)
    for extra in ({}, {"filter": "userName pr"}):
        asked = {"sortBy": "userName", **extra}
        assert names(client.get("/Users", params=asked)) == by_name
        assert names(client.get("/Users", params={**asked, "sortOrder": "descending"})) == by_name[::-1]
        page = client.get("/Users", params={**asked, "startIndex": 2, "count": 2}).json()
        assert [one["userName"] for one in page["Resources"]] == by_name[1:3]
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (4, 2, 2)
    assert names(client.get("/Users", params={"sortBy": "title"}))[-1] == "dan"
    for start, count, shown in (("0", "-1", 0), ("-5", "2", 2), ("99999999999999999999", "2", 0), ("1", "0", 0)):
        page = client.get("/Users", params={"startIndex": start, "count": count}).json()
        assert (page["totalResults"], len(page["Resources"])) == (4, shown)
    only = client.get("/Users", params={"attributes": "userName,emails.value", "count": 1}).json()["Resources"][0]
    assert set(only) == {"schemas", "id", "userName", "emails"}
    assert set(only["emails"][0]) == {"value"}
    without = client.get("/Users", params={"excludedAttributes": "emails,id", "count": 1}).json()["Resources"][0]
    assert "emails" not in without
    assert "id" in without


def test_a_page_is_limited(database_url: str) -> None:
    """Never more than what ServiceProviderConfig says; what the index cannot answer is refused beyond a bound."""
    with serving(database_url) as service, service.client() as client:
        client.user("first")
        with service.connector.database.transaction() as connection:
            connection.execute(
                "INSERT INTO connector.scim_user "
                "(user_id, client_id, document, name_key, created_at, modified_at, changed) "
                "SELECT gen_random_uuid(), client_id, jsonb_set(document, '{userName}', to_jsonb('u' || n)), "
                "'u' || n, created_at, modified_at, changed FROM connector.scim_user, generate_series(1, %s) n",
                [SCANNED],
            )
        page = client.get("/Users", params={"count": 100_000}).json()
        assert (page["totalResults"], page["itemsPerPage"]) == (SCANNED + 1, MOST)
        assert client.get("/ServiceProviderConfig").json()["filter"]["maxResults"] == MOST
        refused(client.get("/Users", params={"filter": 'title eq "x"'}), 400, "tooMany")
        ada = client.user("ada", **{ENTERPRISE: {"employeeNumber": "N-1"}})["userName"]
        assert names(client.get("/Users", params={"filter": f'{ENTERPRISE}:employeeNumber eq "n-1"'})) == [ada]
        assert names(client.get("/Users", params={"filter": 'userName eq "U17" and active pr'})) == []
        assert names(client.get("/Users", params={"filter": 'userName eq "U17" and not (active pr)'})) == ["u17"]


# ---------------------------------------------------------------- changes at once
def test_of_changes_at_once_none_is_lost(database_url: str) -> None:
    """Forty requests in eight threads let members in and out and alter one user; all are there in the end."""
    with serving(database_url) as service, service.client() as client:
        users = [client.user(f"user{number}")["id"] for number in range(20)]
        team, ada = client.group("Team")["id"], client.user("ada")["id"]

        def join(user: str) -> int:
            value = [{"value": user}]
            return client.change(f"/Groups/{team}", {"op": "Add", "path": "members", "value": value}).status_code

        def mail(number: int) -> int:
            value = [{"value": f"{number}@corp.local", "type": str(number)}]
            return client.change(f"/Users/{ada}", {"op": "add", "path": "emails", "value": value}).status_code

        with ThreadPoolExecutor(8) as threads:
            joined = list(threads.map(join, users))
            mailed = list(threads.map(mail, range(20)))
        assert (joined, mailed) == ([204] * 20, [200] * 20)
        assert {one["value"] for one in client.get(f"/Groups/{team}").json()["members"]} == set(users)
        assert len(client.get(f"/Users/{ada}").json()["emails"]) == 20
        assert client.get(f"/Groups/{team}").headers["etag"] == 'W/"21"'


def test_a_name_is_given_once_at_the_same_time(database_url: str) -> None:
    """Of eight requests for one userName one succeeds."""
    with serving(database_url) as service, service.client() as client:
        body = {"schemas": [USER], "userName": "ada"}
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: client.post("/Users", json=body).status_code, range(8)))
        assert sorted(answers) == [201, *[409] * 7]


def test_members_and_a_name_change_together(database_url: str) -> None:
    """In one request and one new version, wholly or not at all; users learn the new name with those who came."""
    with serving(database_url) as service, service.client() as client:
        ada, bob, cem = (client.user(name)["id"] for name in ("ada", "bob", "cem"))
        team = client.group("Team", [ada, bob])["id"]
        going = {"op": "remove", "path": f'members[value eq "{ada}"]'}
        coming = {"op": "add", "path": "members", "value": [{"value": cem}]}
        naming = {"op": "replace", "path": "displayName", "value": "Crew"}
        stranger = {"op": "add", "path": "members", "value": [{"value": team[::-1]}]}
        refused(client.change(f"/Groups/{team}", naming, going, stranger), 400, "invalidValue")
        assert client.get(f"/Groups/{team}").json()["displayName"] == "Team"
        assert client.change(f"/Groups/{team}", going, naming, coming).headers["etag"] == 'W/"2"'
        assert client.change(f"/Groups/{team}", going, naming, coming).headers["etag"] == 'W/"2"'
        assert {one["value"] for one in client.get(f"/Groups/{team}").json()["members"]} == {bob, cem}
        told = [client.get(f"/Users/{one}").json().get("groups", [{}])[0].get("display") for one in (ada, bob, cem)]
        assert told == [None, "Crew", "Crew"]


# ---------------------------------------------------------------- the way in
def test_a_directory_is_a_source(database_url: str) -> None:
    """Whole, with the gone as inactive, and what changed; pending counts until it is taken; PostgreSQL notifies."""
    with serving(database_url) as service, service.client() as client:
        sources = service.connector.scim_sources
        boss = client.user("boss", externalId="B1", **{ENTERPRISE: {"employeeNumber": "7"}})
        ada = client.user(
            "ada",
            name={"givenName": "Ada", "familyName": "Okafor"},
            emails=[{"value": "a@home.example"}, {"value": "ada@corp.local", "primary": True, "type": "work"}],
            **{ENTERPRISE: {"department": "IT", "employeeNumber": "8", "manager": boss["id"]}},
        )
        bob = client.user("bob")
        client.group("Sales", [ada["id"]])
        whole = sources.directory("entra-id", "people")
        assert (whole.identity.complete, whole.identity.source, sources.pending("entra-id")) == (True, "people", 3)
        by_name = {one.fields["userName"]: one.fields for one in whole.records()}  # type: ignore[union-attr]
        expected = {
            "active": "true", "name.givenName": "Ada", "emails": "ada@corp.local", "emails.work": "ada@corp.local",
            "department": "IT", "employeeNumber": "8", "groups": "Sales", "manager.id": boss["id"],
            "manager.userName": "boss", "manager.externalId": "B1", "manager.employeeNumber": "7", "externalId": "",
        }  # fmt: skip
        assert {name: by_name["ada"][name] for name in expected} == expected
        assert sources.directory("entra-id", "people").identity == whole.identity
        sources.taken("entra-id", whole.change)
        assert (sources.pending("entra-id"), list(sources.changed("entra-id").records())) == (0, [])

        address = service.connector.settings.database_url.get_secret_value()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("LISTEN connector_scim")
            assert client.delete(f"/Users/{bob['id']}").status_code == 204
            assert [one.payload for one in connection.notifies(timeout=10, stop_after=1)] == ["entra-id"]
        client.group("Night", [ada["id"]])
        changed = sources.changed("entra-id")
        assert not changed.identity.complete
        assert changed.identity.digest != whole.identity.digest
        told = [(one.fields["userName"], one.fields["active"], one.fields["groups"]) for one in changed.records()]  # type: ignore[union-attr]
        assert told == [("ada", "true", "Night; Sales"), ("bob", "false", "")]
        assert sources.pending("entra-id") == 2
        client.user("BOB")  # made anew: one record, and an active one
        again = {one.fields["userName"]: one.fields["active"] for one in sources.directory("entra-id").records()}  # type: ignore[union-attr]
        assert again == {"boss": "true", "ada": "true", "BOB": "true"}


def test_who_goes_leaves_all_groups(database_url: str) -> None:
    """A deleted user is in no group any more, and may be created again under the same name."""
    with serving(database_url) as service, service.client() as client:
        ada = client.user("ada")["id"]
        inner = client.group("Inner", [ada])["id"]
        outer = client.group("Outer", [inner, ada])["id"]
        assert {one["type"] for one in client.get(f"/Groups/{outer}").json()["members"]} == {"User", "Group"}
        client.delete(f"/Users/{ada}")
        assert "members" not in client.get(f"/Groups/{inner}").json()
        assert [one["value"] for one in client.get(f"/Groups/{outer}").json()["members"]] == [inner]
        client.delete(f"/Groups/{inner}")
        assert "members" not in client.get(f"/Groups/{outer}").json()
        assert client.user("ada")["id"] != ada
