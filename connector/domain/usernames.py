"""Usernames that a rule makes: unique by a number, within what Moodle holds."""

from __future__ import annotations

LONGEST = 100
"""Characters of a username in Moodle."""


def numbered(base: str, number: int) -> str:
    """The ``number``-th username of those who share a base: the first has no number, and a long base makes room."""
    suffix = str(number) if number > 1 else ""
    return base[: LONGEST - len(suffix)] + suffix
