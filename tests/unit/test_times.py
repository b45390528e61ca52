"""When jobs run: cron means what cron means, also in the nights in which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.times import Cron, Times, read_times, read_zone

TAIPEI = ZoneInfo("Asia/Taipei")
BERLIN = ZoneInfo("Europe/Berlin")
NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - hypothesis adds none
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def runs(text: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Every time between two moments, by the clock of the zone."""
    times = read_times(text, zone)
    assert times is not None
    found = []
    while (start := times.after(start)) < end:
        found.append(start.astimezone(zone))
    return found


@pytest.mark.parametrize(
    ("number", "name", "weekday"),
    [("0", "SUN", 6), ("1", "MON", 0), ("3", "wed", 2), ("6", "SAT", 5), ("7", "SUN", 6)],
)
def test_sunday_is_0_and_7(number: str, name: str, weekday: int) -> None:
    """As in cron, and not Monday, as in some libraries; names mean the same."""
    by_number = runs(f"0 6 * * {number}", TAIPEI, MONDAY, MONDAY + timedelta(days=15))
    assert {one.weekday() for one in by_number} == {weekday}
    assert by_number == runs(f"0 6 * * {name}", TAIPEI, MONDAY, MONDAY + timedelta(days=15))


def test_working_days() -> None:
    """1-5 is Monday to Friday."""
    found = runs("30 2 * * 1-5", TAIPEI, MONDAY, MONDAY + timedelta(days=7))
    assert [one.weekday() for one in found] == [1, 2, 3, 4, 0]
    assert {(one.hour, one.minute) for one in found} == {(2, 30)}


def test_either_day_will_do() -> None:
    """Where day of the month and of the week are both given, cron takes them as alternatives."""
    found = runs("0 0 13 * 5", TAIPEI, datetime(2026, 4, 1, tzinfo=TAIPEI), datetime(2026, 4, 30, tzinfo=TAIPEI))
    assert [one.day for one in found] == [3, 10, 13, 17, 24]


def test_the_zone_says_when() -> None:
    """06:00 in Taipei is 22:00 of the day before in UTC."""
    times = read_times("0 6 * * *", TAIPEI)
    assert times is not None
    assert times.after(MONDAY) == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)


def test_a_night_without_0230() -> None:
    """On 29 March 2026 clocks in Berlin go from 02:00 to 03:00: the job runs once, right after the jump."""
    found = runs(
        "30 2 * * *", BERLIN, datetime(2026, 3, 28, 12, tzinfo=BERLIN), datetime(2026, 3, 30, 12, tzinfo=BERLIN)
    )
    assert [f"{one:%d %H:%M}" for one in found] == ["29 03:00", "30 02:30"]


def test_a_night_with_two_0230() -> None:
    """On 25 October 2026 02:30 comes twice in Berlin: the job runs once, and not again from between the two."""
    found = runs(
        "30 2 * * *", BERLIN, datetime(2026, 10, 24, 12, tzinfo=BERLIN), datetime(2026, 10, 26, 12, tzinfo=BERLIN)
    )
    assert [f"{one:%d %H:%M}" for one in found] == ["25 02:30", "26 02:30"]
    between = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)
    times = read_times("30 2 * * *", BERLIN)
    assert times is not None
    assert f"{times.after(between).astimezone(BERLIN):%d %H:%M}" == "26 02:30"


def test_every_quarter_goes_on_through_both_nights() -> None:
    """What runs all day runs every 15 minutes of real time, whatever the clock on the wall does."""
    for day in (datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)):
        start = day.astimezone(UTC)
        found = runs("*/15 * * * *", BERLIN, start, start + timedelta(hours=6))
        gaps = {later.astimezone(UTC) - sooner.astimezone(UTC) for sooner, later in pairwise(found)}
        assert gaps == {timedelta(minutes=15)}


@given(
    st.datetimes(NAIVE, NAIVE + timedelta(days=1095)),
    st.sampled_from(["30 2 * * *", "*/7 * * * *", "0 0 1 * 1"]),
)
def test_the_next_time_is_later(moment: datetime, expression: str) -> None:
    """From any moment, in a zone whose clocks change: else a job would run for ever."""
    aware = moment.replace(tzinfo=UTC)
    assert Cron(expression, BERLIN).after(aware) > aware


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("every 15 minutes", 900),
        ("every minute", 60),
        ("Every  2 hours", 7200),
        ("every second", 1),
        ("every 1 day", 86400),
    ],
)
def test_intervals(text: str, seconds: int) -> None:
    """They count from the last begin."""
    times = read_times(text, TAIPEI)
    assert times is not None
    assert times.after(MONDAY) - MONDAY == timedelta(seconds=seconds)


def test_nothing_is_never() -> None:
    """An empty text is no time at all."""
    never: list[Times | None] = [read_times(text, TAIPEI) for text in ("", "  ")]
    assert never == [None, None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("60 * * * *", "the field minute cannot be '60'; it takes 0 to 59"),
        ("0 24 * * *", "the field hour cannot be '24'"),
        ("0 0 * * 8", "the field day-of-week cannot be '8'; it takes 0 to 7 (0 and 7 are Sunday)"),
        ("0 0 * XYZ *", "the field month cannot be 'XYZ'"),
        ("0 0 30 2 *", "the field day-of-month cannot be '30'"),
        ("0 2 * *", "here are 4"),
        ("0 0 2 * * *", "here are 6"),
        ("hourly", "give five fields"),
        ("every 0 minutes", "an interval is written as 'every 15 minutes'"),
        ("every fortnight", "an interval is written as"),
        ("every -5 minutes", "an interval is written as"),
        ("every 1.5 hours", "an interval is written as"),
        ("every 999999 days", "an interval is written as"),
    ],
)
def test_mistakes_are_named(text: str, told: str) -> None:
    """With the field, what stands there and what may."""
    with pytest.raises(ValueError, match=r".") as caught:
        read_times(text, TAIPEI)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["Taipei", "", "../../etc/passwd", "/etc/localtime", "UTC+8"])
def test_a_zone_that_is_none(name: str) -> None:
    """It is named by IANA's name, and is never a path."""
    with pytest.raises(ValueError, match="there is no time zone"):
        read_zone(name)
