"""Tokens of the API in PostgreSQL; see ``connector.domain.api_tokens``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.domain.api_tokens import ApiToken, PresentedApiToken, Scope
from connector.store.database import Connection, Database, Row, query


class ApiTokenStore:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def all(self) -> list[ApiToken]:
        return [_token(row) for row in self._database.rows("api_token.all", site=self._site)]

    def add(
        self,
        name: str,
        digest: bytes,
        scopes: Sequence[Scope],
        unit: str,
        by: str,
        now: datetime,
        expires_at: datetime,
    ) -> bool:
        values: dict[str, object] = {"site": self._site, "name": name, "digest": digest, "scopes": list(scopes)}
        values |= {"unit": unit, "by": by, "now": now, "expires_at": expires_at}

        def work(connection: Connection) -> bool:
            connection.execute(query("api_token.end_expired"), values)
            return connection.execute(query("api_token.add"), values).rowcount > 0

        return self._database.transact(work)

    def revoke(self, name: str, now: datetime) -> int:
        return self._database.run("api_token.revoke", site=self._site, name=name, now=now)

    def presented(self, digest: bytes) -> PresentedApiToken | None:
        row = self._database.row("api_token.presented", site=self._site, digest=digest)
        if row is None:
            return None
        kept = row.pop("digest")
        return PresentedApiToken(_token(row), bytes(kept))

    def used(self, token_id: int, now: datetime) -> None:
        self._database.run("api_token.used", token_id=token_id, now=now)


def _token(row: Row) -> ApiToken:
    """Scopes that this version does not know are left out."""
    known = {scope.value for scope in Scope}
    return ApiToken(**{**row, "scopes": tuple(Scope(one) for one in row["scopes"] if one in known)})
