"""What is known of one person, gathered to be explained, and the ports to it. Personal data: show it, never log it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from connector.domain.decide import Status
from connector.domain.grants import GrantKind
from connector.domain.leave import Leave
from connector.domain.people import Person
from connector.domain.plan import Change


@dataclass(frozen=True, slots=True)
class FeedTold:
    """A feed, with the digest of the mapping that read it."""

    feed_id: int
    source: str
    name: str
    received_at: datetime
    status: str
    mapping_digest: str


@dataclass(frozen=True, slots=True)
class Said:
    """What HR said of the person from a moment on: ``fields`` are columns of ``connector.person``, JSON values."""

    since: datetime
    feed_id: int
    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Presence:
    """``kind``: missing, gone or back."""

    at: datetime
    kind: str
    feed_id: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as HR last said: ``versions`` is all that HR ever said, the newest last.

    ``suspended`` is that of the account as it was last seen, None where there is none.
    """

    person_id: int
    key: str
    status: Status
    first_seen: datetime
    absent_since: datetime | None
    gone: bool
    timezone: str
    versions: Sequence[Said]
    presence: Sequence[Presence]
    leaves: Sequence[Leave]
    account_id: int | None
    bound_at: datetime | None
    bound_by: str | None
    suspended: bool | None

    @property
    def said(self) -> Said:
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one of several sources says of the person now."""

    source: str
    said: Mapping[str, str]
    feed_id: int
    line: int
    absent_since: datetime | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    feed_id: int
    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rules or people give. ``missing``: courses that are to be completed before."""

    kind: GrantKind
    target: str
    terms: Mapping[str, Any]
    rule: str
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """A change of a plan, how its class was held, and what came of it.

    ``hold``: the state of the hold of its class, None where the class was not held. ``state``: that of the operation,
    None where it was not attempted; ``code`` and ``message`` are Moodle's answer, ``earlier`` that to the try before.
    """

    plan: int
    ordinal: int
    change: Change
    guard: str | None
    digest: str
    plan_hash: str
    planned_at: datetime
    plan_status: str
    undoes: int | None
    asked_by: str
    hold: str | None
    held_count: int | None
    held_limit: int | None
    decided_by: str | None
    decided_at: datetime | None
    state: str | None
    attempts: int | None
    sent_at: datetime | None
    finished_at: datetime | None
    code: str | None
    message: str | None
    earlier: str | None
    run: int | None


@dataclass(frozen=True, slots=True)
class LedgerTold:
    """A grant in the ledger; ``lost``: it ended because somebody took it away in Moodle."""

    kind: GrantKind
    target: str
    place_id: int | None
    terms: Mapping[str, Any]
    ours: bool
    suspended: bool
    granted_at: datetime
    plan: int
    ordinal: int
    ended_at: datetime | None
    lost: bool


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """``said``: who decided, until when and why."""

    kind: str
    subject: str
    code: str
    decided_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    starts_on: date
    in_force: bool
    said: str


@dataclass(frozen=True, slots=True)
class CaseTold:
    number: int
    kind: str
    subject: str
    reason: str
    opened_at: datetime
    settled_at: datetime | None
    settled_by: str
    settlement: Mapping[str, Any] | None
    withdrawn_at: datetime | None
    withdrawn_by: str


@dataclass(frozen=True, slots=True)
class NoticeTold:
    requirement: str
    due_on: date
    changed: bool
    noted_at: datetime
    state: str
    told_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class WelcomeTold:
    """``state`` and ``message`` as of a notice."""

    noted_at: datetime
    state: str
    told_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class EntryTold:
    """A due date in the calendar of the account. ``state``: put, refused, or sent where no answer came."""

    requirement: str
    due_on: date
    state: str
    sent_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What a person had taken back; ``kind`` is "" for the account."""

    kind: str
    target: str
    plan: int
    undone_at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that the connector keeps of one key, as of ``now``. ``person``: None where HR never had a usable row of it.

    ``feeds`` by number; ``newest`` are the last good ones by source. ``courses``: Moodle's ids by names of mappings.
    """

    key: str
    now: datetime
    person: Standing | None
    statements: Sequence[Statement]
    rejections: Sequence[Rejected]
    feeds: Mapping[int, FeedTold]
    newest: Mapping[str, FeedTold]
    wanted: Sequence[Wanted] = ()
    changes: Sequence[ChangeTold] = ()
    ledger: Sequence[LedgerTold] = ()
    decisions: Sequence[DecisionTold] = ()
    cases: Sequence[CaseTold] = ()
    notices: Sequence[NoticeTold] = ()
    welcomes: Sequence[WelcomeTold] = ()
    undone: Sequence[Undone] = ()
    courses: Mapping[str, int] | None = None
    entries: Sequence[EntryTold] = ()


@dataclass(frozen=True, slots=True)
class Enrolled:
    course_id: int
    idnumber: str | None
    shortname: str | None
    active: bool
    enrolled_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Completed:
    """``ended_at``: when it was seen to be reset."""

    course_id: int
    idnumber: str | None
    shortname: str | None
    attempt: int
    completed_at: datetime | None
    precision: str
    observed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Certificate:
    name: str
    issued_at: datetime
    expires_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Due:
    """A requirement in its newest cycle; ``state``: open, satisfied or overdue."""

    requirement: str
    cycle: int
    assigned_on: date
    window_opens_on: date | None
    due_on: date | None
    satisfied_at: datetime | None
    expires_on: date | None
    state: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What the way back saw; ``read_at``: when Moodle was last read, ``everything_at``: when all of it, None: never.

    What is new is read without enrolments that were suspended.
    """

    read_at: datetime | None
    enrolled: Sequence[Enrolled]
    completed: Sequence[Completed]
    certificates: Sequence[Certificate]
    dues: Sequence[Due]
    everything_at: datetime | None = None


class RuleSeen(Protocol):
    """What a rule of the mapping makes of the person. ``when``: its condition, ``sees``: the values it depends on."""

    @property
    def rule(self) -> str: ...
    @property
    def when(self) -> str: ...
    @property
    def sees(self) -> Mapping[str, Any]: ...
    @property
    def fired(self) -> bool: ...
    @property
    def undecided(self) -> str | None: ...


class Dossiers(Protocol):
    def of(self, key: str, now: datetime, ahead: int) -> Dossier:
        """All that is known of the key, as of one moment. ``ahead``: days before the first day."""
        ...


class LearnedStore(Protocol):
    def of(self, key: str) -> Learned:
        """What the facts hold of the person. Raises StorageError where they cannot be reached."""
        ...


def person_of(key: str, fields: Mapping[str, Any]) -> Person:
    """The person whom ``Said.fields`` describe, as rules see one."""
    account = {**fields.get("initial", {}), **fields.get("wanted", {})}
    profile = account.pop("profile", {})
    return Person(
        key=key,
        account=account,
        profile=profile,
        attributes=fields.get("attributes") or {},
        unit=fields["unit"],
        unit_name=fields["unit_name"],
        units_above=tuple(fields.get("units_above") or ()),
        job_role=fields["job_role"],
        manager=fields["manager_key"],
        starts=_day(fields.get("starts")),
        ends=_day(fields.get("ends")),
        active=fields["active"],
        timezone=fields["timezone"],
        earlier_keys=tuple(fields.get("earlier_keys") or ()),
        source=fields["source"],
        unique_username=fields["unique_username"],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
