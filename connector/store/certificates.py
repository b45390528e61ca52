"""Certificates in PostgreSQL, and what earns them in the facts; see ``connector.domain.certifying``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from datetime import datetime
from threading import Event

import psycopg
from psycopg.types.json import Jsonb

from connector.domain.certificates import Achievement, CertificateTemplate, Held, number_of
from connector.domain.certifying import Certificate, FileState, Issue, Recipient
from connector.domain.errors import SettingsError
from connector.domain.live import certificate
from connector.store.database import Connection, Database, Row, one, query
from connector.store.live import tell

CHANNEL = "connector_passed"
"""PostgreSQL notifies it when somebody has passed content; the payload is the site."""


class Certificates:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def held(self, template: str, people: Collection[int]) -> list[Held]:
        rows = self._database.rows("certificates.held", site=self._site, template=template, people=list(people))
        return [Held(**row) for row in rows]

    def recipients(self, people: Collection[int], now: datetime) -> list[Recipient]:
        rows = self._database.rows("certificates.recipients", site=self._site, people=list(people), now=now)
        return [Recipient(**row) for row in rows]

    def issue(self, wish: Issue) -> Certificate | None:
        evidence = None if wish.evidence is None else Jsonb(wish.evidence)
        values = {**asdict(wish), "site": self._site, "code_hash": _hash(wish.code), "evidence": evidence}

        def work(connection: Connection) -> bool:
            connection.execute(query("certificates.begin_serial"), values)
            serial = one(connection, "certificates.next_serial", **values)["serial"]
            numbered = {**values, "number": number_of(wish.pattern, wish.year, serial)}
            kept = connection.execute(query("certificates.issue"), numbered).rowcount > 0
            if kept:
                connection.execute(query("certificates.used_serial"), {**values, "serial": serial})
                tell(connection, certificate(wish.person_id))
            return kept

        try:
            kept = self._database.transact(work)
        except psycopg.errors.UniqueViolation as error:
            raise SettingsError(
                f"certificates.yaml: the numbers of {wish.template} are those of another template, which may be gone "
                "from the file by now. Give it another pattern."
            ) from error
        return self.by_code(wish.code) if kept else None

    def last_serial(self, template: str, year: int) -> int:
        rows = self._database.rows("certificates.last_serial", site=self._site, template=template, year=year)
        return int(rows[0]["last"]) if rows else 0

    def raise_serial(self, template: str, year: int, serial: int) -> None:
        values = {"template": template, "year": year, "serial": serial}
        self._database.run("certificates.raise_serial", site=self._site, **values)

    def find(self, number: str) -> Certificate | None:
        found = self._find(number=number)
        return found[0] if found else None

    def by_code(self, code: str) -> Certificate | None:
        found = self._find(code_hash=_hash(code))
        return found[0] if found else None

    def listed(self, person: str | None, limit: int) -> list[Certificate]:
        return self._find(person=person, limit=limit)

    def of_person(self, person_id: int) -> list[Certificate]:
        return self._find(person_id=person_id, limit=None)

    def by_attempt(self, attempt_id: int) -> list[Certificate]:
        """Those that rest on an attempt, the newest first."""
        return self._find(deed=f"attempt {attempt_id}", limit=None)

    def _find(self, **values: object) -> list[Certificate]:
        nothing = dict.fromkeys(("number", "code_hash", "person", "person_id", "deed"))
        rows = self._database.rows("certificates.find", site=self._site, **{**nothing, "limit": 1, **values})
        return [_certificate(row) for row in rows]

    def revoke(self, number: str, by: str, manager_id: int | None, why: str, now: datetime) -> bool:
        values = {"number": number, "by": by, "manager_id": manager_id, "why": why, "now": now}
        return self._change("certificates.revoke", **values)

    def unmade(self, limit: int) -> list[Certificate]:
        return [_certificate(row) for row in self._database.rows("certificates.unmade", site=self._site, limit=limit)]

    def made(self, certificate_id: int, sha256: str, now: datetime) -> bool:
        values = {"certificate_id": certificate_id, "sha256": sha256, "now": now}
        return self._change("certificates.made", **values)

    def refuse(self, certificate_id: int, message: str, now: datetime) -> None:
        values = {"certificate_id": certificate_id, "message": message, "now": now}
        self._change("certificates.refuse", **values)

    def renew(self, number: str, now: datetime) -> bool:
        return self._change("certificates.renew", number=number, now=now)

    def _change(self, name: str, **values: object) -> bool:
        """Change one, and tell the pages of whose it is."""

        def work(connection: Connection) -> bool:
            row = connection.execute(query(name), {"site": self._site, **values}).fetchone()
            if row:
                tell(connection, certificate(row["person_id"]))
            return row is not None

        return self._database.transact(work)


class AchievedFacts:
    """Also which numbers the facts know. They may live in another database than certificates.

    ``courses`` gives Moodle's ids by reference.
    """

    def __init__(self, database: Database, courses: Callable[[], dict[str, int]]) -> None:
        self._database = database
        self._courses = courses

    def achievements(self, template: CertificateTemplate) -> Iterator[list[Achievement]]:
        if template.requirement is not None:
            yield from self._stream("certificates.by_requirement", requirement=template.requirement)
        elif template.course is not None and (course_id := self._courses().get(template.course)) is not None:
            yield from self._stream("certificates.by_course", course_id=course_id)

    def highest(self, template: str, pattern: str) -> int:
        [row] = self._database.rows("certificates.highest", template=template, pattern=pattern)
        return int(row["serial"])

    def _stream(self, name: str, **values: str | int) -> Iterator[list[Achievement]]:
        for rows in self._database.stream(name, 2000, **values):
            yield [Achievement(**row) for row in rows]


class PassedContent:
    """What people have done in launched content, which this database itself knows."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def achievements(self, template: CertificateTemplate) -> Iterator[list[Achievement]]:
        for rows in self._database.stream("certificates.by_content", 2000, **self._values(template, None)):
            yield [Achievement(**row) for row in rows]

    def of(self, template: CertificateTemplate, person_id: int) -> list[Achievement]:
        rows = self._database.rows("certificates.by_content", **self._values(template, person_id))
        return [Achievement(**row) for row in rows]

    def heard(self, ended: Event) -> Iterator[None]:
        """Something once it listens, and then with each pass, until ``ended`` is set. Raises StorageError."""
        return self._database.heard(CHANNEL, ended, self._site)

    def _values(self, template: CertificateTemplate, person_id: int | None) -> dict[str, str | int | None]:
        wanted = {"template": template.code, "content": template.content, "person_id": person_id}
        return {"site": self._site, **wanted}


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _certificate(row: Row) -> Certificate:
    return Certificate(**{**row, "file": FileState(row["file"])})
