"""Accounts from the command line, and how their owners set them up by a code that is good once and for a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.domain.accounts import Accounts, Audited, AuditTrail, OneTimeCodes, Passwords, Seal
from connector.domain.errors import SettingsError
from connector.domain.sign_in import (
    LANGUAGES,
    SET_UP_LASTS,
    ConsoleAccount,
    PasswordProblem,
    Role,
    account_name,
    password_problem,
)
from connector.sign_in.tokens import RECOVERY_CODES, code_digest, recovery_code, set_up_code

ISSUER = "moodle-connector"


class SetUpProblem(StrEnum):
    """What is wrong with what was given while setting up, besides a ``PasswordProblem``."""

    CODE = "code"
    """The one-time code is not that of the secret that was shown."""
    INVITATION = "invitation"
    """The set-up code is wrong, used up or too old."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: ``secret`` to be typed, ``address`` to be shown as a QR code."""

    account: ConsoleAccount
    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class SettingUp:
    accounts: Accounts
    trail: AuditTrail
    passwords: Passwords
    codes: OneTimeCodes
    seal: Seal
    clock: Callable[[], datetime]

    # ------------------------------------------------------------ by an administrator
    def add(self, name: str, display_name: str, role: Role, language: str, timezone: str, by: str) -> str:
        """Make an account; gives its set-up code, which is kept nowhere. Raises SettingsError."""
        if not account_name(name) or len(name) > 100 or not name.isprintable():
            raise SettingsError("The name of an account has 1 to 100 characters that can be seen.")
        try:
            ZoneInfo(timezone)
        except (KeyError, OSError, ValueError):
            raise SettingsError("--timezone: there is no such time zone. It is a name such as Asia/Taipei.") from None
        if language and language not in LANGUAGES:
            raise SettingsError(f"--language: it is one of {', '.join(LANGUAGES)}.")
        account = self.accounts.add(account_name(name), display_name or name, role, language, timezone)
        return self._invited(account, Audited.ACCOUNT_ADDED, by)

    def reset(self, name: str, by: str) -> str:
        """A new set-up code; password, one-time codes and sessions end. Raises SettingsError."""
        return self._invited(self._named(name), Audited.ACCOUNT_RESET, by)

    def disable(self, name: str, by: str) -> None:
        """No sign-in any more; ``reset`` takes it back. Raises SettingsError."""
        account = self._named(name)
        self.accounts.disable(account.account_id)
        self.trail.note(by, Audited.ACCOUNT_DISABLED, account.name, {}, self.clock())

    def _named(self, name: str) -> ConsoleAccount:
        account = self.accounts.find(account_name(name))
        if account is None:
            raise SettingsError("There is no such account. `moodle-connector console account list` shows all.")
        return account

    def _invited(self, account: ConsoleAccount, what: Audited, by: str) -> str:
        code, now = set_up_code(), self.clock()
        self.accounts.invite(account.account_id, code_digest(code), now + SET_UP_LASTS)
        self.trail.note(by, what, account.name, {"role": account.role.value}, now)
        return code

    # ------------------------------------------------------------ by its owner
    def begin(self, code: str) -> Enrolment | None:
        """What to put into the authenticator app, the same each time; None where the code is not good."""
        found = self.accounts.invited(code_digest(code), self.clock())
        if found is None:
            return None
        account, sealed = found
        secret = self.seal.open(sealed) if sealed else self.codes.new_secret()
        if not sealed:
            self.accounts.show_secret(account.account_id, self.seal.close(secret))
        return Enrolment(account, secret, self.codes.address(secret, account.name, ISSUER))

    def finish(self, code: str, password: str, one_time: str) -> list[str] | set[PasswordProblem | SetUpProblem]:
        """Make the account ready; gives its recovery codes, which are kept nowhere, or what is wrong."""
        enrolment, now = self.begin(code), self.clock()
        if enrolment is None:
            return {SetUpProblem.INVITATION}
        step = self.codes.step_of(enrolment.secret, "".join(one_time.split()), now)
        wrong: set[PasswordProblem | SetUpProblem] = set()
        if problem := password_problem(password, enrolment.account.name):
            wrong.add(problem)
        if step is None:
            wrong.add(SetUpProblem.CODE)
        if step is None or wrong:
            return wrong
        recovery = [recovery_code() for _ in range(RECOVERY_CODES)]
        account_id, digests = enrolment.account.account_id, [code_digest(one) for one in recovery]
        hashed = self.passwords.hash(password)
        if not self.accounts.set_up(account_id, code_digest(code), hashed, step, digests, now):
            return {SetUpProblem.INVITATION}
        self.trail.note(enrolment.account.name, Audited.SET_UP, enrolment.account.name, {}, now)
        return recovery
