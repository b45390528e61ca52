"""Which HR person a platform means.

Of our own Moodle it is known whose each account is. Of another platform HR's key tells it once, and the platform's own
word ever after: so nobody becomes somebody else by a key that was changed, or written into an activity by hand. Where
the key is another person's now, people decide who it is: a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.cases import ANOTHER_KEY, Case, LaunchCases, two_keys
from connector.domain.lti import Known, Launch, Platform

LARGEST = 2**63 - 1


class Subjects(Protocol):
    """Who is who."""

    def by_account(self, account_id: int) -> int | None:
        """The person who has this account of our own Moodle."""
        ...

    def bound(self, platform_id: int, subject: str) -> Known | None:
        """Who it was when it was bound, under the key of today."""
        ...

    def by_source_id(self, key: str) -> int | None:
        """The person with this key of HR; None where there is none, or not one alone."""
        ...

    def bind(self, platform_id: int, subject: str, person_id: int, now: datetime) -> None: ...

    def bind_anew(self, platform_id: int, subject: str, person_id: int, now: datetime) -> None:
        """Whoever it was so far, it is this one from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Binding:
    """``moodle`` is the address of our own Moodle."""

    subjects: Subjects
    cases: LaunchCases
    moodle: str

    def person_of(self, launch: Launch, platform: Platform, now: datetime) -> int | None:
        """None: somebody whom HR does not name, who may learn all the same."""
        if platform.issuer.rstrip("/") == self.moodle and (account := _account(launch.subject)):
            owner = self.subjects.by_account(account)
            if owner is not None:
                return owner
        known = self.subjects.bound(launch.platform_id, launch.subject)
        brought = self.subjects.by_source_id(launch.source_id) if launch.source_id else None
        if known is None:
            if brought is not None:
                self.subjects.bind(launch.platform_id, launch.subject, brought, now)
            return brought
        if brought is None or brought == known.person_id:
            return known.person_id
        return self._decided(launch, known, brought, now)

    def _decided(self, launch: Launch, known: Known, brought: int, now: datetime) -> int:
        """Somebody comes with the key of another: people's word, or who it was so far, and a question to people."""
        subject = two_keys(known.key, launch.source_id)
        word = self.cases.word(ANOTHER_KEY, subject)
        if word is None:
            self.cases.ask(Case(ANOTHER_KEY, subject, _reason(launch)), now)
        elif word.get("keep") == launch.source_id:
            self.subjects.bind_anew(launch.platform_id, launch.subject, brought, now)
            return brought
        return known.person_id


def _reason(launch: Launch) -> str:
    return (
        f"account {launch.subject} of LTI platform {launch.platform_id} is known by the first key, and comes with the "
        "second; --keep says whose it is"
    )


def _account(subject: str) -> int | None:
    """Moodle's subject is the number of the account."""
    number = int(subject) if subject.isascii() and subject.isdecimal() and len(subject) < 20 else 0
    return number if 0 < number <= LARGEST else None
