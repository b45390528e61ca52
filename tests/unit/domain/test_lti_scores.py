"""Whether a gradebook has what was sent to it."""

from __future__ import annotations

import pytest

from connector.domain.lti_scores import Progress, Scored, is_same


@pytest.mark.parametrize(
    ("wanted", "share", "same"),
    [
        (7.0, 0.7, True),
        (7.0, 0.70004, True),
        (7.0, 0.71, False),
        (7.0, None, False),
        (0.0, 0.0, True),
        (0.0, None, True),
        (0.0, 0.1, False),
        (None, None, True),
        (None, 0.0, False),
        (None, 0.7, False),
    ],
)
def test_what_the_gradebook_tells_is_compared(wanted: float | None, share: float | None, same: bool) -> None:
    """Of 0 it may tell 0 or nothing; where nothing is graded yet, 0 is a grade that somebody has given."""
    assert is_same(Scored(1, "item", "2", wanted, 10.0, Progress.COMPLETED), share) is same
