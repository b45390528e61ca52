"""The composition root: the one place where adapters and the store are built and wired to the rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Protocol
from urllib.parse import urlsplit

import anyio

from adapters.drops.folder import FolderDrop
from adapters.moodle.client import MoodleClient
from adapters.moodle.functions import FUNCTIONS
from adapters.moodle.site import MoodleSite
from adapters.sources import open_source
from connector.domain.accounts import OneTimeCodes, Passwords, Seal
from connector.domain.errors import AccessRefused, ConnectorError, SettingsError, StorageError
from connector.domain.gates import Gates
from connector.domain.ports import Source
from connector.domain.sign_in import SessionTimes
from connector.settings import Settings
from connector.sign_in.setting_up import SettingUp
from connector.sign_in.signing_in import SigningIn
from connector.store import revision
from connector.store.cases import Cases
from connector.store.console import ConsoleAccounts, ConsoleSessions, Trail
from connector.store.database import Database
from connector.store.embedded import EmbeddedServer, default_data_dir, install_term_handler
from connector.store.facts import Facts, ReportViews
from connector.store.feeds import Feeds
from connector.store.journal import Journal
from connector.store.plans import Plans
from connector.store.review import Reviews
from connector.sync.apply import Pace
from jobs.mirror import WayBack
from jobs.sync import WayIn
from mappings.company import CompanyMapping
from mappings.courses import SampleCourse, load_courses
from mappings.loader import load

Clock = Callable[[], datetime]

UNDELIMITED = {"xml"}
NEEDED_FUNCTIONS = FUNCTIONS
"""The functions of Moodle that the token must be allowed to call."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Connector:
    """One installation, built from its settings. Use it as a context manager; parts are built when first asked for."""

    settings: Settings
    clock: Clock = utc_now
    pace: Pace | None = None

    def __post_init__(self) -> None:
        self._exits = ExitStack()

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    # ------------------------------------------------------------ the database
    @cached_property
    def database_url(self) -> str:
        """The company's own PostgreSQL, or the embedded one, started and brought up to date."""
        given = self.settings.database_url.get_secret_value()
        if given:
            return given
        server = EmbeddedServer(self.settings.data_dir or default_data_dir())
        server.start()
        self._exits.callback(server.stop)
        url = server.url()
        found, newest = revision.current(url)
        if found != newest:
            _migrations().upgrade(url)
        return url

    def upgrade_database(self) -> None:
        _migrations().upgrade(self.database_url)

    def downgrade_database(self, revision: str) -> None:
        _migrations().downgrade(self.database_url, revision)

    def database_revision(self) -> tuple[str | None, str]:
        """The revision of the tables (None: there are none), and the newest one of this package."""
        return revision.current(self.database_url)

    @cached_property
    def database(self) -> Database:
        found, newest = self.database_revision()
        if found != newest:
            raise StorageError(
                f"The database is at revision {found or 'none'}, this version needs {newest}: "
                "run `moodle-connector db upgrade`."
            )
        return self._exits.enter_context(Database(self.database_url))

    # ------------------------------------------------------------ what is kept
    @property
    def site(self) -> str:
        """The name under which everything about this Moodle is kept: its address without the scheme."""
        if not self.settings.moodle.url:
            raise SettingsError("moodle.url: there is no Moodle yet. Set CONNECTOR_MOODLE__URL to its address.")
        parts = urlsplit(self.settings.moodle.url)
        return parts.netloc.lower() + parts.path.rstrip("/")

    @cached_property
    def feeds(self) -> Feeds:
        return Feeds(self.database)

    @cached_property
    def plans(self) -> Plans:
        return Plans(self.database, self.site)

    @cached_property
    def cases(self) -> Cases:
        return Cases(self.database, self.site)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.database, self.site)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.database, self.site)

    @cached_property
    def reports(self) -> ReportViews:
        return ReportViews(self.database, self.site)

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

    # ------------------------------------------------------------ the outside
    @cached_property
    def mapping(self) -> CompanyMapping:
        """The company's mapping. Raises MappingError with a line for each mistake."""
        if self.settings.mapping is None:
            raise SettingsError("mapping: name the folder with mapping.yaml; `moodle-connector init` makes one.")
        return load(self.settings.mapping)

    @asynccontextmanager
    async def moodle(self) -> AsyncIterator[MoodleSite]:
        """A connection to Moodle while the block lasts. Raises SettingsError where address or token is missing."""
        moodle, _ = self.settings.moodle, self.site
        client = MoodleClient(
            moodle.url,
            self.settings.moodle_token(),
            concurrency=moodle.workers,
            timeout=moodle.timeout_seconds,
        )
        site = MoodleSite(client)
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
            yield moodle

    def source(self, path: Path) -> Source:
        """The feed in a file, as the mapping says it is to be read."""
        settings = self.mapping.source
        options: dict[str, object] = {
            "name": settings.name,
            "encoding": settings.encoding,
            "complete": settings.complete,
            "columns": sorted(self.mapping.columns),
        }
        if settings.format in UNDELIMITED:
            options |= {"record": settings.record, "fields": self.mapping.xpaths, "namespaces": settings.namespaces}
            return open_source("xml", path, options)
        options["key"] = self.mapping.key_column
        options["delimiter"] = settings.delimiter or ("\t" if settings.format == "tsv" else None)
        options["skip_lines"] = settings.skip_lines
        if settings.columns:
            options["header"] = settings.columns
        if settings.trailer:
            options["trailer"] = settings.trailer
        return open_source("delimited", path, options)

    def drop(self) -> FolderDrop:
        """The folder into which HR's files are put. Raises SettingsError where none is set."""
        drop = self.settings.drop
        if drop.folder is None:
            raise SettingsError("drop.folder: name the folder into which HR's files are put, or give a file.")
        return FolderDrop(drop.folder, self.mapping.source.file, settle=drop.settle_seconds, marker=drop.marker)

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
    def way_in(self, moodle: MoodleSite) -> WayIn:
        mapping = self.mapping
        gates = mapping.source.gates
        return WayIn(
            mapping.source.name,
            mapping,
            Gates(
                gates.min_share,
                gates.max_duplicate_share,
                gates.max_rejected_share,
                timedelta(hours=gates.max_age_hours) if gates.max_age_hours else None,
                gates.min_rows,
            ),
            mapping.role_ids,
            mapping.protected,
            self.settings.create_days_ahead,
            moodle,
            self.feeds,
            self.plans,
            self.cases,
            self.journal,
            self.clock,
            self.pace or Pace(workers=self.settings.moodle.workers),
            self.source,
            self.drop() if self.settings.drop.folder is not None else None,
        )

    def way_back(self, moodle: MoodleSite) -> WayBack:
        return WayBack(
            moodle, Facts(self.database, self.site), self.mapping.paths, self.mapping.requirements, self.clock
        )


end_cleanly_on_term = install_term_handler


class Learners(Protocol):
    """What learners do in Moodle itself; courses by idnumber or shortname, values in points."""

    def complete(self, username: str, course: str, at: int | None = None) -> None: ...

    def grade(self, username: str, course: str, value: float | None, at: int | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class SampleMoodle:
    """A Moodle twin with a sample company's courses, and what its learners can do."""

    url: str
    token: str
    learners: Learners
    enrolled: Callable[[], list[tuple[str, SampleCourse]]]
    """Who is in which course: each username with a course, sorted."""


@contextmanager
def sample_moodle(company: Path | Traversable) -> Iterator[SampleMoodle]:
    """Serve a Moodle twin on loopback that has the courses of a sample company."""
    from adapters.moodle.twin import TwinState, serve_twin  # only here: other commands start sooner without a server

    courses = {course.shortname: course for course in load_courses(company).courses}
    state = TwinState("4.5", languages=frozenset({"en", "fr", "vi", "zh_tw"}))
    with serve_twin(state=state) as twin:
        for course in courses.values():
            twin.life.make_course(
                course.idnumber,
                shortname=course.shortname,
                fullname=course.fullname,
                category=course.category,
                criteria=course.completion,
                grade_max=course.grade_max,
            )

        def enrolled() -> list[tuple[str, SampleCourse]]:
            return [(username, courses[course]) for username, course in twin.life.enrolled()]

        yield SampleMoodle(twin.url, twin.token, twin.life, enrolled)


def _migrations() -> ModuleType:
    """Alembic is loaded where it is needed only: it takes longer than most commands."""
    from connector.store import migrate

    return migrate
