"""The comparison itself: what it notices, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.compare import differences


@pytest.mark.parametrize(
    ("expected", "actual", "says"),
    [
        ({"a": 1}, {}, "key a is missing"),
        ({}, {"a": 1}, "key a is too much"),
        ({"a": 1}, {"a": "1"}, "number expected, str came"),
        ({"a": None}, {"a": 1}, "NoneType expected, number came"),
        ({"a": True}, {"a": 1}, "bool expected, number came"),
        ([1, 2], [1], "2 entries expected, 1 came"),
        ({"errorcode": "x"}, {"errorcode": "y"}, "'x' expected, 'y' came"),
        ({"warnings": [{"warningcode": "2"}]}, {"warnings": [{"warningcode": "3"}]}, "'2' expected"),
        ({"data": '{"a": 1}'}, {"data": '{"b": 1}'}, "key a is missing"),
        ({"functions": [{"name": "x"}]}, {"functions": [{"nam": "x"}]}, "key name is missing"),
    ],
)
def test_it_notices(expected: Any, actual: Any, says: str) -> None:
    """A wrong key, type, length or code is named with its place."""
    assert any(says in text for text in differences(expected, actual, "case"))


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1, "b": "x"}, {"b": "y", "a": 2.5}),
        ({"functions": [1, 2]}, {"functions": [1]}),
        ({"data": '{"a": 1}'}, {"data": '{"a": 2}'}),
    ],
)
def test_it_lets_values_pass(expected: Any, actual: Any) -> None:
    """Values, the order of keys and the length of the site's own lists do not count."""
    assert differences(expected, actual, "case") == []
