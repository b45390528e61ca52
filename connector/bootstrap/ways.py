"""The way in and the way back, and whether both can be gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import anyio

from adapters.moodle.site import MoodleSite
from connector.bootstrap.inlets import Inlets
from connector.bootstrap.moodle import MoodleConnections
from connector.domain.errors import ConnectorError
from connector.domain.facts import Extent, Terms
from connector.domain.learners import name_in
from connector.domain.leaving import Leavers
from connector.domain.live import learned
from connector.domain.reading import Reader
from connector.mirror.mirroring import Mirror
from connector.store.grants import Grants
from connector.store.staff import StaffTables
from connector.sync.apply import Pace, Stopping, never
from jobs.sync import WayIn, nothing


class Ways(MoodleConnections, Inlets):
    """From HR to Moodle, and from Moodle to the facts."""

    @asynccontextmanager
    async def entering(self, stopping: Stopping = never) -> AsyncIterator[WayIn]:
        """The way in while the block lasts, with the best reader that the token allows."""
        async with self.working_moodle() as moodle:
            with self._choosing_again():
                reader = await self.reader(moodle, anew=self.accounts.read_until() is None)
                yield self.way_in(moodle, reader, stopping)

    @asynccontextmanager
    async def entering_for_some(self, stopping: Stopping = never) -> AsyncIterator[WayIn]:
        """The way in while the block lasts, for a few people at once: nothing is looked at but what is theirs."""
        async with self.checked_moodle() as moodle:
            yield self.way_in(moodle, stopping=stopping)

    def way_in(self, moodle: MoodleSite, reader: Reader | None = None, stopping: Stopping = never) -> WayIn:
        """Without a reader plans are made from what is known of accounts already."""
        mapping = self.mapping
        return WayIn(
            self.inlets(),
            mapping,
            mapping.role_ids,
            mapping.protected,
            self.settings.create_days_ahead,
            moodle,
            reader,
            self.accounts,
            self.feeds,
            self.plans,
            self.cases,
            self.journal,
            self.clock,
            self.pace or Pace(workers=self.settings.moodle.workers),
            stopping,
            frozenset((path.cohort, course) for path in mapping.paths if path.cohort for course in path.courses),
            Leavers(**self.settings.leavers.model_dump()),
            self.launch_scores.unpark_enrolled if self.settings.lti.url else nothing,
        )

    @asynccontextmanager
    async def mirroring(self, extent: Extent) -> AsyncIterator[Mirror]:
        """The way back while the block lasts, for so much, with the best reader that the token allows."""
        everything = extent is Extent.EVERYTHING or self.facts.read_until() is None
        async with self.working_moodle() if everything else self.checked_moodle() as moodle:
            with self._choosing_again():
                yield self.way_back(await self.reader(moodle, anew=everything))

    def way_back(self, reader: Reader) -> Mirror:
        mapping = self.mapping
        return Mirror(
            reader,
            self.accounts,
            Grants(self.database, self.site),
            self.facts,
            StaffTables(self.database, self.site),
            Terms(
                mapping.digest,
                mapping.paths,
                mapping.requirements,
                mapping.prerequisites,
                {one.code: name_in(one.title, "en", one.code) for one in mapping.certificates},
            ),
            self.clock,
            self._tell_learners,
        )

    def _tell_learners(self, people: Collection[int] | None) -> None:
        """Pages that are open, where there are any."""
        if self.settings.lti.url:
            self.live_words.tell(*learned(people))

    def readiness(self) -> dict[str, bool]:
        """Whether the database and Moodle answer now."""
        return {"database": self._answers(self._ask_database), "moodle": self._answers(self._ask_moodle)}

    def _answers(self, ask: Callable[[], object]) -> bool:
        try:
            ask()
        except ConnectorError:
            return False
        return True

    def _ask_database(self) -> None:
        with self.database.transaction() as connection:
            connection.execute("SELECT 1")

    def _ask_moodle(self) -> None:
        async def ask() -> None:
            async with self.moodle() as moodle:
                await moodle.site_info()

        anyio.run(ask)
