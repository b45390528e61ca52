"""Verifying: what whoever asks is told of a certificate, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from connector.domain.certificates import CertificateState, read_code, same_number, state_of
from connector.domain.certifying import CertificateStore
from connector.domain.notices import Language


@dataclass(frozen=True, slots=True)
class Verified:
    """``title`` is in ``language``. ``name``: as printed, for whoever knows the number too; None for others."""

    code: str
    state: CertificateState
    title: str
    language: Language
    issuer: str
    issued_on: date
    expires_on: date | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Verifying:
    store: CertificateStore
    clock: Callable[[], datetime]

    def look(self, code: str, number: str = "") -> Verified | None:
        """The certificate with this code; with a number, only if that is its number, and then with the name.

        None where there is none: a code that cannot be one, one that nobody has and a wrong number are not told apart.
        """
        typed = read_code(code)
        found = self.store.by_code(typed)
        if found is None or (number.strip() and not same_number(number, found.number)):
            return None
        return Verified(
            typed,
            state_of(found.expires_at, found.revoked_at, self.clock()),
            found.title,
            found.language,
            found.issuer,
            found.issued_on,
            found.expires_on,
            found.name if number.strip() else None,
        )
