"""What a log may tell of an error that nobody foresaw."""

from __future__ import annotations

from connector.domain.errors import raised_at


def test_its_place_is_told_and_nothing_of_its_text() -> None:
    """The innermost place; nothing where it was not raised."""
    try:
        int("anna@example.test")
    except ValueError as error:
        file, _, line = raised_at(error).partition(":")
        assert (file, line.isdecimal()) == ("test_errors.py", True)
    assert raised_at(ValueError("anna@example.test")) == ""
