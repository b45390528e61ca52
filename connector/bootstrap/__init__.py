"""The composition root: the one place where adapters and the store are built and wired to the rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from httpx import create_ssl_context

from adapters.moodle.client import MoodleClient
from adapters.moodle.functions import FOR_DELETION, FOR_LEARNERS, FOR_SIGN_IN, FUNCTIONS
from adapters.moodle.letters import write
from adapters.moodle.readers.choose import Choice, choose, retold, set_up_reports
from adapters.moodle.site import MoodleSite
from connector.bootstrap.sources import client_of, drop_of, feed_in, gates_of, shared_folder
from connector.databases import Databases
from connector.domain.accounts import OneTimeCodes, Passwords, Seal
from connector.domain.errors import AccessRefused, ConnectorError, Missing, ProtocolError, SettingsError, StorageError
from connector.domain.facts import Extent, Terms
from connector.domain.feeds import KnownFeed
from connector.domain.leaving import Leavers
from connector.domain.notices import Channel, Limits, Situation
from connector.domain.observing import CallObserver
from connector.domain.ports import SiteInfo, Source
from connector.domain.reading import Reader
from connector.domain.sign_in import SessionTimes
from connector.explain.explaining import Explaining
from connector.mirror.accounts import OVERLAP
from connector.mirror.mirroring import Mirror
from connector.settings import Settings
from connector.sign_in.clients import ClientAccess
from connector.sign_in.setting_up import SettingUp
from connector.sign_in.signing_in import SigningIn
from connector.source_settings import ScimSettings
from connector.store.accounts import Accounts
from connector.store.cases import Cases
from connector.store.choices import Choices
from connector.store.console import ConsoleAccounts, ConsoleSessions, Trail
from connector.store.database import Database
from connector.store.decisions import Decisions
from connector.store.dictionary import Dictionary
from connector.store.embedded import default_data_dir, install_term_handler
from connector.store.explaining import Dossiers, LearnedViews
from connector.store.facts import CHECKS, Facts, checks
from connector.store.feeds import Feeds
from connector.store.figures import FigureViews
from connector.store.grants import Grants
from connector.store.jobs import Jobs
from connector.store.journal import EFFECTS, TELLING, Journal
from connector.store.learners import DueNotices
from connector.store.logins import Logins
from connector.store.notices import Notices
from connector.store.plans import Plans
from connector.store.reports import ReportViews
from connector.store.review import Reviews
from connector.store.scim import ScimSources
from connector.store.scim_directory import ScimDirectory
from connector.store.scim_tokens import ScimTokens
from connector.store.staff import StaffTables
from connector.store.undo import Undos
from connector.store.views import ViewRows
from connector.sync.apply import Pace, Stopping, never
from connector.sync.arrivals import DirectoryInlet, FileInlet, Inlet
from connector.sync.deciding import Deciding
from jobs.learners import LearnerNotices
from jobs.notices import Noticing, second_missed
from jobs.sync import WayIn
from mappings.company import CompanyMapping, SourceMapping
from mappings.loader import load

if TYPE_CHECKING:
    from connector.scim.directory import Directory
    from connector.scim.listing import Listing

Clock = Callable[[], datetime]

NEEDED_FUNCTIONS = FUNCTIONS
"""The functions of Moodle that the token must be allowed to call."""

CHOICE_HOLDS = timedelta(days=1)
"""So long reports are believed to be set up as they were; an answer that does not fit ends that at once."""
CHECK_HOLDS = timedelta(minutes=1)
"""So long a token that could do everything is believed to, by what is small and often."""
PLAIN_HOLDS = timedelta(minutes=10)
"""So long plain functions are used before it is looked again whether reports have been set up meanwhile."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def hours(number: float) -> timedelta | None:
    """So many hours; 0 is never."""
    return timedelta(hours=number) if number else None


@dataclass
class Connector:
    """One installation, built from its settings. Use it as a context manager; parts are built when first asked for."""

    settings: Settings
    clock: Clock = utc_now
    pace: Pace | None = None
    observer: CallObserver | None = None

    def __post_init__(self) -> None:
        self._exits = ExitStack()
        self._checked: tuple[datetime, SiteInfo] | None = None

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    # ------------------------------------------------------------ the database
    @cached_property
    def databases(self) -> Databases:
        return self._exits.enter_context(Databases(self.settings))

    @property
    def database(self) -> Database:
        """The tables of the way in."""
        return self.databases.connector

    @property
    def reporting(self) -> Database:
        """Facts and views."""
        return self.databases.reporting

    # ------------------------------------------------------------ what is kept
    @property
    def site(self) -> str:
        """The name under which everything about this Moodle is kept: the given one, or its address without scheme."""
        if self.settings.site:
            return self.settings.site
        if not self.settings.moodle.url:
            raise SettingsError("moodle.url: there is no Moodle yet. Set CONNECTOR_MOODLE__URL to its address.")
        parts = urlsplit(self.settings.moodle.url)
        return parts.netloc.lower() + parts.path.rstrip("/")

    @cached_property
    def feeds(self) -> Feeds:
        return Feeds(self.database, self.site)

    @cached_property
    def plans(self) -> Plans:
        return Plans(self.database, self.site)

    @cached_property
    def cases(self) -> Cases:
        return Cases(self.database, self.site)

    @cached_property
    def decisions(self) -> Decisions:
        """What people assigned and waived beside the rules."""
        return Decisions(self.database, self.site)

    @property
    def deciding(self) -> Deciding:
        """How people assign and waive."""
        return Deciding(self.decisions, self.mapping.assignable.keys(), self.clock)

    @property
    def explaining(self) -> Explaining:
        """Why somebody has something, or has not got it."""
        dossiers = Dossiers(self.database, self.site)
        ahead = self.settings.create_days_ahead
        return Explaining(dossiers, lambda: LearnedViews(self.reporting), self.mapping, self.clock, ahead)

    @cached_property
    def journal(self) -> Journal:
        told = self.settings.notices
        effects = TELLING if told.learners == "moodle" else EFFECTS
        return Journal(self.database, self.site, effects, first_load=told.learners_first_load)

    @cached_property
    def undos(self) -> Undos:
        return Undos(self.database, self.site)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.database, self.site)

    @cached_property
    def choices(self) -> Choices:
        return Choices(self.database, self.site)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.reporting, self.site)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.database, self.site)

    @cached_property
    def figures(self) -> FigureViews:
        return FigureViews(self.database, self.reporting, self.site)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.database, self.site)

    @cached_property
    def reports(self) -> ReportViews:
        return ReportViews(self.reporting)

    @cached_property
    def logins(self) -> Logins:
        return Logins(self.reporting)

    @cached_property
    def dictionary(self) -> Dictionary:
        return Dictionary(self.reporting)

    @cached_property
    def views(self) -> ViewRows:
        """The rows of reporting views, for exports."""
        return ViewRows(self.reporting)

    def broken_facts(self) -> dict[str, int]:
        """What must never be among the facts and is there, in words, with the number of rows."""
        return {CHECKS[name]: rows for name, rows in checks(self.reporting).items()}

    def login_address(self, name: str, password: str | None) -> str | None:
        """How a BI tool reaches the reports; None where the embedded PostgreSQL listens to nobody."""
        urls = (self.settings.reporting.url, self.settings.database_url)
        if any(url.get_secret_value() for url in urls):
            return self.logins.address(name, password)
        port = self.settings.reporting.listen_port
        return self.logins.address(name, password, "127.0.0.1", str(port)) if port else None

    # ------------------------------------------------------------ the console
    @cached_property
    def console_accounts(self) -> ConsoleAccounts:
        return ConsoleAccounts(self.database)

    @cached_property
    def audit_trail(self) -> Trail:
        return Trail(self.database)

    @cached_property
    def signing_in(self) -> SigningIn:
        console = self.settings.console
        return SigningIn(
            self.console_accounts,
            ConsoleSessions(self.database),
            self.audit_trail,
            *self._secrets(),
            SessionTimes(timedelta(minutes=console.idle_minutes), timedelta(hours=console.session_hours)),
            self.clock,
        )

    @cached_property
    def setting_up(self) -> SettingUp:
        return SettingUp(
            self.console_accounts,
            self.audit_trail,
            *self._secrets(),
            self.clock,
        )

    def _secrets(self) -> tuple[Passwords, OneTimeCodes, Seal]:
        """What knows passwords, codes and keys; loaded here only, so that other commands start sooner."""
        from adapters.secrets.one_time import TimeCodes
        from adapters.secrets.passwords import Argon2Passwords
        from adapters.secrets.seal import FernetSeal

        return Argon2Passwords(), TimeCodes(), FernetSeal(self.settings.console_secrets())

    # ------------------------------------------------------------ the SCIM server
    @cached_property
    def scim_access(self) -> ClientAccess:
        """Who may push people here, by token."""
        return ClientAccess(ScimTokens(self.database), self.audit_trail, self.clock)

    def scim_directory(self, client: int, base: str) -> Directory:
        """What a client may do with its directory; ``base`` is the address under which it reaches this server."""
        from connector.scim.directory import Directory  # only here: the other commands start sooner

        return Directory(ScimDirectory(self.database, client, self.clock), base)

    def scim_listing(self, client: int, base: str) -> Listing:
        """What it may list of it."""
        from connector.scim.listing import Listing

        return Listing(ScimDirectory(self.database, client, self.clock), base)

    @cached_property
    def scim_sources(self) -> ScimSources:
        """Directories as sources of the way in."""
        return ScimSources(self.database)

    # ------------------------------------------------------------ the outside
    @cached_property
    def mapping(self) -> CompanyMapping:
        """The company's mapping. Raises MappingError with a line for each mistake."""
        if self.settings.mapping is None:
            raise SettingsError("mapping: name the folder with mapping.yaml; `moodle-connector init` makes one.")
        return load(self.settings.mapping)

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
        site = MoodleSite(client, info)
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
        return await choose(moodle, self.settings.moodle.reader)

    async def choice(self, moodle: MoodleSite, *, anew: bool = False) -> Choice:
        """As ``looked_at``, but what was found is kept for a while, for other processes too.

        ``anew``: it is looked whether the reports are as they should be. Who reads everything believes what is
        absent, and a condition that somebody adds to a report hides people.
        """
        wanted, now = self.settings.moodle.reader, self.clock()
        told = None if anew else self.choices.kept(wanted, now)
        known = retold(await moodle.site_info(), told) if told else None
        if known is None or (known.reports and moodle.speaks_otherwise):
            known = await self.looked_at(moodle)
            self.choices.keep(wanted, known.told(), now, now + (CHOICE_HOLDS if known.reports else PLAIN_HOLDS))
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
        """The reader of this connection: by reports where it can, by plain functions everywhere else."""
        return (await self.choice(moodle, anew=anew)).reader(moodle)

    async def set_up_reports(self, moodle: MoodleSite) -> list[str]:
        """Set the reports up that an administrator has made; gives what was done."""
        done = await set_up_reports(moodle)
        with suppress(StorageError):  # where no database is set up yet nothing is kept
            self.choices.forget()
        return done

    def source(self, path: Path, name: str | None = None) -> Source:
        """The feed in a file, as the mapping says it is to be read. Raises SettingsError for an unknown source."""
        return feed_in(path, self._mapped(name))

    def inlets(self) -> tuple[Inlet, ...]:
        """Every source of the mapping, in its order. Raises SettingsError where the settings name another."""
        known = self.mapping.sources
        if unknown := sorted(self.settings.sources.keys() - known.keys()):
            raise SettingsError(f"sources.{unknown[0]}: the mapping has no such source; it has {', '.join(known)}.")
        return tuple(self._inlet(name, mapping) for name, mapping in known.items())

    @property
    def has_pushes(self) -> bool:
        """Whether one of the sources is pushed."""
        return any(isinstance(place, ScimSettings) for place in self.settings.sources.values())

    def _inlet(self, name: str, mapping: SourceMapping) -> Inlet:
        gates, place = gates_of(mapping), self.settings.sources.get(name)
        if isinstance(place, ScimSettings):
            return DirectoryInlet(name, gates, self.scim_sources, client_of(place, name))
        if place is not None:
            return FileInlet(name, gates, partial(feed_in, mapping=mapping), drop_of(place, mapping, self._spools))
        drop = shared_folder(self.settings.drop, mapping) if self.settings.drop.folder else None
        return FileInlet(name, gates, partial(feed_in, mapping=mapping), drop)

    @property
    def _spools(self) -> Path:
        folder = (self.settings.data_dir or default_data_dir()) / "spool"
        return folder / self.settings.site if self.settings.site else folder

    def _mapped(self, name: str | None) -> SourceMapping:
        known = self.mapping.sources
        if name is None and len(known) > 1:
            raise SettingsError(f"--source: say of which source it is: {', '.join(known)}.")
        if name is not None and name not in known:
            raise SettingsError(f"--source: the mapping knows {', '.join(known)} only.")
        return known[name] if name else next(iter(known.values()))

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

    # ------------------------------------------------------------ the ways
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
            frozenset(course for path in mapping.paths if path.cohort for course in path.courses),
            Leavers(**self.settings.leavers.model_dump()),
        )

    @asynccontextmanager
    async def mirroring(self, extent: Extent) -> AsyncIterator[Mirror]:
        """The way back while the block lasts, for so much, with the best reader that the token allows."""
        async with self.working_moodle() as moodle:
            with self._choosing_again():
                everything = extent is Extent.EVERYTHING or self.facts.read_until() is None
                yield self.way_back(await self.reader(moodle, anew=everything))

    def way_back(self, reader: Reader) -> Mirror:
        mapping = self.mapping
        return Mirror(
            reader,
            self.accounts,
            Grants(self.database, self.site),
            self.facts,
            StaffTables(self.database, self.site),
            Terms(mapping.digest, mapping.paths, mapping.requirements, mapping.prerequisites),
            self.clock,
        )

    # ------------------------------------------------------------ notices
    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The ways to reach people that are set up. Raises SettingsError where one of them is set up by half."""
        return tuple(self._channels())

    def _channels(self) -> Iterator[Channel]:
        told, links = self.settings.notices, self.settings.console.url
        if told.mail.to:
            from adapters.mail import Mail, MailServer  # only here: the other commands start sooner

            mail = told.mail
            if not (mail.host and mail.sender):
                raise SettingsError("notices.mail: host and sender are needed where somebody is to be told.")
            server = MailServer(mail.host, mail.port, mail.security, mail.user, mail.secret() or "")
            yield Mail(server, mail.sender, tuple(mail.to.split(", ")), told.language, self.site, links)
        if told.webhook.url:
            from adapters.webhook import Webhook

            if (key := told.webhook.key()) is None:
                raise SettingsError("notices.webhook: nothing to sign with; set notices.webhook.secret_file.")
            allowed = frozenset(host.strip().lower() for host in told.webhook.allow.split(",") if host.strip())
            yield Webhook(told.webhook.url, key, allowed, self.site, links)

    def noticing(self) -> Noticing:
        limits = self.settings.notices
        return Noticing(
            self.situation,
            Limits(hours(limits.feed_hours), hours(limits.mirror_hours), limits.failures),
            hours(limits.remind_hours),
            self.channels,
            Notices(self.database, self.site),
        )

    @property
    def functions_beside(self) -> Mapping[str, frozenset[str]]:
        """Functions of Moodle that are needed for some things only: by what they are for."""
        return {"sign-in": FOR_SIGN_IN, "deletion": FOR_DELETION}

    def learner_notices(self, stopping: Stopping = never) -> LearnerNotices:
        """How learners are told their due dates."""
        return LearnerNotices(
            DueNotices(self.database, self.site),
            self.working_moodle,
            FOR_LEARNERS,
            self.settings.moodle.url,
            {path.code: path for path in self.mapping.paths},
            lambda: self.plans.references("course"),
            self.settings.notices.language,
            write,
            self.clock,
            stopping,
        )

    def situation(self) -> Situation:
        """How things stand, for those who are to be told."""
        source, latest = self._longest_silent()
        hops = {row["hop"]: row["reached_at"] for row in self.reports.freshness()}
        everything: datetime | None = hops.get("everything")
        times = self.settings.service.times("reconcile")
        return Situation(
            self.clock(),
            self.plans.holds(),
            self.feeds.refused(),
            len(self.cases.waiting()),
            source,
            latest.received_at if latest else None,
            hops.get("changes"),
            tuple(self.jobs.states().values()),
            everything,
            second_missed(times, everything and everything + OVERLAP),
        )

    def _longest_silent(self) -> tuple[str, KnownFeed | None]:
        """The source that has not been heard of for longest, with its last good feed."""
        latest = {source: self.feeds.latest(source) for source in self.mapping.sources}
        return min(latest.items(), key=lambda item: item[1].received_at.timestamp() if item[1] else 0.0)


end_cleanly_on_term = install_term_handler
