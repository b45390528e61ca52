"""Whatever a client sends, the server makes no mistake of its own: no 5xx, and every answer is SCIM's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from scim2_models import SCIMException, ScimFilter

from connector.scim.models import FullUser, Group
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, USER, Identity, serving

NAMES = [
    "userName", "USERNAME", "active", "title", "name", "name.givenName", "emails", "emails.value", "emails.primary",
    "emails.$ref", "meta", "meta.lastModified", "id", "externalId", "schemas", "groups", "groups.value", "password",
    "manager", "members", "members.value", "members.$ref", "displayName", "x509Certificates", "x509Certificates.value",
    "photos.value", "nobody", "urn:x:y", ENTERPRISE, f"{ENTERPRISE}:manager", f"{ENTERPRISE}:manager.value",
    f"{ENTERPRISE}:department", f"{USER}:userName", f"{USER}:name.givenName", "", "emails[", "[", ".", "a b",
]  # fmt: skip
OPERATORS = ["eq", "Ne", "co", "sw", "EW", "gt", "ge", "lt", "le", "pr", "is", ""]
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8), st.sampled_from(["True", "work", "2026-11-21T08:00:00Z", "a@b.cc", "\x00", "https://x"]),
    st.just("%_\\"),
)  # fmt: skip
KEYS = st.one_of(st.sampled_from([*NAMES, "value", "type", "primary", "$ref"]), st.text(max_size=5))
VALUES: st.SearchStrategy[Any] = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=8,
)


def _literal(value: Any) -> str:
    return (
        '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value).lower()
    )


COMPARISONS = st.builds(
    lambda name, operator, value: f"{name} {operator} {_literal(value)}" if operator != "pr" else f"{name} pr",
    st.sampled_from(NAMES), st.sampled_from(OPERATORS), PLAIN,
)  # fmt: skip
TEXTS = ["userName", "title", "displayName", "externalId", "id", "emails.value", f"{ENTERPRISE}:department"]
SOUND = st.one_of(
    st.builds(
        lambda name, operator, value: f"{name} {operator} {_literal(value)}",
        st.sampled_from(TEXTS),
        st.sampled_from(OPERATORS[:9]),
        st.sampled_from(["ada", "ADA", "T", "a@b.cc", "", "IT", "Team", "%"]),
    ),
    st.builds("{} pr".format, st.sampled_from([*TEXTS, "emails", "groups", "members", "active", "meta"])),
    st.sampled_from(["active eq true", 'emails[type eq "work" and value co "b"]', "emails.primary eq true"]),
    st.sampled_from(['meta.created gt "2020-01-01T00:00:00Z"', 'emails[type eq "work"].value eq "A@B.cc"']),
)
"""Comparisons that are good for users at least."""
FILTERS = st.one_of(
    st.recursive(
        SOUND,
        lambda inner: st.one_of(
            st.builds("{} and {}".format, inner, inner),
            st.builds("({}) or {}".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=5,
    ),
    st.text(max_size=30),
    st.recursive(
        COMPARISONS,
        lambda inner: st.one_of(
            st.builds("{} and {}".format, inner, inner),
            st.builds("{} or {}".format, inner, inner),
            st.builds("not ({})".format, inner),
            st.builds("({})".format, inner),
            st.builds("{}[{}]".format, st.sampled_from(NAMES), inner),
            st.builds('{}[{}].{} eq "x"'.format, st.sampled_from(NAMES), inner, st.sampled_from(["value", "type"])),
        ),
        max_leaves=5,
    ),
)
PATHS = st.one_of(
    st.sampled_from(NAMES),
    FILTERS,
    st.builds("{}[{}].{}".format, st.sampled_from(NAMES), COMPARISONS, st.sampled_from(["value", "type", "x"])),
)
WRITES: list[tuple[str, Any]] = [
    ("title", "Boss"), ("active", "False"), ("name", {"givenName": "A"}), ("name.familyName", None), ("emails", []),
    ("emails", [{"value": "x@y.zz", "primary": True}]), ('emails[type eq "work"].value', "w@y.zz"),
    ("displayName", "D"),
    ('emails[type eq "home" and primary eq true].value', "h@y.zz"), ("emails.type", "other"), ("userName", "Ada"),
    (f"{ENTERPRISE}:manager", "m"), (f"{ENTERPRISE}:manager", ""), (ENTERPRISE, {"manager": None}), (ENTERPRISE, None),
    ("schemas", [USER]), ("members", None), ("members", [{"value": "x"}]), ('members[value eq "x"]', None),
    ('members[value pr]', None), ("x509Certificates", [{"value": "YWJj"}]), ("phoneNumbers[type pr].value", 1),
    ("roles", {"value": "r"}), ("roles", ["r"]), ('addresses[type eq "work"]', {"country": "TW"}), ("meta", {}),
]  # fmt: skip
LIKELY = st.builds(
    lambda op, write, bare: (
        {"op": op, "value": dict([write])} if bare else {"op": op, "path": write[0], "value": write[1]}
    ),
    st.sampled_from(["add", "Replace", "REMOVE"]), st.sampled_from(WRITES), st.booleans(),
)  # fmt: skip
ANYTHING = st.fixed_dictionaries(
    {"op": st.one_of(st.sampled_from(["add", "Replace", "REMOVE", "move"]), PLAIN)},
    optional={"path": st.one_of(PATHS, PLAIN), "value": VALUES},
)
OPERATIONS = st.one_of(LIKELY, LIKELY, LIKELY, ANYTHING)
QUIET = hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])


@pytest.fixture
def served(database_url: str) -> Iterator[tuple[Identity, str, str]]:
    """A client, with the addresses of a user and of a group."""
    with serving(database_url) as service, service.client() as client:
        more = {
            "title": "T",
            "emails": [{"value": "a@b.cc", "type": "work", "primary": True}],
            ENTERPRISE: {"department": "IT"},
        }
        user = client.user("ada", **more)["id"]
        yield client, f"/Users/{user}", f"/Groups/{client.group('Team', [user])['id']}"


def sound(answer: Any) -> None:
    """An answer that is no mistake of the server."""
    assert answer.status_code < 500, answer.text
    assert not answer.content or answer.headers["content-type"] == "application/scim+json"


@QUIET
@hypothesis.given(operations=st.lists(OPERATIONS, min_size=1, max_size=3))
def test_any_patch(served: tuple[Identity, str, str], operations: list[dict[str, Any]]) -> None:
    """Of a user and of a group; what is answered can be read again."""
    client, *paths = served
    for path in paths:
        sound(client.patch(path, json={"schemas": [PATCH_OP], "Operations": operations}))
        again = client.get(path)
        assert again.status_code == 200


@QUIET
@hypothesis.given(wanted=FILTERS, order=st.sampled_from(["", *NAMES]))
def test_any_filter(served: tuple[Identity, str, str], wanted: str, order: str) -> None:
    """By query and by body, of each kind and of all; what the index answers is what evaluation answers."""
    client, *_ = served
    for path, model in (("/Users", FullUser), ("/Groups", Group), ("", None)):
        asked = {"filter": wanted, **({"sortBy": order} if order else {})}
        body = client.post(f"{path}/.search", json=asked)
        sound(body)
        sound(client.get(path, params=asked))
        if body.status_code == 200 and model is not None:
            every = [model.model_validate(one) for one in client.get(path).json()["Resources"]]  # type: ignore[attr-defined]
            try:
                matching = [one.id for one in every if not wanted or ScimFilter[model](wanted).match(one)]  # type: ignore[valid-type]
            except SCIMException:
                continue
            assert [one["id"] for one in body.json()["Resources"]] == matching


@QUIET
@hypothesis.given(body=VALUES, more=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
def test_any_resource(served: tuple[Identity, str, str], body: Any, more: dict[str, Any]) -> None:
    """Created and replaced, as anything at all and as something that is nearly a resource."""
    client, user, group = served
    for path, schema in ((user, USER), (group, GROUP)):
        nearly = {"schemas": [schema], "userName": "x", "displayName": "x", **more}
        for one in (body, nearly):
            sound(client.put(path, json=one))
            sound(client.post(path.rpartition("/")[0], json=one))


@QUIET
@hypothesis.given(
    raw=st.binary(max_size=60),
    query=st.dictionaries(
        st.sampled_from(["count", "startIndex", "attributes", "excludedAttributes", "sortOrder"]),
        st.text(max_size=12),
        max_size=3,
    ),
)
def test_any_bytes(served: tuple[Identity, str, str], raw: bytes, query: dict[str, str]) -> None:
    """Bodies that are no JSON, and parameters that mean nothing."""
    client, user, _ = served
    sound(client.request("PATCH", user, content=raw, params=query))
    sound(client.get("/Users", params=query))
    sound(client.get(user, params=query))
