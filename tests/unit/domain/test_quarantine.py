"""The ladder of quarantine: when what fails is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.quarantine import DAILY, LADDER, UNTIL, Standing, next_try, standing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
jumps = st.sampled_from([timedelta(), timedelta(), DAY, -DAY, 3 * HOUR, -HOUR])


def test_the_ladder_is_that_of_the_specification() -> None:
    """1, 5 and 30 minutes, 2 and 6 hours, then each day until day 28, then no more."""
    now = first = NOON
    pauses, tries = [], 1
    while (again := next_try(tries, first, now, now)) is not None:
        pauses.append(again - now)
        now, tries = again, tries + 1
    assert pauses[:5] == [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR]
    assert set(pauses[5:]) == {DAY}
    assert 27 * DAY <= now - first <= UNTIL
    assert next_try(tries, first, now, now + 365 * DAY) is None


@given(st.lists(st.tuples(jumps, st.integers(0, 3600)), max_size=80))
def test_it_is_never_tried_more_often(story: list[tuple[timedelta, int]]) -> None:
    """Wherever the clock is put, by that clock a whole pause lies between two tries; it ends after 28 days."""
    now = first = NOON
    tries = 1
    for jump, runs in story:
        failed = now
        now += jump
        again = next_try(tries, first, failed, now)
        if again is None:
            break
        pause = LADDER[tries - 1] if tries <= len(LADDER) else DAILY
        assert again - min(failed, now) == pause
        assert again <= max(failed, now) + pause, "nor is it put off by more than the pause"
        now = max(again, now) + timedelta(seconds=runs)
        tries += 1
    assert tries <= len(LADDER) + UNTIL // DAY + 1 + sum(jump < timedelta() for jump, _ in story)


@given(st.integers(0, 60), st.timedeltas(timedelta(), timedelta(days=60)))
def test_where_a_job_stands_goes_with_its_next_try(tries: int, long: timedelta) -> None:
    """Given up is exactly what has no next try; quarantine begins when the ladder is at its end."""
    stands = standing(tries, NOON - long, NOON)
    again = next_try(tries, NOON - long, NOON, NOON)
    assert (stands is None) is (tries == 0)
    assert (stands is Standing.GIVEN_UP) is (again is None)
    assert (stands is Standing.RETRYING) is (0 < tries <= len(LADDER))


@pytest.mark.parametrize("tries", [1, 6])
def test_a_clock_that_was_put_back_begins_the_pause_anew(tries: int) -> None:
    """What is written of the future is not waited for."""
    again = next_try(tries, NOON - HOUR, NOON + 365 * DAY, NOON)
    assert again is None or again - NOON in (MINUTE, DAY)
