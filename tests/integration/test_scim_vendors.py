"""What Entra ID and Okta really send is taken: their own examples, one after another, over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.scim import serving

DATA = Path(__file__).parents[1] / "data" / "scim"


def filled(value: Any, ids: dict[str, str]) -> Any:
    """With ids in place of what stands in braces."""
    text = json.dumps(value)
    for name, one in ids.items():
        text = text.replace(f"{{{name}}}", one)
    return json.loads(text)


def at(body: Any, path: str) -> Any:
    """What stands at a path with dots, None where nothing does; schemas in it have dots of their own."""
    found = body
    while path and found is not None:
        whole = next((key for key in found if path == key or path.startswith(f"{key}.")), None) if found else None
        if isinstance(found, list):
            head, _, path = path.partition(".")
            found = found[int(head)] if int(head) < len(found) else None
            continue
        if whole is None:
            return None
        found, path = found[whole], path[len(whole) + 1 :]
    return found


@pytest.mark.parametrize("vendor", ["entra", "okta"])
def test_every_request_of_a_vendor_is_answered_as_it_expects(database_url: str, vendor: str) -> None:
    """A life of users and groups from the vendor's own documentation; the password that Okta sends is not kept."""
    requests = json.loads((DATA / f"{vendor}.json").read_text("utf-8"))
    ids: dict[str, str] = {}
    with serving(database_url) as service, service.client(vendor) as client:
        for name, one in requests.items():
            request = filled(one, ids)
            answer = client.request(request["method"], request["path"], json=request.get("body"))
            assert answer.status_code == request["status"], (name, answer.text)
            if answer.content:
                assert answer.headers["content-type"] == "application/scim+json", name
            body = answer.json() if answer.content else None
            for path, expected in request.get("expect", {}).items():
                assert at(body, path) == expected, (name, path, body)
            if request["method"] == "POST" and answer.status_code == 201:
                ids[request.get("keep", "user")] = body["id"]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT document::text FROM connector.scim_user").fetchall()
    assert rows
    assert [row for row in rows if "1mz050nq" in row[0]] == []
