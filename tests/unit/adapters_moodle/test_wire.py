"""Form keys as PHP reads them, and requests that PHP reads whole."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from adapters.moodle.twin.form import parse_form
from adapters.moodle.wire import chunks, encode, variables


def test_nested_keys() -> None:
    """Lists and mappings become PHP's brackets; booleans become 0 and 1; None and empty lists are left out."""
    params = {"users": [{"email": "a@b", "suspended": True, "customfields": [{"type": "x"}], "city": None}], "n": []}
    assert encode(params) == [
        ("users[0][email]", "a@b"),
        ("users[0][suspended]", "1"),
        ("users[0][customfields][0][type]", "x"),
    ]
    assert variables(params) == 3


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "ü"]), st.text(), min_size=1), min_size=1, max_size=20))
def test_what_is_encoded_is_read_back(rows: list[dict[str, str]]) -> None:
    """Any text survives the way into the form and out of it."""
    form = parse_form(urlencode(encode({"rows": rows})).encode(), 10_000)
    assert form == {"rows": {str(index): row for index, row in enumerate(rows)}}


def test_php_drops_without_a_word() -> None:
    """The twin reads as many variables as PHP would, and says nothing about the rest."""
    form = parse_form(urlencode(encode({"ids": list(range(50))})).encode(), 10)
    assert len(form["ids"]) == 10


@given(st.lists(st.integers(1, 30)), st.integers(1, 10), st.integers(5, 60))
def test_chunks_keep_order_and_limits(costs: list[int], most: int, room: int) -> None:
    """Nothing is lost or reordered; a chunk is over its room only where one item is."""
    cut = list(chunks(costs, most, lambda cost: cost, room))
    assert [item for chunk in cut for item in chunk] == costs
    assert all(len(chunk) <= most and (sum(chunk) <= room or len(chunk) == 1) for chunk in cut)
