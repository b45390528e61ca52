"""What identity systems send otherwise than the standard says does what they mean by it."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest
from scim2_models import SCIMException

from connector.domain.scim import Kind
from connector.scim import reading, tolerance
from connector.scim.models import POLICY, FullUser, Group
from tests.scim import CORE, ENTERPRISE, PATCH_OP, USER

ADA = {
    "userName": "ada",
    "title": "Boss",
    "name": {"givenName": "Ada"},
    "emails": [{"value": "a@b.cc", "type": "work"}, {"value": "h@b.cc", "type": "home"}],
    ENTERPRISE: {"department": "IT"},
}
TEAM = {"displayName": "Team", "members": [{"value": "X"}, {"value": "Y"}]}
HOME = {"value": "h@b.cc", "type": "home"}


def altered(*operations: dict[str, Any], kind: Kind = Kind.USER) -> dict[str, Any]:
    """A user or a group after a PATCH."""
    model, before = (FullUser, ADA) if kind is Kind.USER else (Group, TEAM)
    patch = reading.patch(kind, {"schemas": [PATCH_OP], "Operations": list(operations)})
    after = reading.patched(model.model_validate(before), patch)  # type: ignore[attr-defined]
    return {key: value for key, value in after.model_dump(scim_policy=POLICY).items() if key != "schemas"}


@pytest.mark.parametrize(
    ("keys", "changed"),
    [
        ({'emails[type eq "work"].value': "n@b.cc"}, {"emails": [{"value": "n@b.cc", "type": "work"}, HOME]}),
        (
            {f'{USER}:emails[type eq "work"].value': "n@b.cc", f"{USER}:title": "Chef"},
            {"emails": [{"value": "n@b.cc", "type": "work"}, HOME], "title": "Chef"},
        ),
        ({'addresses[type eq "work"].locality': "Rome"}, {"addresses": [{"locality": "Rome", "type": "work"}]}),
        ({'phoneNumbers[type eq "mobile"].value': 55}, {"phoneNumbers": [{"value": "55", "type": "mobile"}]}),
        ({"id": "x", "name.givenName": "Eva", "NickName": "E"}, {"name": {"givenName": "Eva"}, "nickName": "E"}),
        ({f"{ENTERPRISE}:department": "HR", "active": "False"}, {ENTERPRISE: {"department": "HR"}, "active": False}),
        ({f"{ENTERPRISE}.department": "HR"}, {ENTERPRISE: {"department": "HR"}}),
        (
            {ENTERPRISE: {"department": 7, "manager": "m"}},
            {ENTERPRISE: {"department": "7", "manager": {"value": "m"}}},
        ),
    ],
)
@pytest.mark.parametrize("path", [{}, {"path": ""}, {"path": USER}])
@pytest.mark.parametrize("op", ["Add", "replace"])
def test_an_operation_on_the_whole_takes_keys_that_are_paths(
    op: str, path: dict[str, str], keys: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Each key does what it would do as the path of an operation of its own; none is dropped."""
    assert altered({"op": op, **path, "value": keys}) == {**ADA, **changed}


@pytest.mark.parametrize(
    ("path", "value", "gone"),
    [
        ("title", "Boss", {"title": None}),
        ("title", "another", {"title": None}),
        ("name.givenName", "Ada", {"name": None}),
        (f"{ENTERPRISE}:department", "IT", {ENTERPRISE: None}),
        ('emails[type eq "work"]', [{"value": "a@b.cc"}], {"emails": [HOME]}),
        ('emails[type eq "work"].value', "a@b.cc", {"emails": [{"type": "work"}, HOME]}),
        ("emails", "a@b.cc", {"emails": [HOME]}),
        ("emails.value", ["a@b.cc"], {"emails": [HOME]}),
        ("emails", [], {}),
        ("emails", None, {"emails": None}),
        (f"{ENTERPRISE}:manager", {"value": "m"}, {}),
    ],
)
def test_a_removal_with_a_value_more_than_is_needed(path: str, value: Any, gone: dict[str, Any]) -> None:
    """The path says what goes; of several values without a filter, the value says which."""
    expected = {key: value for key, value in {**ADA, **gone}.items() if value is not None}
    assert altered({"op": "Remove", "path": path, "value": value}) == expected


@pytest.mark.parametrize(
    "removal",
    [
        {"path": 'members[value eq "X"]', "value": [{"value": "X"}]},
        {"path": 'members[value eq "X"]', "value": None},
        {"path": "members", "value": "X"},
        {"path": "members", "value": ["X"]},
        {"path": "members.value", "value": "X"},
        {"path": f"{CORE}:Group:members", "value": [{"value": "X"}]},
    ],
)
def test_members_go_however_they_are_named(removal: dict[str, Any]) -> None:
    """By a filter, by objects, by bare ids; by both."""
    assert altered({"op": "Remove", **removal}, kind=Kind.GROUP)["members"] == [{"value": "Y"}]


def test_no_operation_changes_nothing() -> None:
    """Microsoft's SCIM validator sends such a request."""
    assert altered() == ADA


def test_what_is_not_plain_is_refused() -> None:
    """Whether all of an object is to go or a part of it; and what has the wrong kind of value."""
    for operation in (
        {"op": "remove", "path": "name", "value": {"givenName": "Ada"}},
        {"op": "remove", "path": ENTERPRISE, "value": {"department": "IT"}},
        {"op": "replace", "path": "title", "value": {"a": 1}},
        {"op": "replace", "path": "active", "value": ["True", "False"]},
    ):
        with pytest.raises(SCIMException):
            altered(operation)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            {ENTERPRISE: {"employeeNumber": 701984, "department": "HR"}},
            {ENTERPRISE: {"employeeNumber": "701984", "department": "HR"}},
        ),
        ({"externalId": 12}, {"externalId": "12"}),
        ({"active": [{"value": "True"}]}, {"active": True}),
        ({"profileUrl": "not a url"}, {"profileUrl": "not a url"}),
        ({"photos": [{"value": "no url", "type": "photo"}]}, {"photos": [{"value": "no url", "type": "photo"}]}),
        ({"emails": "a@b.cc"}, {"emails": [{"value": "a@b.cc"}]}),
        ({"emails": {"value": "a@b.cc", "primary": "True"}}, {"emails": [{"value": "a@b.cc", "primary": True}]}),
        ({"roles": ["chef"]}, {"roles": [{"value": "chef"}]}),
        ({ENTERPRISE: {"manager": ""}}, {}),
        ({"displayName": [{"$ref": None, "value": "Ada"}]}, {"displayName": "Ada"}),
        ({"emails": [None, {"value": "a@b.cc"}]}, {"emails": [{"value": "a@b.cc"}]}),
    ],
)
def test_a_value_in_another_form_is_kept_in_the_one_of_its_attribute(
    sent: dict[str, Any], kept: dict[str, Any]
) -> None:
    """In a resource that is created, and in a PATCH of each attribute alone."""
    created = reading.creation(Kind.USER, {"schemas": [USER], "userName": "ada", **sent})
    dumped = created.model_dump(scim_policy=POLICY)
    assert {key: value for key, value in dumped.items() if key not in ("schemas", "userName")} == kept
    [(path, value)] = sent.items()
    after = altered({"op": "replace", "path": path, "value": value})
    assert {key: after.get(key) for key in kept} == kept


@pytest.mark.parametrize(
    "sent",
    [
        {"name": {"familyName": "Lee"}, "name.givenName": "Ada", f"{ENTERPRISE}:department": "IT"},
        {f"{ENTERPRISE}.department": "IT", ENTERPRISE: {}, f"{USER}:name": {"familyName": "Lee", "givenName": "Ada"}},
        {"schemas": USER.upper(), "name": {"familyName": "Lee", "givenName": "Ada"}, ENTERPRISE: {"department": "IT"}},
    ],
)
def test_a_resource_may_have_keys_that_are_paths(sent: dict[str, Any]) -> None:
    """They go where they lead, in whatever order, and the names of schemas in whatever case."""
    dumped = reading.creation(Kind.USER, {"userName": "ada", **sent}).model_dump(scim_policy=POLICY)
    assert dumped["name"] == {"familyName": "Lee", "givenName": "Ada"}
    assert dumped[ENTERPRISE] == {"department": "IT"}


@pytest.mark.parametrize(
    "adding",
    [
        {"path": "members", "value": ["Z"]},
        {"path": "members", "value": {"members": [{"value": "Z"}]}},
        {"path": 'members[value eq "Z"]'},
        {"value": {"members": "Z"}},
    ],
)
def test_members_come_however_they_are_named(adding: dict[str, Any]) -> None:
    """By bare ids, twice by the attribute's name, or by a filter."""
    members = altered({"op": "Add", **adding}, kind=Kind.GROUP)["members"]
    assert [one["value"] for one in members] == ["X", "Y", "Z"]


def test_mistakes_are_told_without_the_words_of_a_programmer() -> None:
    """Nor with the value."""
    for operation in ({"path": "title", "value": {"secret": 1}}, {"value": {"emails": [{"value": {"secret": 1}}]}}):
        with pytest.raises(SCIMException) as caught:
            altered({"op": "replace", **operation})
        told = caught.value.to_error()
        assert (told.status, told.scim_type) == (400, "invalidValue")
        assert told.detail is not None
        assert not {"pydantic", "secret", "validation error"} & set(told.detail.replace(".", " ").split())
        assert "http" not in told.detail


def test_the_order_of_a_listing_is_named_in_any_case() -> None:
    """DESCENDING is descending."""
    asked = reading.search(Kind.USER, {"sortBy": "userName", "sortOrder": "DESCENDING"})
    assert asked.sort_order is asked.SortOrder.descending


NUMBER = "2819c223-7f76-453a-919d-413861904646"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (f'id eq "x" and manager eq {NUMBER}', f'id eq "x" and {ENTERPRISE}:manager.value eq "{NUMBER}"'),
        (f'{ENTERPRISE}:manager eq "x"', f'{ENTERPRISE}:manager.value eq "x"'),
        ("not(manager.value pr)or department pr", f"not({ENTERPRISE}:manager.value pr)or {ENTERPRISE}:department pr"),
        (f'{ENTERPRISE}.department eq "manager"', f'{ENTERPRISE}:department eq "manager"'),
        ('title eq "a \\" manager" and active eq True', 'title eq "a \\" manager" and active eq True'),
        (f'id eq "{NUMBER}" and externalId eq "manager', f'id eq "{NUMBER}" and externalId eq "manager'),
        ("emails.department pr or managers pr", "emails.department pr or managers pr"),
    ],
)
def test_filters_of_the_extension_need_not_name_it(sent: str, meant: str) -> None:
    """As Entra ID asks for managers; what stands in quotation marks stays as it is."""
    assert tolerance.search({"Filter": sent, "count": 1}) == {"Filter": meant, "count": 1}


def test_a_long_filter_is_read_in_one_go() -> None:
    """However many quotation marks it has that end nothing."""
    begun = monotonic()
    tolerance.search({"filter": '"\\' * 500_000})
    assert monotonic() - begun < 5
