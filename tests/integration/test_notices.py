"""Telling people, with a real database: from what is there to what a channel is given, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from connector.domain.errors import Unavailable
from connector.domain.facts import Extent
from connector.domain.jobs import JobOutcome
from connector.domain.notices import Limits, NoticeKind, Telling
from connector.domain.plan import HoldState
from connector.store.notices import Notices
from jobs.notices import Noticing
from tests.support import House, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
K = NoticeKind
DAY = timedelta(hours=24)
LIMITS = Limits(DAY, DAY, 2)


@dataclass
class Ear:
    """A channel that keeps what it was told, unless it is deaf."""

    name: str = "mail"
    deaf: bool = False
    heard: list[Telling] = field(default_factory=list)

    async def tell(self, telling: Telling, now: datetime) -> None:  # noqa: ARG002 - a channel may date its message
        if self.deaf:
            raise Unavailable("Nobody hears.")
        self.heard.append(telling)


def noticing(house: House, *ears: Ear, limits: Limits = LIMITS) -> Noticing:
    connector = house.connector
    return Noticing(connector.situation, limits, DAY, ears, Notices(connector.database, connector.site))


def kinds(telling: Telling) -> tuple[list[K], list[K], list[K]]:
    new, again, over = ([notice.kind for notice in some] for some in (telling.new, telling.again, telling.over))
    return new, again, over


async def test_the_life_of_a_hold(house: House) -> None:
    """Told once, a day later again, and over once it is approved and carried out; by its plan's hash."""
    people = rows(40)
    await house.settled_in(people)
    plan = await house.plan([{**one, "status": "left"} if n < 11 else one for n, one in enumerate(people)])
    ear = Ear()
    telling = noticing(house, ear, limits=Limits(None, None, 0))
    assert await telling.tell() == {"notices": 1, "told": 1}
    [hold] = ear.heard[0].new
    assert (hold.kind, hold.path) == (K.HOLD_WAITING, f"/holds/{plan.hash}")
    assert dict(hold.facts) == {"class": "suspend", "count": 11, "limit": 10, "plan": plan.hash[:12]}
    assert await telling.tell() == {"notices": 1, "told": 0}
    house.clock.forward(hours=23)
    await house.plan()
    await telling.tell()
    assert len(ear.heard) == 1, "the same changes in a newer plan are no news"
    house.clock.forward(hours=2)
    assert (await telling.tell())["told"] == 1
    newest = house.connector.plans.find()
    assert newest is not None
    house.decide(newest, HoldState.APPROVED)
    await telling.tell()
    assert [kinds(heard) for heard in ear.heard[1:]] == [([], [K.HOLD_WAITING], []), ([], [], [K.HOLD_WAITING])]
    assert await telling.tell() == {"notices": 0, "told": 0}


async def test_a_channel_that_is_deaf_is_told_later(house: House) -> None:
    """It keeps no other from being told, fails the job so that it is seen, and hears all of it once it can."""
    connector = house.connector
    await house.settled_in(rows(5))
    for _ in range(2):
        connector.jobs.begin("mirror", house.clock())
        connector.jobs.end("mirror", JobOutcome.FAILED, "Unavailable", house.clock())
    deaf, ear = Ear("mail", deaf=True), Ear("webhook")
    telling = noticing(house, deaf, ear)
    for _ in range(2):
        with pytest.raises(Unavailable, match="by mail"):
            await telling.tell()
    assert [kinds(heard) for heard in ear.heard] == [([K.JOB_FAILING], [], [])]
    deaf.deaf = False
    await telling.tell()
    assert [kinds(heard) for heard in deaf.heard] == [([K.JOB_FAILING], [], [])]
    assert dict(deaf.heard[0].new[0].facts) == {"job": "mirror", "failures": 2, "error": "Unavailable"}


async def test_late_feeds_and_an_old_mirror(house: House) -> None:
    """Both are told after their time, and are over with the next good one."""
    await house.settled_in(rows(5))
    await house.mirror()
    ear = Ear()
    telling = noticing(house, ear)
    assert (await telling.tell())["notices"] == 0
    house.clock.forward(hours=25)
    assert (await telling.tell())["told"] == 2
    assert kinds(ear.heard[0])[0] == [K.FEED_LATE, K.MIRROR_BEHIND]
    await house.take(rows(6))
    await house.mirror()
    await telling.tell()
    assert kinds(ear.heard[1])[2] == [K.FEED_LATE, K.MIRROR_BEHIND]


async def test_a_full_reading_that_stays_away(house: House) -> None:
    """What is new is read every hour, and nobody reads all of it: told after the second night, over with a reading."""
    await house.make_reports()
    await house.settled_in(rows(5))
    house.clock.now = house.clock.now.replace(hour=2, minute=30) + DAY
    await house.mirror()
    ear = Ear()
    telling = noticing(house, ear, limits=Limits(None, timedelta(hours=6), 0))
    for hours, told in ((24, 0), (29.9, 0), (0.2, 1), (3, 0)):
        house.clock.forward(hours=hours)
        await house.mirror(Extent.CHANGES)
        assert (await telling.tell())["told"] == told, hours
    [notice] = ear.heard[0].new
    assert (notice.kind, dict(notice.facts)) == (K.MIRROR_BEHIND, {"hop": "everything", "hours": 54})
    await house.mirror()
    await telling.tell()
    assert [kinds(heard) for heard in ear.heard[1:]] == [([], [], [K.MIRROR_BEHIND])]


async def test_a_full_reading_without_times_is_never_behind(house: House) -> None:
    """Whoever set no time for it reads when they want."""
    await house.settled_in(rows(5))
    await house.mirror()
    house.clock.forward(days=30)
    assert house.connector.situation().reconcile_missed_at is not None
    never = house.settings.service.model_copy(update={"reconcile": ""})
    house.settings = house.settings.model_copy(update={"service": never})
    house.reopen()
    found = house.connector.situation()
    assert found.reconciled_at is not None
    assert found.reconcile_missed_at is None
