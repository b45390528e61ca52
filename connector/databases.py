"""The databases of an installation: where they are, which revision their tables have, and connections to them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from connector.domain.errors import SettingsError, StorageError
from connector.settings.whole import Settings
from connector.store import revision
from connector.store.database import URL, Database
from connector.store.embedded import EmbeddedServer, default_data_dir, ensure_database
from connector.store.revision import CONNECTOR, REPORTING, Line

TABLES = {line.name: line for line in (CONNECTOR, REPORTING)}
"""The lines of migrations by name: the way in, and the reporting facts, which may live in another database."""
REPORTING_URL = "CONNECTOR_REPORTING__URL"
DATA_DIR = "CONNECTOR_DATA_DIR"
"""Settings that say where a database is, besides URL: that of the reports, and the embedded one."""


@dataclass
class Databases:
    """The company's own PostgreSQL, or the embedded one. Use it as a context manager."""

    settings: Settings

    def __post_init__(self) -> None:
        self._exits = ExitStack()
        self._embedded_reporting: str | None = None

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    @cached_property
    def connector_url(self) -> str:
        """The database of the way in; the embedded one is started and brought up to date."""
        given = self.settings.database_url.get_secret_value()
        if given:
            return given
        port = self.settings.reporting.listen_port or None
        server = EmbeddedServer(self.settings.data_dir or default_data_dir(), tcp_port=port)
        server.start()
        self._exits.callback(server.stop)
        url = server.url()
        self._bring_up(url, CONNECTOR)
        if not self.settings.reporting.url.get_secret_value():
            self._embedded_reporting = url
            if self.settings.site in self.settings.sites:  # the facts know one Moodle: each site has its own
                name = f"reporting_{self.settings.site}"
                ensure_database(url, name)
                self._embedded_reporting = server.url(name)
            self._bring_up(self._embedded_reporting, REPORTING)
        return url

    @staticmethod
    def _bring_up(url: str, line: Line) -> None:
        found, newest = revision.current(url, line, DATA_DIR)
        if found != newest:
            _migrations().upgrade(url, line, setting=DATA_DIR)

    @cached_property
    def reporting_url(self) -> str:
        """The database of facts and views: one of its own where the settings name it, or there are several sites.

        Raises SettingsError where several sites would share one.
        """
        if given := self.settings.reporting.url.get_secret_value():
            return given
        connector_url = self.connector_url
        if self._embedded_reporting is not None:
            return self._embedded_reporting
        if self.settings.site in self.settings.sites and len(self.settings.sites) > 1:
            raise SettingsError(
                f"sites.{self.settings.site}.reporting.url: name a database for the reports of this site. "
                "Of several sites each has its own, so that nobody reads another's."
            )
        return connector_url

    @cached_property
    def connector(self) -> Database:
        """The tables of the way in. Raises StorageError where they are of another version."""
        self._check_revision(CONNECTOR)
        return self._exits.enter_context(Database(self.connector_url, setting=self.setting_of(CONNECTOR)))

    @cached_property
    def reporting(self) -> Database:
        """Facts and views. Raises StorageError where they are of another version."""
        self._check_revision(REPORTING)
        if self.reporting_url == self.connector_url:
            return self.connector
        return self._exits.enter_context(Database(self.reporting_url, setting=self.setting_of(REPORTING)))

    # ------------------------------------------------------------ revisions of the tables
    def upgrade(self) -> None:
        """Bring all tables up to this version."""
        for line in TABLES.values():
            _migrations().upgrade(self._url_of(line), line, setting=self.setting_of(line))

    def downgrade(self, revision: str, line: Line) -> None:
        """Take the tables of one line back; what newer revisions keep is lost."""
        _migrations().downgrade(self._url_of(line), revision, line, setting=self.setting_of(line))

    def revisions(self) -> dict[str, tuple[str | None, str]]:
        """By line: the revision of its tables (None: there are none), and the newest one of this package."""
        return {name: self.revision_of(line) for name, line in TABLES.items()}

    def setting_of(self, line: Line) -> str:
        """The setting that says where these tables are; messages name it."""
        if line is REPORTING and self.settings.reporting.url.get_secret_value():
            return REPORTING_URL
        return URL if self.settings.database_url.get_secret_value() else DATA_DIR

    def revision_of(self, line: Line) -> tuple[str | None, str]:
        """The revision of these tables (None: there are none), and the newest one of this package."""
        return revision.current(self._url_of(line), line, self.setting_of(line))

    def _url_of(self, line: Line) -> str:
        return self.connector_url if line is CONNECTOR else self.reporting_url

    def _check_revision(self, line: Line) -> None:
        found, newest = self.revision_of(line)
        if found != newest:
            raise StorageError(
                f"The {line.name} tables are at revision {found or 'none'}, this version needs {newest}: "
                "run `moodle-connector db upgrade`."
            )


def upgrade(url: str) -> None:
    """All tables into one database."""
    for line in TABLES.values():
        _migrations().upgrade(url, line)


def _migrations() -> ModuleType:
    """Alembic is loaded where it is needed only: it takes longer than most commands."""
    from connector.store import migrate

    return migrate
