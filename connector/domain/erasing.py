"""Erasing a person: by what the person is known again afterwards, the record of it, and the ports. Pure.

What is kept to know an erased person by are keyed hashes (HMAC-SHA256 with a secret of the settings): who has the
database alone cannot find out whose they are, not even by trying all keys.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from connector.domain.errors import SettingsError
from connector.domain.matching import folded


class Kind(StrEnum):
    """What an erased person is known again by."""

    KEY = "key"
    IDNUMBER = "idnumber"
    EMAIL = "email"


_PURPOSE = {Kind.KEY: "key", Kind.IDNUMBER: "key", Kind.EMAIL: "email"}
"""Keys and idnumbers are compared with each other: most companies have one number for both."""
Counts = Mapping[str, int]
"""Rows that an erasure touches, by table."""


class Elsewhere(StrEnum):
    """What stands elsewhere, as a record says how much of it there was."""

    ACCOUNTS = "accounts in Moodle"
    DUE_DATES = "due dates in the calendar in Moodle"
    SIGN_INS = "linked sign-ins in Moodle"
    CONSOLE_ACCOUNTS = "accounts of the console that may be another's"


@dataclass(frozen=True, slots=True)
class Marker:
    """Makes keyed hashes with the ``secret`` of the settings, which is never shown."""

    secret: str = field(repr=False)

    def mark(self, kind: Kind, value: str) -> bytes:
        """What is kept instead of a key, an idnumber or an address; a difference in case alone is none."""
        return self._digest(_PURPOSE[kind], folded(value))

    def username(self, value: str) -> bytes:
        """What is kept instead of a username."""
        return self._digest("username", folded(value))

    @property
    def fingerprint(self) -> str:
        """By which it is seen that the settings have another secret than the erasures were made with."""
        return self._digest("fingerprint", "").hex()[:16]

    def _digest(self, purpose: str, value: str) -> bytes:
        return hmac.digest(self.secret.encode(), f"{purpose}\0{value}".encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Known:
    """An erased person who was known again. ``surely``: by key or idnumber, not by an e-mail address alone."""

    pseudonym: str
    surely: bool


@dataclass(frozen=True, slots=True)
class Erased:
    """Everybody who is erased and was not readmitted, by keyed hashes. Falsy where there is nobody."""

    marker: Marker = field(default_factory=lambda: Marker(""))
    pseudonyms: Mapping[tuple[str, bytes], str] = field(default_factory=dict)
    """By purpose and hash."""
    usernames: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.pseudonyms)

    def find(self, keys: Iterable[str], emails: Iterable[str] = ()) -> Known | None:
        """Who has one of these keys or idnumbers, or else one of these addresses; None where that is nobody."""
        if not self.pseudonyms:
            return None
        for kind, values in ((Kind.KEY, keys), (Kind.EMAIL, emails)):
            for value in values:
                found = self.pseudonyms.get((_PURPOSE[kind], self.marker.mark(kind, value))) if value else None
                if found is not None:
                    return Known(found, kind is Kind.KEY)
        return None

    def had_username(self, username: str) -> bool:
        """Did an erased person have this username?"""
        return bool(self.usernames) and self.marker.username(username) in self.usernames


NOBODY = Erased()


def purpose_of(kind: str) -> str:
    """What a kind of hash is compared with."""
    return _PURPOSE[Kind(kind)]


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of whom a person is: values by kind of those that are nobody else's. Personal data."""

    person_ids: tuple[int, ...]
    keys: frozenset[str]
    idnumbers: frozenset[str]
    emails: frozenset[str]
    usernames: frozenset[str]
    names: frozenset[str]

    def marks(self, marker: Marker) -> list[tuple[Kind, bytes]]:
        """Each once, in an order that says nothing."""
        each = ((Kind.KEY, self.keys), (Kind.IDNUMBER, self.idnumbers), (Kind.EMAIL, self.emails))
        return sorted({(kind, marker.mark(kind, value)) for kind, values in each for value in values})

    def words(self) -> list[str]:
        """What must not stand in any text any more."""
        return sorted(self.keys | self.idnumbers | self.emails | self.usernames)

    def is_named_in(self, text: str) -> bool:
        """Would this text tell who the person was?"""
        said = folded(text)
        words = set(re_words(said))
        return any(
            value in words or (len(value) >= LONG and value in said)
            for value in map(folded, self.keys | self.idnumbers | self.emails | self.usernames | self.names)
            if value
        )


LONG = 4
"""Characters from which on a value is looked for within words too."""


def re_words(text: str) -> list[str]:
    """A text cut at white space, without what stands around words."""
    return [word.strip(".,;:!?()[]\"'") for word in text.split()]


@dataclass(frozen=True, slots=True)
class Erasure:
    """The record of an erasure: nothing of the person. ``facts_erased_at``: when reports and files had followed.

    ``standing``: what stood elsewhere, by ``Elsewhere``.
    """

    erasure_id: str
    site: str
    pseudonym: str
    person_ids: tuple[int, ...]
    erased_at: datetime
    erased_by: str
    reason: str
    counts: Counts
    fingerprint: str
    standing: Counts = field(default_factory=dict)
    facts_erased_at: datetime | None = None
    readmitted_at: datetime | None = None
    readmitted_by: str = ""
    readmitted_because: str = ""
    marks: tuple[tuple[str, str], ...] = ()
    """Kinds, and hashes in hexadecimal: where records are written out."""

    @staticmethod
    def read(given: Mapping[str, Any]) -> Erasure:
        """What ``written`` made. Raises ValueError, TypeError or KeyError for anything else."""
        moments = {name: _moment(given[name]) for name in ("facts_erased_at", "readmitted_at")}
        sequences = {
            "person_ids": tuple(given["person_ids"]),
            "marks": tuple((kind, mark) for kind, mark in given["marks"]),
        }
        at = datetime.fromisoformat(given["erased_at"])
        return Erasure(**{**given, **moments, **sequences, "erased_at": at})


def written(record: Erasure) -> dict[str, Any]:
    """The record as JSON."""
    return {
        **asdict(record),
        "erased_at": record.erased_at.isoformat(),
        "facts_erased_at": record.facts_erased_at.isoformat() if record.facts_erased_at else None,
        "readmitted_at": record.readmitted_at.isoformat() if record.readmitted_at else None,
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What erasing would do. ``hash`` is repeated by who approves it."""

    counts: Counts
    hash: str
    works_here: bool
    """HR still says so."""
    keys: int
    """Keys under which the person is known."""
    standing: Counts
    """What stands elsewhere and is not touched."""
    console: Mapping[str, bool]
    """Accounts of the console by a key, username or address of the person: True where they go, too; one that may be
    another's stays."""


def approval(site: str, identity: Identity, counts: Counts, console: Mapping[str, bool]) -> str:
    """By which one approves exactly this: of whom, and how much."""
    whom = [site, sorted(identity.keys), sorted(identity.person_ids), sorted(console.items())]
    what = json.dumps([*whom, sorted(counts.items())])
    return hashlib.blake2b(what.encode(), digest_size=16).hexdigest()


def checked_reason(reason: str, by: str, identity: Identity) -> str:
    """The reason as it is kept for good. Raises SettingsError where it is empty, or it or ``by`` tells who it is."""
    if folded(by) in map(folded, identity.words()):
        raise SettingsError(
            "--by: this is the person, and the record is to name nobody erased. Let another one do it."
        )
    if not reason.strip():
        raise SettingsError("--reason: say why; it is kept on record.")
    if identity.is_named_in(reason):
        raise SettingsError(
            "--reason: it names the person, and is kept for good. Say why without name, key or address."
        )
    return reason.strip()


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate, as its file is named. ``made``: there should be a file."""

    template: str
    issued_on: date
    number: str
    made: bool


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file that somebody handed in for a question: ``place`` is its name where such files lie."""

    file_id: UUID
    place: str


class ErasureStore(Protocol):
    """The way in's part of erasing. Every method is one transaction."""

    def lock(self) -> AbstractContextManager[bool]:
        """Nobody reads feeds, plans or applies meanwhile: False where somebody does."""
        ...

    def identity(self, key: str) -> Identity | None:
        """Who has this key, under all keys that are this human's; None where that is nobody.

        Or somebody whom HR never named, by key, or by address where there is none, of rows that came to nothing.
        """
        ...

    def works_here(self, identity: Identity, now: datetime) -> bool: ...

    def preview(self, identity: Identity) -> Counts:
        """What ``erase`` would touch. Nothing is changed."""
        ...

    def standing(self, identity: Identity) -> Counts:
        """What stands elsewhere, by ``Elsewhere``."""
        ...

    def namesakes(self, identity: Identity) -> Mapping[str, bool]:
        """Accounts of the console that may be the person's; True where they surely are, and go."""
        ...

    def erase(self, identity: Identity, record: Erasure, marker: Marker) -> Erasure:
        """Erase, and keep the record with its counts and those of what is erased here."""
        ...

    def papers(self, person_ids: Sequence[int]) -> list[Paper]:
        """The certificates of these people."""
        ...

    def handed_in(self, person_ids: Sequence[int]) -> list[HandedIn]:
        """Files that these people handed in, and that are not gone yet."""
        ...

    def handed_in_is_gone(self, gone: Sequence[HandedIn]) -> None:
        """The files are deleted; forget them."""
        ...

    def facts_erased(self, record: Erasure) -> None:
        """All has followed; keep when, and the counts."""
        ...

    def records(self) -> list[Erasure]:
        """Of this site, the oldest first, with their marks."""
        ...

    def keep_record(self, record: Erasure) -> bool:
        """Keep a record that was written out before; False where it is there."""
        ...

    def known_keys(self) -> list[str]:
        """Of everybody who is not erased."""
        ...

    def set_aside(self) -> list[tuple[Kind, str]]:
        """Keys and addresses of rows that came to nothing and are nobody's."""
        ...

    def readmit(self, pseudonym: str, by: str, reason: str, now: datetime, only: str | None) -> bool:
        """From now on the person is not set aside any more; ``only``: not for this kind of hash. False: no such."""
        ...


class ErasableFacts(Protocol):
    """The reports' part of erasing. Every method is one transaction."""

    def lock(self) -> AbstractContextManager[bool]: ...

    def preview(self, pseudonyms: Mapping[int, str]) -> Counts: ...

    def erase(self, pseudonyms: Mapping[int, str]) -> Counts: ...


def pseudonyms_of(pseudonym: str, person_ids: Sequence[int]) -> dict[int, str]:
    """The pseudonym of each key of one human: a number is added from the second on."""
    return {each: pseudonym if not place else f"{pseudonym}-{place + 1}" for place, each in enumerate(person_ids)}


Clock = Callable[[], datetime]
