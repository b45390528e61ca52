"""Applying: a plan is carried out as it was shown, phase by phase, batch by batch, with everything written down.

The journal is written before and after each call, so that a process killed at any instant goes on at the first
unconfirmed operation. A lost answer is looked up before anything is sent again; a refused batch is split down to
the bad row, whose cause is then named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

import anyio

from connector.domain.errors import (
    AlreadyThere,
    AnswerLost,
    Busy,
    CircuitOpen,
    ConnectorError,
    SetAside,
    Stop,
    Stopped,
    TryAgain,
    Unavailable,
)
from connector.domain.journal import Journal, Outcome, OutcomeState, Pending, Tally
from connector.domain.plan import Action, GuardClass, HoldState, Phase, Plan
from connector.domain.ports import Moodle
from connector.sync.at_once import at_once
from connector.sync.operations import Operation, OwnModel, operations
from connector.sync.operations_on_grants import done, is_moot
from connector.sync.presence import Presence
from connector.sync.refusals import Refusal

PAGE = 4000
"""Changes that are in memory at once."""
FRESH = timedelta(minutes=1)
"""For so long a plan is believed about what is in Moodle. Before an older one gives something it is looked whether it
is there by now."""
FEWEST = 5
"""So many changes go in one call at least, where there are as many: smaller calls would cost more than they save."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard Moodle is pressed, and how patiently it is waited for.

    ``workers`` calls at once; ``waits`` seconds before each further try of a call that may succeed later;
    the circuit opens when over ``failing`` of at least ``failing_of`` changes that Moodle was asked for in one run, of
    one action or of all together, were refused.
    """

    workers: int = 4
    waits: tuple[float, ...] = (1.0, 3.0, 9.0, 27.0)
    failing: float = 0.4
    failing_of: int = 50


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run of apply came to."""

    run: int
    tally: Tally
    held: tuple[GuardClass, ...]


Progress = Callable[[int], None]
"""Called with the number of changes that were dealt with since the last call."""


Stopping = Callable[[], bool]
"""Has this process been told to end? Then no new batch is begun."""


def never() -> bool:
    """Nobody tells this process to end."""
    return False


def held_classes(plan: Plan, now: datetime) -> tuple[GuardClass, ...]:
    """Classes of this plan that nobody has approved, or whose approval has expired."""
    return tuple(hold.guard for hold in plan.holds if hold.at(now).state is not HoldState.APPROVED)


async def apply_plan(
    plan: Plan,
    current: Callable[[], Plan | None],
    moodle: Moodle,
    journal: Journal,
    roles: Mapping[str, int],
    clock: Callable[[], datetime],
    pace: Pace | None = None,
    progress: Progress | None = None,
    stopping: Stopping = never,
) -> Applied:
    """Carry out what the plan shows, but for the classes that are held.

    ``current`` gives the plan with its holds as they are now, or None where it is no longer made from what is true;
    it is asked when nobody else can plan or apply.

    Raises Stop where a person must act, and TryAgain where the plan was overtaken, Moodle stayed away or ``stopping``
    became true: the journal says how far it came, and calling again goes on from there. Raises Busy where another
    process is at work.
    """
    with journal.lock() as free:
        if not free:
            raise Busy("Another process is applying a plan to this Moodle; try again when it has ended.")
        fresh = current()
        if fresh is None:
            raise Unavailable(
                f"Plan {plan.hash[:12]} is no longer current: a newer feed, mapping, decision or run came. "
                "Nothing was changed. Make a new one with `moodle-connector plan`."
            )
        held = held_classes(fresh, clock())
        run = journal.start(plan.number, clock())
        applying = _Applying(plan, run, held, moodle, journal, roles, clock, pace or Pace(), progress, stopping)
        try:
            for phase in Phase:
                await applying.phase(phase)
        except (Stop, TryAgain) as error:
            journal.finish(run, "stopped", type(error).__name__, clock())
            raise
        except anyio.get_cancelled_exc_class():  # the calls under way are in doubt, and looked up by the next run
            journal.finish(run, "stopped", Stopped.__name__, clock())
            raise
        journal.finish(run, "done", "", clock())
        return Applied(run, journal.tally(plan.number, held), held)


@dataclass
class _Applying:
    """One run. ``answered`` counts what Moodle said yes or no to, ``causes`` says why not: by action, None for all."""

    of: Plan
    run: int
    held: Collection[GuardClass]
    moodle: Moodle
    journal: Journal
    roles: Mapping[str, int]
    clock: Callable[[], datetime]
    pace: Pace
    progress: Progress | None
    stopping: Stopping
    answered: Counter[Action | None] = field(default_factory=Counter)
    causes: dict[Action | None, list[str]] = field(default_factory=dict)
    _operations: Mapping[Action, Operation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan = self.of.number
        self._presence = Presence(self.moodle, self.roles)

    async def phase(self, phase: Phase) -> None:
        self._operations = operations(self.moodle, await self.moodle.writer(), self.roles, self.clock)
        after = 0
        while page := self.journal.pending(self.plan, phase, self.held, self.run, after, PAGE):
            after = page[-1].ordinal
            await self._page(await self._without_given(page))

    async def _without_given(self, page: Sequence[Pending]) -> Sequence[Pending]:
        """Without what somebody else gave since the plan was made: that is noted as theirs, and not overwritten."""
        if self.clock() - self.of.created_at < FRESH:
            return page
        given = await self._presence.there([one for one in page if one.unclaimed])
        for action, same in groupby(given, key=lambda one: one.change.action):
            self._record(action, [done(one, 0) for one in same])
        if self.progress:
            self.progress(len(given))
        theirs = {one.ordinal for one in given}
        return [one for one in page if one.ordinal not in theirs]

    async def _page(self, page: Sequence[Pending]) -> None:
        """All batches of a page, a few at once. The first Stop or TryAgain ends them all."""
        batches = self._batches(page)
        await at_once([partial(self._work, batches)] * self.pace.workers)
        if next(batches, None) is not None:
            raise Stopped("Told to stop: what was begun is written down, and the next run does what is left.")

    async def _work(self, batches: Iterator[tuple[Action, list[Pending]]]) -> None:
        while not self.stopping() and (taken := next(batches, None)):
            action, batch = taken
            await self._carry_out(action, batch)
            if self.progress:
                self.progress(len(batch))

    def _batches(self, page: Sequence[Pending]) -> Iterator[tuple[Action, list[Pending]]]:
        for action, changes in groupby(page, key=lambda one: one.change.action):
            together = list(changes)
            size = self._size(self._operations[action].batch, len(together))
            for start in range(0, len(together), size):
                yield action, together[start : start + size]

    def _size(self, most: int, changes: int) -> int:
        """How many go in one call. Few changes are spread over the workers: somebody waits for them."""
        return min(most, max(FEWEST, -(-changes // self.pace.workers)))

    async def _carry_out(self, action: Action, batch: Sequence[Pending]) -> None:
        """Send a batch until every change in it has an outcome."""
        operation = self._operations[action]
        waits = iter(self.pace.waits)
        before = ""
        while batch:
            try:
                batch = await self._after_look_up(action, batch)
                if not batch:
                    return
                self.journal.sent(self.run, self.plan, [one.ordinal for one in batch], self.clock(), before)
                batch, error = await self._send(action, batch)
                if error is None:
                    return
                raise error
            except SetAside as error:
                before = str(error)
                batch = self._without(batch, action, await operation.found(batch))
                wait = next(waits, None) if _is_under_way(batch, error) else None
                if wait is None:
                    batch = await self._after_refusal(action, batch, error)
                else:
                    await anyio.sleep(wait)
            except TryAgain as error:
                wait = next(waits, None)
                if wait is None:
                    raise
                before = str(error)
                if isinstance(error, AnswerLost):
                    batch = _doubted(batch)
                await anyio.sleep(wait)

    async def _send(self, action: Action, batch: Sequence[Pending]) -> tuple[Sequence[Pending], ConnectorError | None]:
        """Send a batch; gives what of it was not carried out for a reason that is not its own, and that reason."""
        came = await self._operations[action].send(batch)
        self._record(action, [one for one in came if isinstance(one, Outcome)])
        refused = [one for one in came if isinstance(one, Refusal)]
        alone = {one.one.ordinal: one.error for one in refused if isinstance(one.error, SetAside)}
        if alone:
            aside = [one for one in batch if one.ordinal in alone]
            for one in self._without(aside, action, await self._operations[action].found(aside)):
                self._record(action, [await self._outcome_of_refusal(action, one, alone[one.ordinal])])
        left = [one for one in refused if one.one.ordinal not in alone]
        return [one.one for one in left], left[0].error if left else None

    async def _after_look_up(self, action: Action, batch: Sequence[Pending]) -> Sequence[Pending]:
        """What is left of a batch when those are confirmed that have happened although no answer came."""
        doubtful = [one for one in batch if one.uncertain]
        if not doubtful:
            return batch
        return self._without(batch, action, await self._operations[action].found(doubtful))

    async def _after_refusal(self, action: Action, batch: Sequence[Pending], error: SetAside) -> Sequence[Pending]:
        """Moodle refused the batch as a whole: split it, or name the cause of the one."""
        if len(batch) <= 1:
            for one in batch:
                self._record(action, [await self._outcome_of_refusal(action, one, error)])
            return []
        middle = len(batch) // 2
        await self._carry_out(action, batch[:middle])
        return batch[middle:]

    async def _outcome_of_refusal(self, action: Action, one: Pending, error: SetAside) -> Outcome:
        if await is_moot(self.moodle, one):
            return Outcome(one.ordinal, OutcomeState.DONE, None, "gone", "What it would be taken from is gone.")
        cause = await self._operations[action].cause(one, error)
        return Outcome(one.ordinal, OutcomeState.REFUSED, None, error.code, cause)

    def _without(self, batch: Sequence[Pending], action: Action, found: Sequence[Outcome]) -> Sequence[Pending]:
        self._record(action, found)
        confirmed = {outcome.ordinal for outcome in found}
        return [one for one in batch if one.ordinal not in confirmed]

    def _record(self, action: Action, outcomes: Sequence[Outcome]) -> None:
        self.journal.record(self.run, self.plan, action, outcomes, self.clock())
        if isinstance(self._operations[action], OwnModel):
            return
        answered = [outcome for outcome in outcomes if outcome.state is not OutcomeState.WAITING]
        causes = [outcome.message for outcome in answered if outcome.state is OutcomeState.REFUSED]
        for counted in (action, None):
            self.answered[counted] += len(answered)
            self.causes.setdefault(counted, []).extend(causes)
        for counted in (action, None):
            self._check_circuit(counted)

    def _check_circuit(self, counted: Action | None) -> None:
        """Raises CircuitOpen where Moodle refused too much of one action, or (None) of all together."""
        causes, answered = self.causes[counted], self.answered[counted]
        if answered >= self.pace.failing_of and len(causes) > self.pace.failing * answered:
            what = f"{counted} changes" if counted else "changes"
            raise CircuitOpen(
                f"{len(causes)} of {answered} {what} were refused, so applying was stopped before doing more. "
                f"The last cause was: {causes[-1]} Mend it and run apply again."
            )


def _is_under_way(batch: Sequence[Pending], error: SetAside) -> bool:
    """Is a write whose answer was lost still going on? Its names are taken then, and nobody has them yet."""
    return isinstance(error, AlreadyThere) and any(one.uncertain for one in batch)


def _doubted(batch: Sequence[Pending]) -> list[Pending]:
    return [replace(one, uncertain=True) for one in batch]
