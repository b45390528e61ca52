"""What tests of certificates share: a company with two kinds of them, and people who earn them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.domain.certifying import Certificate
from tests.integration.mirrored import Learning
from tests.support import House, Row, row

CERTIFICATES = """\
version: 1
issuer: Example Works
certificates:
  - code: SAFETY
    title: {en: Safety at work, fr: Sécurité au travail, vi: An toàn lao động, zh_tw: 職業安全}
    earned_by: {requirement: SAFETY-14}
    months: 12
    number: "SAFE-{year}-{serial:06}"
  - code: LAB
    title: {en: Laboratory}
    earned_by: {course: LABS}
    number: "LAB-{year}-{serial}"
"""


def team() -> list[Row]:
    """E1 leads E2 and E3, who work in the field; E4 stands beside them, in the laboratory."""
    field = [row(key, unit="Field", manager="E1") for key in ("E2", "E3")]
    return [row("E1", unit="Office"), *field, row("E4", unit="Lab")]


async def certifying(house: House, text: str = CERTIFICATES, people: Sequence[Row] | None = None) -> House:
    """The team has settled in, and certificates are issued from now on."""
    (house.mapping / "certificates.yaml").write_text(text, "utf-8")
    house.edit("requirements.yaml", "due: {days_after_assignment: 14}", RECERTIFY)
    await house.settled_in(team() if people is None else people)
    return house


RECERTIFY = "due: {days_after_assignment: 14}, recertify: {months: 12, window_days: 30}"


def complete(house: House, learning: Learning, who: str, *courses: str, at: datetime | None = None) -> None:
    for course in courses:
        learning.life.complete(who.lower(), course, int((at or house.clock.now).timestamp()))


def issue(house: House) -> dict[str, int]:
    return dict(house.connector.issuing().by_rule())


def issued(house: House) -> list[tuple[str, str]]:
    """Whose, and the number, in the order in which they were issued."""
    return [(one.person, one.number) for one in reversed(house.connector.certificates.listed(None, 1000))]


def of(house: House, number: str) -> Certificate:
    found = house.connector.certificates.find(number)
    assert found is not None
    return found
