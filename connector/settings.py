"""Typed settings: a TOML file, each value overridable by a CONNECTOR_ variable with ``__`` between levels.

Secrets come from the environment or from files, and are never echoed.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from connector.domain.errors import SettingsError
from connector.domain.notices import Language
from connector.source_settings import Secret, SourceSettings, place_of, secret
from jobs.times import Times, read_times, read_zone

M = TypeVar("M", bound=BaseModel)

DEFAULT_FILE = Path("config/connector.toml")
SHORTEST_SECRET = 32
"""Characters of a secret that closes others."""


def _http_url(value: str) -> str:
    if value:
        AnyHttpUrl(value)
    return value.rstrip("/")


def _console_url(value: str) -> str:
    """https, or plain http on this machine alone: a session's cookie must not be read on the way."""
    parts = urlsplit(_http_url(value))
    if value and (parts.path.strip("/") or parts.query or parts.fragment or parts.username):
        raise ValueError("give scheme, host and port only, such as https://connector.example.com")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("http is for 127.0.0.1 and localhost only; everywhere else use https")
    return value.rstrip("/").lower()


def _postgresql(value: SecretStr) -> SecretStr:
    address = value.get_secret_value()
    if address and not re.match(r"postgres(ql)?(\+psycopg)?://", address):
        raise ValueError("give an address that begins with postgresql://, or nothing for the embedded one")
    try:
        _ = urlsplit(address).port
    except ValueError:
        raise ValueError("not an address; quote :, /, ? and @ in user and password as %3A, %2F, %3F and %40") from None
    return SecretStr(re.sub(r"^postgres(ql)?(\+psycopg)?:", "postgresql:", address))


def _times(value: str) -> str:
    read_times(value, ZoneInfo("UTC"))
    return value.strip()


def _zone(value: str) -> str:
    return read_zone(value.strip()).key


def _addresses(value: str) -> str:
    """One or more mail addresses with commas between them."""
    try:
        found = [validate_email(one.strip(), check_deliverability=False).normalized for one in value.split(",") if one]
    except EmailNotValidError:
        raise ValueError("give mail addresses, with commas between them") from None
    return ", ".join(found)


SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
SiteName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
WhenText = Annotated[str, AfterValidator(_times)]
Addresses = Annotated[str, AfterValidator(_addresses)]


class MoodleSettings(BaseModel):
    """One Moodle site. ``url`` is its wwwroot; the token is given here by the environment, or in ``token_file``.

    ``reader``: how Moodle is read back; auto is by reports where they are set up, else by plain functions.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, AfterValidator(_http_url)] = ""
    token: Secret = None
    token_file: Path | None = None
    workers: Annotated[int, Field(ge=1, le=32)] = 4
    reader: Literal["auto", "plain", "reports"] = "auto"
    timeout_seconds: Annotated[float, Field(gt=0)] = 120


class ReportingSettings(BaseModel):
    """Where facts and views live: ``url`` of a PostgreSQL of their own; empty: beside the connector's own tables.

    ``listen_port``: where the embedded PostgreSQL answers BI tools on loopback; 0 is nowhere.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[SecretStr, AfterValidator(_postgresql)] = SecretStr("")
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 0


class DropSettings(BaseModel):
    """The folder into which HR's files are put. ``settle_seconds``: a file must not change for so long."""

    model_config = ConfigDict(extra="forbid")

    folder: Path | None = None
    settle_seconds: Annotated[float, Field(ge=0)] = 5
    marker: str | None = None


class ServiceSettings(BaseModel):
    """The service: where it listens, and when its jobs run, each by a cron expression in ``timezone`` or an interval.

    ``metrics_token`` lets others than this computer read /metrics.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    sync: WhenText = "every 60 minutes"
    mirror: WhenText = "every 60 minutes"
    reconcile: WhenText = "30 2 * * *"
    notices: WhenText = "every 5 minutes"
    learners: WhenText = "every 15 minutes"
    stop_seconds: Annotated[float, Field(ge=0, le=3600)] = 30
    metrics_token: Secret = None
    metrics_token_file: Path | None = None

    def times(self, job: Literal["sync", "mirror", "reconcile", "notices", "learners"]) -> Times | None:
        """When a job runs; None for never."""
        return read_times(getattr(self, job), read_zone(self.timezone))

    def scrape_token(self) -> str | None:
        """What opens /metrics to others than this computer, None where nothing does."""
        return secret("service.metrics_token", self.metrics_token, self.metrics_token_file)


class MailSettings(BaseModel):
    """The mail server, and whom to tell. ``security`` is how the connection is encrypted."""

    model_config = ConfigDict(extra="forbid")

    to: Addresses = ""
    sender: Addresses = ""
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret = None
    password_file: Path | None = None

    def secret(self) -> str | None:
        return secret("notices.mail.password", self.password, self.password_file)


class WebhookSettings(BaseModel):
    """Where notices are sent as JSON. ``allow`` names hosts that may be private, or be called without TLS."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, AfterValidator(_http_url)] = ""
    allow: str = ""
    secret: Secret = None
    secret_file: Path | None = None

    def key(self) -> str | None:
        """What signs each request."""
        return secret("notices.webhook.secret", self.secret, self.secret_file)


class NoticeSettings(BaseModel):
    """What people are told, and how often again. Hours of 0 mean never.

    ``learners``: how learners are told their due dates; ``welcome``: whether newcomers are told by mail that they have
    an account. With ``learners_first_load`` and ``welcome_first_load`` those of the first load are told, too.
    """

    model_config = ConfigDict(extra="forbid")

    language: Language = "en"
    remind_hours: Annotated[float, Field(ge=0)] = 24
    feed_hours: Annotated[float, Field(ge=0)] = 0
    mirror_hours: Annotated[float, Field(ge=0)] = 6
    failures: Annotated[int, Field(ge=0)] = 3
    learners: Literal["none", "moodle"] = "none"
    learners_first_load: bool = False
    welcome: bool = False
    welcome_first_load: bool = False
    mail: MailSettings = MailSettings()
    webhook: WebhookSettings = WebhookSettings()


class ConsoleSettings(BaseModel):
    """The console: pages on which people see and decide. ``url`` is its public address; without one it is not served.

    ``secret`` closes what is kept of one-time codes; several stand with commas between them, the newest first.
    ``proxies`` are addresses from which word of the real sender's address is believed.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, AfterValidator(_console_url)] = ""
    secret: SecretStr | None = None
    secret_file: Path | None = None
    idle_minutes: Annotated[float, Field(gt=0, le=1440)] = 30
    session_hours: Annotated[float, Field(gt=0, le=24)] = 12
    proxies: list[str] = ["127.0.0.1"]


LeaverDays = Annotated[int, Field(ge=0, le=3650)]


class LeaverSettings(BaseModel):
    """Days after somebody has left; see ``connector.domain.leaving.Leavers``."""

    model_config = ConfigDict(extra="forbid")

    grace_days: LeaverDays = 0
    archive_days: LeaverDays | None = None
    delete_days: Annotated[int, Field(ge=30, le=36500)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        steps = [days for days in (self.grace_days, self.archive_days, self.delete_days) if days is not None]
        if steps != sorted(steps):
            raise ValueError("grace_days, archive_days and delete_days come one after the other")
        return self


class SiteSettings(BaseModel):
    """One of several Moodle sites: what else stands at the top, for this site alone.

    ``service``, ``notices`` and ``console`` may stay at the top for all.
    """

    model_config = ConfigDict(extra="forbid")

    moodle: MoodleSettings
    mapping: Path | None = None
    create_days_ahead: Annotated[int, Field(ge=0, le=365)] = 0
    leavers: LeaverSettings = LeaverSettings()
    drop: DropSettings = DropSettings()
    sources: dict[SourceName, SourceSettings] = {}
    reporting: ReportingSettings = ReportingSettings()
    service: ServiceSettings | None = None
    notices: NoticeSettings | None = None
    console: ConsoleSettings | None = None


class Settings(BaseSettings):
    """All settings. ``database_url`` empty means the embedded PostgreSQL in ``data_dir``.

    ``load_settings`` reads ``database_url_file`` where ``database_url`` is empty.
    ``site``: the name under which everything about this Moodle is kept; empty: its address. Where there are several,
    each has its own under ``sites``, and ``of`` gives the settings of one.
    """

    model_config = SettingsConfigDict(env_prefix="CONNECTOR_", env_nested_delimiter="__", extra="forbid")

    database_url: Annotated[SecretStr, AfterValidator(_postgresql)] = SecretStr("")
    database_url_file: Path | None = None
    site: Annotated[str, Field(pattern=r"^[a-z0-9_-]*$", max_length=40)] = ""
    data_dir: Path | None = None
    mapping: Path | None = None
    create_days_ahead: Annotated[int, Field(ge=0, le=365)] = 0
    moodle: MoodleSettings = MoodleSettings()
    leavers: LeaverSettings = LeaverSettings()
    drop: DropSettings = DropSettings()
    sources: dict[SourceName, SourceSettings] = {}
    sites: dict[SiteName, SiteSettings] = {}
    reporting: ReportingSettings = ReportingSettings()
    service: ServiceSettings = ServiceSettings()
    notices: NoticeSettings = NoticeSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: Literal["text", "json"] = "text"

    def of(self, site: str | None) -> Settings:
        """The settings of one site. Raises SettingsError where it is not said which, or there is none of that name."""
        if not self.sites:
            if site in (None, self.site):
                return self
            raise SettingsError(f"--site: there is no site {site}; the settings have no [sites.{site}].")
        known = ", ".join(self.sites)
        if self.moodle.url or self.mapping or self.sources or self.drop.folder:
            raise SettingsError(f"sites: where there are several ({known}), nothing of one stands outside of them.")
        if site is None:
            raise SettingsError(f"There are several sites: say which by --site or CONNECTOR_SITE: {known}.")
        if site not in self.sites:
            raise SettingsError(f"--site: there is no site {site}; there are {known}.")
        if shared := _shared(self.sites):
            raise SettingsError(shared)
        its = self.sites[site]
        given = {name: value for name in type(its).model_fields if (value := getattr(its, name)) is not None}
        return self.model_copy(update={"site": site, "mapping": its.mapping, **given})

    def each(self, site: str | None) -> list[Settings]:
        """The settings of every site, or of the one that is named."""
        return [self.of(name) for name in self.sites] if self.sites and site is None else [self.of(site)]

    def moodle_token(self) -> str:
        """The token. Raises SettingsError where there is none."""
        if token := secret("moodle.token", self.moodle.token, self.moodle.token_file):
            return token
        raise SettingsError("moodle: there is no token. Set CONNECTOR_MOODLE__TOKEN, or token_file in the settings.")

    def console_secrets(self) -> list[str]:
        """What closes and opens secrets at rest, the newest first. Raises SettingsError where there is none."""
        given = secret("console.secret", self.console.secret, self.console.secret_file) or ""
        secrets = [one.strip() for one in given.split(",") if one.strip()]
        if not secrets:
            raise SettingsError("console: there is no secret. Set CONNECTOR_CONSOLE__SECRET, or console.secret_file.")
        if any(len(one) < SHORTEST_SECRET for one in secrets):
            raise SettingsError(
                f"console.secret: it must have at least {SHORTEST_SECRET} characters. "
                "`openssl rand -base64 32` makes a good one."
            )
        return secrets


def _shared(sites: Mapping[str, SiteSettings]) -> str:
    """What two sites would share by accident, as a sentence: what one has read would be gone for the other."""
    seen: dict[object, tuple[str, str]] = {}
    for name, its in sites.items():
        for setting, what in _of_its_own(its):
            first, where = seen.setdefault(what, (name, f"sites.{name}.{setting}"))
            if first != name:
                return (
                    f"sites.{name}.{setting}: it is the same as {where}. Sites share nothing of this: give each a "
                    "Moodle, folders, reports and SCIM clients of its own."
                )
    return ""


def _of_its_own(its: SiteSettings) -> Iterator[tuple[str, object]]:
    """What no other site may have, each with the setting that says it."""
    if its.moodle.url:
        yield "moodle.url", ("moodle", its.moodle.url.lower())
    if its.reporting.url.get_secret_value():
        yield "reporting.url", ("reports", its.reporting.url.get_secret_value())
    if its.drop.folder:
        yield "drop.folder", ("folder", its.drop.folder.resolve())
    for name, source in its.sources.items():
        if place := place_of(name, source):
            yield f"sources.{name}", place


def load_settings(path: Path | None = None) -> Settings:
    """Settings from ``path``, or the file that CONNECTOR_CONFIG names, or config/connector.toml where it exists.

    Relative paths in the file are relative to the file. Raises SettingsError, naming the setting and never its value.
    """
    found = settings_file(path)
    file = found or DEFAULT_FILE
    try:
        settings = _reader(file)()
    except ValidationError as error:
        wrong = "\n".join(_problem(found, each["type"], each["loc"], each["msg"]) for each in error.errors())
        raise SettingsError(wrong) from None
    except SourceError as error:
        field = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"CONNECTOR_{field[1].upper() if field else ''}: this is not a value for it.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not valid TOML: it is not UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}).") from error
    return _with_database(_anchored(settings, file.absolute().parent if found else Path.cwd()))


def settings_file(path: Path | None = None) -> Path | None:
    """The settings file that ``load_settings`` reads, None where there is none. A file that is named must be there."""
    named = path or (Path(os.environ["CONNECTOR_CONFIG"]) if os.environ.get("CONNECTOR_CONFIG") else None)
    if named is not None and not named.is_file():
        raise SettingsError(f"{named}: there is no such settings file. `moodle-connector init` writes one.")
    return named or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)


def unknown_variables() -> list[str]:
    """Variables that begin as ours do and are none: a misspelt one would be ignored.

    They are no error, because Kubernetes makes such variables for a service of the name connector.
    """
    known = {*Settings.model_fields, "config", "debug"}
    names = sorted(name for name in os.environ if name.startswith("CONNECTOR_"))
    return [
        name
        for name in names
        if name.removeprefix("CONNECTOR_").partition("__")[0].lower() not in known
        and not name.startswith("CONNECTOR_TEST_")
    ]


def _problem(file: Path | None, kind: str, where: Sequence[int | str], text: str) -> str:
    """One mistake with file and line where it stands in the file, else with the variable that may hold it."""
    where = [part for i, part in enumerate(where) if not (i > 1 and where[i - 2] == "sources" and len(where) > i + 1)]
    field = ".".join(map(str, where))
    text = "there is no such setting" if kind == "extra_forbidden" else text.removeprefix("Value error, ")
    variable = f"CONNECTOR_{'__'.join(map(str, where)).upper()}"
    place = [str(part) for part in (where[:-1] if kind == "missing" else where)]
    line = _line(file, place) if file and variable not in os.environ else None
    return f"{file}:{line}: {field}: {text}." if line else f"{variable}: {text}."


def _line(file: Path, where: Sequence[str]) -> int | None:
    """The line that sets ``where``; None where it comes from elsewhere."""
    table: list[str] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            table = re.findall(r"[\w-]+", header[1])
            if table == where:
                return number
        elif key := re.match(r"\s*([\w\"'. -]+?)\s*=", line):
            named = [*table, *re.findall(r"[\w-]+", key[1])]
            if named == list(where) or named == list(where[: len(named)]):
                return number
    return None


def _reader(file: Path) -> type[Settings]:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    return FromFile


def _with_database(settings: Settings) -> Settings:
    """The database's address from its file, where it is given by one only."""
    address = secret("database_url", settings.database_url, settings.database_url_file)
    try:
        return settings.model_copy(update={"database_url": _postgresql(SecretStr(address or ""))})
    except ValueError as error:
        raise SettingsError(f"database_url_file: {error}.") from None


def _anchored(settings: M, folder: Path) -> M:
    """Relative paths, at every level, count from the folder of the settings file."""
    found = {name: getattr(settings, name) for name in type(settings).model_fields}
    moved = {name: _moved(value, folder) for name, value in found.items()}
    return settings.model_copy(update={name: value for name, value in moved.items() if value is not found[name]})


def _moved(value: object, folder: Path) -> object:
    if isinstance(value, Path):
        return folder / value.expanduser()
    if isinstance(value, dict):
        return {name: _moved(each, folder) for name, each in value.items()}
    return _anchored(value, folder) if isinstance(value, BaseModel) else value
