"""The way in, as a job: a feed is taken in, planned, and what is not held is applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from connector.domain.cases import CaseStore
from connector.domain.errors import (
    Busy,
    ConnectorError,
    FeedRefused,
    SettingsError,
    Stopped,
    StorageError,
)
from connector.domain.feeds import FeedStore, Look
from connector.domain.gates import Gates
from connector.domain.journal import Journal
from connector.domain.leaving import AT_ONCE, Leavers
from connector.domain.matching import ALWAYS_PROTECTED
from connector.domain.people import Record, Removed
from connector.domain.plan import Plan
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Mapper, Moodle, Source
from connector.domain.reading import AccountBook, Reader
from connector.mirror.accounts import refresh_accounts
from connector.sync.apply import Applied, Pace, Stopping, apply_plan, never
from connector.sync.arrivals import Arrived, Inlet
from connector.sync.doubts import end_doubts
from connector.sync.intake import Intake, Progress, take_in
from connector.sync.make_plan import Step, make_plan
from connector.sync.planning import Rules

UNGATED = Gates(min_share=0, max_duplicate_share=1, max_rejected_share=1, min_rows=0)
"""What is pushed comes person by person: a bad one among few is no bad feed."""

Reading = Callable[[str], AbstractContextManager[Progress]]
"""Given a file's name, a block with what counts the rows read."""


def nothing(_now: datetime) -> None:
    """Nobody waits for enrolments."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of what had arrived: the feeds that were believed, and what was seen of files left where they are."""

    feeds: tuple[Intake, ...]
    look: Look
    failed: ConnectorError | None = None
    """What went wrong with some of several sources: of the others all was taken."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was pushed and read: whom it is about."""

    people: frozenset[str]
    arrived: tuple[Arrived, ...]

    def done(self) -> None:
        """It has been carried out."""
        for one in self.arrived:
            one.done()


@dataclass(frozen=True, slots=True)
class WayIn:
    """Everything that the way in needs, handed in by the composition root.

    ``roles`` are Moodle's ids of roles by name, ``ahead`` the days that accounts are made before somebody's first day;
    ``by_cohort``: of paths by cohort each cohort with each course. ``enrolled`` is called once a plan was carried out,
    for what waits for enrolments.
    """

    inlets: Sequence[Inlet]
    mapper: Mapper
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
    stopping: Stopping = never
    by_cohort: frozenset[tuple[str, str]] = frozenset()
    leavers: Leavers = AT_ONCE
    enrolled: Callable[[datetime], object] = nothing

    def take(self, feed: Source, progress: Progress | None = None) -> Intake:
        """Read and believe a feed. Raises FeedRefused."""
        gates = next(inlet.gates for inlet in self.inlets if inlet.name == feed.identity.source)
        return take_in(feed, self.mapper, self.feeds, gates, self.clock(), progress)

    def take_arrived(self, reading: Reading) -> Taken:
        """Take every feed that is complete, source by source, oldest first.

        ``reading`` surrounds each with a display of progress. What cannot be had or read of one source, or is refused,
        keeps none of the others, and is raised where there is no other. A refused file is moved aside with its reason,
        and files of the same source that come after it wait for the next time.
        """
        taken, looks, errors = list[Intake](), list[Look](), list[ConnectorError]()
        for inlet in self.inlets:
            try:
                arrivals = inlet.arrivals()
                looks.append(arrivals.look)
                taken += self._take_all(arrivals.ready, reading)
            except (StorageError, Stopped, Busy):
                raise  # this is about all of them
            except ConnectorError as error:
                errors.append(error)
        failed = _told_together(errors)
        if failed is not None and len(errors) == len(self.inlets):
            raise failed
        unusable = _joined(look.unusable for look in looks)
        return Taken(tuple(taken), Look((), _joined(look.left for look in looks), unusable), failed)

    def _take_all(self, arrived: Iterable[Arrived], reading: Reading) -> Iterator[Intake]:
        for one in arrived:
            try:
                with reading(one.name) as progress:
                    taken = self.take(one.feed, progress)
            except FeedRefused as refused:
                one.refused(str(refused))
                raise
            one.done()
            yield taken

    async def plan(
        self, step: Step | None = None, people: Collection[str] | None = None, above: Collection[str] = ()
    ) -> Plan:
        """Plan from what HR last said and what Moodle has; changes of accounts are read first, where they can be told.

        ``people``: keys of the only people whom the plan is to be about, ``above``: of those who are in it as managers
        only. Raises SettingsError where a source was never heard of.
        """
        self._check_heard()
        if people is None and self.reader is not None and self.reader.incremental:
            if step is not None:
                step("changes in Moodle")
            await refresh_accounts(self.reader, self.accounts, self.clock, everybody=False)
        await end_doubts(self.moodle, self.journal, self.roles, self.clock)
        some = None if people is None else frozenset(people)
        scope = Scope(self.clock(), self.ahead, some, self.leavers, frozenset(above))
        return await make_plan(
            scope, self.newest_feed(), await self.rules(), self.moodle, self.plans, self.cases, step
        )

    def _check_heard(self) -> None:
        if unheard := self.feeds.unheard(list(self.mapper.sources)):
            raise SettingsError(
                f"No feed of {', '.join(unheard)} has been read yet: give a file, or put one where it is looked for."
            )

    async def rules(self) -> Rules:
        """What planning takes from the mapping, with our own account among those that are never touched."""
        own = (await self.moodle.site_info()).username
        return Rules(
            self.mapper.digest,
            self.protected | {own} | ALWAYS_PROTECTED,
            self.roles,
            self.mapper.assignable,
            self.by_cohort,
            tuple(self.mapper.authoritative),
        )

    def newest_feed(self) -> int | None:
        """The newest feed that was believed, of whatever source."""
        found = [feed.feed_id for source in self.mapper.sources if (feed := self.feeds.latest(source))]
        return max(found, default=None)

    def current(self, plan: Plan) -> Plan | None:
        """The plan as it stands, if still made from what is true: the last feed, this mapping, no other run since."""
        fresh = self.plans.read(plan.number)
        basis = self.plans.basis(self.newest_feed(), self.mapper.digest, plan.number)
        return fresh if fresh.status != "superseded" and fresh.basis == basis else None

    async def apply(self, plan: Plan, progress: Progress | None = None) -> Applied:
        """Carry out a plan that is current, but for what is held."""
        applied = await apply_plan(
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
        self.enrolled(self.clock())
        return applied

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else reads, plans or applies while the block lasts. Raises Busy where somebody does."""
        with self.plans.turn() as free:
            if not free:
                raise Busy("Another process is bringing in what HR says; try again when it has ended.")
            yield

    async def sync(self) -> Mapping[str, object]:
        """Take what has arrived, plan, and apply what is not held, with nobody looking on; gives what to log."""
        with self.turn():
            taken = self.take_arrived(lambda _name: nullcontext(self._heed))
            plan = await self.plan(self._heed)
            applied = await self.apply(plan)
        failed = {"failed": type(taken.failed).__name__, "message": str(taken.failed)} if taken.failed else {}
        unusable = dict(taken.look.unusable)
        return {"feeds": [feed.name for feed in taken.feeds], "unusable": unusable, **_came(plan, applied), **failed}

    async def push(self) -> Mapping[str, object]:
        """Take what was pushed since, and carry it out for these people alone; gives what to log.

        What was pushed is done with once it was applied: where that fails it is read again the next time.
        """
        with self.turn():
            pushed = self.take_pushed()
            if not pushed.people:  # nothing of it could be read, and reading it again alters nothing
                pushed.done()
                return {"people": 0}
            plan = await self.plan(self._heed, pushed.people)
            applied = await self.apply(plan)
            pushed.done()
        return {"people": len(pushed.people), **_came(plan, applied)}

    async def sync_person(self, key: str) -> tuple[Plan, Applied]:
        """One person and the managers above: what HR said last, and what was pushed since, carried out at once.

        Nobody has asked about the managers: what would be taken away from them waits for the next plan of everybody.
        Raises SettingsError where HR never said anything of such a person.
        """
        with self.turn():
            pushed = self.take_pushed()
            chain = self.plans.chain([key])
            if key not in chain:
                raise SettingsError(f"No source has ever named {key}.")
            plan = await self.plan(self._heed, chain | pushed.people, chain - {key} - pushed.people)
            applied = await self.apply(plan)
            pushed.done()
            return plan, applied

    def take_pushed(self) -> Pushed:
        """Read what was pushed; whoever it is about may be planned for alone."""
        arrived = [one for inlet in self.inlets for one in inlet.pushed().ready]
        people: set[str] = set()
        for one in arrived:
            people |= self._keys(one.feed)
            take_in(one.feed, self.mapper, self.feeds, UNGATED, self.clock())
        return Pushed(frozenset(people), tuple(arrived))

    def _keys(self, feed: Source) -> set[str]:
        said = (
            self.mapper.said(feed.identity.source, record) for record in feed.records() if isinstance(record, Record)
        )
        return {one.key if isinstance(one, Removed) else one["key"] for one in said if not isinstance(one, list)}

    def _heed(self, _came: object) -> None:
        """Called between two pieces of reading and planning, which leave nothing behind when they are ended there."""
        if self.stopping():
            raise Stopped("Told to stop before anything was applied; the next run begins anew.")


def _told_together(errors: Sequence[ConnectorError]) -> ConnectorError | None:
    """The first of what went wrong with several sources, which tells of all; None where nothing did."""
    if len(errors) > 1:
        errors[0].args = ("\n".join(str(error) for error in errors),)
    return next(iter(errors), None)


def _joined(found: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {name: why for each in found for name, why in each.items()}


def _came(plan: Plan, applied: Applied) -> dict[str, object]:
    """What to log of a plan that was carried out."""
    return {
        "plan": plan.hash[:12],
        "apply_run": applied.run,
        "changes": plan.size,
        "done": applied.tally.done,
        "refused": applied.tally.refused,
        "waiting": applied.tally.waiting,
        "held": [guard.value for guard in applied.held],
    }
