"""LTI in PostgreSQL; see ``connector.domain.lti``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from connector.domain.accounts import Seal
from connector.domain.lti import (
    LOGIN,
    SESSION,
    Begun,
    Digests,
    Kept,
    Known,
    Launch,
    LaunchSession,
    Platform,
    ToolKey,
)
from connector.store.database import Connection, Database, Row, dumps, query

_LAUNCH = TypeAdapter(Launch)


class LtiPlatforms:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def all(self) -> list[Platform]:
        return [_platform(row) for row in self._database.rows("lti.platforms", site=self._site)]

    def of(self, issuer: str) -> list[Platform]:
        return [_platform(row) for row in self._database.rows("lti.of_issuer", site=self._site, issuer=issuer)]

    def one(self, platform_id: int) -> Platform | None:
        return next((known for known in self.all() if known.platform_id == platform_id), None)

    def add(self, platform: Platform, by: str, now: datetime) -> int | None:
        values = asdict(platform) | {"site": self._site, "deployments": list(platform.deployments)}
        row = self._database.row("lti.add_platform", **values, by=by, now=now)
        return int(row["platform_id"]) if row else None

    def allow(self, platform_id: int, deployment: str) -> int:
        return self._database.run("lti.allow", site=self._site, platform_id=platform_id, deployment=deployment)

    def forbid(self, platform_id: int, deployment: str) -> int:
        return self._database.run("lti.forbid", site=self._site, platform_id=platform_id, deployment=deployment)

    def end(self, platform_id: int, now: datetime) -> int:
        return self._database.run("lti.end_platform", site=self._site, platform_id=platform_id, now=now)


class LtiInvitations:
    """Links by which platforms register, known by digests."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def add(self, token: bytes, by: str, now: datetime, expires_at: datetime) -> None:
        values = {"digest": token, "site": self._site, "by": by}
        self._database.run("lti.invite", **values, now=now, expires_at=expires_at)

    def take(self, token: bytes, now: datetime) -> str | None:
        row = self._database.row("lti.take_invitation", digest=token, site=self._site, now=now)
        return row["created_by"] if row else None


class LtiLogins:
    """Logins and sessions, known by digests of what only the browser has."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def begin(self, platform_id: int, login: Digests, target: str, hint: str, now: datetime) -> None:
        values = {"platform_id": platform_id, **asdict(login), "target": target, "hint": hint}
        self._database.together(("lti.drop_old", "lti.begin"), **values, now=now, ends_at=now + LOGIN)

    def take(self, state: bytes, cookie: bytes, now: datetime) -> Begun | None:
        row = self._database.row("lti.take", site=self._site, state=state, cookie=cookie, now=now)
        return _begun(row) if row else None

    def begun(self, state: bytes, now: datetime) -> Begun | None:
        row = self._database.row("lti.begun", site=self._site, state=state, now=now)
        return _begun(row) if row else None

    def open_session(
        self, launch: Launch, token: bytes, person_id: int | None, now: datetime, kept: Kept = Kept.UNTOLD
    ) -> LaunchSession:
        values = {"platform_id": launch.platform_id, "subject": launch.subject, "person_id": person_id}
        values |= {"kept": kept.value, "timezone": launch.zone, "teaches": launch.teaches}
        values["course"] = launch.course.id if launch.course else None
        ends_at = now + SESSION
        told = dumps(_LAUNCH.dump_python(launch, mode="json")).decode()
        row = self._database.one("lti.open_session", **values, digest=token, launch=told, now=now, ends_at=ends_at)
        return LaunchSession(row["session_id"], launch, person_id, ends_at, kept, row["timezone"], not row["said"])

    def tell_zone(self, session_id: int, timezone: str) -> None:
        self._database.run("lti.tell_zone", session_id=session_id, timezone=timezone)

    def session(self, token: bytes, now: datetime) -> LaunchSession | None:
        row = self._database.row("lti.session", site=self._site, digest=token, now=now)
        if row is None:
            return None
        launch = _LAUNCH.validate_python(row["launch"])
        kept, timezone = Kept(row["kept"]), row["timezone"]
        return LaunchSession(row["session_id"], launch, row["person_id"], row["ends_at"], kept, timezone)

    def kept(self, platform_id: int, now: datetime) -> Mapping[Kept, int]:
        rows = self._database.rows("lti.kept", site=self._site, platform_id=platform_id, now=now)
        return {Kept(row["kept"]): row["sessions"] for row in rows}


class LtiSubjects:
    """Whom platforms mean."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def by_account(self, account_id: int) -> int | None:
        row = self._database.row("lti.by_account", site=self._site, account_id=account_id)
        return row["person_id"] if row else None

    def bound(self, platform_id: int, subject: str) -> Known | None:
        row = self._database.row("lti.bound", site=self._site, platform_id=platform_id, subject=subject)
        return Known(row["person_id"], row["key"]) if row else None

    def by_source_id(self, key: str) -> int | None:
        rows = self._database.rows("lti.by_source_id", site=self._site, key=key)
        return rows[0]["person_id"] if len(rows) == 1 else None

    def bind(self, platform_id: int, subject: str, person_id: int, now: datetime) -> None:
        values = {"platform_id": platform_id, "subject": subject, "site": self._site, "person_id": person_id}
        self._database.run("lti.bind", **values, now=now)

    def bind_anew(self, platform_id: int, subject: str, person_id: int, now: datetime) -> None:
        values = {"platform_id": platform_id, "subject": subject, "site": self._site, "person_id": person_id}
        self._database.run("lti.bind_anew", **values, now=now)


class LtiKeys:
    """Keys of this tool; the private parts are closed by ``seal``."""

    def __init__(self, database: Database, site: str, seal: Seal) -> None:
        self._database = database
        self._site = site
        self._seal = seal

    def all(self, now: datetime) -> list[ToolKey]:
        rows = self._database.rows("lti.keys", site=self._site, now=now)
        return [ToolKey(r["kid"], self._seal.open(r["sealed"]), r["public"], r["made_at"]) for r in rows]

    def add(self, key: ToolKey, old_until: datetime) -> None:
        public: Mapping[str, Any] = key.public
        values = {"kid": key.kid, "site": self._site, "sealed": self._seal.close(key.private), "now": key.made_at}

        def work(connection: Connection) -> None:
            connection.execute(query("lti.retire"), {"site": self._site, "old_until": old_until})
            connection.execute(query("lti.add_key"), {**values, "public": orjson.dumps(public).decode()})

        self._database.transact(work)


def _begun(row: Row) -> Begun:
    nonce, target, hint = bytes(row.pop("nonce")), row.pop("target"), row.pop("hint")
    return Begun(_platform(row), nonce, target, hint)


def _platform(row: Row) -> Platform:
    return Platform(**{**row, "deployments": tuple(row["deployments"])})
