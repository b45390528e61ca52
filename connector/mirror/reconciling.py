"""Reconciling: Moodle is compared with what is held of it, and the facts with what follows, until all is equal.

By a reader that cannot count everything is read, and what that began and ended in the facts is what differed.
"""

from __future__ import annotations

import time
from collections import Counter as Sums
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from anyio import to_thread

from connector.domain.errors import Busy, ConnectorError
from connector.domain.facts import Extent, Loaded, Read
from connector.domain.proving import Counter, Difference, Proved, What
from connector.mirror.comparing import LISTED, Compared, Comparing
from connector.mirror.mirroring import Mirror, Progress, Reading, silent

ROUNDS = 3
"""So often it is compared anew where something differed."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
RESTORED, MANY = "restored", "many"


@dataclass
class Reconciled:
    """What it came to. ``proved``: the last comparison by dataset and fact; nothing where the reader cannot count."""

    loaded: list[Loaded] = field(default_factory=list)
    proved: dict[str, Proved] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    restored: bool = False

    @property
    def equal(self) -> bool | None:
        """Whether all is equal in the end; None where the reader cannot count."""
        return all(one.equal for one in self.proved.values()) if self.proved else None

    @property
    def as_of(self) -> datetime | None:
        return min((one.as_of for one in self.proved.values()), default=None)

    def add(self, loaded: Sequence[Loaded]) -> None:
        before = {one.fact: one for one in self.loaded}
        nothing = Loaded("", 0, 0, 0)
        self.loaded = [
            replace(one, begun=one.begun + old.begun, ended=one.ended + old.ended)
            for one in loaded
            for old in (before.get(one.fact, nothing),)
        ]


@dataclass
class Concerned:
    """What differs, added up while it is told: how much, the ``first`` of it, and of which people and courses."""

    sums: Sums[tuple[str, What]] = field(default_factory=Sums)
    first: list[Difference] = field(default_factory=list)
    people: set[int] = field(default_factory=set)
    courses: set[int] = field(default_factory=set)

    def note(self, found: Iterable[Difference]) -> Concerned:
        for one in found:
            self.sums[one.dataset, one.what] += 1
            if len(self.first) < LISTED:
                self.first.append(one)
            if one.moodle_id is not None:
                self.people.add(one.moodle_id)
            elif one.course_id is not None:
                self.courses.add(one.course_id)
        return self


@dataclass(frozen=True, slots=True)
class Reconciling:
    """The work on one Moodle."""

    mirror: Mirror

    async def reconcile(self, progress: Progress | None = None, *, give_again: bool = False) -> Reconciled:
        """Bring the facts up to date, and prove that they are equal to Moodle. Raises what ``Mirror.read`` does."""
        say, mirror = progress or silent, self.mirror
        with mirror.facts.lock() as free:
            if not free:
                raise Busy("Another process is mirroring this Moodle; try again when it has ended.")
            done = Reconciled()
            if not isinstance(mirror.reader, Counter):
                done.add((await mirror.read_now(Extent.EVERYTHING, say)).loaded)
                return done
            before = mirror.facts.compared_at() or LONG_AGO
            known = await self._is_held(mirror.reader)
            read = await mirror.read_now(Extent.CHANGES if known else Extent.EVERYTHING, say, give_again=give_again)
            done.add(read.loaded)
            for _ in range(ROUNDS):
                if not await self._compared(mirror.reader, done, say, give_again=give_again):
                    break
            await self._following(mirror.reader, done, before, say)
            return done

    async def _is_held(self, counter: Counter) -> bool:
        """Whether there is something to compare with: all datasets, in the columns that are read now."""
        columns = self.mirror.facts.held.columns()
        return all(
            question.columns == frozenset(columns.get(question.name, ())) for question in await counter.questions()
        )

    async def _compared(self, counter: Counter, done: Reconciled, say: Progress, *, give_again: bool) -> bool:
        """Compare all, and heal what differs; gives whether something did, so that it has to be compared again."""
        mirror = self.mirror
        load = mirror.facts.start(Extent.EVERYTHING, mirror.reader.name, mirror.clock())
        try:
            reading = Reading(mirror, load, mirror.clock(), say)
            await reading.accounts(everybody=True)
            courses = await mirror.reader.courses()
            managed = mirror.book.managed
            comparing = Comparing(counter, mirror.facts, managed, load, mirror.clock, reading.take, say)
            found = await comparing.all(await counter.questions(), [course.id for course in courses])
            done.proved |= {one.dataset: one for one in found.proved}
            done.differences += found.differences
            if found.many or found.restored:
                return await self._read_again(load, found, done, say, give_again=give_again)
            mirror.facts.note(load, found.proved, found.differences, mirror.clock())
            await self._heal(reading, counter, Concerned().note(found.found))
            items = {one.course_id: 0 for one in found.found if one.dataset == "grade_items" and one.course_id}
            totals = await mirror.reader.grade_items(items)
            known = mirror.facts.known_history()
            await reading.land(counter.before(known))
            read = Read(
                Extent.CHANGES, reading.began, courses, totals, reading.landed, compared=True,
                details=frozenset(mirror.reader.details), known=known, newest=reading.newest,
            )  # fmt: skip
            merged = mirror.facts.merge(load, read, mirror.staff, mirror.terms, mirror.clock())
        except ConnectorError as error:
            mirror.facts.finish(load, "stopped", type(error).__name__, mirror.clock())
            raise
        done.add(merged.loaded)
        mirror.facts.finish(load, "done", "", mirror.clock())
        mirror.tell(merged.people)
        await mirror.follow_up(courses, give_again=give_again)
        return bool(found.differences)

    async def _read_again(
        self, load: int, found: Compared, done: Reconciled, say: Progress, *, give_again: bool
    ) -> bool:
        """So much differs that everything is read; each row that does is written down as it is merged."""
        mirror = self.mirror
        mirror.facts.finish(load, "stopped", "Restored" if found.restored else "Many", mirror.clock())
        done.restored |= found.restored
        cause = RESTORED if found.restored else MANY
        again = await mirror.read_now(Extent.EVERYTHING, say, listed=cause, give_again=give_again)
        done.add(again.loaded)
        mirror.facts.note(again.load, found.proved, (), mirror.clock())
        return True

    async def _heal(self, reading: Reading, counter: Counter, concerned: Concerned) -> None:
        """Read all of the people and courses that are concerned."""
        if concerned.people or concerned.courses:
            await reading.land(counter.whole(sorted(concerned.people), sorted(concerned.courses)))

    def _unlike(self, before: datetime, now: datetime) -> Concerned:
        return Concerned().note(self.mirror.facts.unlike(before, now))

    async def _following(self, counter: Counter, done: Reconciled, before: datetime, say: Progress) -> None:
        """Do the facts follow from what is held? Who differs is read again, and then it is looked once more."""
        mirror, facts = self.mirror, self.mirror.facts
        for last in (False, True):
            started, now = time.monotonic(), mirror.clock()
            unlike = await to_thread.run_sync(self._unlike, before, now)
            proved = _weighed(unlike, facts.sizes(), time.monotonic() - started, now)
            done.proved |= {one.dataset: one for one in proved}
            load = facts.start(Extent.CHANGES, mirror.reader.name, mirror.clock())
            facts.note(load, proved, unlike.first, mirror.clock())
            if not unlike.first or last:
                facts.finish(load, "done", "", mirror.clock())
                return
            done.differences += unlike.first
            try:
                reading = Reading(mirror, load, mirror.clock(), say)
                await self._heal(reading, counter, unlike)
                details = frozenset(mirror.reader.details)
                until = facts.read_until() or reading.began  # what is new was not asked for
                read = Read(Extent.CHANGES, until, None, (), reading.landed, details=details)
                merged = facts.merge(load, read, mirror.staff, mirror.terms, mirror.clock())
            except ConnectorError as error:
                facts.finish(load, "stopped", type(error).__name__, mirror.clock())
                raise
            done.add(merged.loaded)
            facts.finish(load, "done", "", mirror.clock())
            mirror.tell(merged.people)


def _weighed(unlike: Concerned, sizes: Mapping[str, int], seconds: float, now: datetime) -> list[Proved]:
    return [
        Proved(fact, rows, 0, 0, missing, other, gone, seconds, not (missing or other or gone), now)
        for fact, rows in sizes.items()
        for missing, other, gone in ([unlike.sums[fact, what] for what in What],)
    ]
