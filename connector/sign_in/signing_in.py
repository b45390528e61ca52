"""Signing in: name, password and a one-time code at once, with one answer whatever is wrong.

Work is the same for a name that no account has; each try is counted before it is looked at, so that many at once
gain nothing; a code counts once; the session's token is new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connector.domain.accounts import (
    Accounts,
    Audited,
    AuditTrail,
    Credentials,
    OneTimeCodes,
    Passwords,
    Seal,
    Sessions,
)
from connector.domain.sign_in import LONGEST_PASSWORD, ConsoleAccount, SessionTimes, account_name
from connector.sign_in.tokens import code_digest, digest, new_token

UNKNOWN = "?"
"""The actor in the audit trail where no account has the name: what was typed could be a password."""


@dataclass(frozen=True, slots=True)
class SigningIn:
    accounts: Accounts
    sessions: Sessions
    trail: AuditTrail
    passwords: Passwords
    codes: OneTimeCodes
    seal: Seal
    times: SessionTimes
    clock: Callable[[], datetime]

    def sign_in(self, name: str, password: str, code: str) -> str | None:
        """The token of a new session; None where the name, the password or the code is wrong, or the name is locked.

        ``code`` is a one-time code or a recovery code.
        """
        now, name = self.clock(), account_name(name)
        counted = self.accounts.count_try(digest(name), now)
        known = self.accounts.credentials(name)
        matches = self.passwords.matches(known.password_hash if known else None, password[:LONGEST_PASSWORD])
        secret = self.seal.open(known.totp) if known else self.codes.new_secret()
        step = self.codes.step_of(secret, "".join(code.split()), now)
        if known is None or not (counted and matches and self._is_used(known, step, code, now)):
            self.trail.note(known.account.name if known else UNKNOWN, Audited.SIGN_IN_FAILED, "", {}, now)
            return None
        self.accounts.forgive(digest(name))
        if self.passwords.is_outdated(known.password_hash):
            self.accounts.rehash(known.account.account_id, self.passwords.hash(password))
        return self._begin(known.account, now)

    def _is_used(self, known: Credentials, step: int | None, code: str, now: datetime) -> bool:
        """Use the code up: the one by the clock, or a recovery code."""
        account = known.account
        if step is not None:
            return self.accounts.use_step(account.account_id, step)
        if self.accounts.use_recovery(account.account_id, code_digest(code), now):
            self.trail.note(account.name, Audited.RECOVERY_CODE_USED, account.name, {}, now)
            return True
        return False

    def _begin(self, account: ConsoleAccount, now: datetime) -> str:
        token = new_token()
        self.sessions.begin(digest(token), account.account_id, now)
        self.trail.note(account.name, Audited.SIGNED_IN, account.name, {"role": account.role.value}, now)
        return token

    def signed_in(self, token: str, *, used: bool = True) -> ConsoleAccount | None:
        """Whose session it is. ``used`` is False for what a page asks by itself: that does not keep it from idling."""
        return self.sessions.find(digest(token), self.clock(), self.times, used)

    def sign_out(self, token: str, account: ConsoleAccount) -> None:
        self.sessions.end(digest(token))
        self.trail.note(account.name, Audited.SIGNED_OUT, account.name, {}, self.clock())
