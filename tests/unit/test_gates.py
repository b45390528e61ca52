"""Feed gates: which feed is believed, and what a person may release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.errors import SettingsError
from connector.domain.gates import FeedCounts, Gates, LastGoodFeed, Reason, verdict

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def judged(
    counts: FeedCounts, last: int | None = None, gates: Gates | None = None, age: float = 1, **more: Any
) -> list[Reason]:
    known = None if last is None else LastGoodFeed(last, NOW - timedelta(days=1))
    return verdict(counts, known, gates or Gates(), NOW - timedelta(hours=age), NOW, **more)


def test_an_ordinary_feed_is_good() -> None:
    """The first feed has nothing to be compared with; later ones may shrink a little."""
    assert judged(FeedCounts(1000)) == []
    assert judged(FeedCounts(900, rejected=90, keyless=3, duplicate_keys=4), last=1000) == []


@pytest.mark.parametrize("complete_rows", [0, 4])
def test_an_empty_feed_cannot_be_released(complete_rows: int) -> None:
    """That everybody left is never what an empty file means."""
    reasons = judged(FeedCounts(complete_rows), last=4, gates=Gates(min_rows=5))
    assert [reason.releasable for reason in reasons] == [False]
    assert "at least 5" in reasons[0].text


def test_a_feed_that_shrank_is_held_and_says_the_figures() -> None:
    """A person can judge from the message alone, and copy the command."""
    (reason,) = judged(FeedCounts(899), last=1000, digest="abc123")
    assert reason.releasable
    assert "899 rows, 89.9 % of the 1,000 of the last good feed of 2026-03-01 06:00 UTC" in reason.text
    assert reason.text.endswith("hold approve abc123")


def test_bad_rows_count_as_present() -> None:
    """A mapping that rejects some people does not make the company smaller."""
    assert judged(FeedCounts(1000, rejected=100), last=1000) == []


def test_too_many_rejected_rows_cannot_be_released() -> None:
    """A feed that is not understood is mended, not waved through."""
    (reason,) = judged(FeedCounts(1000, rejected=101, keyless=7), last=1000)
    assert not reason.releasable
    assert "101 of 1,000 rows (10.1 %)" in reason.text
    assert "7 of them" in reason.text


def test_a_small_delta_is_not_weighed() -> None:
    """One bad row among two would refuse it, and every later one with it, for ever; many bad rows are a bad feed."""
    assert judged(FeedCounts(2, rejected=1, duplicate_keys=1), complete=False) == []
    assert judged(FeedCounts(10, rejected=10), complete=False) == []
    (reason,) = judged(FeedCounts(100, rejected=11), complete=False)
    assert "11 of 100 rows" in reason.text
    assert len(judged(FeedCounts(2, rejected=1, duplicate_keys=1))) == 2


def test_nobody_is_told_to_release_what_cannot_be() -> None:
    """Where one reason cannot be released, the command would do nothing: no reason names it."""
    reasons = judged(FeedCounts(500, rejected=400), last=1000)
    assert [reason.releasable for reason in reasons] == [True, False]
    assert not any("hold approve" in reason.text for reason in reasons)


def test_doubled_keys_are_held() -> None:
    """More than five in a thousand is a join gone wrong."""
    (reason,) = judged(FeedCounts(1000, duplicate_keys=6))
    assert reason.releasable
    assert "6 of 1,000 rows (0.6 %)" in reason.text


def test_a_stale_file_is_held_only_where_an_age_is_set() -> None:
    """Yesterday's file under today's name is noticed."""
    gates = Gates(max_age=timedelta(hours=36))
    assert judged(FeedCounts(10), gates=gates, age=36) == []
    assert judged(FeedCounts(10), age=9999) == []
    (reason,) = judged(FeedCounts(10), gates=gates, age=36.5)
    assert reason.releasable
    assert "36.5 hours ago; more than 36.0 hours is stale" in reason.text


def test_a_delta_may_be_small_or_empty() -> None:
    """Where absence means nothing, few rows are good news."""
    assert judged(FeedCounts(0), last=1000, complete=False) == []
    assert len(judged(FeedCounts(20, rejected=20, duplicate_keys=11), last=1000, complete=False)) == 2


def test_all_reasons_are_given_at_once() -> None:
    """Nobody mends one thing to be told the next."""
    counts = FeedCounts(100, rejected=50, duplicate_keys=5)
    assert len(judged(counts, last=1000, gates=Gates(max_age=timedelta(minutes=1)))) == 4


@given(st.integers(1, 1000), st.integers(1, 10**6))
def test_the_limit_itself_is_allowed(per_mille: int, thousands: int) -> None:
    """Exactly 90 % is not fewer than 90 %, for every share and size; one row less is."""
    gates = Gates(min_share=per_mille / 1000)
    last, limit = thousands * 1000, thousands * per_mille
    assert judged(FeedCounts(limit), last=last, gates=gates) == []
    assert len(judged(FeedCounts(limit - 1), last=last, gates=gates)) == 1


@given(st.integers(1, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_rows_never_make_a_feed_worse(rows: int, more: int, last: int) -> None:
    """A bigger feed with the same faults is at least as good."""
    before, after = judged(FeedCounts(rows), last=last), judged(FeedCounts(rows + more), last=last)
    assert len(after) <= len(before)


@pytest.mark.parametrize(
    "limits",
    [
        {"min_share": 90},
        {"max_duplicate_share": -0.1},
        {"max_rejected_share": 1.5},
        {"min_rows": -1},
        {"max_age": timedelta()},
        {"max_age": timedelta(hours=-1)},
    ],
)
def test_a_limit_that_makes_no_sense_is_a_setting_to_correct(limits: dict[str, Any]) -> None:
    """90 instead of 0.9 would hold every feed for ever."""
    with pytest.raises(SettingsError, match="gates"):
        Gates(**limits)
