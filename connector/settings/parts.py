"""Parts of the settings: a table of the file each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connector.domain.linking import Identity
from connector.domain.notices import Language
from connector.settings.sources import InBucket, Secret, secret
from connector.settings.values import Addresses, ConsoleAddress, DatabaseAddress, HttpAddress, WhenText, ZoneName
from jobs.times import Times, read_times, read_zone


class CourseFieldSettings(BaseModel):
    """Short names of custom fields of courses: how long one takes, how hard it is, what is learned there."""

    model_config = ConfigDict(extra="forbid")

    minutes: str = "minutes"
    difficulty: str = "difficulty"
    objectives: str = "objectives"


class MoodleSettings(BaseModel):
    """One Moodle site. ``url`` is its wwwroot; the token is given here by the environment, or in ``token_file``.

    ``reader``: how Moodle is read back; auto is by its plugin where the token may, else by reports where they are set
    up, else by plain functions. ``writer``: how it is written to; auto is by its plugin where the token may.
    ``oauth2_issuer``: Moodle's id of the service of OAuth 2 with which accounts are linked that sign in so; 0 is none.
    ``oauth2_identity``: the field of an account that is the username at that provider.
    ``course_fields``: in which custom fields of courses the catalogue finds what.
    ``activities``: whether activities, all grade items and the history of grades are read too, where it is by the
    plugin; that may be ten times as much.
    ``webhook_secret`` is that of the plugin's webhook, which signs its word that something has changed.
    """

    model_config = ConfigDict(extra="forbid")

    url: HttpAddress = ""
    token: Secret = None
    token_file: Path | None = None
    workers: Annotated[int, Field(ge=1, le=32)] = 4
    reader: Literal["auto", "plain", "reports", "plugin"] = "auto"
    writer: Literal["auto", "plain", "plugin"] = "auto"
    oauth2_issuer: Annotated[int, Field(ge=0)] = 0
    oauth2_identity: Identity = "email"
    activities: bool = True
    timeout_seconds: Annotated[float, Field(gt=0)] = 120
    webhook_secret: Secret = None
    webhook_secret_file: Path | None = None
    course_fields: CourseFieldSettings = CourseFieldSettings()


class ReportingSettings(BaseModel):
    """Where facts and views live: ``url`` of a PostgreSQL of their own; empty: beside the connector's own tables.

    ``listen_port``: where the embedded PostgreSQL answers BI tools on loopback; 0 is nowhere.
    """

    model_config = ConfigDict(extra="forbid")

    url: DatabaseAddress = SecretStr("")
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
    timezone: ZoneName = "UTC"
    sync: WhenText = "every 60 minutes"
    mirror: WhenText = "every 60 minutes"
    reconcile: WhenText = "30 2 * * *"
    notices: WhenText = "every 5 minutes"
    learners: WhenText = "every 15 minutes"
    certificates: WhenText = "every 15 minutes"
    exports: WhenText = "30 4 * * *"
    learning: WhenText = "every 5 minutes"
    scores: WhenText = "every 5 minutes"
    attempts: WhenText = "every 1 minutes"
    regrades: WhenText = "every 5 minutes"
    retention: WhenText = "15 4 * * *"
    stop_seconds: Annotated[float, Field(ge=0, le=3600)] = 30
    metrics_token: Secret = None
    metrics_token_file: Path | None = None

    def times(
        self,
        job: Literal[
            "sync",
            "mirror",
            "reconcile",
            "notices",
            "learners",
            "certificates",
            "exports",
            "learning",
            "scores",
            "attempts",
            "regrades",
            "retention",
        ],
    ) -> Times | None:
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

    url: HttpAddress = ""
    allow: str = ""
    secret: Secret = None
    secret_file: Path | None = None

    def key(self) -> str | None:
        """What signs each request."""
        return secret("notices.webhook.secret", self.secret, self.secret_file)


class NoticeSettings(BaseModel):
    """What people are told, and how often again. Hours of 0 mean never.

    ``learners``: how learners are told their due dates; ``welcome``: whether newcomers are told by mail that they have
    an account; ``calendar``: whether due dates stand in calendars in Moodle. With ``learners_first_load`` and
    ``welcome_first_load`` those of the first load are told, too.
    """

    model_config = ConfigDict(extra="forbid")

    language: Language = "en"
    remind_hours: Annotated[float, Field(ge=0)] = 24
    feed_hours: Annotated[float, Field(ge=0)] = 0
    mirror_hours: Annotated[float, Field(ge=0)] = 6
    failures: Annotated[int, Field(ge=0)] = 3
    learners: Literal["none", "moodle"] = "none"
    learners_first_load: bool = False
    calendar: bool = False
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

    url: ConsoleAddress = ""
    secret: SecretStr | None = None
    secret_file: Path | None = None
    idle_minutes: Annotated[float, Field(gt=0, le=1440)] = 30
    session_hours: Annotated[float, Field(gt=0, le=24)] = 12
    proxies: list[str] = ["127.0.0.1"]


class LtiSettings(BaseModel):
    """Content that Moodle launches by LTI 1.3. ``url`` is this tool's public address; without one it is not served.

    ``secret`` closes the keys with which it signs; several stand with commas between them, the newest first.
    ``allow`` are hosts of platforms that may be private or without TLS, besides that of ``moodle.url``.
    """

    model_config = ConfigDict(extra="forbid")

    url: ConsoleAddress = ""
    secret: SecretStr | None = None
    secret_file: Path | None = None
    allow: list[str] = []


class LiveSettings(BaseModel):
    """How pages are told at once. ``redis_url``: one of several services hears PostgreSQL, and Redis tells the others;
    without it each hears for itself."""

    model_config = ConfigDict(extra="forbid")

    redis_url: Secret = None
    redis_url_file: Path | None = None


class BucketSettings(InBucket):
    """A bucket for files; none without its name."""

    bucket: str = ""


class FileSettings(BaseModel):
    """Where files go: into ``folder``, or the bucket of ``s3``."""

    model_config = ConfigDict(extra="forbid")

    folder: Path | None = None
    s3: BucketSettings = BucketSettings()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.folder and self.s3.bucket:
            raise ValueError("folder and s3.bucket: give one of them")
        return self

    @property
    def place(self) -> tuple[str, ...]:
        """Where that is, from the outside in, however it is written; empty: nowhere."""
        if self.folder:
            return ("folder", *self.folder.resolve().parts)
        host = urlsplit(self.s3.endpoint_url or "").netloc.lower()
        service = "" if host.endswith(".amazonaws.com") else host
        within = [part for part in self.s3.prefix.split("/") if part]
        return ("bucket", service, self.s3.bucket, *within) if self.s3.bucket else ()


class CertificateSettings(FileSettings):
    """Files of certificates: without a place none are made.

    ``url``: the public address at which certificates are verified; empty: that of the console, or of launched content.
    """

    url: ConsoleAddress = ""


class ContentSettings(FileSettings):
    """Files of launched content, such as photos that learners hand in: without a place none are taken.

    ``requests_a_minute``: of one page that was launched, enough for answers that were kept without a connection and
    come all at once. ``evidence_mb``: so much of one person is kept.
    """

    requests_a_minute: Annotated[int, Field(ge=60, le=100_000)] = 600
    evidence_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 1000


class ExportSettings(FileSettings):
    """Where reporting views are written to by the clock: without a place, nowhere.

    ``views``: which, all where none is named; ``by_month``: those of history cut into months.
    """

    format: Literal["csv", "xlsx", "parquet"] = "parquet"
    views: list[str] = []
    by_month: bool = True


class VideoSettings(FileSettings):
    """Videos of lessons: where they lie (without a place there are none), how large they may be, and what transcodes.

    ``ffmpeg``: where it is, if not in the extra ``video``. MediaConvert reads and writes the bucket of ``s3`` by the
    role of this ARN, in a queue other than the account's usual one where ``queue`` has its ARN.
    ``requests_a_minute`` and ``mb_a_minute``: what one viewing gets of its files, enough for the largest size at twice
    the speed and for whoever seeks about; for who has an address that leaked, no more than that.
    """

    transcoder: Literal["ffmpeg", "mediaconvert"] = "ffmpeg"
    ffmpeg: Path | None = None
    role: str = ""
    queue: str = ""
    largest_mb: Annotated[int, Field(ge=1, le=50_000)] = 4000
    longest_minutes: Annotated[int, Field(ge=1, le=1440)] = 240
    requests_a_minute: Annotated[int, Field(ge=60, le=100_000)] = 300
    mb_a_minute: Annotated[int, Field(ge=80, le=100_000)] = 300

    @model_validator(mode="after")
    def _of_amazon(self) -> Self:
        if self.transcoder == "mediaconvert" and not (self.s3.bucket and self.role):
            raise ValueError("transcoder mediaconvert needs s3.bucket and role")
        return self


class PrivacySettings(BaseModel):
    """``secret`` makes the keyed hashes by which erased people are known again; it must never change."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret = None
    secret_file: Path | None = None


RetentionDays = Annotated[int, Field(ge=1, le=36500)]


class RetentionSettings(BaseModel):
    """Days until things go; None keeps them. See ``connector.privacy.retaining``. What has a number here counts
    without being said where content is launched.

    ``files_days``: HR's files once they were read or refused; ``statements_days``: what sources said of people whom
    they name no more; ``history_days``: what HR had said before, bad rows, and sentences of cases that are over;
    ``imports_days``: records of former systems that are nobody's, and bad rows of theirs; ``journal_days``:
    before-images and Moodle's answers; ``notices_days``: due dates that were told; ``certificates_days``: names and
    files of certificates that expired or were revoked; ``evidence_days``: files that were handed in and marked, and
    comments of marks, after the attempt was submitted; ``attempts_days``: what was answered in attempts;
    ``viewings_days``: which pieces of videos were watched, since somebody last did; ``videos_days``: videos that no
    lesson has any more, and originals of those that were transcoded; ``pictures_days``: files of pictures that no
    question has any more; ``sign_in_days``: the console's old sessions;
    ``leavers_days``: people who left so long ago are erased, 30 days after at the soonest.
    """

    model_config = ConfigDict(extra="forbid")

    files_days: RetentionDays | None = None
    statements_days: RetentionDays | None = None
    history_days: RetentionDays | None = None
    imports_days: RetentionDays | None = None
    journal_days: RetentionDays | None = None
    notices_days: RetentionDays | None = None
    certificates_days: RetentionDays | None = None
    evidence_days: RetentionDays | None = 365
    attempts_days: RetentionDays | None = 365
    viewings_days: RetentionDays | None = 365
    videos_days: RetentionDays | None = 30
    pictures_days: RetentionDays | None = 30
    sign_in_days: RetentionDays | None = None
    leavers_days: Annotated[int, Field(ge=30, le=36500)] | None = None


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
