"""The way in, as a job: a feed is taken in, planned, and what is not held is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connector.domain.cases import CaseStore
from connector.domain.errors import FeedRefused, SettingsError, Stopped
from connector.domain.feeds import Drop, FeedStore, Look
from connector.domain.gates import Gates
from connector.domain.journal import Journal
from connector.domain.plan import Plan
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Mapper, Moodle, Source
from connector.domain.reading import AccountBook, Reader
from connector.mirror.accounts import refresh_accounts
from connector.sync.apply import Applied, Pace, Stopping, apply_plan, never
from connector.sync.intake import Intake, Progress, take_in
from connector.sync.make_plan import Step, make_plan
from connector.sync.planning import Rules

Reading = Callable[[str], AbstractContextManager[Progress]]
"""Given a file's name, a block with what counts the rows read."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """Everything that the way in needs, handed in by the composition root.

    ``source`` is the source's name, ``roles`` are Moodle's ids of roles by name, ``ahead`` the days that accounts
    are made before somebody's first day; ``open_feed`` reads a file as the mapping says; ``courses`` are those of
    paths by cohort.
    """

    source: str
    mapper: Mapper
    gates: Gates
    roles: Mapping[str, int]
    protected: frozenset[str]
    ahead: int
    moodle: Moodle
    reader: Reader | None
    accounts: AccountBook
    feeds: FeedStore
    plans: PlanStore
    cases: CaseStore
    journal: Journal
    clock: Callable[[], datetime]
    pace: Pace
    open_feed: Callable[[Path], Source]
    drop: Drop | None = None
    stopping: Stopping = never
    courses: frozenset[str] = frozenset()

    def take(self, feed: Source, progress: Progress | None = None) -> Intake:
        """Read and believe a feed. Raises FeedRefused."""
        return take_in(feed, self.mapper, self.feeds, self.gates, self.clock(), progress)

    def take_deliveries(self, reading: Reading) -> tuple[Intake | None, Look]:
        """Take every complete file of the drop, oldest first; gives the last one, and what was seen.

        ``reading`` surrounds each file with a display of progress. A refused file is moved aside with its reason, and
        FeedRefused raised; files that come after it wait for the next time.
        """
        if self.drop is None:
            return None, Look((), {})
        taken, look = None, self.drop.look()
        for delivery in look.ready:
            try:
                with reading(delivery.name) as progress:
                    taken = self.take(self.open_feed(delivery.path), progress)
            except FeedRefused as refused:
                self.drop.mark_refused(delivery, str(refused))
                raise
            self.drop.mark_done(delivery)
        return taken, look

    async def plan(self, step: Step | None = None) -> Plan:
        """Plan from what HR last said and what Moodle has; changes of accounts are read first, where they can be told.

        Raises SettingsError where no feed was ever good.
        """
        latest = self.feeds.latest(self.source)
        if latest is None:
            raise SettingsError(
                f"No feed of {self.source} has been read yet: give a file, or put one into the drop folder."
            )
        if self.reader is not None and self.reader.incremental:
            if step is not None:
                step("changes in Moodle")
            await refresh_accounts(self.reader, self.accounts, self.clock, everybody=False)
        scope = Scope(self.source, self.clock(), self.ahead)
        rules = Rules(self.mapper.digest, self.protected | {await self._own_username()}, self.roles, self.courses)
        return await make_plan(scope, latest.feed_id, rules, self.moodle, self.plans, self.cases, step)

    def current(self, plan: Plan) -> Plan | None:
        """The plan as it stands, if still made from what is true: the last feed, this mapping, no other run since."""
        latest = self.feeds.latest(plan.source)
        feed_id = latest.feed_id if latest else None
        fresh = self.plans.read(plan.number)
        basis = self.plans.basis(feed_id, self.mapper.digest, plan.number)
        return fresh if fresh.status != "superseded" and fresh.basis == basis else None

    async def apply(self, plan: Plan, progress: Progress | None = None) -> Applied:
        """Carry out a plan that is current, but for what is held."""
        return await apply_plan(
            plan,
            lambda: self.current(plan),
            self.moodle,
            self.journal,
            self.roles,
            self.clock,
            self.pace,
            progress,
            self.stopping,
        )

    async def sync(self) -> Mapping[str, object]:
        """Take what has arrived, plan, and apply what is not held, with nobody looking on; gives what to log."""
        taken, look = self.take_deliveries(lambda _name: nullcontext(self._heed))
        plan = await self.plan(self._heed)
        applied = await self.apply(plan)
        return {
            "feed": taken.name if taken else None,
            "unusable": dict(look.unusable),
            "plan": plan.hash[:12],
            "apply_run": applied.run,
            "changes": plan.size,
            "done": applied.tally.done,
            "refused": applied.tally.refused,
            "waiting": applied.tally.waiting,
            "held": [guard.value for guard in applied.held],
        }

    def _heed(self, _came: object) -> None:
        """Called between two pieces of reading and planning, which leave nothing behind when they are ended there."""
        if self.stopping():
            raise Stopped("Told to stop before anything was applied; the next run begins anew.")

    async def _own_username(self) -> str:
        return (await self.moodle.site_info()).username
