"""Whether a gradebook has what was sent to it, and what is said of that to whose it is."""

from __future__ import annotations

import pytest

from connector.domain.lti_scores import Answer, Progress, Scored, ScoreState, Standing, is_same, standing


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


@pytest.mark.parametrize(
    ("state", "tries", "answer", "said"),
    [
        (ScoreState.WAITING, 0, None, Standing.UNDER_WAY),
        (ScoreState.WAITING, 3, None, Standing.WAITS),
        (ScoreState.WAITING, 1, Answer.NOT_ENROLLED, Standing.WAITS),
        (ScoreState.SENT, 2, Answer.REFUSED, Standing.ARRIVED),
        (ScoreState.PARKED, 1, Answer.NOT_ENROLLED, Standing.NOT_ENROLLED),
        (ScoreState.PARKED, 1, Answer.REFUSED, Standing.REFUSED),
    ],
)
def test_whose_score_it_is_reads_where_it_is(
    state: ScoreState, tries: int, answer: Answer | None, said: Standing
) -> None:
    """What it was parked for before counts no more; where nothing is graded yet, nothing is said."""
    assert standing(state, tries, answer, graded=True) is said
    assert standing(state, tries, answer, graded=False) is None
