"""Notices: what of the state of things is worth telling people, and whether they know it already. Pure decisions.

A notice is told once, again after a while if nothing has changed, and once more when it is over. It holds counts,
names of jobs and files' sources, never anything of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from connector.domain.errors import CircuitOpen
from connector.domain.feeds import RefusedFeed
from connector.domain.jobs import JobState
from connector.domain.plan import Hold
from connector.domain.quarantine import LADDER, Standing

Language = Literal["en", "fr", "vi", "zh-TW"]
Facts = Mapping[str, str | int]


class NoticeKind(StrEnum):
    HOLD_WAITING = "hold_waiting"
    """Facts: class, count, limit, plan (the hash)."""
    FEED_REFUSED = "feed_refused"
    """Facts: source, feed (the digest), reasons (how many)."""
    CASES_OPEN = "cases_open"
    """Facts: count."""
    FEED_LATE = "feed_late"
    """Facts: source, hours (since the last good one)."""
    MIRROR_BEHIND = "mirror_behind"
    """Facts: hop (changes: what is new; everything: the full reading), hours (since that was last read of Moodle)."""
    JOB_FAILING = "job_failing"
    """Facts: job, failures, error (its type)."""
    JOB_QUARANTINED = "job_quarantined"
    """Facts: job, failures, error, days (since the first failure). From now on it is tried once a day."""
    JOB_STILL_QUARANTINED = "job_still_quarantined"
    """The same, on each of the days that follow."""
    JOB_GIVEN_UP = "job_given_up"
    """The same: it is not tried any more until a person says so."""
    CIRCUIT_OPEN = "circuit_open"
    """Facts: job. Moodle refused so many changes that applying was stopped."""
    TEST = "test"
    """Somebody tries whether notices arrive."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell.

    The same thing has the same ``key``; where its ``mark`` has changed it is news again, as a hold of other changes
    is. ``path`` is where in the console it can be seen to, "" where it has no page for it.
    """

    kind: NoticeKind
    key: str
    facts: Facts
    path: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something is worth telling; None is never. ``failures``: runs in a row, 0 is never.

    ``mirror``: since what is new was read, and since the time at which everything should have been read at last.
    """

    feed: timedelta | None
    mirror: timedelta | None
    failures: int


@dataclass(frozen=True, slots=True)
class Situation:
    """How things stand. Times are None where something never happened.

    ``reconcile_missed_at``: the second time at which everything should have been read since it was, maybe yet to come;
    None too where it has no times.
    """

    now: datetime
    holds: Sequence[Hold] = ()
    refused: Sequence[RefusedFeed] = ()
    cases: int = 0
    source: str = ""
    fed_at: datetime | None = None
    mirrored_at: datetime | None = None
    jobs: Sequence[JobState] = ()
    reconciled_at: datetime | None = None
    reconcile_missed_at: datetime | None = None


def worth_telling(situation: Situation, limits: Limits) -> list[Notice]:
    """Everything that somebody should know now, in the order of urgency."""
    return [
        *_holds(situation),
        *_refused(situation),
        *_cases(situation),
        *_late(situation, limits),
        *_failing(situation, limits),
    ]


def _holds(situation: Situation) -> Iterator[Notice]:
    for hold in situation.holds:
        if hold.at(situation.now).is_open:
            facts: Facts = {
                "class": hold.guard.value,
                "count": hold.count,
                "limit": hold.limit,
                "plan": hold.plan_hash[:12],
            }
            path = f"/holds/{hold.plan_hash}"
            yield Notice(NoticeKind.HOLD_WAITING, f"hold {hold.guard}", facts, path, hold.digest[:16])


def _refused(situation: Situation) -> Iterator[Notice]:
    for feed in situation.refused:
        facts: Facts = {"source": feed.source, "feed": feed.digest[:12], "reasons": len(feed.reasons)}
        yield Notice(NoticeKind.FEED_REFUSED, f"feed {feed.source}", facts, mark=feed.digest[:16])


def _cases(situation: Situation) -> Iterator[Notice]:
    if situation.cases:
        yield Notice(NoticeKind.CASES_OPEN, "cases", {"count": situation.cases})


def _late(situation: Situation, limits: Limits) -> Iterator[Notice]:
    if (hours := _over(situation.fed_at, limits.feed, situation.now)) is not None:
        facts: Facts = {"source": situation.source, "hours": hours}
        yield Notice(NoticeKind.FEED_LATE, f"late {situation.source}", facts)
    if (hours := _over(situation.mirrored_at, limits.mirror, situation.now)) is not None:
        yield Notice(NoticeKind.MIRROR_BEHIND, "mirror", {"hop": "changes", "hours": hours})
    missed = _over(situation.reconcile_missed_at, limits.mirror, situation.now) is not None
    if missed and situation.reconciled_at is not None:
        facts = {"hop": "everything", "hours": _hours(situation.now - situation.reconciled_at)}
        yield Notice(NoticeKind.MIRROR_BEHIND, "mirror everything", facts)


def _over(last: datetime | None, limit: timedelta | None, now: datetime) -> int | None:
    """Whole hours since ``last`` where they are over the limit. What never happened is not late."""
    if last is None or limit is None or now - last <= limit:
        return None
    return _hours(now - last)


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)


def _failing(situation: Situation, limits: Limits) -> Iterator[Notice]:
    for job in situation.jobs:
        if job.failures and job.error == CircuitOpen.__name__:
            yield Notice(NoticeKind.CIRCUIT_OPEN, f"circuit {job.name}", {"job": job.name})
        if (kind := _quarantine(job)) is not None:
            days = (situation.now - (job.failing_since or situation.now)).days
            facts: Facts = {"job": job.name, "failures": job.tries, "error": job.error, "days": max(days, 0)}
            yield Notice(kind, f"job {job.name}", facts, mark=f"{kind} {job.tries}")
        elif limits.failures and job.failures >= limits.failures:
            facts = {"job": job.name, "failures": job.failures, "error": job.error}
            yield Notice(NoticeKind.JOB_FAILING, f"job {job.name}", facts)


def _quarantine(job: JobState) -> NoticeKind | None:
    """What is to be said of a job that was tried in vain for long; each day's try is news."""
    if job.standing is Standing.GIVEN_UP:
        return NoticeKind.JOB_GIVEN_UP
    if job.standing is not Standing.QUARANTINED:
        return None
    entered = job.tries == len(LADDER) + 1
    return NoticeKind.JOB_QUARANTINED if entered else NoticeKind.JOB_STILL_QUARANTINED


# ---------------------------------------------------------------- what people know already
@dataclass(frozen=True, slots=True)
class Told:
    """A notice that a channel has delivered, first at ``since`` and last at ``told_at``, and that is not over."""

    notice: Notice
    since: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """One message: what is new, what still holds after a while, and what is over."""

    new: tuple[Notice, ...] = ()
    again: tuple[Notice, ...] = ()
    over: tuple[Notice, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.again or self.over)

    @property
    def size(self) -> int:
        return len(self.new) + len(self.again) + len(self.over)


def to_tell(notices: Sequence[Notice], told: Sequence[Told], now: datetime, remind: timedelta | None) -> Telling:
    """What a channel that has told ``told`` is to tell now; ``remind`` None is never again."""
    known = {(one.notice.key, one.notice.mark): one for one in told}
    there = {notice.key for notice in notices}
    old = [notice for notice in notices if (notice.key, notice.mark) in known]
    return Telling(
        tuple(notice for notice in notices if notice not in old),
        tuple(
            notice for notice in old if remind is not None and now - known[notice.key, notice.mark].told_at >= remind
        ),
        tuple(one.notice for one in told if one.notice.key not in there),
    )


# ---------------------------------------------------------------- ports
class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str: ...

    async def tell(self, telling: Telling, now: datetime) -> None:
        """Deliver one message. Raises the error tree where it was not delivered, or may not have been."""
        ...


class NoticeStore(Protocol):
    """What people were told. Bound to one site."""

    def told(self, channel: str) -> list[Told]: ...

    def delivered(self, channel: str, telling: Telling, now: datetime) -> None:
        """A message has arrived: what is new or told again is kept, what is over is forgotten."""
        ...
