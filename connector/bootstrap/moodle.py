"""Connections to Moodle, and how it is best read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from ssl import SSLContext

from httpx import create_ssl_context

from adapters.moodle.client import MoodleClient
from adapters.moodle.functions import FOR_DELETION, FOR_SIGN_IN, FUNCTIONS
from adapters.moodle.readers.choose import Choice, choose, profile_fields, retold, set_up_reports
from adapters.moodle.site import MoodleSite
from connector.bootstrap.kept import Kept
from connector.domain.errors import AccessRefused, Missing, ProtocolError, SettingsError, StorageError
from connector.domain.ports import SiteInfo
from connector.domain.reading import Reader

NEEDED_FUNCTIONS = FUNCTIONS
"""The functions of Moodle that the token must be allowed to call."""

CHOICE_HOLDS = timedelta(days=1)
"""So long plugin or reports are believed to be as they were; an answer that does not fit ends that at once."""
CHECK_HOLDS = timedelta(minutes=1)
"""So long a token that could do everything is believed to, by what is small and often."""
PLAIN_HOLDS = timedelta(minutes=10)
"""So long plain functions are used before it is looked again whether there is a better way meanwhile."""


class MoodleConnections(Kept):
    """Moodle, for a while."""

    _checked: tuple[datetime, SiteInfo] | None = None

    @asynccontextmanager
    async def moodle(self, info: SiteInfo | None = None) -> AsyncIterator[MoodleSite]:
        """A connection to Moodle while the block lasts. Raises SettingsError where address or token is missing."""
        moodle, _ = self.settings.moodle, self.site
        client = MoodleClient(
            moodle.url,
            self.settings.moodle_token(),
            concurrency=moodle.workers,
            timeout=moodle.timeout_seconds,
            observer=self.observer,
            tls=self._tls,
        )
        site = MoodleSite(client, info, moodle.writer)
        try:
            yield site
        finally:
            await site.aclose()

    @asynccontextmanager
    async def working_moodle(self) -> AsyncIterator[MoodleSite]:
        """As ``moodle``, but raises AccessRefused where the token lacks a function: half of the work is worse."""
        async with self.moodle() as moodle:
            if missing := sorted(NEEDED_FUNCTIONS - (await moodle.site_info()).functions):
                raise AccessRefused(
                    f"The token may not call {', '.join(missing)}. "
                    "Add them in Moodle: Site administration, Server, External services, Functions of its service."
                )
            await moodle.check_sight()
            self._checked = self.clock(), await moodle.site_info()
            yield moodle

    @asynccontextmanager
    async def checked_moodle(self) -> AsyncIterator[MoodleSite]:
        """As ``working_moodle``, but what was looked at in the last minute is not looked at again.

        For what is small and often: a long run believes what it saw when it began for much longer.
        """
        at, info = self._checked or (self.clock(), None)
        if info is None or not at <= self.clock() < at + CHECK_HOLDS:
            async with self.working_moodle() as moodle:
                yield moodle
            return
        async with self.moodle(info) as moodle:
            try:
                yield moodle
            except AccessRefused:
                self._checked = None
                raise

    @cached_property
    def _tls(self) -> SSLContext:
        return create_ssl_context()

    async def looked_at(self, moodle: MoodleSite) -> Choice:
        """How this Moodle is best read, found out by some requests."""
        return await choose(moodle, self.settings.moodle.reader, activities=self.settings.moodle.activities)

    async def choice(self, moodle: MoodleSite, *, anew: bool = False) -> Choice:
        """As ``looked_at``, but what was found is kept for a while, for other processes too.

        ``anew``: it is looked whether the reports are as they should be. Who reads everything believes what is
        absent, and a condition that somebody adds to a report hides people.
        """
        settings, now = self.settings.moodle, self.clock()
        wanted = settings.reader if settings.activities else f"{settings.reader} without activities"
        told = None if anew else self.choices.kept(wanted, now)
        known = retold(await moodle.site_info(), told) if told else None
        if known is None or (known.reports and moodle.speaks_otherwise):
            known = await self.looked_at(moodle)
            self.choices.keep(wanted, known.told(), now, now + (PLAIN_HOLDS if known.way == "plain" else CHOICE_HOLDS))
        return known

    @contextmanager
    def _choosing_again(self) -> Iterator[None]:
        """Where Moodle answers otherwise than its reports should, they are looked at anew the next time."""
        try:
            yield
        except (SettingsError, ProtocolError, AccessRefused, Missing):
            self.choices.forget()
            raise

    async def reader(self, moodle: MoodleSite, *, anew: bool = False) -> Reader:
        """The reader of this connection: by plugin or reports where it can, by plain functions everywhere else."""
        return (await self.choice(moodle, anew=anew)).reader(moodle)

    async def set_up_reports(self, moodle: MoodleSite) -> list[str]:
        """Set the reports up that an administrator has made; gives what was done."""
        done = await set_up_reports(moodle)
        with suppress(StorageError):  # where no database is set up yet nothing is kept
            self.choices.forget()
        return done

    async def profile_fields(self, moodle: MoodleSite) -> frozenset[str] | None:
        """Short names, in lower case, of the custom profile fields that Moodle has; None where it does not tell."""
        return await profile_fields(moodle)

    @property
    def functions_beside(self) -> Mapping[str, frozenset[str]]:
        """Functions of Moodle that are needed for some things only: by what they are for."""
        return {"sign-in": FOR_SIGN_IN, "deletion": FOR_DELETION}
