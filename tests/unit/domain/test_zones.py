"""In whose zone a moment becomes a day: summer time, half hours, and what is no zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from connector.domain.my_learning import streak
from connector.domain.zones import DAY, QUARTER, days_of, good_until, known_zone, same_days, told_on


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Asia/Taipei", "2026-03-01T16:00", 2), ("Asia/Kolkata", "2026-03-01T18:29", 1),
        ("Asia/Kolkata", "2026-03-01T18:30", 2), ("Asia/Kathmandu", "2026-03-01T18:15", 2),
        ("America/Los_Angeles", "2026-03-09T06:59", 8), ("Australia/Lord_Howe", "2026-03-01T12:59", 1),
        ("Pacific/Kiritimati", "2026-03-01T10:00", 2), ("UTC", "2026-03-01T23:59", 1),
    ],
)  # fmt: skip
def test_a_moment_is_on_the_day_that_it_is_there(zone: str, at: str, day: int) -> None:
    """With half hours and quarters, and on the eve of the day after which clocks are put forward."""
    assert days_of([datetime.fromisoformat(at).replace(tzinfo=UTC)], ZoneInfo(zone)) == {date(2026, 3, day)}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_clocks_that_are_put_forward_or_back_break_no_row(zone: str) -> None:
    """Half past eleven each evening for a year is a day each, though some days have 23 hours and some 25."""
    there = ZoneInfo(zone)
    evenings = [datetime(2026, 1, 1, 23, 30, tzinfo=there) + timedelta(days=days) for days in range(365)]
    days = days_of((one.astimezone(UTC) for one in evenings), there)
    assert streak(days, date(2026, 12, 31)) == 365


def test_a_quarter_of_an_hour_is_of_one_day_everywhere() -> None:
    """So that what somebody did can be asked for by the quarter, wherever they look from."""
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    for name in available_timezones() - {"Factory", "localtime"}:
        for season in (noon, noon + timedelta(days=180)):
            offset = season.astimezone(ZoneInfo(name)).utcoffset()
            assert offset is not None and offset.total_seconds() % QUARTER == 0, name


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "America/New_York", "UTC", "Asia/Taipei", "Pacific/Auckland"])
def test_a_day_that_was_written_down_is_that_day_for_everybody(zone: str) -> None:
    """As its noon where it was written, and its end as the midnight after it; in winter and in summer."""
    there = ZoneInfo(zone)
    for day in (date(2027, 1, 31), date(2026, 7, 1)):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=there).astimezone(UTC)
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=there).astimezone(UTC)
        assert (told_on(noon, DAY), good_until(end, DAY)) == (day, day)
        assert told_on(noon, "minute") == noon, "a moment is told as one"
        assert good_until(end, "second").astimezone(there).date() == day


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Asia/Saigon", "Asia/Ho_Chi_Minh", True), ("Asia/Calcutta", "Asia/Kolkata", True), ("UTC", "Etc/GMT", True),
        ("Europe/Paris", "Europe/Berlin", True), ("Europe/London", "UTC", False), ("Asia/Tokyo", "UTC", False),
        ("Europe/Paris", "Africa/Lagos", False), ("America/Phoenix", "America/Denver", False),
    ],
)  # fmt: skip
def test_zones_are_told_apart_by_their_clocks(one: str, other: str, same: bool) -> None:
    """Not by their names, of which browsers have older ones; in winter London's clocks are those of Greenwich."""
    assert same_days(ZoneInfo(one), ZoneInfo(other), datetime(2026, 12, 1, tzinfo=UTC)) is same


@pytest.mark.parametrize("name", ["", "99", "Mars/Olympus", "../../etc/passwd", "\x00", "asia", "5.5", "$Person.x"])
def test_what_is_no_zone_says_nothing(name: str) -> None:
    """Moodle says 99 where the account has the server's zone, and anybody can write a parameter by hand."""
    assert (known_zone(name), known_zone("Asia/Ho_Chi_Minh")) == ("", "Asia/Ho_Chi_Minh")
