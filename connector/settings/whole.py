"""The settings as a whole, of one Moodle site or of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.domain.errors import SettingsError
from connector.settings.parts import (
    CertificateSettings,
    ConsoleSettings,
    ContentSettings,
    DropSettings,
    ExportSettings,
    LeaverSettings,
    LiveSettings,
    LtiSettings,
    MoodleSettings,
    NoticeSettings,
    PrivacySettings,
    ReportingSettings,
    RetentionSettings,
    ServiceSettings,
    VideoSettings,
)
from connector.settings.sources import SourceSettings, place_of, secret
from connector.settings.values import DatabaseAddress, SiteName, SourceName

REDIS = ("redis://", "rediss://", "redis+sentinel://", "unix://")
SHORTEST_SECRET = 32
"""Characters of a secret that closes others, or by which somebody is believed."""


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
    certificates: CertificateSettings = CertificateSettings()
    content: ContentSettings = ContentSettings()
    exports: ExportSettings = ExportSettings()
    lti: LtiSettings = LtiSettings()
    video: VideoSettings = VideoSettings()
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

    database_url: DatabaseAddress = SecretStr("")
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
    certificates: CertificateSettings = CertificateSettings()
    content: ContentSettings = ContentSettings()
    exports: ExportSettings = ExportSettings()
    service: ServiceSettings = ServiceSettings()
    notices: NoticeSettings = NoticeSettings()
    console: ConsoleSettings = ConsoleSettings()
    lti: LtiSettings = LtiSettings()
    video: VideoSettings = VideoSettings()
    live: LiveSettings = LiveSettings()
    privacy: PrivacySettings = PrivacySettings()
    retention: RetentionSettings = RetentionSettings()
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

    @property
    def certificates_url(self) -> str:
        """The public address at which certificates are verified; "" where there is none: the service has no page."""
        return self.certificates.url or self.console.url or self.lti.url

    def exports_within(self) -> list[str]:
        """Other sites whose exports lie within the place of this one's. The very same place is refused by ``of``."""
        place = self.exports.place
        others = {name: one.exports.place for name, one in self.sites.items() if name != self.site}
        return [name for name, other in others.items() if place and other[: len(place)] == place]

    def moodle_token(self) -> str:
        """The token. Raises SettingsError where there is none."""
        if token := secret("moodle.token", self.moodle.token, self.moodle.token_file):
            return token
        raise SettingsError("moodle: there is no token. Set CONNECTOR_MOODLE__TOKEN, or token_file in the settings.")

    def hint_secret(self) -> str | None:
        """What Moodle signs its hints with; None: they are not taken. Raises SettingsError where it is too short."""
        given = secret("moodle.webhook_secret", self.moodle.webhook_secret, self.moodle.webhook_secret_file)
        if given and len(given) < SHORTEST_SECRET:
            raise SettingsError(
                f"moodle.webhook_secret: it must have at least {SHORTEST_SECRET} characters. "
                "`openssl rand -base64 32` makes a good one; Moodle has to have the same."
            )
        return given or None

    def redis_url(self) -> str | None:
        """Where Redis tells other services; None for nowhere. Raises SettingsError where it is no such address."""
        given = secret("live.redis_url", self.live.redis_url, self.live.redis_url_file)
        if given and not given.startswith(REDIS):
            raise SettingsError(f"live.redis_url: give an address that begins with {', '.join(REDIS)}.")
        return given

    def privacy_secret(self) -> str:
        """What makes keyed hashes of people who were erased. Raises SettingsError where there is none."""
        given = secret("privacy.secret", self.privacy.secret, self.privacy.secret_file) or ""
        if len(given) < SHORTEST_SECRET:
            raise SettingsError(
                "privacy.secret: erased people are known again by it: it never changes, and has at least "
                f"{SHORTEST_SECRET} characters. Set CONNECTOR_PRIVACY__SECRET, or privacy.secret_file; "
                "`openssl rand -base64 32` makes one."
            )
        return given

    def console_secrets(self) -> list[str]:
        """What closes and opens one-time codes, the newest first. Raises SettingsError where there is none."""
        return _closing("console", self.console.secret, self.console.secret_file)

    def lti_secrets(self) -> list[str]:
        """What closes and opens the keys of this tool, the newest first. Raises SettingsError where there is none."""
        return _closing("lti", self.lti.secret, self.lti.secret_file)


def _closing(part: str, given: SecretStr | None, file: Path | None) -> list[str]:
    """Secrets with commas between them. Raises SettingsError where there is none, or one is too short."""
    found = secret(f"{part}.secret", given, file) or ""
    secrets = [one.strip() for one in found.split(",") if one.strip()]
    if not secrets:
        raise SettingsError(
            f"{part}: there is no secret. Set CONNECTOR_{part.upper()}__SECRET, or {part}.secret_file."
        )
    if any(len(one) < SHORTEST_SECRET for one in secrets):
        raise SettingsError(
            f"{part}.secret: it must have at least {SHORTEST_SECRET} characters. "
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
    for part, told in (
        ("certificates", its.certificates),
        ("content", its.content),
        ("exports", its.exports),
        ("video", its.video),
    ):
        if told.folder:
            yield f"{part}.folder", ("folder", told.folder.resolve())
        if told.s3.bucket:
            yield f"{part}.s3", told.place
    for name, source in its.sources.items():
        if place := place_of(name, source):
            yield f"sources.{name}", place
