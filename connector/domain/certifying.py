"""The ports of certificates: what is read of achievements and people, what is kept, and where files lie."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from connector.domain.certificates import Achievement, CertificateTemplate, Held
from connector.domain.decisions import Employee
from connector.domain.notices import Language


class FileState(StrEnum):
    """Where the PDF of a certificate stands."""

    WAITING = "waiting"
    MADE = "made"
    REFUSED = "refused"
    """This one cannot be made, such as for a name in letters that no font has; the reason is kept."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person as a certificate needs one. ``lang``: Moodle's language pack; ``status`` as elsewhere."""

    person_id: int
    key: str
    firstname: str
    lastname: str
    lang: str
    timezone: str
    status: str


@dataclass(frozen=True, slots=True)
class Issue:
    """A certificate before it is kept: all but its number, which the store gives by ``pattern`` and ``year``.

    ``name``, ``title`` and ``issuer`` are as printed, whatever becomes of person and mapping afterwards.
    ``issued_by`` is "" for a rule, a manager's key, or the name of who acts for HR; ``manager_id``: the manager.
    """

    person_id: int
    template: str
    pattern: str
    year: int
    code: str
    language: Language
    name: str
    title: str
    issuer: str
    deed: str
    earned_at: datetime
    issued_at: datetime
    issued_on: date
    expires_on: date | None
    expires_at: datetime | None
    issued_by: str = ""
    manager_id: int | None = None
    reason: str = ""
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was issued. ``person`` is the source key; ``sha256`` is that of its PDF, in hexadecimal.
    ``evidence``: what it rests on, as it was at issue; None where that is not launched content.

    ``name`` is "" once the person was erased: it is verified all the same, and has no file.
    """

    certificate_id: int
    person_id: int
    person: str
    template: str
    number: str
    code: str
    language: Language
    name: str
    title: str
    issuer: str
    deed: str
    earned_at: datetime
    issued_at: datetime
    issued_on: date
    expires_on: date | None
    expires_at: datetime | None
    issued_by: str
    by_hr: bool
    reason: str
    revoked_at: datetime | None
    revoked_by: str
    revoked_why: str
    file: FileState
    file_message: str
    sha256: str | None
    evidence: Mapping[str, Any] | None = None

    @property
    def by_hand(self) -> bool:
        return self.issued_by != ""


class Achieved(Protocol):
    """What people have done, by the facts. Those who have left earn nothing more; a person's rows are together."""

    def achievements(self, template: CertificateTemplate) -> Iterator[list[Achievement]]: ...


class Passed(Protocol):
    """What people have done in launched content; else as ``Achieved``."""

    def achievements(self, template: CertificateTemplate) -> Iterator[list[Achievement]]: ...

    def of(self, template: CertificateTemplate, person_id: int) -> list[Achievement]:
        """Those of one person."""
        ...


class Authority(Protocol):
    """Who decides for whom."""

    def employee(self, key: str, where: str) -> Employee:
        """The person with this key of HR's. Raises SettingsError, naming ``where``."""
        ...

    def manager(self, name: str, person_id: int, *, hr: bool) -> int | None:
        """The id of the manager who decides for this person, None for HR. Raises SettingsError for whoever may not."""
        ...


class CertificateStore(Protocol):
    """Certificates of one site."""

    def held(self, template: str, people: Collection[int]) -> list[Held]: ...

    def recipients(self, people: Collection[int], now: datetime) -> list[Recipient]: ...

    def issue(self, wish: Issue) -> Certificate | None:
        """Keep it under the next number; None where there is one for this deed, or the person was erased, meanwhile.

        A number is given once and to one certificate, whatever happens. Raises SettingsError where the pattern gives
        a number that another template has given.
        """
        ...

    def find(self, number: str) -> Certificate | None: ...

    def by_code(self, code: str) -> Certificate | None:
        """By its verification code as ``read_code`` gives it, looked up by the code's hash."""
        ...

    def listed(self, person: str | None, limit: int) -> list[Certificate]:
        """The newest first; of one person, where a key is given."""
        ...

    def of_person(self, person_id: int) -> list[Certificate]:
        """All of one person, the newest first."""
        ...

    def revoke(self, number: str, by: str, manager_id: int | None, why: str, now: datetime) -> bool:
        """Whether there was anything to revoke."""
        ...

    def unmade(self, limit: int) -> list[Certificate]:
        """Those whose file waits, the oldest first."""
        ...

    def made(self, certificate_id: int, sha256: str, now: datetime) -> bool:
        """Its file lies where it should; False where the certificate names nobody any more."""
        ...

    def refuse(self, certificate_id: int, message: str, now: datetime) -> None:
        """Its file cannot be made."""
        ...

    def renew(self, number: str, now: datetime) -> bool:
        """Have its file made again; whether there is such a number."""
        ...


class SerialStore(Protocol):
    """The last serial that was given, by template and year."""

    def last_serial(self, template: str, year: int) -> int: ...

    def raise_serial(self, template: str, year: int, serial: int) -> None:
        """Let the next one be after this one; nothing is ever lowered."""
        ...


class Reported(Protocol):
    """What the facts know of numbers."""

    def highest(self, template: str, pattern: str) -> int:
        """The highest serial among the numbers of a template that match a pattern of ``serials_of``; 0 for none."""
        ...


class FileStore(Protocol):
    """Where files of certificates lie. Raises the error tree where it cannot be used."""

    def put(self, name: str, content: bytes) -> None:
        """Keep a file under this name, such as ``FIRE/2026/FIRE-2026-000001.pdf``, whole or not at all.

        One that is there already is replaced.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """The content of a file, None where there is none."""
        ...

    def delete(self, name: str) -> None:
        """Take a file away; one that is not there is no mistake, so that it can be asked again."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """The names of all files in this folder, such as ``FIRE/2026``, and below it, in no order."""
        ...

    def check(self) -> str:
        """Try to write, read and delete; gives where that is, in words."""
        ...


class Named(Protocol):
    """What the file of a certificate is named by."""

    @property
    def template(self) -> str: ...

    @property
    def issued_on(self) -> date: ...

    @property
    def number(self) -> str: ...


def folder_of(template: str, year: int) -> str:
    """Where the files of a template and year lie."""
    return f"{template}/{year}"


def file_name(certificate: Named) -> str:
    """Where its file lies: by template and year, under its number."""
    return f"{folder_of(certificate.template, certificate.issued_on.year)}/{certificate.number}.pdf"
