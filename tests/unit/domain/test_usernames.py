"""Usernames by rule."""

from __future__ import annotations

from connector.domain.usernames import LONGEST, numbered


def test_the_first_has_no_number() -> None:
    """The others are told apart by theirs."""
    assert [numbered("wei.chen", number) for number in (1, 2, 13)] == ["wei.chen", "wei.chen2", "wei.chen13"]


def test_a_long_one_makes_room_for_its_number() -> None:
    """Moodle refuses what is longer, in every run anew."""
    names = {numbered("a" * LONGEST, number) for number in (1, 2, 10, 100)}
    assert {len(name) for name in names} == {LONGEST}
    assert len(names) == 4
