"""Which HR person a platform means.

Of our own Moodle it is known whose each account is. Of another platform HR's key tells it once, and the platform's own
word ever after: so nobody becomes somebody else by a key that was changed, or written into an activity by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.lti import Launch, Platform

LARGEST = 2**63 - 1


class Subjects(Protocol):
    """Who is who."""

    def by_account(self, account_id: int) -> int | None:
        """The person who has this account of our own Moodle."""
        ...

    def bound(self, platform_id: int, subject: str) -> int | None: ...

    def by_source_id(self, key: str) -> int | None:
        """The person with this key of HR; None where there is none, or not one alone."""
        ...

    def bind(self, platform_id: int, subject: str, person_id: int, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Binding:
    """``moodle`` is the address of our own Moodle."""

    subjects: Subjects
    moodle: str

    def person_of(self, launch: Launch, platform: Platform, now: datetime) -> int | None:
        """None: somebody whom HR does not name, who may learn all the same."""
        if platform.issuer.rstrip("/") == self.moodle and (account := _account(launch.subject)):
            owner = self.subjects.by_account(account)
            if owner is not None:
                return owner
        known = self.subjects.bound(launch.platform_id, launch.subject)
        if known is not None or not launch.source_id:
            return known
        person = self.subjects.by_source_id(launch.source_id)
        if person is not None:
            self.subjects.bind(launch.platform_id, launch.subject, person, now)
        return person


def _account(subject: str) -> int | None:
    """Moodle's subject is the number of the account."""
    number = int(subject) if subject.isascii() and subject.isdecimal() and len(subject) < 20 else 0
    return number if 0 < number <= LARGEST else None
