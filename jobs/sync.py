"""The way in, as a job: a feed is taken in, planned, and what is not held is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.domain.cases import CaseStore
from connector.domain.errors import SettingsError
from connector.domain.feeds import FeedStore
from connector.domain.gates import Gates
from connector.domain.journal import Journal
from connector.domain.plan import Plan
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Mapper, Moodle, Source
from connector.sync.apply import Applied, Pace, apply_plan
from connector.sync.intake import Intake, Progress, take_in
from connector.sync.make_plan import Step, make_plan
from connector.sync.planning import Rules


@dataclass(frozen=True, slots=True)
class WayIn:
    """Everything that the way in needs, handed in by the composition root.

    ``source`` is the source's name, ``roles`` are Moodle's ids of roles by name, ``ahead`` the days that accounts
    are made before somebody's first day.
    """

    source: str
    mapper: Mapper
    gates: Gates
    roles: Mapping[str, int]
    protected: frozenset[str]
    ahead: int
    moodle: Moodle
    feeds: FeedStore
    plans: PlanStore
    cases: CaseStore
    journal: Journal
    clock: Callable[[], datetime]
    pace: Pace

    def take(self, feed: Source, progress: Progress | None = None) -> Intake:
        """Read and believe a feed. Raises FeedRefused."""
        return take_in(feed, self.mapper, self.feeds, self.gates, self.clock(), progress)

    async def plan(self, step: Step | None = None) -> Plan:
        """Plan from what HR last said. Raises SettingsError where no feed was ever good."""
        latest = self.feeds.latest(self.source)
        if latest is None:
            raise SettingsError(
                f"No feed of {self.source} has been read yet: give a file, or put one into the drop folder."
            )
        scope = Scope(self.source, self.clock(), self.ahead)
        rules = Rules(self.mapper.digest, self.protected | {await self._own_username()}, frozenset(self.roles))
        return await make_plan(scope, latest.feed_id, rules, self.moodle, self.plans, self.cases, step)

    def is_current(self, plan: Plan) -> bool:
        """Is the plan still made from what is true: the last feed, this mapping, nobody else's run since?"""
        latest = self.feeds.latest(plan.source)
        feed_id = latest.feed_id if latest else None
        return plan.status != "superseded" and plan.basis == self.plans.basis(feed_id, self.mapper.digest, plan.number)

    async def apply(self, plan: Plan, progress: Progress | None = None) -> Applied:
        """Carry out a plan that is current, but for what is held."""
        return await apply_plan(plan, self.moodle, self.journal, self.roles, self.clock, self.pace, progress)

    async def _own_username(self) -> str:
        return (await self.moodle.site_info()).username
