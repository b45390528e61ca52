"""Accounts as Moodle tells them."""

from __future__ import annotations

import pytest

from adapters.moodle.accounts import account


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [
        ("text", "1588291200", "1588291200"),
        ("textarea", "some words", "some words"),
        ("datetime", "1588291200", "2020-05-01"),
        ("datetime", "1588325400", "2020-05-01-09-30-00"),
        ("datetime", "-86400", "1969-12-31"),
        ("datetime", "0", ""),
        ("datetime", "", ""),
        ("datetime", None, ""),
    ],
)
def test_a_date_is_told_as_it_is_written(kind: str, value: str | None, seen: str) -> None:
    """Otherwise a birth date would be planned again with each plan, as seconds are never the date that HR says."""
    field = {"type": kind, "value": value, "displayvalue": "", "name": "Since", "shortname": "since"}
    row = {"id": 7, "username": "wang", "email": "wang@gas.example", "customfields": [field]}
    assert account(row, admin=False).profile == {"since": seen}
