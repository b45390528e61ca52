"""A key that HR gives again: the same human, or another one?"""

from __future__ import annotations

import pytest

from connector.domain.returning import Human, another

ADA = Human("Ada", "Okafor", "ada@example.test", "1980-01-01")


@pytest.mark.parametrize(
    ("now", "is_another"),
    [
        (ADA, False),
        (Human("Ada", "Lin", "lin@example.test"), False),
        (Human("ADA", "Lin", "lin@example.test"), False),
        (Human("Adah", "Lin", "lin@example.test", "1980-01-01"), False),
        (Human("Bob", "Okafor", "bob@example.test"), False),
        (Human("Bob", "Lin", "bob@example.test"), True),
        (Human("Bob", "Lin", ""), False),
        (Human("Ada", "Okafor", "ada@example.test", "1990-02-02"), True),
    ],
    ids=[
        "same",
        "married",
        "other case",
        "born the same day",
        "surname kept",
        "all other",
        "no e-mail",
        "born otherwise",
    ],
)
def test_who_has_the_key_now(now: Human, is_another: bool) -> None:
    """A known birth date decides; else only when first name, surname and e-mail are all other ones."""
    assert bool(another(ADA, now)) is is_another
