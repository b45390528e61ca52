"""Notices: what is worth telling, and that it is told once, again after a while, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.feeds import RefusedFeed
from connector.domain.jobs import JobOutcome, JobState
from connector.domain.notices import (
    Limits,
    Notice,
    NoticeKind,
    Situation,
    Telling,
    Told,
    to_tell,
    worth_telling,
)
from connector.domain.plan import GuardClass, Hold, HoldState

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMITS = Limits(timedelta(hours=26), timedelta(hours=6), 3)
DAY = timedelta(hours=24)


def hold(state: HoldState, expires_in: float | None = None, digest: str = "d" * 64) -> Hold:
    expires = None if expires_in is None else NOW + timedelta(hours=expires_in)
    return Hold(GuardClass.SUSPEND, 31, 20, digest, state, "3f2a9c41d0be" + "0" * 52, expires_at=expires)


def kinds(situation: Situation, limits: Limits = LIMITS) -> list[NoticeKind]:
    return [notice.kind for notice in worth_telling(situation, limits)]


def test_a_quiet_day_is_worth_nothing() -> None:
    """Also where nothing was ever read: a new installation does not complain."""
    assert kinds(Situation(NOW)) == []
    assert kinds(Situation(NOW, source="hr", fed_at=NOW - DAY, mirrored_at=NOW, jobs=[job(2)])) == []


def job(failures: int) -> JobState:
    return JobState("sync", NOW, JobOutcome.FAILED, failures, "Unavailable")


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (hold(HoldState.WAITING), True),
        (hold(HoldState.APPROVED, 1), False),
        (hold(HoldState.APPROVED, -1), True),
        (hold(HoldState.REJECTED), False),
    ],
)
def test_a_hold_is_told_while_somebody_must_decide(held: Hold, told: bool) -> None:
    """An approval that has expired waits again; a rejection is an answer."""
    assert (kinds(Situation(NOW, holds=[held])) == [NoticeKind.HOLD_WAITING]) is told


def test_everything_at_once() -> None:
    """Each with figures that help to decide, and nothing of a person."""
    refused = RefusedFeed("hr", "Xiaoming Wang.csv", "f" * 64, NOW, ("Too few rows.", "Too old."))
    situation = Situation(
        NOW,
        [hold(HoldState.WAITING)],
        [refused],
        4,
        "hr",
        NOW - timedelta(hours=30),
        NOW - timedelta(hours=7),
        [job(3)],
    )
    notices = worth_telling(situation, LIMITS)
    later = {kind for kind in NoticeKind if kind.value.startswith(("job_", "circuit_")) or kind is NoticeKind.TEST}
    assert [notice.kind for notice in notices] == [kind for kind in NoticeKind if kind not in later] + [
        NoticeKind.JOB_FAILING
    ]
    assert [dict(notice.facts) for notice in notices] == [
        {"class": "suspend", "count": 31, "limit": 20, "plan": "3f2a9c41d0be"},
        {"source": "hr", "feed": "f" * 12, "reasons": 2},
        {"count": 4},
        {"source": "hr", "hours": 30},
        {"hop": "changes", "hours": 7},
        {"job": "sync", "failures": 3, "error": "Unavailable"},
    ]
    assert notices[0].path == "/holds/3f2a9c41d0be" + "0" * 52
    assert {notice.path for notice in notices[1:]} == {""}, "no link to a page that the console has not"
    assert "Xiaoming" not in repr(notices)
    assert kinds(situation, Limits(None, None, 0)) == [
        NoticeKind.HOLD_WAITING,
        NoticeKind.FEED_REFUSED,
        NoticeKind.CASES_OPEN,
    ]


@pytest.mark.parametrize(
    ("reconciled", "missed", "limits", "told"),
    [
        (60, 6.1, LIMITS, [("mirror everything", {"hop": "everything", "hours": 60})]),
        (60, 5.9, LIMITS, []),
        (30, -18, LIMITS, []),
        (60, 6.1, Limits(None, None, 0), []),
        (None, None, LIMITS, []),
        (9000, None, LIMITS, []),
    ],
)
def test_a_full_reading_that_missed_two_times_is_behind(
    reconciled: float | None, missed: float | None, limits: Limits, told: list[tuple[str, dict[str, str | int]]]
) -> None:
    """Though what is new is read every hour. Once the second time is as long ago as any mirror may be, not before.

    Neither where nothing was ever read, nor where the full reading has no times.
    """

    def ago(hours: float | None) -> datetime | None:
        return None if hours is None else NOW - timedelta(hours=hours)

    situation = Situation(NOW, mirrored_at=NOW, reconciled_at=ago(reconciled), reconcile_missed_at=ago(missed))
    found = worth_telling(situation, limits)
    assert [(notice.key, dict(notice.facts)) for notice in found] == told
    assert {notice.kind for notice in found} <= {NoticeKind.MIRROR_BEHIND}


def test_both_readings_can_be_behind() -> None:
    """Each is told, settled and told again by itself."""
    situation = Situation(NOW, mirrored_at=NOW - 3 * DAY, reconciled_at=NOW - 3 * DAY, reconcile_missed_at=NOW - DAY)
    both = worth_telling(situation, LIMITS)
    assert [notice.facts["hop"] for notice in both] == ["changes", "everything"]
    told = [Told(notice, NOW, NOW) for notice in both]
    assert to_tell(both[1:], told, NOW, DAY) == Telling(over=(both[0],))


def test_other_changes_of_a_class_are_another_hold() -> None:
    """They need another decision, so they are news; nothing is settled, because the class still waits."""
    one, other = (
        worth_telling(Situation(NOW, holds=[hold(HoldState.WAITING, digest=digest * 64)]), LIMITS) for digest in "ab"
    )
    told = [Told(one[0], NOW, NOW)]
    assert to_tell(other, told, NOW, DAY) == Telling(new=tuple(other))


MIRROR = Notice(NoticeKind.MIRROR_BEHIND, "mirror", {"hop": "changes", "hours": 7})


@pytest.mark.parametrize(
    ("notices", "told_ago", "remind", "telling"),
    [
        ([MIRROR], None, DAY, Telling(new=(MIRROR,))),
        ([MIRROR], 23.9, DAY, Telling()),
        ([MIRROR], 24, DAY, Telling(again=(MIRROR,))),
        ([MIRROR], 240, None, Telling()),
        ([], 1, DAY, Telling(over=(MIRROR,))),
        ([], None, DAY, Telling()),
    ],
)
def test_once_again_and_over(
    notices: list[Notice], told_ago: float | None, remind: timedelta | None, telling: Telling
) -> None:
    """New at first, a reminder after the time that is set, and once that it is settled."""
    told = [] if told_ago is None else [Told(MIRROR, NOW - 3 * DAY, NOW - timedelta(hours=told_ago))]
    assert to_tell(notices, told, NOW, remind) == telling


def failing(tries: int, days: float, error: str = "Unavailable") -> JobState:
    """A job that has failed so often in so many days, the last time now."""
    return JobState("sync", NOW, JobOutcome.FAILED, tries, error, None, tries, NOW - timedelta(days=days), NOW)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (failing(2, 0), []),
        (failing(5, 0.4), [NoticeKind.JOB_FAILING]),
        (failing(6, 0.4), [NoticeKind.JOB_QUARANTINED]),
        (failing(7, 1.4), [NoticeKind.JOB_STILL_QUARANTINED]),
        (failing(33, 27.4), [NoticeKind.JOB_GIVEN_UP]),
        (failing(1, 0, "CircuitOpen"), [NoticeKind.CIRCUIT_OPEN]),
        (failing(6, 0.4, "CircuitOpen"), [NoticeKind.CIRCUIT_OPEN, NoticeKind.JOB_QUARANTINED]),
    ],
)
def test_a_job_that_fails_for_long_is_told_as_what_it_is(state: JobState, told: list[NoticeKind]) -> None:
    """Failing, then in quarantine, then given up: one of them; an open circuit at once, however few failures count."""
    assert kinds(Situation(NOW, jobs=[state])) == told
    quarantined = [kind for kind in told if kind is not NoticeKind.JOB_FAILING]
    assert kinds(Situation(NOW, jobs=[state]), Limits(None, None, 0)) == quarantined, "of that people are always told"


def test_each_day_of_quarantine_is_news_and_its_end_too() -> None:
    """Told once for each try, however long the pause between reminders, and as over when the job ends well."""
    told: list[Told] = []
    for tries, days in ((5, 0.4), (6, 0.4), (6, 0.6), (7, 1.4), (33, 27.4)):
        telling = to_tell(worth_telling(Situation(NOW, jobs=[failing(tries, days)]), LIMITS), told, NOW, None)
        assert [notice.facts["failures"] for notice in telling.new] == ([] if days == 0.6 else [tries])
        assert telling.over == ()
        told = [Told(notice, NOW, NOW) for notice in telling.new] or told
    [over] = to_tell([], told, NOW, None).over
    assert over.facts == {"job": "sync", "failures": 33, "error": "Unavailable", "days": 27}
