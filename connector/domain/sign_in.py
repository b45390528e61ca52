"""Who may sign in to the console, and what each role may do there. Pure decisions; the ports are in ``accounts``."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """The roles of the console."""

    ADMIN = "admin"
    HR = "hr"
    MANAGER = "manager"
    INSTRUCTOR = "instructor"
    REPORTING = "reporting"
    LEARNER = "learner"


class Permission(StrEnum):
    """What a page asks for."""

    OWN_ACCOUNT = "own_account"
    """See and alter one's own account."""
    SEE_HOLDS = "see_holds"
    """See plans that are held, by number."""
    SEE_PEOPLE = "see_people"
    """See names of people, and values of theirs such as e-mail addresses."""
    DECIDE_HOLDS = "decide_holds"
    """Approve and reject."""


_EVERYBODY = frozenset({Permission.OWN_ACCOUNT})

MATRIX: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.HR: _EVERYBODY | {Permission.SEE_HOLDS, Permission.SEE_PEOPLE, Permission.DECIDE_HOLDS},
    Role.MANAGER: _EVERYBODY,
    Role.INSTRUCTOR: _EVERYBODY,
    Role.REPORTING: _EVERYBODY | {Permission.SEE_HOLDS},
    Role.LEARNER: _EVERYBODY,
}
"""What each role may. What is not named here is refused."""


@dataclass(frozen=True, slots=True)
class ConsoleAccount:
    """One account of the console. ``language`` is "" where the person has chosen none; ``timezone`` an IANA name."""

    account_id: int
    name: str
    display_name: str
    role: Role
    language: str = ""
    timezone: str = "UTC"
    disabled: bool = False
    ready: bool = False
    """True once password and one-time codes are set up."""

    def may(self, permission: Permission) -> bool:
        return not self.disabled and permission in MATRIX[self.role]


LANGUAGES = ("en", "zh-TW", "fr", "vi")
"""The console's languages, by their tags (BCP 47)."""


def account_name(text: str) -> str:
    """The one form of a name under which an account is kept and looked up: composed, folded, without space around."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


# ---------------------------------------------------------------- failed sign-ins
FREE_FAILURES = 5
"""So many failures in a row cost nothing but the time that they take."""
LONGEST_LOCK = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
"""After so long without a try, failures count no more."""


def lockout(failures: int) -> timedelta:
    """How long a name is locked after so many failures in a row: from the fifth on, a minute that doubles.

    Names that no account has are locked in the same way, so that a lock tells nothing.
    """
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(failures - FREE_FAILURES, 10)), LONGEST_LOCK)


def is_locked(failures: int, last_failed: datetime, now: datetime) -> bool:
    """Whether a try at ``now`` is refused without being looked at."""
    return now < last_failed + lockout(failures)


# ---------------------------------------------------------------- sessions
@dataclass(frozen=True, slots=True)
class SessionTimes:
    """``idle``: a session ends so long after its last use. ``longest``: so long after signing in, whatever is done."""

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)


def is_over(started: datetime, seen: datetime, now: datetime, times: SessionTimes) -> bool:
    """Whether a session has ended by the clock."""
    return now >= started + times.longest or now >= seen + times.idle


# ---------------------------------------------------------------- setting up
SET_UP_LASTS = timedelta(hours=24)
"""So long a set-up code is good."""
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


class PasswordProblem(StrEnum):
    SHORT = "short"
    LONG = "long"
    NAME = "name"
    """It holds the account's name."""
    PLAIN = "plain"
    """Fewer than five different characters."""


def password_problem(password: str, name: str) -> PasswordProblem | None:
    """Why a password cannot be used, or None. Length counts, not classes of characters (NIST SP 800-63B)."""
    if len(password) < SHORTEST_PASSWORD:
        return PasswordProblem.SHORT
    if len(password) > LONGEST_PASSWORD:
        return PasswordProblem.LONG
    if account_name(name) in account_name(password):
        return PasswordProblem.NAME
    if len(set(password)) < 5:
        return PasswordProblem.PLAIN
    return None
