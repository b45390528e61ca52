"""Accounts of the console, sessions and the audit trail in PostgreSQL; see ``connector.domain.accounts``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.domain.accounts import Audited, AuditEntry, Credentials
from connector.domain.errors import SettingsError
from connector.domain.sign_in import FORGOTTEN_AFTER, ConsoleAccount, Role, SessionTimes, is_locked, is_over
from connector.store.database import Database, Row, dumps, query


class ConsoleAccounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, display_name: str, role: Role, language: str, timezone: str) -> ConsoleAccount:
        row = self._database.row(
            "console.add", name=name, display_name=display_name, role=role.value, language=language, timezone=timezone
        )
        if row is None:
            raise SettingsError("There is an account of this name. `moodle-connector console account list` shows all.")
        return _account(row)

    def all(self) -> list[ConsoleAccount]:
        return [_account(row) for row in self._database.rows("console.all")]

    def find(self, name: str) -> ConsoleAccount | None:
        row = self._database.row("console.find", name=name)
        return _account(row) if row else None

    def credentials(self, name: str) -> Credentials | None:
        row = self._database.row("console.credentials", name=name)
        return Credentials(_account(row), row["password_hash"], row["totp"], row["totp_step"]) if row else None

    def disable(self, account_id: int) -> None:
        self._database.together(
            ("console.disable", "console.end_recovery", "console.end_sessions"), account_id=account_id
        )

    def choose(self, account_id: int, language: str, timezone: str) -> None:
        self._database.run("console.choose", account_id=account_id, language=language, timezone=timezone)

    # ------------------------------------------------------------ setting up
    def invite(self, account_id: int, code_digest: bytes, expires_at: datetime) -> None:
        steps = ("console.invite", "console.end_recovery", "console.end_sessions")
        self._database.together(steps, account_id=account_id, digest=code_digest, expires_at=expires_at)

    def invited(self, code_digest: bytes, now: datetime) -> tuple[ConsoleAccount, str] | None:
        row = self._database.row("console.invited", digest=code_digest, now=now)
        return (_account(row), row["shown_totp"]) if row else None

    def show_secret(self, account_id: int, sealed: str) -> None:
        self._database.run("console.show_secret", account_id=account_id, sealed=sealed)

    def set_up(
        self,
        account_id: int,
        code_digest: bytes,
        password_hash: str,
        step: int,
        recovery: Sequence[bytes],
        now: datetime,
    ) -> bool:
        values = {
            "account_id": account_id,
            "digest": code_digest,
            "password_hash": password_hash,
            "step": step,
            "now": now,
        }
        with self._database.transaction() as connection:
            if connection.execute(query("console.set_up"), values).rowcount == 0:
                return False
            with connection.cursor() as cursor:
                codes = [{"account_id": account_id, "digest": digest} for digest in recovery]
                cursor.executemany(query("console.add_recovery"), codes)
        return True

    # ------------------------------------------------------------ signing in
    def rehash(self, account_id: int, password_hash: str) -> None:
        self._database.run("console.rehash", account_id=account_id, password_hash=password_hash)

    def use_step(self, account_id: int, step: int) -> bool:
        return self._database.run("console.use_step", account_id=account_id, step=step) == 1

    def use_recovery(self, account_id: int, digest: bytes, now: datetime) -> bool:
        return self._database.run("console.use_recovery", account_id=account_id, digest=digest, now=now) == 1

    def count_try(self, name_digest: bytes, now: datetime) -> bool:
        with self._database.transaction() as connection:
            connection.execute(query("console.lock_name"), {"digest": name_digest})
            connection.execute(query("console.forget_tries"), {"before": now - FORGOTTEN_AFTER})
            row = connection.execute(query("console.tries"), {"digest": name_digest}).fetchone()
            failures = row["failures"] if row else 0
            if row and is_locked(failures, row["failed_at"], now):
                return False
            values = {"digest": name_digest, "failures": failures + 1, "now": now}
            connection.execute(query("console.count_try"), values)
        return True

    def forgive(self, name_digest: bytes) -> None:
        self._database.run("console.forgive", digest=name_digest)


class ConsoleSessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, digest: bytes, account_id: int, now: datetime) -> None:
        steps = ("console.forget_sessions", "console.begin_session")
        values = {"digest": digest, "account_id": account_id, "now": now}
        self._database.together(steps, before=now - FORGOTTEN_AFTER, **values)

    def find(self, digest: bytes, now: datetime, times: SessionTimes, used: bool) -> ConsoleAccount | None:
        row = self._database.row("console.session", digest=digest)
        if row is None:
            return None
        if is_over(row["started_at"], row["seen_at"], now, times):
            self.end(digest)
            return None
        if used:
            self._database.run("console.touch_session", digest=digest, now=now)
        return _account(row)

    def end(self, digest: bytes) -> None:
        self._database.run("console.end_session", digest=digest)


class Trail:
    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, actor: str, action: Audited, subject: str, detail: Mapping[str, object], now: datetime) -> None:
        values = {"actor": actor, "action": action.value, "subject": subject, "detail": dumps(dict(detail)).decode()}
        self._database.run("console.note", now=now, **values)

    def newest(self, limit: int = 100) -> list[AuditEntry]:
        return [AuditEntry(**row) for row in self._database.rows("console.newest", limit=limit)]


def _account(row: Row) -> ConsoleAccount:
    return ConsoleAccount(
        row["account_id"],
        row["name"],
        row["display_name"],
        Role(row["role"]),
        row["language"],
        row["timezone"],
        row["disabled"],
        row["ready"],
    )
