"""The ports of the domain: what the rooms need of the outside, as Protocols with frozen data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connector.domain.catalogue import CourseAbout
from connector.domain.decisions import Assignable
from connector.domain.errors import ConnectorError
from connector.domain.grants import GrantSet
from connector.domain.people import FeedIdentity, Person, Record, Rejection, Removed, Said
from connector.domain.writing import Writer


# ---------------------------------------------------------------- the way in: sources and mapping
class Source(Protocol):
    """One delivery of an HR system. Knows nothing of Moodle."""

    @property
    def identity(self) -> FeedIdentity: ...

    def records(self) -> Iterator[Record | Rejection]:
        """Yield the rows, streamed. A row that cannot be split into fields is a Rejection.

        Raises FeedRefused where the feed cannot be trusted as a whole: unreadable, wrong encoding, cut off,
        a needed column missing, a trailer count that does not add up. May be called more than once.
        """
        ...


class Mapper(Protocol):
    """Turns records into people, and people into what they should be granted."""

    @property
    def digest(self) -> str:
        """SHA-256 over all mapping files: a changed mapping plans everybody again."""
        ...

    @property
    def create_only(self) -> frozenset[str]:
        """Fields that are set when the account is created and never compared; ``profile:NAME`` for custom ones."""
        ...

    @property
    def assignable(self) -> Assignable:
        """What each path and requirement gives to whom a person assigns it."""
        ...

    @property
    def sources(self) -> Collection[str]:
        """Names of the sources that it maps, in the order in which they are believed."""
        ...

    @property
    def authoritative(self) -> Collection[str]:
        """Those of them that say who is a person of the company; the others only say more of them."""
        ...

    def said(self, source: str, record: Record) -> Said | Removed | list[Rejection]:
        """What a record of a source says of a person, or everything that is wrong with it."""
        ...

    def key(self, source: str, raw: str) -> str | None:
        """Whom a row is about that cannot be split, by what stood where its key is; None where that is no key."""
        ...

    def person(self, said: Mapping[str, Said], line: int) -> Person | list[Rejection]:
        """The person of whom the sources say this, or everything that is wrong; empty for somebody out of scope."""
        ...

    def grants(self, person: Person) -> GrantSet:
        """All that the rules give to an active person."""
        ...


# ---------------------------------------------------------------- Moodle
@dataclass(frozen=True, slots=True)
class SiteInfo:
    """Who the token is and what it may do; ``functions`` are names, ``plugin`` is the version of ours, 0 for none."""

    sitename: str
    release: str
    version: str
    user_id: int
    username: str
    functions: frozenset[str]
    is_admin: bool = False
    plugin: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A Moodle account as Moodle shows it. ``fields`` has Moodle's own names, text values (booleans as 0 and 1)."""

    id: int
    username: str
    email: str
    idnumber: str
    suspended: bool
    auth: str
    fields: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    """True for the mangled remains that Moodle still shows by id after a deletion."""


@dataclass(frozen=True, slots=True)
class Course:
    """``about``: what is in the catalogue; None where it was not asked for."""

    id: int
    idnumber: str
    shortname: str
    fullname: str
    category_id: int
    visible: bool
    completion_enabled: bool
    about: CourseAbout | None = None


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    idnumber: str
    name: str


@dataclass(frozen=True, slots=True)
class Cohort:
    id: int
    idnumber: str
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group within a course. Moodle keeps names apart within a course, and idnumbers that are not empty."""

    id: int
    course_id: int
    idnumber: str
    name: str


@dataclass(frozen=True, slots=True)
class Participant:
    """One person in one course as ``core_enrol_get_enrolled_users`` shows it."""

    user_id: int
    course_id: int
    role_ids: tuple[int, ...]
    active: bool = True


@dataclass(frozen=True, slots=True)
class CourseProgress:
    """One person's course as ``core_enrol_get_users_courses`` shows it; plain functions know no time of completion.

    ``has_criteria``: whether the course has completion criteria; None where Moodle does not tell.
    """

    user_id: int
    course_id: int
    progress: float | None
    completed: bool | None
    has_criteria: bool | None = None


class Moodle(Protocol):
    """One Moodle site. Every method raises the tree of ``connector.domain.errors`` and nothing else.

    Look-ups take any number of values and split them themselves.
    """

    async def writer(self) -> Writer:
        """What writes here: the best that the token and the site allow. Asked for once, as long as this lasts."""
        ...

    async def site_info(self) -> SiteInfo: ...

    async def accounts_by(self, field: str, values: Sequence[str]) -> list[Account]:
        """All accounts whose ``field`` (id, idnumber, username, email) is one of the values.

        Usernames are lower-cased first; idnumber may give several accounts for one value.
        """
        ...

    async def courses(self, refs: Sequence[str]) -> dict[str, list[Course]]:
        """Courses by idnumber, else by shortname; every ref is a key, with an empty list where none is found."""
        ...

    async def categories(self, refs: Sequence[str]) -> dict[str, list[Category]]: ...

    async def cohorts(self) -> list[Cohort]: ...

    async def cohort_members(self, cohort_ids: Sequence[int]) -> dict[int, frozenset[int]]: ...

    async def course_groups(self, course_ids: Sequence[int]) -> dict[int, list[Group]]:
        """The groups of each course; one that is gone or closed to the token is left out."""
        ...

    async def group_members(self, group_ids: Sequence[int]) -> dict[int, frozenset[int] | None]:
        """None for a group that is gone; one whose course is closed to the token is left out."""
        ...

    async def send_messages(self, messages: Sequence[tuple[int, str]]) -> list[str | ConnectorError]:
        """Send each (user id, HTML), in order; gives "" for one that was sent, and why Moodle refused another.

        The list ends with the first error: those after it were not sent. Nothing keeps a message that is sent again
        from arriving again: after AnswerLost all of them may have arrived.
        """
        ...

    def participants(self, course_id: int, suspended_only: bool = False) -> AsyncIterator[list[Participant]]:
        """Everybody in a course, in pages, suspended ones too; or just those."""
        ...

    def progress(self, user_ids: Sequence[int]) -> AsyncIterator[list[CourseProgress]]:
        """The courses of people, batched; people whom Moodle does not know are left out."""
        ...
