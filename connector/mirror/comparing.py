"""Comparing what is held of Moodle with Moodle: checksums of all buckets, and the rows of those that differ."""

from __future__ import annotations

import time
from collections import Counter as Sums
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from anyio import to_thread

from connector.domain.causes import DELETED_PEOPLE, Setting, Signs, is_news, named
from connector.domain.facts import FactStore
from connector.domain.held import GREATEST, WIDTH, Bucket, HeldRows, Range, bucketed
from connector.domain.proving import Counter, Difference, Proved, Question, What, differences, ranges, unlike
from connector.domain.reading import Page
from connector.mirror.mirroring import Progress

LISTED = 10_000
"""Of more differences in one dataset everything is read again rather than row by row."""
TRIES = 3
"""So often rows are read until their count and checksum are Moodle's: it goes on changing."""


@dataclass
class Compared:
    """What comparing came to. ``news`` came since it began: they are merged, and no differences.

    ``many``: differences are too many to be healed one by one; these are the first.
    """

    proved: list[Proved] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    news: list[Difference] = field(default_factory=list)
    signs: Signs = field(default_factory=Signs)
    many: bool = False

    @property
    def restored(self) -> bool:
        return self.signs.restored

    @property
    def equal(self) -> bool:
        return not self.many and all(one.equal for one in self.proved)

    @property
    def found(self) -> list[Difference]:
        return [*self.differences, *self.news]


class _Counted(NamedTuple):
    rows: int
    buckets: int


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
        for question in questions:
            await self._one(question, began, done)
        done.differences = named(done.differences, self._setting(done, courses, began))
        return done

    async def _one(self, question: Question, began: datetime, done: Compared) -> None:
        """Of people who are not managed, whom increments do not follow, rows are held as Moodle has them from now on;
        nothing differs by them, and nothing of them is kept here, however many they are."""
        started, beginning = time.monotonic(), int(began.timestamp())
        counted, differing = await self._differing(question)
        newest = self.facts.held.newest(question.name) if differing else None
        equal, found = True, list[Difference]()
        for within in ranges(differing, WIDTH):
            rows, settled = await self._settled(question, within)
            equal &= settled
            taken = self._taken(rows, within)
            done.signs.note(one for one in taken if not is_news(one, beginning))
            managed = self.managed({one.moodle_id for one in taken if one.moodle_id is not None})
            found += [one for one in taken if one.moodle_id is None or one.moodle_id in managed]
            if len(found) > LISTED:
                done.many = True
                break
        if any(one.what is What.GONE and one.key == newest for one in found):
            done.signs.behind.add(question.name)
        other = [one for one in found if not is_news(one, beginning)]
        done.news += [one for one in found if is_news(one, beginning)]
        done.differences += other
        counts = Sums(one.what for one in other)
        done.proved.append(
            Proved(
                question.name,
                counted.rows,
                counted.buckets,
                len({one.key // WIDTH for one in found if one.key is not None}),
                counts[What.MISSING],
                counts[What.OTHER],
                counts[What.GONE],
                time.monotonic() - started,
                equal,
                began,
            )
        )

    async def _differing(self, question: Question) -> tuple[_Counted, list[int]]:
        """What Moodle counts, and the buckets that differ: they are compared as its answers come."""
        rows, buckets, first, differing = 0, 0, 0, list[int]()
        async for theirs in self.counter.counted(question):
            last = (theirs[-1].number + 1) * WIDTH - 1
            differing += await to_thread.run_sync(self._unlike, question.name, Range(first, last), theirs)
            rows += (counted := sum(bucket.rows for bucket in theirs))
            buckets += len(theirs)
            first = last + 1
            self.say(question.name, counted)
        differing += await to_thread.run_sync(self._unlike, question.name, Range(first, GREATEST), [])
        return _Counted(rows, buckets), differing

    def _unlike(self, dataset: str, within: Range, theirs: Sequence[Bucket]) -> list[int]:
        return unlike((bucket for some in self.facts.held.buckets(dataset, within) for bucket in some), theirs)

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
