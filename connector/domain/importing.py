"""Training records of former systems: whose they are, what is counted of a file, and the port to who keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.erasing import Erased
from connector.domain.gates import FeedCounts, LastGoodFeed
from connector.domain.matching import folded
from connector.domain.people import FeedIdentity, Record, Rejection


class Kind(StrEnum):
    """What each row of a file tells."""

    COMPLETIONS = "completions"
    CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True)
class Legacy:
    """What somebody did in a former system: ``courses`` that were completed, or a certificate (``template``), or both.

    ``done_at``: when; of ``precision`` day it is the noon of that day, so that it is that day nearly everywhere.
    """

    line: int
    key: str
    email: str
    lastname: str
    courses: tuple[str, ...]
    done_at: datetime
    precision: str
    score: float | None = None
    score_max: float | None = None
    template: str = ""
    number: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of a course that is not to be brought over."""

    line: int


LegacyRow = Legacy | LeftOut | list[Rejection]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whom a record may be of. ``moved_to``: the key that the person has now, where that is another."""

    person_id: int
    key: str
    earlier_keys: Sequence[str]
    emails: Sequence[str]
    lastname: str
    moved_to: str | None = None
    formerly: str | None = None
    """The key that this person had until HR gave it to somebody else."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate of a former system, and whose: a person's, or of a key or an address that nobody is known by."""

    template: str
    number: str
    person_id: int | None
    key: str
    email: str


@dataclass
class Roster:
    """Everybody whom the connector knows, by what records name people. People are found, and never invented."""

    _keys: dict[str, Known] = field(default_factory=dict)
    _ids: dict[int, Known] = field(default_factory=dict)
    _given_anew: set[str] = field(default_factory=set)
    _earlier: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _emails: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @staticmethod
    def of(people: Iterable[Known]) -> Roster:
        roster = Roster()
        for one in people:
            own = folded(one.key)
            roster._keys[own] = roster._ids[one.person_id] = one
            if one.formerly:
                roster._given_anew.add(folded(one.formerly))
            for key in one.earlier_keys:
                roster._earlier[folded(key)].add(own)
            for email in one.emails:
                roster._emails[folded(email)].add(own)
        return roster

    def find(self, key: str, email: str, lastname: str) -> int | None:
        """Whose a record is; None where nobody, or more than one, is known by it.

        By the key, else by an earlier key of one person; not by one that HR has given to two people, because a file
        of a former system does not say whom it means. By the address only where the record has no key, and the name is
        the person's too, if it has one: an address may be somebody else's by now.
        """
        if key:
            if folded(key) in self._given_anew:
                return None
            one = self._keys.get(folded(key)) or self._only(self._earlier.get(folded(key), set()))
            return self._now(one).person_id if one else None
        found = self._only({self._root(own) for own in self._emails.get(folded(email), ())}) if email else None
        if found is None or (lastname and folded(lastname) != folded(found.lastname)):
            return None
        return found.person_id

    def owner(self, one: Issued) -> int | str:
        """Whose a certificate is that was brought over: two are one human's where this is the same."""
        found = self.find(one.key, one.email, "") if one.person_id is None else one.person_id
        if found is None:
            return folded(one.key or one.email)
        return self._now(self._ids[found]).person_id if found in self._ids else found

    def _only(self, keys: Iterable[str]) -> Known | None:
        each = list(keys)
        return self._now(self._keys[each[0]]) if len({self._root(key) for key in each}) == 1 else None

    def _root(self, key: str) -> str:
        return folded(self._now(self._keys[key]).key)

    def _now(self, one: Known) -> Known:
        """Under the key of today, however often it moved."""
        walked = {folded(one.key)}
        while one.moved_to and (key := folded(one.moved_to)) in self._keys and key not in walked:
            walked.add(key)
            one = self._keys[key]
        return one


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is kept: of a person, or set aside where nobody is known by it."""

    person_id: int | None
    record: Legacy


@dataclass(frozen=True, slots=True)
class OfErased:
    """A record of somebody who was erased: it is counted, and nothing of it is kept."""

    line: int


JudgedRow = Kept | OfErased | LeftOut | list[Rejection]


@dataclass(frozen=True, slots=True)
class Judging:
    """What becomes of the rows of a file, one after the other.

    ``owners``: whose each certificate of this former system is, by kind and number; those of the file are added.
    """

    roster: Roster
    erased: Erased
    owners: dict[tuple[str, str], int | str]

    @staticmethod
    def of(roster: Roster, erased: Erased, issued: Iterable[Issued] = ()) -> Judging:
        return Judging(roster, erased, {(one.template, one.number): roster.owner(one) for one in issued})

    def row(self, row: LegacyRow) -> JudgedRow:
        """Whoever was erased never comes back, by no key and no address; nobody takes another one's certificate."""
        if not isinstance(row, Legacy):
            return row
        person_id = self.roster.find(row.key, row.email, row.lastname)
        known = bool(row.key) and person_id is not None  # then an address that somebody erased had says nothing
        if self.erased.find([row.key], [] if known else [row.email]):
            return OfErased(row.line)
        if row.template and not self._claims(Issued(row.template, row.number, person_id, row.key, row.email)):
            return [Rejection(row.line, row.key or None, "number", ANOTHER_ONE)]
        return Kept(person_id, row)

    def _claims(self, one: Issued) -> bool:
        owner = self.roster.owner(one)
        return self.owners.setdefault((one.template, one.number), owner) == owner


ANOTHER_ONE = "stands on a certificate of this kind that is another person's: see which of the two is wrong"


@dataclass(frozen=True, slots=True)
class ImportTotals:
    """What a file held: ``rows`` are all of them; ``set_aside`` are kept, too, but of nobody who is known."""

    rows: int = 0
    kept: int = 0
    rejected: int = 0
    keyless: int = 0
    set_aside: int = 0
    erased: int = 0
    left_out: int = 0

    def plus(self, row: JudgedRow) -> ImportTotals:
        rows = self.rows + 1
        if isinstance(row, Kept):
            return replace(self, rows=rows, kept=self.kept + 1, set_aside=self.set_aside + (row.person_id is None))
        if isinstance(row, OfErased):
            return replace(self, rows=rows, erased=self.erased + 1)
        if isinstance(row, LeftOut):
            return replace(self, rows=rows, left_out=self.left_out + 1)
        return replace(self, rows=rows, rejected=self.rejected + 1, keyless=self.keyless + (not row[0].key))

    @property
    def counts(self) -> FeedCounts:
        """As the gates of feeds look at it."""
        return FeedCounts(self.rows, self.rejected, self.keyless)


@dataclass(frozen=True, slots=True)
class Batch:
    """One file, as it is kept. ``number`` is by what it is undone."""

    number: int
    source: str
    kind: str
    name: str
    digest: str
    status: str
    totals: ImportTotals
    reasons: tuple[str, ...]
    imported_at: datetime
    imported_by: str
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that is to be kept, and who says so."""

    identity: FeedIdentity
    kind: Kind
    by: str
    at: datetime


class Reading(Protocol):
    """Makes records of rows, by what the mapping says of a former system. Pure."""

    @property
    def kind(self) -> Kind: ...

    def row(self, record: Record) -> LegacyRow: ...


class ImportStore(Protocol):
    """Keeps what was brought over. Every method is one transaction. Bound to one site."""

    def lock(self) -> AbstractContextManager[bool]:
        """Neither feeds nor imports are read meanwhile, and nobody is erased: False where somebody is at it."""
        ...

    def erased(self) -> Erased: ...

    def roster(self) -> Roster: ...

    def issued(self, source: str) -> Iterator[Issued]:
        """Certificates of a former system that were brought over before."""
        ...

    def taken(self, source: str, digest: str) -> Batch | None:
        """The same file, where it was taken before and not undone."""
        ...

    def last(self, source: str, kind: Kind) -> LastGoodFeed | None:
        """The last file of this source that was taken and not undone."""
        ...

    def keep(
        self, file: Delivered, rows: Iterator[JudgedRow], verdict: Callable[[ImportTotals], Sequence[str]]
    ) -> Batch:
        """Read all rows, and keep them unless ``verdict`` gives reasons against it: then they are kept themselves."""
        ...

    def refuse_unread(self, file: Delivered, reason: str) -> None:
        """Keep that a file could not be read to its end."""
        ...

    def batch(self, number: int) -> Batch | None: ...

    def batches(self, limit: int) -> list[Batch]:
        """The newest first."""
        ...

    def rejections(self, number: int, limit: int) -> list[Rejection]: ...

    def set_aside(self, number: int, limit: int) -> list[tuple[int, str]]:
        """Line and key of records of nobody who is known."""
        ...

    def undo(self, number: int, by: str, now: datetime) -> bool:
        """Take the records of a file away; False where there is none that was taken under this number."""
        ...


def as_plain(batch: Batch) -> Mapping[str, object]:
    """A batch as it is printed."""
    totals = {
        name: getattr(batch.totals, name) for name in ("rows", "kept", "rejected", "set_aside", "erased", "left_out")
    }
    names = (
        "number",
        "source",
        "kind",
        "name",
        "digest",
        "status",
        "imported_at",
        "imported_by",
        "undone_at",
        "undone_by",
    )
    return {**{name: getattr(batch, name) for name in names}, **totals, "reasons": list(batch.reasons)}
