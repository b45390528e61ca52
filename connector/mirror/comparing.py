"""Comparing what is held of Moodle with Moodle: checksums of all buckets, and the rows of those that differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from anyio import to_thread

from connector.domain.facts import FactStore
from connector.domain.proving import (
    DELETED_PEOPLE,
    WIDTH,
    Bucket,
    Counter,
    Difference,
    HeldRows,
    Proved,
    Question,
    Range,
    Setting,
    What,
    bucketed,
    differences,
    is_news,
    named,
    ranges,
    unlike,
    was_restored,
)
from connector.domain.reading import Page
from connector.mirror.mirroring import Progress

LISTED = 10_000
"""Of more differences in one dataset everything is read again rather than row by row."""
TRIES = 3
"""So often rows are read until their count and checksum are Moodle's: it goes on changing."""


@dataclass
class Compared:
    """What comparing came to. ``news`` came since it began: they are merged, and no differences.

    ``of_nobody``: of people who are not managed, whom increments do not follow; their rows are held as Moodle has them
    from now on, and nothing differs by them. ``many``: differences are too many to be healed one by one; these are the
    first.
    """

    proved: list[Proved] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    news: list[Difference] = field(default_factory=list)
    of_nobody: list[Difference] = field(default_factory=list)
    many: bool = False
    restored: bool = False

    @property
    def equal(self) -> bool:
        return not self.many and all(one.equal for one in self.proved)

    @property
    def found(self) -> list[Difference]:
        return [*self.differences, *self.news]


@dataclass(frozen=True, slots=True)
class Comparing:
    """``managed``: which of some people are; ``land`` takes rows that are to be held."""

    counter: Counter
    facts: FactStore
    managed: Callable[[Collection[int]], Collection[int]]
    load: int
    clock: Callable[[], datetime]
    land: Callable[[Page], None]
    say: Progress

    async def all(self, questions: Sequence[Question], courses: Sequence[int]) -> Compared:
        """Compare every dataset; rows that differ land, to be held once the load is merged."""
        done, began = Compared(), self.clock()
        behind = set()
        for question in questions:
            found = await self._one(question, began, done)
            gone = {one.key for one in found if one.what is What.GONE}
            if gone and self.facts.held.newest(question.name) in gone:
                behind.add(question.name)
        done.restored = was_restored([*done.differences, *done.of_nobody], behind)
        done.differences = named(done.differences, self._setting(done, courses, began))
        return done

    async def _one(self, question: Question, began: datetime, done: Compared) -> list[Difference]:
        started = time.monotonic()
        theirs: list[Bucket] = []
        async for some in self.counter.counted(question):
            theirs += some
            self.say(question.name, sum(bucket.rows for bucket in some))
        ours = await to_thread.run_sync(self._held, question.name)
        differing = unlike(ours, theirs)
        equal, found = True, list[Difference]()
        for within in ranges(differing, WIDTH):
            rows, settled = await self._settled(question, within)
            equal &= settled
            taken = self._taken(rows, within)
            managed = self.managed({one.moodle_id for one in taken if one.moodle_id is not None})
            found += [one for one in taken if one.moodle_id is None or one.moodle_id in managed]
            done.of_nobody += [one for one in taken if one.moodle_id is not None and one.moodle_id not in managed]
            if len(found) > LISTED:
                done.many = True
                break
        other = [one for one in found if not is_news(one, int(began.timestamp()))]
        news = [one for one in found if is_news(one, int(began.timestamp()))]
        done.news += news
        done.differences += other
        counts = {what: sum(1 for one in other if one.what is what) for what in What}
        done.proved.append(
            Proved(
                question.name,
                sum(bucket.rows for bucket in theirs),
                len(theirs),
                len({one.key // WIDTH for one in found if one.key is not None}),
                counts[What.MISSING],
                counts[What.OTHER],
                counts[What.GONE],
                time.monotonic() - started,
                equal,
                began,
            )
        )
        return found

    def _held(self, dataset: str) -> list[Bucket]:
        return [bucket for some in self.facts.held.buckets(dataset) for bucket in some]

    async def _settled(self, question: Question, within: Range) -> tuple[HeldRows, bool]:
        """The rows with these keys, and whether Moodle counted the same right after."""
        for _ in range(TRIES):
            rows = await self.counter.rows(question, within)
            counted = [bucket async for some in self.counter.counted(question, within) for bucket in some]
            if counted == bucketed(rows):
                return rows, True
        return rows, False

    def _taken(self, rows: HeldRows, within: Range) -> list[Difference]:
        """What differs from what is held; it lands."""
        held = HeldRows(rows.dataset, rows.columns, self.facts.held.rows(rows.dataset, within))
        found = differences(held, rows)
        changed = {one.key for one in found if one.what is not What.GONE}
        gone = {one.key for one in found if one.what is What.GONE}
        if changed:
            came = [row for row in rows.rows if row.key in changed]
            self.land(Page(held=[HeldRows(rows.dataset, rows.columns, came)]))
        if gone:
            lost = [row for row in held.rows if row.key in gone]
            self.facts.land_gone(self.load, HeldRows(rows.dataset, rows.columns, lost))
        return found

    def _setting(self, done: Compared, courses: Sequence[int], began: datetime) -> Setting:
        people = sorted({one.moodle_id for one in done.differences if one.moodle_id is not None})
        deleted = self.facts.held.there(DELETED_PEOPLE, people) if people else set()
        deleted |= {one.key for one in done.differences if one.dataset == DELETED_PEOPLE and one.key is not None}
        return Setting(frozenset(courses), deleted, int(began.timestamp()), done.restored)
