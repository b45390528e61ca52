"""The mirror: what Moodle knows of managed people, read through a reader into facts with history.

Pages land as they come; once everything has been read they are merged in one transaction that moves the cursor too,
so that a process that is killed leaves the facts as they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

import structlog
from anyio import to_thread

from connector.domain.errors import Busy, ConnectorError
from connector.domain.facts import Extent, FactStore, Loaded, Read, Staff, Terms
from connector.domain.outbox import Touched
from connector.domain.ports import Course
from connector.domain.reading import AccountBook, AccountsPage, GrantBook, Page, Reader, moved
from connector.mirror.accounts import from_before, refresh_accounts
from connector.mirror.ahead import take_ahead
from connector.mirror.hearing import forgotten, hear, is_stale

log = structlog.get_logger("mirror")

REMEMBERED = timedelta(days=365)
"""For so long an enrolment that ended in Moodle is compared with what was granted: until somebody has decided, where
many were lost at once."""

Progress = Callable[[str, int], None]
"""Called with what is being read and the number of rows since the last call."""


@dataclass(frozen=True, slots=True)
class Done:
    """A reading that was merged, by its load."""

    load: int
    loaded: list[Loaded]


@dataclass(frozen=True, slots=True)
class Mirror:
    """Everything that a reading needs. ``read`` brings the facts up to date."""

    reader: Reader
    book: AccountBook
    grants: GrantBook
    facts: FactStore
    staff: Staff
    terms: Terms
    clock: Callable[[], datetime]
    tell: Callable[[Collection[int] | None], None]
    """Called with the people of whom something is otherwise now; see ``Merged``."""

    async def read(
        self, extent: Extent, progress: Progress | None = None, *, give_again: bool = False
    ) -> list[Loaded]:
        """Read Moodle, all of it or what is new, into the facts; gives what changed.

        What is new is read only where the reader can tell it and all was read before; else all is read.
        ``give_again``: however much somebody took away in Moodle, the next plan gives it again.
        Raises Busy where another process reads this Moodle, and the error tree. Then the facts are as they were; but
        for HoldClass and what fails while cohorts and courses that are gone are looked for: then they are up to date,
        and only what was taken away waits.
        """
        with self.facts.lock() as free:
            if not free:
                raise Busy("Another process is mirroring this Moodle; try again when it has ended.")
            return (await self.read_now(extent, progress or silent, give_again=give_again)).loaded

    async def read_now(self, extent: Extent, say: Progress, *, listed: str = "", give_again: bool = False) -> Done:
        """The same, for who holds the lock. ``listed``: see ``Read``."""
        known = self.facts.read_until() if self.reader.incremental and extent is Extent.CHANGES else None
        since = from_before(known) if not forgotten(self.reader, known, self.clock()) else None
        extent = Extent.EVERYTHING if since is None else Extent.CHANGES
        load = self.facts.start(extent, self.reader.name, self.clock())
        try:
            reading = Reading(self, load, self.clock(), say)
            read = await (reading.everything(anew=bool(listed)) if since is None else reading.changes(since))
            read = replace(read, listed=listed)
            merged = self.facts.merge(load, read, self.staff, self.terms, self.clock())
        except ConnectorError as error:
            self.facts.finish(load, "stopped", type(error).__name__, self.clock())
            raise
        self.facts.finish(load, "done", "", self.clock())
        try:
            await reading.forget()
            await self.follow_up(read.courses if extent is Extent.EVERYTHING else None, give_again=give_again)
        finally:
            self._tell(merged.people)
        return Done(load, merged.loaded)

    def _tell(self, people: Collection[int] | None) -> None:
        """Last: the facts are up to date, and pages that do not hear of it are as they were until they ask anew."""
        try:
            self.tell(people)
        except ConnectorError as error:
            log.warning("pages not told", error=type(error).__name__)

    async def follow_up(self, courses: Sequence[Course] | None, *, give_again: bool = False) -> None:
        """What follows for the way in; ``courses`` are all of them, where all of Moodle was read or compared."""
        self._note_completed()
        if courses is not None:
            await self._end_lost(courses, give_again)

    def _note_completed(self) -> None:
        """What waits for a course to be completed is planned from this; the facts may be in another database."""
        if self.terms.prerequisites:
            ids = self.staff.courses()
            needed = [ids[ref] for ref in self.terms.prerequisites if ref in ids]
            self.grants.note_completed(row for rows in self.facts.completed(needed) for row in rows)

    async def _end_lost(self, courses: Sequence[Course], give_again: bool) -> None:
        """What somebody took away in Moodle is no longer granted: the next plan gives it again where it is wanted.

        So is what went with its cohort or course, which may be there anew under another id.
        """
        grants, began = self.grants, self.clock()
        if gone_over := moved(grants.names(), courses):
            grants.follow(gone_over, began)
        grants.begin()
        for cohorts in grants.cohorts():
            grants.note_cohorts(cohorts, await self.reader.members(cohorts), began)
        for ids in grants.groups():
            grants.note_groups(await self.reader.group_members(ids), began)
        if unlisted := sorted(set(grants.courses()) - {course.id for course in courses}):
            grants.note_courses(await self.reader.missing_courses(unlisted), began)
        for gone in self.facts.unenrolled(began - REMEMBERED):
            grants.note_enrolments(gone)
        grants.end_lost(self.clock(), any_number=give_again)


@dataclass
class Reading:
    """One reading of Moodle; ``landed`` counts the rows of each fact, so that none can be lost before the merge."""

    mirror: Mirror
    load: int
    began: datetime
    say: Progress
    landed: Counter[str] = field(default_factory=Counter)
    heard: Sequence[int] = ()
    newest: int | None = None
    """The greatest key of the history of grades that was told."""

    async def everything(self, *, anew: bool = False) -> Read:
        """Accounts and courses, what people do in them, and once more the courses from which somebody vanished.

        ``anew``: what was known of the history of grades may be of an older Moodle, and is read from its beginning.
        """
        reader, facts = self.mirror.reader, self.mirror.facts
        self.heard = await hear(reader.outbox)
        await self.accounts(everybody=True)
        courses = await reader.courses()
        known = facts.known_history()
        await self.land(reader.everything(self.mirror.book, courses, replace(known, swept=0) if anew else known))
        if not reader.exhaustive and (again := self._vanished(courses)):
            self.landed.subtract(facts.forget(self.load, again))
            await self.land(reader.again(again))
        items = await reader.grade_items(facts.samples(self.load))
        return Read(
            Extent.EVERYTHING, self.began, courses, items, self.landed, reader.exhaustive,
            details=frozenset(reader.details), known=known, newest=self.newest,
        )  # fmt: skip

    async def changes(self, since: datetime) -> Read:
        """What Moodle has told, or else what the reader can tell to be new."""
        reader, outbox, touched = self.mirror.reader, self.mirror.reader.outbox, Touched()
        facts = self.mirror.facts
        self.heard = await hear(outbox, touched, self.mirror.book)
        if outbox is None or touched.accounts or is_stale(self.mirror.book, self.began):
            await self.accounts(everybody=False)
        known = facts.known_history()
        await self.land(outbox.read(touched, known) if outbox else reader.changed(since, known))
        courses, asked = None, None
        if not facts.knows_courses(self.load):
            courses = await reader.courses()
        elif outbox and touched.named:
            courses, asked = await outbox.courses(touched.named), touched.named
        contents = dict.fromkeys(touched.contents, 0)
        samples = contents | (facts.samples(self.load, unknown=True) if outbox else {})
        items = await reader.grade_items(samples) if samples else []
        return Read(
            Extent.CHANGES, self.began, courses, items, self.landed, details=frozenset(reader.details), known=known,
            newest=self.newest, asked=asked,
        )  # fmt: skip

    async def forget(self) -> None:
        """What Moodle has told is in the facts; killed before this, it is read again, and nothing comes of it."""
        if self.heard and (outbox := self.mirror.reader.outbox):
            await outbox.forget(self.heard)

    def _vanished(self, courses: Sequence[Course]) -> list[int]:
        """People come and go while pages are read, and one can be missed."""
        return self.mirror.facts.vanished(self.load, [course.id for course in courses])

    async def accounts(self, *, everybody: bool) -> None:
        def note(page: AccountsPage) -> None:
            self.mirror.facts.land_accesses(self.load, page.accesses)
            self.say("people", len(page.seen))

        one = self.mirror
        await refresh_accounts(one.reader, one.book, one.clock, everybody=everybody, note=note)

    async def land(self, pages: AsyncIterator[Page]) -> None:
        async def take(page: Page) -> None:
            await to_thread.run_sync(self.mirror.facts.land, self.load, page)
            self.count(page)

        await take_ahead(pages, take)

    def take(self, page: Page) -> None:
        """Land a page."""
        self.mirror.facts.land(self.load, page)
        self.count(page)

    def count(self, page: Page) -> None:
        """A page has landed."""
        for one in fields(page):
            told = getattr(page, one.name)
            if one.name == "held":
                self.landed["held"] += sum(len(some.rows) for some in told)
            elif told:
                self.landed[one.name] += len(told)
                if one.name != "scopes":
                    self.say(one.name, len(told))
        if page.grade_history:
            self.newest = max(self.newest or 0, *(one.history_id for one in page.grade_history))


def silent(_what: str, _rows: int) -> None:
    """No progress is shown."""
