"""A PATCH of a group is taken apart: one change of members, however many operations, and what else is asked for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from hypothesis import strategies as st

from connector.domain.scim import Kind, Membership, in_the_end
from connector.scim import reading
from connector.scim.membership import apart
from tests.scim import PATCH_OP

MANY = [str(uuid4()) for _ in range(200)]


def asked(*operations: dict[str, Any]) -> Any:
    return reading.patch(Kind.GROUP, {"schemas": [PATCH_OP], "Operations": list(operations)})


def chosen(ids: list[str]) -> str:
    return "members[" + " or ".join(f'value eq "{one}"' for one in ids) + "]"


def test_many_operations_are_one_change() -> None:
    """Two hundred removals, as Okta sends them or in one filter, and two hundred additions."""
    gone = Membership(goes=frozenset(MANY))
    assert apart(asked(*({"op": "remove", "path": f'members[value eq "{one}"]'} for one in MANY))) == (gone, None)
    assert apart(asked({"op": "Remove", "path": chosen(MANY)})) == (gone, None)
    came = Membership(comes=frozenset(MANY))
    adding = ({"op": "add", "path": "members", "value": [{"value": one, "display": "x"}]} for one in MANY)
    assert apart(asked(*adding)) == (came, None)


def test_other_attributes_of_the_same_request_stand_apart() -> None:
    """Members are not read because a name is to be changed, too."""
    naming = {"op": "replace", "path": "displayName", "value": "New"}
    parts = apart(asked({"op": "add", "path": "members", "value": {"value": "a"}}, naming))
    assert parts is not None
    members, others = parts
    assert members == Membership(comes=frozenset("a"))
    assert [one.value for one in others.operations] == ["New"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": 'members[type eq "User"]'},
        {"op": "remove", "path": 'members[value eq "a" or type eq "User"]'},
        {"op": "replace", "path": 'members[value eq "a"]', "value": {"value": "b"}},
        {"op": "add", "path": "members", "value": [{"display": "a"}]},
        {"op": "replace", "path": "members.type", "value": "User"},
        {"op": "replace", "value": {"members.type": "User"}},
    ],
)
def test_what_is_more_than_coming_and_going_is_not_taken_apart(operation: dict[str, Any]) -> None:
    """Neither alone nor beside members who come."""
    coming = {"op": "add", "path": "members", "value": [{"value": "b"}]}
    assert apart(asked(operation)) is None
    assert apart(asked(coming, operation)) is None


STEPS = st.lists(
    st.builds(
        Membership,
        comes=st.frozensets(st.sampled_from("abcd")),
        goes=st.frozensets(st.sampled_from("abcd")),
        alone=st.booleans(),
    )
)


def after(present: frozenset[str], step: Membership) -> frozenset[str]:
    return (frozenset() if step.alone else present - step.goes) | step.comes


@hypothesis.given(steps=STEPS, present=st.frozensets(st.sampled_from("abcd")))
def test_steps_come_to_what_they_do_one_after_another(steps: list[Membership], present: frozenset[str]) -> None:
    """Whatever the order of coming, going and starting anew."""
    one_by_one = present
    for step in steps:
        one_by_one = after(one_by_one, step)
    assert after(present, in_the_end(steps)) == one_by_one
