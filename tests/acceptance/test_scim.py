"""SCIM as its administrator has it: tokens by command, and the service that takes people by them."""

from __future__ import annotations

import httpx
import pytest

from tests.acceptance.house import House
from tests.acceptance.test_service import serving

ADD = ("scim", "token", "add")


def test_from_the_command_to_the_first_person(house: House) -> None:
    """A token is made, shown once, opens what `serve` serves, and after `revoke` does so no more."""
    done = house.call(*ADD, "entra-id", "--by", "root", "--json")
    assert done.status == 0, done.all
    token = done.json["token"]
    assert done.json["client"] == "entra-id"
    house.secrets.add(token)
    with serving(house) as service:
        url = service.until(lambda event: event["event"] == "serving")["url"]
        with httpx.Client(base_url=f"{url}/scim/v2", headers={"Authorization": f"Bearer {token}"}) as client:
            body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}
            assert client.post("/Users", json=body).status_code == 201
            answered = service.until(lambda event: event.get("endpoint") == "/scim/v2/Users")
            assert (answered["method"], answered["status"]) == ("POST", 201)
            assert house.call("scim", "token", "revoke", "entra-id", "--by", "root").status == 0
            assert client.get("/Users").status_code == 401
    [listed] = house.call("scim", "token", "list", "--json").json
    assert (listed["client"], listed["state"], listed["created_by"]) == ("entra-id", "revoked", "root")
    assert listed["used_at"] is not None
    shown = house.call("scim", "token", "list")
    assert token not in shown.all
    assert "revoked" in shown.out


def test_a_new_token_in_place_of_the_old(house: House) -> None:
    """`rotate` prints another one; the old one is good for the overlap, and `add` says that there is one already."""
    first = house.call(*ADD, "okta", "--by", "root", "--json").json["token"]
    second = house.call("scim", "token", "rotate", "okta", "--by", "root", "--overlap-hours", "1", "--json").json[
        "token"
    ]
    assert first != second
    assert [one["state"] for one in house.call("scim", "token", "list", "--json").json] == ["good", "good"]
    again = house.call(*ADD, "okta", "--by", "root")
    assert (again.status, "rotate" in again.plain) == (2, True)
    assert house.call("scim", "token", "rotate", "okta", "--by", "root", "--overlap-hours", "0").status == 0
    states = [one["state"] for one in house.call("scim", "token", "list", "--json").json]
    assert states == ["good", "expired", "expired"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((*ADD, "Entra ID"), "small letters"),
        ((*ADD, "entra-id", "--days", "0"), "--days"),
        (("scim", "token", "rotate", "nobody"), "no client"),
        (("scim", "token", "revoke", "nobody"), "no such token"),
        ((*ADD, "entra-id", "--by", " "), "--by"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_request_is_told(house: House, arguments: tuple[str, ...], reason: str) -> None:
    """In one sentence, with status 2."""
    done = house.call(*arguments, *(() if "--by" in arguments else ("--by", "root")))
    assert done.status == 2, done.all
    assert reason in done.plain
