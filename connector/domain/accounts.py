"""The ports to what signing in needs: accounts of the console, sessions, secrets, and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.sign_in import ConsoleAccount, Role, SessionTimes


class Audited(StrEnum):
    """What the audit trail records."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    RECOVERY_CODE_USED = "recovery_code_used"
    SET_UP = "set_up"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_RESET = "account_reset"
    ACCOUNT_DISABLED = "account_disabled"
    HOLD_APPROVED = "hold_approved"
    """Written by the database itself with the decision, whoever takes it and wherever."""
    HOLD_REJECTED = "hold_rejected"
    SCIM_ADMITTED = "scim_token_added"
    SCIM_ROTATED = "scim_token_rotated"
    SCIM_REVOKED = "scim_token_revoked"
    API_ADMITTED = "api_token_created"
    API_REVOKED = "api_token_revoked"
    LTI_INVITED = "lti_invited"
    LTI_REGISTERED = "lti_platform_registered"
    LTI_ENDED = "lti_platform_ended"
    LTI_ALLOWED = "lti_deployment_allowed"
    LTI_FORBIDDEN = "lti_deployment_forbidden"
    LTI_KEY_ROTATED = "lti_key_rotated"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an account is checked against. ``totp`` is sealed; ``step`` is the last step of which a code was used."""

    account: ConsoleAccount
    password_hash: str
    totp: str
    step: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]


class Accounts(Protocol):
    """Accounts of the console. Every method is one transaction."""

    def add(self, name: str, display_name: str, role: Role, language: str, timezone: str) -> ConsoleAccount:
        """A new account that cannot sign in yet. Raises SettingsError where the name is taken."""
        ...

    def all(self) -> list[ConsoleAccount]: ...

    def find(self, name: str) -> ConsoleAccount | None: ...

    def credentials(self, name: str) -> Credentials | None:
        """Of an account that is set up and not disabled."""
        ...

    def disable(self, account_id: int) -> None:
        """No sign-in any more, and every session ends."""
        ...

    def choose(self, account_id: int, language: str, timezone: str) -> None: ...

    # setting up
    def invite(self, account_id: int, code_digest: bytes, expires_at: datetime) -> None:
        """A set-up code in place of password, one-time codes, recovery codes and sessions, which end."""
        ...

    def invited(self, code_digest: bytes, now: datetime) -> tuple[ConsoleAccount, str] | None:
        """The account with this code, and the sealed secret that was shown to it ("": none yet)."""
        ...

    def show_secret(self, account_id: int, sealed: str) -> None:
        """Keep the secret that is shown while setting up."""
        ...

    def set_up(
        self,
        account_id: int,
        code_digest: bytes,
        password_hash: str,
        step: int,
        recovery: Sequence[bytes],
        now: datetime,
    ) -> bool:
        """Make the account ready with the secret that was shown; the code is used up. False where it was before."""
        ...

    # signing in
    def rehash(self, account_id: int, password_hash: str) -> None: ...

    def use_step(self, account_id: int, step: int) -> bool:
        """Each one-time code counts once: False where one of this step or a later one was used."""
        ...

    def use_recovery(self, account_id: int, digest: bytes, now: datetime) -> bool: ...

    def count_try(self, name_digest: bytes, now: datetime) -> bool:
        """Count a try as failed before it is looked at; False, and not counted, where the name is locked."""
        ...

    def forgive(self, name_digest: bytes) -> None:
        """It succeeded: earlier failures count no more."""
        ...


class Sessions(Protocol):
    """Sessions, known by the digest of their token only."""

    def begin(self, digest: bytes, account_id: int, now: datetime) -> None: ...

    def find(self, digest: bytes, now: datetime, times: SessionTimes, used: bool) -> ConsoleAccount | None:
        """Whose session it is, if it is not over. ``used`` keeps it from becoming idle."""
        ...

    def end(self, digest: bytes) -> None: ...


class AuditTrail(Protocol):
    """What was done by whom. It only grows: the database refuses to alter or delete an entry."""

    def note(self, actor: str, action: Audited, subject: str, detail: Mapping[str, object], now: datetime) -> None: ...

    def newest(self, limit: int = 100) -> list[AuditEntry]: ...


class Passwords(Protocol):
    def hash(self, password: str) -> str: ...

    def matches(self, password_hash: str | None, password: str) -> bool:
        """The same work with None, for an account that is not there."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with weaker parameters than are used now."""
        ...


class OneTimeCodes(Protocol):
    def new_secret(self) -> str: ...

    def step_of(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step that the code belongs to, None where it is not good now."""
        ...

    def address(self, secret: str, name: str, issuer: str) -> str:
        """The ``otpauth:`` address that authenticator apps read from a QR code."""
        ...


class Seal(Protocol):
    """Encryption at rest."""

    def close(self, plain: str) -> str: ...

    def open(self, sealed: str) -> str:
        """Raises SettingsError where no key opens it."""
        ...
