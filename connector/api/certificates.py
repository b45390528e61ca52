"""Certificates and badges that were issued, by whatever source."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import datetime

from connector.api.answering import Ask, itself, meta
from connector.api.answers import Certificate, CertificateAnswer, CertificatesAnswer, Person
from connector.api.asking import CertificateAsked, CertificatesAsked
from connector.api.problems import NothingThere, WrongParameter
from connector.domain.analytics import CertificateSearch, Look, Row
from connector.domain.api_tokens import Scope
from connector.domain.certificates import OWN

Place = tuple[datetime, str, str]


def certificates(look: Look, asked: CertificatesAsked, ask: Ask) -> CertificatesAnswer:
    """Without people:read those of the connector alone: Moodle shows to everybody whose another code is."""
    if asked.person is not None or asked.source not in (None, OWN):
        ask.need(Scope.PEOPLE)
    if not ask.sees_people:
        asked = asked.model_copy(update={"source": OWN})
    plain = asked.model_dump(exclude={"lang", "unit", "after", "limit"})
    search = CertificateSearch(**plain, after=_place(asked.after) if asked.after else None, limit=asked.limit)
    rows = look.certificates(replace(search, limit=asked.limit + 1))
    links = itself(ask)
    if len(rows) > asked.limit:
        rows = rows[: asked.limit]
        links["next"] = ask.link(after=_cursor(rows[-1]))
    return CertificatesAnswer(data=[_certificate(row, ask) for row in rows], meta=meta(look), links=links)


def certificate(look: Look, asked: CertificateAsked, ask: Ask) -> CertificateAnswer:
    if asked.source != OWN:
        ask.need(Scope.PEOPLE)
    number = ask.places["number"]
    row = look.certificate(asked.source, number) if "\x00" not in number else None
    if row is None:
        raise NothingThere("There is no such certificate.")
    return CertificateAnswer(data=_certificate(row, ask), meta=meta(look), links=itself(ask))


def _certificate(row: Row, ask: Ask) -> Certificate:
    person = Person(
        key=row["hr_key"],
        firstname=row["firstname"],
        lastname=row["lastname"],
        unit=row["unit"],
        unit_name=row["unit_name"],
    )
    return Certificate(
        number=row["code"],
        source=row["source"],
        template=row["template"],
        name=row["template_name"],
        issued_at=row["issued_at"],
        precision=row["precision"],
        expires_at=row["expires_at"],
        status=row["state"],
        person=person if ask.sees_people else None,
    )


def _cursor(row: Row) -> str:
    place = [row["issued_at"].isoformat(), row["source"], row["code"]]
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _place(given: str) -> Place:
    """Raises WrongParameter for what was in no link."""
    try:
        at, source, number = json.loads(urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4)))
        place = datetime.fromisoformat(at), str(source), str(number)
        if place[0].tzinfo is None or "\x00" in source + number:
            raise ValueError
        (source + number).encode()
    except (ValueError, TypeError, AttributeError):
        raise WrongParameter([("after", "should be taken from a link to the next page")]) from None
    return place
